"""Sitemaps, as sitemaps.org has them: the pages of a site with their translations, and further sitemaps."""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

LARGEST = 50 * 1024 * 1024  # bytes, unpacked: the protocol's own bound
MOST = 50_000  # addresses in one: the protocol's own bound


class NoSitemap(Exception):
    """What was found is no sitemap; a sentence says why."""


@dataclass(slots=True)
class Sitemap:
    """`pages` are addresses as they are written, each with the addresses of its translations by their language."""

    pages: dict[str, dict[str, str]] = field(default_factory=dict)
    maps: list[str] = field(default_factory=list)


def parse(data: bytes) -> Sitemap:
    """Read a sitemap, an index of them, or a list of addresses, packed or not. Raises NoSitemap."""
    data = _unpacked(data)
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _list(data)
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.said
    parser.EntityDeclHandler = _refused
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        if not (reader.found.pages or reader.found.maps):
            raise NoSitemap(f"It is no XML: {error}.") from error
    except (ValueError, LookupError) as error:  # an encoding that is none, or not known
        raise NoSitemap(f"It cannot be read: {error}.") from error
    if reader.root not in ("urlset", "sitemapindex"):
        raise NoSitemap("It is no sitemap.")
    return reader.found


def _unpacked(data: bytes) -> bytes:
    if data.startswith(b"\x1f\x8b"):
        try:
            unpacking = zlib.decompressobj(wbits=31)
            data = unpacking.decompress(data, LARGEST + 1)
        except zlib.error as error:
            raise NoSitemap(f"It cannot be unpacked: {error}.") from error
    if len(data) > LARGEST:
        raise NoSitemap(f"It is larger than {LARGEST // 2**20} MiB.")
    return data


def _list(data: bytes) -> Sitemap:
    lines = data.decode("utf-8-sig", "replace").split()
    found = [line for line in lines[:MOST] if re.match(r"https?://", line, re.IGNORECASE)]
    if not found:
        raise NoSitemap("It has no address in it.")
    return Sitemap({line: {} for line in found})


def _refused(*_: object) -> None:
    raise NoSitemap("It defines entities, which no sitemap needs.")


@dataclass(slots=True)
class _Reader:
    """Takes what the parser passes: text counts only within <loc> of a <url> or a <sitemap>."""

    found: Sitemap = field(default_factory=Sitemap)
    root: str = ""
    inside: str = ""
    words: list[str] | None = None
    page: str = ""
    others: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, about: Mapping[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        self.root = self.root or tag
        if tag in ("url", "sitemap"):
            self.inside, self.page, self.others = tag, "", {}
        elif tag == "loc" and self.inside:
            self.words = []
        elif tag == "link" and self.inside == "url" and about.get("rel") == "alternate" and about.get("href"):
            self.others[about.get("hreflang", "").lower()] = about["href"].strip()

    def said(self, text: str) -> None:
        if self.words is not None and len(self.words) < 100:
            self.words.append(text)

    def end(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        if tag == "loc" and self.words is not None:
            self.page, self.words = self.page or "".join(self.words).strip(), None
        elif tag == self.inside:
            if tag == "sitemap" and self.page and len(self.found.maps) < MOST:
                self.found.maps.append(self.page)
            elif tag == "url" and self.page and len(self.found.pages) < MOST:
                self.found.pages.setdefault(self.page, self.others)
            self.inside = ""
