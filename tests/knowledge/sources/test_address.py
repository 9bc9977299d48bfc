"""What people type where an address belongs, and what of it a citizen can follow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.sources.address import first_usable, well_formed

PAGE = "https://www.example.ca/en/permits.html"


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (PAGE, PAGE),
        (f"  {PAGE}\u00a0", PAGE),
        ("www.example.ca/permits", "https://www.example.ca/permits"),
        ("www12.example.gc.ca/x.cfm?a=1", "https://www12.example.gc.ca/x.cfm?a=1"),
        ("permits.example.ca/en", "https://permits.example.ca/en"),
        (f"{PAGE}<>https://other.example.ca/", PAGE),
        (f"<{PAGE}>", PAGE),
        (f"{PAGE}\r\n\r\nhttps://other.example.ca/", PAGE),
        (f"{PAGE} /\r\nhttps://other.example.ca/ /", PAGE),
        (f"{PAGE}, https://other.example.ca/", PAGE),
        (f"{PAGE}; www.example.org", PAGE),
        (f"{PAGE} et https://other.example.ca/", PAGE),
        (f"{PAGE}https://other.example.ca/", PAGE),
        (f"Permits: {PAGE}.", PAGE),
        (f"(see {PAGE})", PAGE),
        ("https://preview.example.net/a<>https://www.example.ca/b", "https://www.example.ca/b"),
        ("https://laws.example.ca/C.R.C.,_c._1522/", "https://laws.example.ca/C.R.C.,_c._1522/"),
        ("https://example.ca/wiki/Permit_(boats)", "https://example.ca/wiki/Permit_(boats)"),
        ("https://example.ca/école", "https://example.ca/%C3%A9cole"),
        ("https://www.211.ca", "https://www.211.ca"),
        ("", None),
        ("N/A", None),
        ("S. O.", None),
        ("Unavailable", None),
        ("http://", None),
        ("Travel advice - Example.ca", None),
        ("Permits (example.gc.ca)", None),
        ("Partners@Example", None),
        ("https://www.example.ca/fr/permis- speciaux/page.html", None),
        ("http://intranet2/library", None),
        ("https://intranet-example/page", None),
        ("https://intra.example.gc.ca/page", None),
        ("http://bgms.intra.pri", None),
        ("https://host*name.ca/page", None),
        ("www.150.example.gc.ca/n1", None),
        ("https://10.0.0.1/page", None),
        ("https://user:secret@example.ca/", None),
        ("https://example.ca:port/", None),
        ("ftp://example.ca/file", None),
        ("javascript:alert(1)", None),
        ("https://www.example.ca/part-onehttps://www.example.ca/part-two", None),
    ],
)
def test_first_usable(typed: str, address: str | None) -> None:
    assert first_usable(typed) == address


@given(st.text())
def test_what_is_usable_is_well_formed(typed: str) -> None:
    found = first_usable(typed)
    assert found is None or (well_formed(found) == found and found.isascii() and not set(found) & set(' <>"\n'))
