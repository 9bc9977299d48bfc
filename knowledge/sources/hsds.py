"""Services as the Human Services Data Specification 3 (Open Referral) has them in JSON: one, a list, a page of an API.

The fields and their meaning are those of its schema, docs.openreferral.org; a table of them is read by hsds_table.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.document import Document
from knowledge.sources import jurisdiction
from knowledge.sources.fields import Fields
from knowledge.sources.hsds_text import sections
from knowledge.sources.problem import OnProblem, refuse
from knowledge.text import LANGUAGES, language_of

_OFFERED = ("active", "temporarily closed")


def services(content: Any) -> list[Any] | None:
    """The services that a value of JSON has: itself, a list, the page of an API, an organization's; None if it has none."""
    if _is_service(content):
        return [content]
    if isinstance(content, list):
        return content if any(map(_is_service, content)) else None
    if not isinstance(content, Mapping):
        return None
    found: list[Any] = next(
        (content[key] for key in ("contents", "services") if isinstance(content.get(key), list)), []
    )
    if not any(map(_is_service, found)):
        return None
    about = {"organization": content} if content.get("name") else {}
    return [
        {**about, **{key: value for key, value in each.items() if value is not None}}
        if isinstance(each, Mapping)
        else each
        for each in found
    ]


def _is_service(content: Any) -> bool:
    return isinstance(content, Mapping) and {"id", "name", "status"} <= content.keys()


def read(
    pages: Mapping[str, tuple[Path, list[Any]]], on_problem: OnProblem = refuse, today: date | None = None
) -> Iterator[Document]:
    """A document for each service that is offered; `pages` are files by id, with the services that each one has.

    A service without id, name, description or organization, or of a language that is not read, is reported and left out.
    The same service in a file of another language is its translation. What was only valid before `today` is not said.
    """
    records = (
        (name, Fields(about if isinstance(about, Mapping) else {}, f"Service {number}", file, on_problem))
        for name, (file, found) in pages.items()
        for number, about in enumerate(found, start=1)
    )
    yield from joined(documents(records, today or date.today()))


def documents(records: Iterable[tuple[str, Fields]], today: date) -> Iterator[tuple[str, Document]]:
    """Each record's document, with the id that the service has in every language."""
    taken: set[str] = set()
    for name, about in records:
        key, status = about.line_of("id"), about.line_of("status") or "active"
        lacking = [field for field in ("id", "name", "description") if not about.line_of(field)]
        publisher = about.of("organization").line_of("name")
        if status not in _OFFERED and not lacking:
            continue
        if lacking or not publisher:
            lacking += [] if publisher else ["organization with a name"]
            about.problem(f"It has no {', '.join(lacking)}.", "It was left out; fill it in.")
            continue
        language = _language(name, about)
        if language not in LANGUAGES:
            about.problem(f"Its language is {language!r}.", f"It was left out; read are {', '.join(LANGUAGES)}.")
            continue
        page = f"{name}/{key}"
        if page in taken:
            about.problem(f"There is a service {key!r} already.", "It was left out; give each its own id.")
            continue
        taken.add(page)
        yield key, _document(page, language, publisher, about, today)


def joined(found: Iterable[tuple[str, Document]]) -> Iterator[Document]:
    """The documents, each with its translation: the first of the same service in another language."""
    kept = list(found)
    same: dict[str, dict[str, str]] = {}
    for key, document in kept:
        same.setdefault(key, {}).setdefault(document.language, document.id)
    for key, document in kept:
        other = next((page for language, page in same[key].items() if language != document.language), None)
        yield replace(document, translation=other)


def _document(page: str, language: str, publisher: str, about: Fields, today: date) -> Document:
    url = about.address("url")
    modified = about.day("last_modified")
    phone = next((found for each in about.each("phones") if (found := each.line_of("number").strip("\"' "))), None)
    return Document(
        id=page,
        language=language,
        title=about.line_of("name"),
        publisher=publisher,
        sections=tuple(sections(about, language, today)),
        url=url,
        jurisdiction=jurisdiction.of_address(url),
        topics=tuple(dict.fromkeys(word for word in _topics(about) if word)),
        as_of=about.day("assured_date") or modified,
        modified=modified,
        contact=phone or about.line_of("email") or None,
    )


def _topics(about: Fields) -> Iterator[str]:
    yield about.line_of("alternate_name")
    yield about.of("program").line_of("name")
    for attribute in about.each("attributes"):
        yield attribute.of("taxonomy_term").line_of("name")


def _language(name: str, about: Fields) -> str:
    """As its file or folder is called ("fr/services", "services-fr"), as its table says, or as it is written."""
    *folders, last = name.lower().split("/")
    named = [re.split(r"[._-]", last)[-1], *reversed(folders)]
    said = " ".join(about.text(field)[:5000] for field in ("name", "description", "eligibility_description"))
    found = next((piece for piece in named if piece in LANGUAGES), "")
    return found or about.line_of("language")[:2].lower() or language_of(said)
