"""What several pages say in the same words is kept once, under its first address."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from knowledge.document import Document, Section
from knowledge.text import fold, plain

_LONG = 200  # characters: "There is no fee." is said of many services, and must be found for each
_OFTEN = 5  # pages


def once(documents: Iterable[Document]) -> list[Document]:
    """The documents without what one before them says already; a document of which nothing is left is left out.

    Folded are sections with the same words, marks and case aside, of one publisher in one language: where the pages have
    the same title and heading, and, if they are long, where they stand on many pages. The last section of a page is never
    folded into a page of another title: the page is a service of its own.
    """
    given = list(documents)
    often = Counter(
        words
        for document in given
        for words in {_words(document, section) for section in document.sections if len(section.text) >= _LONG}
    )
    titled: dict[tuple[str, ...], int] = {}
    said: dict[tuple[str, ...], int] = {}
    found: dict[int, Document] = {}
    instead: dict[str, str] = {}
    for number in sorted(
        range(len(given)), key=lambda each: given[each].url is None
    ):  # what has an address goes before
        document, sections, first = given[number], [], number
        for section in document.sections:
            words = _words(document, section)
            heading = section.path[-1] if section.path else ""
            owner = titled.setdefault((*words, fold(document.title), fold(heading)), number)
            if owner != number:
                first = owner
            elif often[words] < _OFTEN or said.setdefault(words, number) == number:
                sections.append(section)
        if sections:
            whole = len(sections) == len(document.sections)
            found[number] = document if whole else replace(document, sections=tuple(sections))
        elif first != number:
            instead[document.id] = instead.get(given[first].id, given[first].id)
        else:  # all that it says stands on many pages
            found[number] = document
    return [_led(document, instead) for _, document in sorted(found.items())]


def _led(document: Document, instead: dict[str, str]) -> Document:
    other = document.translation
    return replace(document, translation=instead[other]) if other in instead else document


def _words(document: Document, section: Section) -> tuple[str, ...]:
    return document.language, document.publisher, plain(section.text) or section.text
