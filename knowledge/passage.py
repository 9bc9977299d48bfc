"""A passage is a part of a section that is found and quoted as one: short, whole sentences, never across headings."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.document import Document
from knowledge.text import fold, sentences

LONGEST = 900  # characters: about what the encoder sees in full, and more than a quote needs


@dataclass(frozen=True, slots=True)
class Passage:
    """`text` is an exact span of the section's text, which is what may be quoted. `path` is the headings above it."""

    id: str
    document: str
    path: tuple[str, ...]
    text: str
    url: str | None

    @property
    def heading(self) -> str:
        """The heading right above it, "" before the first."""
        return self.path[-1] if self.path else ""

    def indexed(self, title: str) -> str:
        """What it is found by: where it stands, and what it says."""
        return ". ".join((title, *self.path)) + "\n" + self.text


def digest(text: str) -> bytes:
    """16 bytes that tell whether a text has changed."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


def passages(document: Document) -> list[Passage]:
    """All passages of a document, in its order. Ids are unique: "<document id>#<section slug>-<n>"."""
    found, seen = [], dict[str, int]()
    for section in document.sections:
        slug = slugged(section.path[-1]) if section.path else "intro"
        for start, end in cut(section.text):
            seen[slug] = seen.get(slug, 0) + 1
            name = f"{document.id}#{slug}-{seen[slug]}"
            found.append(Passage(name, document.id, section.path, section.text[start:end], section.url or document.url))
    return found


def about(document: Document) -> str:
    """The document as one text. Its title counts three times: it is short, and says what all the rest is about."""
    sections = (f"{' '.join(s.path)} {s.text}" for s in document.sections)
    return "\n".join([document.title] * 3 + [*document.topics, *document.questions, *sections])


def entry_points(document: Document, found: list[Passage]) -> Iterator[tuple[str, int]]:
    """The document's questions, each with the position in `found` of the passage that answers it."""
    by_heading: dict[str, int] = {}
    for number, passage in enumerate(found):
        by_heading.setdefault(fold(passage.path[-1]) if passage.path else "", number)
    for question, heading in document.questions.items():
        if fold(heading) in by_heading:
            yield question, by_heading[fold(heading)]


def cut(text: str, longest: int = LONGEST) -> list[tuple[int, int]]:
    """Spans of `text`, each at most `longest` characters, of whole sentences and list items where one fits."""
    pieces = [piece for span in sentences(text) for piece in _fit(text, span, longest)]
    spans: list[tuple[int, int]] = []
    start, budget = 0, _even(len(text), longest)
    for position, (left, right) in enumerate(pieces):
        over = right - start > longest or (left - start >= budget and left > start)
        if over and left > start:
            # a sentence that announces a list goes with the list
            lead = pieces[position - 1][0] if position and _announces(text, pieces[position - 1]) else left
            left = lead if start < lead and right - lead <= longest else left
            spans.append((start, left))
            start = left
    spans.append((start, len(text)))
    return [s for s in (_strip(text, *span) for span in spans) if s[0] < s[1]]


def slugged(heading: str) -> str:
    """A heading as it stands in an address: "Ce qu'il vous faut" is "ce-qu-il-vous-faut"."""
    return re.sub(r"[^a-z0-9]+", "-", fold(heading)).strip("-")[:60] or "section"


def _even(length: int, longest: int) -> float:
    """The size to aim for, so that the last passage is no crumb."""
    return length / max(1, -(-length // longest))


def _announces(text: str, span: tuple[int, int]) -> bool:
    return text[span[0] : span[1]].rstrip().endswith(":")


def _fit(text: str, span: tuple[int, int], longest: int) -> Iterator[tuple[int, int]]:
    start, end = span
    while end - start > longest:
        space = text.rfind(" ", start + longest // 2, start + longest)
        middle = space + 1 if space > 0 else start + longest
        yield start, middle
        start = middle
    yield start, end


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
