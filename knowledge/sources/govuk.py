"""Content items as the Content API of GOV.UK gives them, /api/content/<path>: JSON whose texts are HTML.

The fields are those of its content schemas, docs.publishing.service.gov.uk.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from knowledge.document import Document, Section
from knowledge.sources import address, jurisdiction, plain
from knowledge.sources.fields import Fields
from knowledge.sources.html_main import content
from knowledge.sources.html_text import parts
from knowledge.sources.html_tree import parse
from knowledge.sources.problem import OnProblem, refuse
from knowledge.text import LANGUAGES

HEADINGS = yaml.safe_load(Path(__file__).with_name("govuk.yml").read_text(encoding="utf-8"))

_SITE = "www.gov.uk"
_MOVED = frozenset(("gone", "redirect", "vanish", "special_route"))


def items(content: Any) -> list[Any] | None:
    """The content items that a value of JSON has; None where it has none."""
    found = content if isinstance(content, list) else [content]
    return (
        found if any(isinstance(each, Mapping) and {"base_path", "details"} <= each.keys() for each in found) else None
    )


def read(pages: Mapping[str, tuple[Path, list[Any]]], on_problem: OnProblem = refuse) -> Iterator[Document]:
    """A document for each item that is published; `pages` are files by id, with the items that each one has.

    What was withdrawn, has gone or leads elsewhere is not published. An item without address, title or text, or in a
    language that is not read, is reported and left out.
    """
    found: list[tuple[Document, tuple[str, ...]]] = []
    taken: set[str] = set()
    for name, (file, listed) in pages.items():
        for number, about in enumerate(listed, start=1):
            item = Fields(about if isinstance(about, Mapping) else {}, f"Item {number}", file, on_problem)
            document = _document(name if len(listed) == 1 else f"{name}{item.line_of('base_path')}", item)
            if document is not None and document.id in taken:
                item.problem(f"There is an item {document.id!r} already.", "It was left out; publish it once.")
            elif document is not None:
                taken.add(document.id)
                found.append((document, tuple(_translations(item))))
    at = {document.url: document for document, _ in found}
    for document, alternates in found:
        others = (at[url] for url in alternates if url in at)
        yield replace(document, translation=next((o.id for o in others if o.language != document.language), None))


def _document(page: str, about: Fields) -> Document | None:
    details = about.of("details")
    withdrawn = about.of("withdrawn_notice").values or details.of("withdrawn_notice").values
    if withdrawn or about.line_of("document_type") in _MOVED:
        return None
    title, language, url = about.line_of("title"), about.line_of("locale") or "en", _url(about)
    if not title or url is None:
        about.problem(
            f"It has no {'base_path' if title else 'title'}.", "It was left out; save it as the API gives it."
        )
        return None
    if language not in LANGUAGES:
        about.problem(f"Its language is {language!r}.", f"It was left out; read are {', '.join(LANGUAGES)}.")
        return None
    sections = tuple(_sections(details, url, title, language))
    if not sections:
        about.problem("It has no text in its details.", "It was left out: a list of links answers nothing.")
        return None
    when = about.day("public_updated_at") or about.day("updated_at")
    links = about.of("links")
    publishers = (*links.each("primary_publishing_organisation"), *links.each("organisations"))
    topics = (*links.each("mainstream_browse_pages"), *links.each("taxons"))
    return Document(
        id=page,
        language=language,
        title=title,
        publisher=next((name for each in publishers if (name := each.line_of("title"))), "GOV.UK"),
        sections=sections,
        url=url,
        jurisdiction=jurisdiction.of_address(url),
        topics=tuple(dict.fromkeys(name for each in topics if (name := each.line_of("title")))),
        as_of=when,
        modified=when,
    )


def _sections(details: Fields, url: str, title: str, language: str) -> Iterator[Section]:
    for field, heading in HEADINGS[language].items():
        yield from _of_html(_html(details, field), url, title, (heading,) if heading else ())
    for part in details.each("parts"):
        name, slug = part.line_of("title"), plain.line(part.text("slug"))
        yield from _of_html(
            _html(part, "body"), address.well_formed(f"{url}/{slug}") or url, title, (name,) if name else ()
        )


def _of_html(html: str, url: str, title: str, above: tuple[str, ...]) -> Iterator[Section]:
    main = content(parse(f"<main>{html}</main>")) if html else None
    for part in parts(main, title) if main is not None else ():
        yield Section((*above, *part.path), part.text, f"{url}#{part.anchor}" if part.anchor and part.path else url)


def _html(about: Fields, field: str) -> str:
    """A text that is given as HTML, or in several formats of which HTML is one."""
    if not isinstance(about.values.get(field), list):
        return about.text(field)
    given = about.each(field)
    return next((each.text("content") for each in given if each.line_of("content_type") == "text/html"), "")


def _url(about: Fields) -> str | None:
    path = about.line_of("base_path")
    return address.well_formed(f"https://{_SITE}{path}") if path.startswith("/") else None


def _translations(about: Fields) -> Iterator[str]:
    for each in about.of("links").each("available_translations"):
        if url := _url(each):
            yield url
