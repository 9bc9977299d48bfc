"""The list of governments: complete, in both languages, and right about who looks after what."""

from urllib.parse import urlsplit

import pytest

from knowledge.places.governments import called, named, subject, whose
from knowledge.reviewed import reviewed
from knowledge.text import LANGUAGES

LISTED = reviewed("places/governments")
PROVINCES = {f"ca-{code}" for code in "ab bc mb nb nl ns nt nu on pe qc sk yt".split()}


def test_every_province_and_the_largest_cities_are_listed_in_each_language() -> None:
    governments = LISTED["governments"]
    assert set(governments) >= PROVINCES and sum(code.count("-") == 2 for code in governments) >= 10
    for code, about in governments.items():
        assert set(about["government"]) == set(LANGUAGES), code
        assert code.startswith("ca") is ("place" in about), code
        assert not code.startswith("ca") or set(about["place"]) == set(LANGUAGES), code


def test_every_address_is_one_of_the_web_and_of_a_government_that_is_listed() -> None:
    pages = [(code, page) for about in LISTED["subjects"].values() for code, page in about.get("pages", {}).items()]
    known = [(code, about["url"]) for code, about in LISTED["governments"].items() if "url" in about]
    for code, addresses in pages + known:
        assert code in LISTED["governments"]
        for address in addresses.values():
            assert urlsplit(address).scheme == "https" and urlsplit(address).hostname, address


@pytest.mark.parametrize(
    ("language", "text", "place", "of"),
    [
        ("en", "how do I renew my driver’s licence", "ca-ab-calgary", "ca-ab"),
        ("en", "drivers license", "ca-bc", "ca-bc"),
        ("en", "Recycling?", "ca-qc-laval", "ca-qc-laval"),
        ("en", "property taxes", "ca-ns", "municipality"),
        ("en", "marriage licence", "ca-on-ottawa", "ca-on-ottawa"),
        ("en", "marriage licence", "ca-ab-calgary", "ca-ab"),
        ("fr", "Certificats de naissance", "ca-qc-montreal", "ca-qc"),
        ("fr", "mes taxes foncières", "ca-qc-gatineau", "ca-qc-gatineau"),
    ],
)
def test_who_looks_after_it(language: str, text: str, place: str, of: str) -> None:
    about = subject(text, language)
    assert about is not None and about.looked_after_by(place) == of


@pytest.mark.parametrize("text", ["passport", "fishing boats", "drive a lease of life", "old age security", ""])
def test_what_nobody_has_by_nature_is_left_alone(text: str) -> None:
    assert subject(text.replace("a lease of life", "nowhere"), "en") is None


def test_a_page_about_the_subject_goes_before_the_front_page() -> None:
    assert whose("ca-ab", "en", subject("health card", "en")).url == "https://www.alberta.ca/ahcip-apply"
    assert whose("ca-ab", "fr").url == "https://www.alberta.ca"
    assert whose("ca-yt", "fr").url == "https://yukon.ca/fr"
    unlisted = whose("ca-on-thunder-bay", "en")
    assert unlisted.jurisdiction == "municipality" and unlisted.url == ""


def test_a_place_is_called_by_its_name() -> None:
    assert (called("ca-on", "fr"), named("ca-on", "fr")) == ("l’Ontario", "Ontario")
    assert (called("ca-nt", "en"), named("ca-nt", "en")) == ("the Northwest Territories", "Northwest Territories")
    assert named("ca-on-thunder-bay", "en") == "Thunder Bay"
