"""What an HTML page says about itself: title, language, address, publisher, date, translations' addresses."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from knowledge.sources import address, jurisdiction, plain
from knowledge.text import LANGUAGES, fold

_ISO_639_2 = {"eng": "en", "fra": "fr", "fre": "fr"}
_MODIFIED = ("dcterms.modified", "article:modified_time", "og:updated_time", "last-modified", "dc.date.modified")
_SEPARATOR = re.compile(r" (?:\||[-–—]) ")
_WITH_SITE = re.compile(r"(.+\S) (?:\||[-–—]) ([^|–—]{3,80})")


@dataclass(frozen=True, slots=True)
class Head:
    """`title` is "" where the page has none; `language` is a code as the page gives it, shortened to its first part."""

    title: str
    language: str | None
    url: str | None
    publisher: str | None
    jurisdiction: str
    topics: tuple[str, ...]
    modified: date | None
    alternates: tuple[str, ...]


def head(tree: LexborHTMLParser, found_at: str | None = None, provider: str = "") -> Head:
    """Read the page's head, its first heading and its date line.

    Where it says none, its address is where it was found, and its publisher the `provider` of the service that it is about.
    """
    meta = _meta(tree)
    url = _url(tree, meta, found_at) or found_at
    host = urlsplit(url).hostname or "" if url else ""
    title, site = _title(tree, meta)
    return Head(
        title=title,
        language=_language(tree, meta, url),
        url=url,
        publisher=_publisher(meta) or provider or site or host.removeprefix("www.") or None,
        jurisdiction=jurisdiction.of_address(url),
        topics=_topics(meta),
        modified=_modified(tree, meta),
        alternates=tuple(dict.fromkeys(_alternates(tree, url))),
    )


def _meta(tree: LexborHTMLParser) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        about = node.attributes
        name = about.get("name") or about.get("property") or about.get("http-equiv") or about.get("itemprop")
        content = plain.line(about.get("content") or "")
        if name and content:
            found.setdefault(name.strip().lower(), content)
    return found


def _title(tree: LexborHTMLParser, meta: Mapping[str, str]) -> tuple[str, str | None]:
    """The page's own title, and the site's name if <title> ends with it: "Renew a licence | Government of Utopia"."""
    node = tree.css_first("title")
    whole = plain.line(node.text()) if node is not None else ""
    stated = meta.get("dcterms.title") or meta.get("og:title") or whole
    named = _WITH_SITE.fullmatch(whole)
    cut = _WITH_SITE.fullmatch(stated)
    short = cut[1] if cut else stated
    headings = [h for h in (plain.line(node.text(separator=" ")) for node in tree.css("h1")) if h]
    pieces = {fold(short), *map(fold, _SEPARATOR.split(whole))}
    title = next((h for h in headings if fold(h) in pieces), None)
    if title is None:
        # an <h1> whose words are a part of the title's is the site's name
        title = next((h for h in headings if fold(h) not in fold(short)), short or "".join(headings[:1]))
    site = named[2] if named and "." not in named[2] and fold(named[1]) in (fold(title), fold(short)) else None
    return title, site


def _language(tree: LexborHTMLParser, meta: Mapping[str, str], url: str | None) -> str | None:
    root = tree.css_first("html")
    about = root.attributes if root is not None else {}
    declared = [about.get("lang"), about.get("xml:lang"), meta.get("dcterms.language"), meta.get("content-language")]
    for value in (*declared, meta.get("og:locale")):
        code = re.split(r"[-_,;\s]", (value or "").strip().lower())[0]
        if code:
            return _ISO_639_2.get(code, code)
    pieces = urlsplit(url).path.split("/") if url else []
    return next((p for p in (_ISO_639_2.get(x, x) for x in pieces) if p in LANGUAGES), None)


def _url(tree: LexborHTMLParser, meta: Mapping[str, str], found_at: str | None) -> str | None:
    base = tree.css_first("base[href]")
    start = (base.attributes.get("href") or "") if base is not None else meta.get("og:url", "")
    start = _joined(found_at, start) if found_at else start
    for node in tree.css("link[rel~=canonical][href]"):
        found = address.well_formed(_joined(start, node.attributes.get("href")))
        if found:
            return found
    return address.well_formed(meta.get("og:url", ""))


def _alternates(tree: LexborHTMLParser, url: str | None) -> Iterator[str]:
    """The addresses of this page in other languages, from <link> and from the links that switch the language."""
    for node in tree.css("link[rel~=alternate][hreflang][href], a[hreflang][href], a[lang][href]"):
        if node.tag == "a" and node.attributes.get("rel") == "nofollow external":
            continue
        found = address.well_formed(_joined(url or "", node.attributes.get("href")))
        if found and found != url:
            yield found


def _joined(base: str, link: str | None) -> str:
    try:
        return urljoin(base, (link or "").strip())
    except ValueError:  # brackets that do not close
        return ""


def _publisher(meta: Mapping[str, str]) -> str | None:
    for name in ("dcterms.creator", "dc.creator", "dcterms.publisher", "dc.publisher", "og:site_name"):
        if meta.get(name):
            return meta[name].rstrip(";, ")
    return None


def _topics(meta: Mapping[str, str]) -> tuple[str, ...]:
    words = re.split(r"[;,]", meta.get("dcterms.subject") or meta.get("keywords") or "")
    return tuple(dict.fromkeys(w.strip() for w in words if w.strip()))[:20]


def _modified(tree: LexborHTMLParser, meta: Mapping[str, str]) -> date | None:
    stamps = [meta.get(name, "") for name in _MODIFIED]
    for node in tree.css("time[property=dateModified], time[itemprop=dateModified], [itemprop=dateModified][content]"):
        stamps += [node.attributes.get("datetime") or "", node.attributes.get("content") or "", node.text()]
    for stamp in stamps:
        found = re.match(r"\s*(\d{4})-(\d{2})-(\d{2})(?!\d)", stamp)
        try:
            if found:
                return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:  # the 31st of February: the next stamp may know better
            continue
    return None
