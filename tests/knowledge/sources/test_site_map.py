"""Sitemaps in, addresses out; and no sitemap takes the reader's memory or time."""

import gzip
import time
import tracemalloc

import pytest

from knowledge.sources.site_map import LARGEST, MOST, NoSitemap, parse

HEAD = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'


@pytest.mark.parametrize(
    ("data", "pages", "maps"),
    [
        (f"{HEAD}<url><loc> https://a.org/1 </loc></url></urlset>", ["https://a.org/1"], []),
        ("\ufeff\n<urlset><url><loc>https://a.org/?a=1&amp;b=2</loc></url></urlset>", ["https://a.org/?a=1&b=2"], []),
        (f"{HEAD}<url><loc><![CDATA[https://a.org/1]]></loc></url></urlset>", ["https://a.org/1"], []),
        (f"{HEAD}<url><loc>https://a.org/1</loc><i><loc>https://a.org/2</loc></i></url></urlset>", ["https://a.org/1"], []),
        (f"{HEAD}<url><loc></loc></url><url/><loc>https://a.org/2</loc></urlset>", [], []),
        (f"{HEAD}<url><loc>https://a.org/1</loc></url><url><loc>https://a.o", ["https://a.org/1"], []),
        ("<sitemapindex><sitemap><loc>https://a.org/m.xml</loc></sitemap></sitemapindex>", [], ["https://a.org/m.xml"]),
        ("https://a.org/1\r\nnot one\nhttps://a.org/2\n", ["https://a.org/1", "https://a.org/2"], []),
    ],
    ids=str.split("plain escaped cdata image empty cut index list"),
)  # fmt: skip
def test_what_a_sitemap_names(data: str, pages: list[str], maps: list[str]) -> None:
    for packed in (data.encode(), gzip.compress(data.encode())):
        found = parse(packed)
        assert (list(found.pages), found.maps) == (pages, maps)


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><urlset><url><loc>&a;</loc></url></urlset>'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "It has no address in it."),
        (b"\x00" * 1_000, "It has no address in it."),
        (b"<html><p>Not found</html>", "It is no XML"),
        (b"<html></html>", "It is no sitemap."),
        (b"<urlset><url><loc>\xff\xfe</loc>", "It is no XML"),
        (b'<?xml version="1.0" encoding="klingon"?><urlset/>', "It cannot be read: unknown encoding"),
        (BOMB.encode(), "It defines entities, which no sitemap needs."),
        (OUTSIDE.encode(), "It defines entities, which no sitemap needs."),
        (b"\x1f\x8b\x08 broken", "It cannot be unpacked"),
        (gzip.compress(b" " * 60_000_000), "It is larger than 50 MiB."),
    ],
    ids=str.split("empty NUL html other bytes encoding entities outside broken bomb"),
)
def test_what_is_none(data: bytes, why: str) -> None:
    with pytest.raises(NoSitemap, match=why):
        parse(data)


def test_a_bomb_is_not_unpacked_as_a_whole() -> None:
    packed = gzip.compress(b" " * 200_000_000, 1)
    tracemalloc.start()
    with pytest.raises(NoSitemap):
        parse(packed)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2.5 * LARGEST


@pytest.mark.parametrize(
    "data",
    [
        "<urlset>" + "<url><loc>" * 100_000,
        "<a>" * 500_000,
        "<urlset><url><loc>" + "a&amp;" * 1_000_000 + "</loc></url></urlset>",
        "<urlset>" + "".join(f"<url><loc>https://a.org/{n}</loc></url>" for n in range(MOST + 500)) + "</urlset>",
    ],
    ids=str.split("open deep long many"),
)
def test_bounds(data: str) -> None:
    began = time.monotonic()
    try:
        found = parse(data.encode())
        assert len(found.pages) <= MOST
        assert all(len(url) < 1_000_000 for url in found.pages)
    except NoSitemap:
        pass
    assert time.monotonic() - began < 10
