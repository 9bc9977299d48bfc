"""What changed between two readings of the sources: pages, their sections, and the figures in them, old and new."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any

from knowledge.document import Document, Section
from knowledge.publishing.facts import KINDS, Fact, facts
from knowledge.text import clean

FIELDS = ("title", "publisher", "url", "jurisdiction", "as_of", "contact", "translation")


@dataclass(frozen=True, slots=True)
class Page:
    """A page as one speaks of it."""

    id: str
    language: str
    title: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One value instead of another: of a field of the page, or of a figure. None where there was or is none."""

    what: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class SectionChange:
    """`heading` is the headings above it, "" before the first; `what` is "added", "removed" or "changed"."""

    heading: str
    what: str
    figures: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class PageChange:
    page: Page
    fields: tuple[Change, ...]
    sections: tuple[SectionChange, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    added: tuple[Page, ...] = ()
    changed: tuple[PageChange, ...] = ()
    removed: tuple[Page, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def pages(self) -> frozenset[str]:
        """The ids of the pages that are new or changed."""
        return frozenset([*(page.id for page in self.added), *(each.page.id for each in self.changed)])


def compare(before: Iterable[Document], after: Iterable[Document]) -> Changes:
    """What `after` says that `before` did not, page by page; a page is the same by its id."""
    old, new = ({document.id: document for document in each} for each in (before, after))
    changed = (_changed(old[name], new[name]) for name in sorted(old.keys() & new.keys()) if old[name] != new[name])
    return Changes(
        tuple(page_of(new[name]) for name in sorted(new.keys() - old.keys())),
        tuple(each for each in changed if each is not None),
        tuple(page_of(old[name]) for name in sorted(old.keys() - new.keys())),
    )


def page_of(document: Document) -> Page:
    return Page(document.id, document.language, document.title, document.url)


def _changed(old: Document, new: Document) -> PageChange | None:
    fields = [
        Change(name, _said(getattr(old, name)), _said(getattr(new, name)))
        for name in FIELDS
        if getattr(old, name) != getattr(new, name)
    ]
    for name, left, right in (
        ("topics", old.topics, new.topics),
        ("questions", list(old.questions.items()), list(new.questions.items())),
        ("modified", old.modified, new.modified),
    ):
        if left != right:
            fields.append(Change(name, None, None) if name != "modified" else Change(name, _said(left), _said(right)))
    return PageChange(page_of(new), tuple(fields), tuple(_sections(old, new)))


def _said(value: Any) -> str | None:
    return None if value is None else str(value)


def _sections(old: Document, new: Document) -> Iterator[SectionChange]:
    before, after = _by_heading(old), _by_heading(new)
    for key, section in after.items():
        heading = " › ".join(section.path)
        if key not in before:
            yield SectionChange(heading, "added", tuple(_figures((), facts(section.text, new.language))))
        elif clean(before[key].text) != clean(section.text) or before[key].url != section.url:
            left, right = facts(before[key].text, old.language), facts(section.text, new.language)
            yield SectionChange(heading, "changed", tuple(_figures(left, right)))
    for key, section in before.items():
        if key not in after:
            heading = " › ".join(section.path)
            yield SectionChange(heading, "removed", tuple(_figures(facts(section.text, old.language), ())))


def _by_heading(document: Document) -> dict[tuple[tuple[str, ...], int], Section]:
    """Sections by their headings; those that share them are told apart by their order."""
    seen: Counter[tuple[str, ...]] = Counter()
    found = {}
    for section in document.sections:
        found[section.path, seen[section.path]] = section
        seen[section.path] += 1
    return found


def _figures(before: Iterable[Fact], after: Iterable[Fact]) -> Iterator[Change]:
    """Kind by kind, what went beside what came, in their order in the text."""
    before, after = tuple(before), tuple(after)
    for kind in KINDS:
        old, new = ([fact for fact in each if fact.kind == kind] for each in (before, after))
        gone, came = _without(old, new), _without(new, old)
        yield from (Change(kind, left, right) for left, right in zip_longest(gone, came))


def _without(these: list[Fact], those: list[Fact]) -> list[str]:
    """What is written in `these` and has no like in `those`, each of which stands for one."""
    left = Counter(fact.value for fact in those)
    found = []
    for fact in these:
        if left[fact.value]:
            left[fact.value] -= 1
        else:
            found.append(clean(fact.written))
    return found
