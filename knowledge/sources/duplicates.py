"""What several pages say in the same words is kept once, under its first address."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from knowledge.document import Document
from knowledge.text import fold, plain

_LONG = 200  # characters: "There is no fee." is said of many services, and must be found for each
_OFTEN = 5  # pages


def once(documents: Iterable[Document]) -> list[Document]:
    """The documents without what one before them says already; a document of which nothing is left is left out.

    Folded are sections with the same words, marks and case aside, of one publisher in one language: where the pages have
    the same title, and, if they are long, where they stand on many pages. The last section of a page is never folded into
    a page of another title: the page is a service of its own.
    """
    kept = list(documents)
    often = Counter(
        key for document in kept for key in {_words(document, text) for text in _texts(document) if len(text) >= _LONG}
    )
    titled: dict[tuple[str, ...], str] = {}
    said: dict[tuple[str, ...], str] = {}
    found: list[Document] = []
    instead: dict[str, str] = {}
    for document in kept:
        sections = []
        first = ""
        for section in document.sections:
            words = _words(document, section.text)
            owner = titled.setdefault((*words, fold(document.title)), document.id)
            if owner != document.id:
                first = first or owner
            elif often[words] < _OFTEN or said.setdefault(words, document.id) == document.id:
                sections.append(section)
        if sections:
            whole = len(sections) == len(document.sections)
            found.append(document if whole else replace(document, sections=tuple(sections)))
        elif first:
            instead[document.id] = instead.get(first, first)
        else:  # all that it says stands on many pages
            found.append(document)
    return [_led(document, instead) for document in found]


def _led(document: Document, instead: dict[str, str]) -> Document:
    other = document.translation
    return replace(document, translation=instead[other]) if other in instead else document


def _words(document: Document, text: str) -> tuple[str, ...]:
    return document.language, document.publisher, plain(text)


def _texts(document: Document) -> Iterable[str]:
    return (section.text for section in document.sections)
