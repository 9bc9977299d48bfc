"""A site by its sitemap, from a real server on this machine: what is asked for, what is kept, and what is held back."""

import gzip
import shutil
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from knowledge.document import Document
from knowledge.sources import Problem, SourceError, is_site, site, site_fetch
from knowledge.sources.site_cache import folder_of
from knowledge.sources.site_fetch import Fetcher, NotFetched, same_site

PDF = (Path(__file__).parent / "prints" / "read-only.pdf").read_bytes()


def page(name: str, about: str = "", language: str = "en", text: str = "") -> bytes:
    public = f'<link rel=canonical href="https://www.town.example.org/{language}/{name}">'
    head = f'<title>{name}</title><meta name="dcterms.creator" content="Town">{public}{about}'
    return f"<html lang={language}>{head}<main><h1>{name}</h1><p>{text or f'All about {name}.'}</p></main>".encode()


class Town:
    """A site that says what `pages` has: a body, or (status, headers, body). `asked` are the requests that came."""

    def __init__(self) -> None:
        self.pages: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        town = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                town.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
                status, headers, body = town.answer(self.path, dict(town.asked[-1][1]))
                self.send_response(status)
                for key, value in {"Content-Type": "text/html", "Content-Length": str(len(body)), **headers}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        found = self.pages.get(path, (404, {}, b"not here"))
        status, more, body = found if isinstance(found, tuple) else (200, {}, found)
        if more.get("ETag") and headers.get("if-none-match") == more["ETag"]:
            return 304, more, b""
        if more.get("Last-Modified") and headers.get("if-modified-since") == more["Last-Modified"]:
            return 304, more, b""
        return status, more, body

    def maps(self, *paths: str) -> None:
        urls = "".join(f"<url><loc>{self.url}{path}</loc></url>" for path in paths)
        self.pages["/sitemap.xml"] = (
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()
        )

    def paths(self) -> list[str]:
        found = [path for path, _ in self.asked]
        self.asked.clear()
        return found


@pytest.fixture
def town() -> Iterator[Town]:
    found = Town()
    yield found
    found.server.shutdown()
    found.server.server_close()


class Reading:
    """Reads the town into a folder, without pauses; `pauses` are those that it would have made, `problems` what it told."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town, self.folder = town, folder
        self.problems: list[Problem] = []
        self.pauses: list[float] = []

    def __call__(self, address: str = "", **how: Any) -> list[Document]:
        self.problems.clear()
        fetcher = Fetcher(address or self.town.url, pause=self.pauses.append, **how)
        return site.read(address or self.town.url, self.folder, self.problems.append, fetcher=fetcher)

    def told(self) -> list[str]:
        return [f"{str(p.file).removeprefix(self.town.url)} {p.cause}" for p in self.problems]


@pytest.fixture
def reading(town: Town, tmp_path: Path) -> Reading:
    town.maps("/en/dogs", "/en/cats", "/en/boats", "/en/bins")
    for name in ("dogs", "cats", "boats", "bins"):
        town.pages[f"/en/{name}"] = 200, {"ETag": f'"{name}"'}, page(name)
    return Reading(town, tmp_path / "kept")


def titles(documents: list[Document]) -> list[str]:
    return sorted(document.title for document in documents)


def test_pages_of_a_sitemap_are_documents(town: Town, reading: Reading) -> None:
    found = reading()
    assert titles(found) == ["bins", "boats", "cats", "dogs"]
    dogs = next(d for d in found if d.title == "dogs")
    assert dogs.id == f"{town.url.removeprefix('http://')}/en/dogs"
    assert dogs.url == "https://www.town.example.org/en/dogs"
    assert (town.asked[0][0], town.asked[1][0]) == ("/robots.txt", "/sitemap.xml")
    assert all(headers["user-agent"].startswith("Guichet/") for _, headers in town.asked)
    assert {headers["host"] for _, headers in town.asked} == {town.url.removeprefix("http://")}
    assert titles(site.kept(reading.folder)) == titles(found)


def test_an_index_of_sitemaps_and_translations(town: Town, reading: Reading) -> None:
    town.pages["/robots.txt"] = (
        f"User-agent: *\nSitemap: {town.url}/maps/all.xml\nSitemap: {town.url}/gone.xml\n".encode()
    )
    town.pages["/maps/all.xml"] = (
        '<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"<sitemap><loc>{town.url}/maps/all.xml</loc></sitemap><sitemap><loc>{town.url}/maps/1.xml.gz</loc></sitemap>"
        "</sitemapindex>"
    ).encode()
    town.pages["/maps/1.xml.gz"] = gzip.compress(
        (
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml"><url>'
            f"<loc>\n {town.url}/en/dogs </loc><lastmod>2026-01-01</lastmod>"
            f'<xhtml:link rel="alternate" hreflang="fr" href="{town.url}/fr/chiens"/></url>'
            "<url><loc>https://elsewhere.example.org/en/dogs</loc></url></urlset>"
        ).encode()
    )
    town.pages["/fr/chiens"] = page("chiens", language="fr")
    found = {d.title: d for d in reading()}
    assert found["dogs"].translation == found["chiens"].id
    assert found["chiens"].translation == found["dogs"].id
    assert reading.told() == ["/gone.xml The sitemap cannot be read: The site answers 404."]


def test_only_what_has_changed_is_fetched_again(town: Town, reading: Reading) -> None:
    town.pages["/en/cats"] = 200, {"Last-Modified": "Mon, 05 Jan 2026 10:00:00 GMT"}, page("cats")
    reading()
    town.asked.clear()
    town.pages["/en/dogs"] = 200, {"ETag": '"newer"'}, page("dogs", text="Dogs wear a tag.")
    town.pages["/en/boats"] = 404, {}, b""
    found = reading()
    assert {d.title: d.sections[0].text for d in found} == {
        "dogs": "Dogs wear a tag.",
        "cats": "All about cats.",
        "bins": "All about bins.",
    }
    asked = dict(town.asked)
    assert asked["/en/dogs"]["if-none-match"] == '"dogs"'
    assert asked["/en/cats"]["if-modified-since"] == "Mon, 05 Jan 2026 10:00:00 GMT"
    assert reading.told() == ["/en/boats The site answers 404."]
    assert len(list(reading.folder.glob("*.html"))) == 3


def test_below_the_path_that_is_given(town: Town, reading: Reading) -> None:
    town.maps("/en/dogs", "/en/dogs/tags", "/en/dogsled", "/fr/chiens")
    town.pages["/en/dogs/tags"] = page("tags")
    assert titles(reading(f"{town.url}/en/dogs/")) == ["dogs", "tags"]


def test_the_sitemap_itself_may_be_given(town: Town, reading: Reading) -> None:
    town.pages["/list.txt"] = f"{town.url}/en/cats\n{town.url}/en/bins\n".encode()
    assert titles(reading(f"{town.url}/list.txt")) == ["bins", "cats"]


def test_what_asks_not_to_be_found_is_not(town: Town, reading: Reading) -> None:
    town.pages["/robots.txt"] = b"User-agent: Guichet\nDisallow: /*boats$\nCrawl-delay: 7\n"
    town.pages["/en/dogs"] = 200, {"X-Robots-Tag": "noindex, nofollow"}, page("dogs")
    town.pages["/en/cats"] = page("cats", about="<meta content='noindex' name='robots'>")
    assert titles(reading()) == ["bins"]
    assert "/en/boats" not in town.paths()
    assert reading.told() == ["/en/boats The site's robots.txt does not allow it."]
    assert max(reading.pauses) == pytest.approx(7, abs=0.5)


def test_one_page_after_the_other(reading: Reading) -> None:
    reading()
    assert len(reading.pauses) == 6
    assert min(reading.pauses[1:]) == pytest.approx(site_fetch.DELAY, abs=0.5)


@pytest.mark.parametrize("status", [500, 503])
def test_a_site_that_cannot_say_what_it_allows_is_left_alone(town: Town, reading: Reading, status: int) -> None:
    town.pages["/robots.txt"] = status, {"Retry-After": "3"}, b""
    with pytest.raises(SourceError, match=f"The site cannot be read: The site answers {status}"):
        reading()
    assert (3.0 in reading.pauses) == (status == 503)
    assert set(town.paths()) == {"/robots.txt"}


def test_a_page_that_fails_for_now_stays_as_it_was(town: Town, reading: Reading) -> None:
    reading()
    town.pages["/en/dogs"] = 500, {}, b"oops"
    assert titles(reading()) == ["bins", "boats", "cats", "dogs"]
    assert reading.told() == ["/en/dogs The site answers 500."]
    assert reading.problems[0].way_out == "It stays as it was the last time."


def test_a_reading_that_is_broken_off_goes_on(town: Town, reading: Reading) -> None:
    town.maps(*(f"/en/{n}" for n in range(30)))
    town.pages |= {f"/en/{n}": page(str(n)) for n in range(12)}
    town.pages |= {f"/en/{n}": (500, {}, b"") for n in range(12, 30)}
    with pytest.raises(SourceError, match=r"does not answer any more\. Index again later: it goes on from here"):
        reading()
    assert site.kept(reading.folder) == []
    town.paths()
    town.pages |= {f"/en/{n}": page(str(n)) for n in range(12, 30)}
    assert len(reading()) == 30
    assert not {f"/en/{n}" for n in range(12)} & set(town.paths())


@pytest.mark.parametrize("how", ["gone", "out of the sitemap", "under construction"])
def test_a_site_that_loses_half_of_its_pages_is_held_back(town: Town, reading: Reading, how: str) -> None:
    reading()
    lost = ("dogs", "cats", "boats")
    before = {path: town.pages[path] for path in list(town.pages)}
    if how == "gone":
        town.pages |= {f"/en/{name}": (410, {}, b"") for name in lost}
    elif how == "out of the sitemap":
        town.maps("/en/bins")
    else:
        town.pages |= {f"/en/{name}": page("Back soon", text="We are working on it.") for name in lost}
    with pytest.raises(
        SourceError, match=r"The site has . documents?, and had 4 the last time\. Nothing was published"
    ):
        reading()
    assert titles(site.kept(reading.folder)) == ["bins", "boats", "cats", "dogs"]
    town.pages |= before
    assert len(reading()) == 4


def test_a_loss_that_is_meant_is_taken_when_the_folder_is_removed(town: Town, reading: Reading) -> None:
    reading()
    town.maps("/en/bins")
    with pytest.raises(SourceError, match=str(reading.folder)):
        reading()
    shutil.rmtree(reading.folder)
    assert titles(reading()) == ["bins"]


REDIRECTS = [
    ("/en/cats", None),
    ("{site}/en/cats#top", None),
    ("/en/dogs", "It leads in circles."),
    ("https://elsewhere.example.org/", "It leads to another site, elsewhere.example.org."),
    ("http://169.254.169.254/latest/meta-data/", "It leads to another site, 169.254.169.254."),
    ("http://127.0.0.1:1/", "It leads to another site, 127.0.0.1."),
    ("http://localhost/", "It leads to another site, localhost."),
    ("file:///etc/passwd", "It leads to another site"),
    ("http://[", "It leads to an address that is none."),
]


@pytest.mark.parametrize(("target", "cause"), REDIRECTS, ids=[target for target, _ in REDIRECTS])
def test_redirects(town: Town, reading: Reading, target: str, cause: str | None) -> None:
    town.pages["/en/dogs"] = 302, {"Location": target.format(site=town.url)}, b""
    found = titles(reading())
    if cause:
        assert reading.told()[0].startswith(f"/en/dogs {cause}")
    else:
        assert reading.told() == []
    assert found == ["bins", "boats", "cats"]  # where it led to a page that there is already, it is no other one


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ((200, {}, b"a" * (site.PAGE + 1)), "It is larger than 5 MiB."),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(b"\0" * 100_000_000)), "It is larger than 5 MiB."),
        ((200, {"Content-Encoding": "gzip"}, b"\x1f\x8b broken"), "The site does not answer well"),
        ((200, {"Content-Encoding": "br"}, b"abc"), "It is packed in a way that nobody asked for."),
        ((200, {"Content-Length": "9999999"}, b"abc"), "The site does not answer well"),
        ((200, {"Content-Type": "image/png"}, b"\x89PNG"), None),
        ((200, {}, b""), "The page has no text."),
        ((200, {}, b"\x00" * 5_000), "The page has no text."),
        ((200, {"Content-Type": "application/pdf"}, b"<html>"), "The file is damaged, or no PDF."),
    ],
    ids=str.split("large bomb broken-gzip brotli cut picture empty NUL no-pdf"),
)
def test_page_that_is_left_out(town: Town, reading: Reading, answer: Any, cause: str | None) -> None:
    if answer[1].get("Content-Length"):
        answer[1]["Connection"] = "close"
    town.pages["/en/dogs"] = answer
    assert titles(reading()) == ["bins", "boats", "cats"]
    assert [told[: len(f"/en/dogs {cause}")] for told in reading.told()] == ([f"/en/dogs {cause}"] if cause else [])


def test_a_page_that_never_ends_is_given_up(town: Town, reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_fetch, "SECONDS", -1.0)
    monkeypatch.setattr(site, "FAILURES", 99)
    town.pages["/robots.txt"] = 404, {}, b""
    with pytest.raises(SourceError, match="The site has no sitemap that names a page"):
        reading()
    assert reading.told() == ["/sitemap.xml The sitemap cannot be read: It takes too long."]


def test_packed_pages_and_files_are_read(town: Town, reading: Reading) -> None:
    town.maps("/en/dogs", "/files/tags.pdf")
    town.pages["/en/dogs"] = 200, {"Content-Encoding": "gzip"}, gzip.compress(page("dogs"))
    town.pages["/files/tags.pdf"] = 200, {"Content-Type": "application/pdf"}, PDF
    found = {d.title: d for d in reading()}
    assert found["Dogs in the town"].publisher == "Town"  # as the site's other pages say
    assert found["dogs"].sections[0].text == "All about dogs."


def test_two_addresses_of_one_page_are_one_document(town: Town, reading: Reading) -> None:
    town.maps("/en/dogs", "/print/dogs")
    town.pages["/print/dogs"] = page("dogs", text="For print.")
    assert [d.sections[0].text for d in reading()] == ["All about dogs."]


@pytest.mark.parametrize(
    ("address", "found", "cause"),
    [
        ("http://inside.example.org", ["10.0.0.8"], "is inside a private network"),
        ("http://inside.example.org", ["127.0.0.1"], "is inside a private network"),
        ("http://inside.example.org", ["::1"], "is inside a private network"),
        ("http://inside.example.org", ["fe80::1%eth0"], "is inside a private network"),
        ("http://inside.example.org", ["::ffff:10.0.0.8"], "is inside a private network"),
        ("http://inside.example.org", ["169.254.169.254"], "is inside a private network"),
        ("http://nowhere.example.org", [], "is inside a private network"),
    ],
)
def test_no_private_address_is_asked(address: str, found: list[str], cause: str) -> None:
    fetcher = Fetcher(address, pause=lambda seconds: None, resolving=lambda host, port: found)
    with pytest.raises(NotFetched, match=cause), fetcher.open():
        pass


@pytest.mark.parametrize(("name", "well"), [("town.example.org", True), ("another.example.org", False)])
def test_a_certificate_is_checked_against_the_name(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, well: bool
) -> None:
    key, own = certificate(name, tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(own, key)
    town.server.socket = serving.wrap_socket(town.server.socket, server_side=True)
    trusting = ssl.create_default_context(cafile=str(own))
    monkeypatch.setattr(httpx, "Client", partial(httpx.Client, verify=trusting))
    monkeypatch.setattr(site_fetch, "_literal", lambda host: True)
    address = f"https://town.example.org:{town.server.server_port}"
    fetcher = Fetcher(address, pause=lambda seconds: None, resolving=lambda host, port: ["127.0.0.1"])
    if not well:
        with pytest.raises(NotFetched, match="does not answer well: ConnectError"), fetcher.open():
            pass
        return
    with fetcher.open():
        town.pages["/a"] = b"here"
        assert fetcher.get(f"{address}/a", 100).body == b"here"
    assert town.asked[-1][1]["host"] == address.removeprefix("https://")


def certificate(name: str, folder: Path) -> tuple[Path, Path]:
    """The key and the certificate of a host that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    own = (
        x509.CertificateBuilder(who, who, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    (folder / "own.pem").write_bytes(own.public_bytes(Encoding.PEM))
    return folder / "key.pem", folder / "own.pem"


def test_a_host_that_there_is_not() -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    fetcher = Fetcher("https://nowhere.example.org", pause=lambda seconds: None, resolving=nowhere)
    with pytest.raises(NotFetched, match=r"There is no host 'nowhere.example.org'\."), fetcher.open():
        pass


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://www.town.example.org/a", True),
        ("http://town.example.org/a", True),
        ("https://town.example.org:443/a", True),
        ("https://town.example.org:8443/a", False),
        ("https://town.example.org.evil.example/a", False),
        ("https://user@evil.example/town.example.org", False),
        ("ftp://town.example.org/a", False),
        ("https://town.example.org:port/a", False),
        ("/a", False),
    ],
)
def test_same_site(url: str, same: bool) -> None:
    assert same_site(url, "https://town.example.org/en") is same


def test_a_site_is_no_path() -> None:
    assert is_site("HTTPS://www.town.example.org/en")
    assert not is_site(Path("https:/www.town.example.org"))
    one, other = (folder_of(f"https://www.town.example.org/{path}", Path("sites")) for path in ("en", "fr"))
    assert one != other
    assert one.name.startswith("www.town.example.org-")
