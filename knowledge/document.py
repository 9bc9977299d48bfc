"""A document is one published page about a service: who published it, where, when, and its sections."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document under one heading.

    `path` is the headings above the text, outermost first, without the document's title; empty before the first.
    `url` is where the section itself can be read; None where only the document's address is known.
    `text` is plain text: paragraphs apart by a blank line, list items on lines that begin with "- " or "1. ",
    table rows on lines with cells apart by " | ".
    """

    path: tuple[str, ...]
    text: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """What a source says about one service, in one language.

    `id` is unique and stable over re-reading, "content/en/passport-renewal". `url` is None when no usable address was
    published. `jurisdiction` is an ISO 3166-2 code in lower case, with the municipality after it: "ca", "ca-on",
    "ca-on-toronto". `as_of` is when the facts were last known to hold, `modified` when the page says that it changed.
    `translation` is the id of the same document in the other language. `questions` are questions that the document
    answers, as people ask them, each with the heading of the section that answers it.
    """

    id: str
    language: str
    title: str
    publisher: str
    sections: tuple[Section, ...]
    url: str | None = None
    jurisdiction: str = "ca"
    topics: tuple[str, ...] = ()
    as_of: date | None = None
    modified: date | None = None
    translation: str | None = None
    contact: str | None = None
    questions: Mapping[str, str] = field(default_factory=dict)
