"""What the publisher of pages should know of them: what is old, has passed, is missing, leads nowhere or differs."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from knowledge.document import Document
from knowledge.publishing.changes import Page, page_of
from knowledge.publishing.facts import Fact, facts, passed, tokens
from knowledge.text import clean

_ADDRESS = re.compile(r"https?://[^\s<>\"»”)]+")
_LINE_PAGES = 2  # pages on which two telephone numbers stand for each other: then each is its language's line


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind` is "translation missing", "out of date", "day passed", "languages differ" or "link broken".

    `heading` is the section's, "" where the whole page is meant; `says` is a sentence, and how one mends it.
    """

    kind: str
    page: Page
    heading: str
    says: str


def check(
    documents: Collection[Document],
    today: date,
    months: int,
    gone: Collection[str] = (),
    dead: Mapping[str, Sequence[str]] = {},
) -> list[Finding]:
    """All that is found, kind by kind.

    `months` is the age from which on a date is old; `gone` are addresses that their site does not have any more, `dead`
    are links of pages, by their ids, that lead to no file.
    """
    return [
        *_differing(documents),
        *_passed(documents, today),
        *_broken(documents, frozenset(gone)),
        *_dead(documents, dead),
        *_untranslated(documents),
        *_old(documents, today, months),
    ]


def _untranslated(documents: Iterable[Document]) -> Iterator[Finding]:
    """Where pages come in several languages at all."""
    by_id = {document.id: document for document in documents}
    if len({document.language for document in by_id.values()}) < 2:
        return
    led_to = {document.translation for document in by_id.values()}
    for document in by_id.values():
        if document.translation not in by_id and document.id not in led_to:
            says = "It has no translation: write one, or say on both pages that they are translations of each other."
            yield Finding("translation missing", page_of(document), "", says)


def _old(documents: Iterable[Document], today: date, months: int) -> Iterator[Finding]:
    for document in documents:
        day = max((each for each in (document.as_of, document.modified) if each), default=None)
        if day and (today.year - day.year) * 12 + today.month - day.month - (today.day < day.day) >= months:
            says = f"It is as of {day}: check it, and set as_of to the day on which you did."
            yield Finding("out of date", page_of(document), "", says)


def _passed(documents: Iterable[Document], today: date) -> Iterator[Finding]:
    for document in documents:
        for section in document.sections:
            for fact in passed(section.text, document.language, today):
                says = f"“{_around(section.text, fact)}” has passed: say what holds now."
                yield Finding("day passed", page_of(document), " › ".join(section.path), says)


def _broken(documents: Iterable[Document], gone: frozenset[str]) -> Iterator[Finding]:
    if not gone:
        return
    for document in documents:
        for section in document.sections:
            named = {*_ADDRESS.findall(section.text), section.url or ""} - {document.url}
            for url in sorted(gone & {each.rstrip(".,;").partition("#")[0] for each in named}):
                says = f"{url} is not there any more: correct the link, or take it out."
                yield Finding("link broken", page_of(document), " › ".join(section.path), says)
        if document.url and document.url.partition("#")[0] in gone:
            says = f"Its own address, {document.url}, is not there any more: correct it, or withdraw the page."
            yield Finding("link broken", page_of(document), "", says)


def _dead(documents: Iterable[Document], dead: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    for document in documents:
        for link in dead.get(document.id, ()):
            yield Finding("link broken", page_of(document), "", f"{link} leads to no file: correct the link.")


def _around(text: str, fact: Fact) -> str:
    """The fact with the words that lead to it."""
    lead = text[max(0, fact.at - 40) : fact.at]
    lead = re.split(r"[.!?;:\n]\s*", lead)[-1]
    words = lead.split(" ")
    return clean(" ".join(words[-4:]) + fact.written)


def _differing(documents: Iterable[Document]) -> Iterator[Finding]:
    pairs = list(_pairs(documents))
    lines = _lines(pairs)
    for one, other in pairs:
        for heading, left, right in _parts(one, other):
            yield from _contradictions(one, other, heading, left, right, lines)


def _pairs(documents: Iterable[Document]) -> Iterator[tuple[Document, Document]]:
    """Each page with its translation, once."""
    by_id = {document.id: document for document in documents}
    for document in by_id.values():
        other = by_id.get(document.translation or "")
        if other and document.language < other.language:
            yield document, other


def _parts(one: Document, other: Document) -> Iterator[tuple[str, str, str]]:
    """Heading and text in both languages: section by section where they correspond by number and depth, else all of it."""
    if [len(s.path) for s in one.sections] == [len(s.path) for s in other.sections]:
        for left, right in zip(one.sections, other.sections, strict=True):
            yield " › ".join(left.path), left.text, right.text
    else:
        yield "", "\n".join(s.text for s in one.sections), "\n".join(s.text for s in other.sections)


def _lines(pairs: Iterable[tuple[Document, Document]]) -> frozenset[tuple[str, str]]:
    """Telephone numbers that stand for each other on several pages: a service may have a line for each language."""
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one, other in pairs:
        contact = tuple(_phones(d.contact or "", d.language) for d in (one, other))
        for left, right in [*((a, b) for _, a, b in _parts(one, other)), (one.contact or "", other.contact or "")]:
            mine, theirs = _phones(left, one.language), _phones(right, other.language)
            for pair in ((a, b) for a in mine - theirs for b in theirs - mine):
                seen[pair].add(one.id)
        for pair in ((a, b) for a in contact[0] for b in contact[1]):
            seen[pair] |= {one.id, other.id}  # the page itself gives each language its own
    return frozenset(pair for pair, pages in seen.items() if len(pages) >= _LINE_PAGES)


def _phones(text: str, language: str) -> set[str]:
    return {fact.value for fact in facts(text, language) if fact.kind == "phone"}


def _contradictions(
    one: Document, other: Document, heading: str, left: str, right: str, lines: frozenset[tuple[str, str]]
) -> Iterator[Finding]:
    """A figure of one language that the other does not have in any form, where it has figures of that kind of its own, or
    the one that is missing is the only thing said."""
    texts = {one.language: left, other.language: right}
    stated = {code: facts(text, code) for code, text in texts.items()}
    known = {code: tokens(text, code) | _values(stated[code]) for code, text in texts.items()}
    for kind in ("amount", "percentage", "date", "duration", "phone"):
        mine, theirs = (
            [fact for fact in stated[a] if fact.kind == kind and not _is_said(fact, stated[b], known[b])]
            for a, b in ((one.language, other.language), (other.language, one.language))
        )
        if kind == "phone":
            mine, theirs = _without_lines(mine, theirs, lines)
        if not mine and not theirs:
            mine, theirs = _counted(stated[one.language], stated[other.language], kind)
        if mine or theirs:
            yield Finding("languages differ", page_of(one), heading, _told(one, other, kind, mine, theirs))


def _values(stated: Iterable[Fact]) -> frozenset[str]:
    return frozenset(fact.value for fact in stated)


def _is_said(fact: Fact, others: Iterable[Fact], known: frozenset[str]) -> bool:
    return any(fact.kind == each.kind and fact.value == each.value for each in others) or fact.tokens <= known


def _without_lines(
    mine: list[Fact], theirs: list[Fact], lines: frozenset[tuple[str, str]]
) -> tuple[list[Fact], list[Fact]]:
    """A service may have another line for each language; numbers that are almost the same are rather a slip."""
    alone = len({f.value for f in mine}) == len({f.value for f in theirs}) == 1
    paired = [
        (a, b)
        for a in mine
        for b in theirs
        if (a.value, b.value) in lines or (alone and sum(x != y for x, y in zip(a.value, b.value, strict=True)) > 2)
    ]
    own, others = {a.value for a, _ in paired}, {b.value for _, b in paired}
    return [f for f in mine if f.value not in own], [f for f in theirs if f.value not in others]


def _counted(one: Sequence[Fact], other: Sequence[Fact], kind: str) -> tuple[list[Fact], list[Fact]]:
    """As many figures of a kind in both, and yet not the same ones as often: one stands where another should."""
    if kind == "phone":
        return [], []
    left, right = (Counter(fact.value for fact in each if fact.kind == kind) for each in (one, other))
    if left.total() != right.total() or left.keys() != right.keys():
        return [], []
    return [_first(one, kind, value) for value in left - right], [_first(other, kind, value) for value in right - left]


def _first(stated: Iterable[Fact], kind: str, value: str) -> Fact:
    return next(fact for fact in stated if fact.kind == kind and fact.value == value)


def _told(one: Document, other: Document, kind: str, mine: Iterable[Fact], theirs: Iterable[Fact]) -> str:
    sides = []
    for document, found in ((one, mine), (other, theirs)):
        said = ", ".join(dict.fromkeys(f"“{clean(fact.written)}”" for fact in found))
        sides.append(f"{document.language} has {said or 'none of that'}")
    return f"The {kind} differs: {'; '.join(sides)}. Say the same on both pages ({other.id})."
