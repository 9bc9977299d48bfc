"""The text of a PDF, part by part under its headings, which are told by their size and weight beside the running text."""

import itertools
import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.sources import plain
from knowledge.sources.pdf_line import Line, joined
from knowledge.text import fold

_LARGER = 1.12  # times the running text: a heading, whatever its weight
_LONGEST_HEADING = 160  # characters
_ITEM = re.compile(r"\s*(?:[•·▪◦●‣\uf0b7]|[–-]\s|o\s+(?=[^\W\d_])|\d{1,2}[.)]\s*(?=[^\W\d]))")
_ENDED = re.compile(r"[.!?:;…»”\")]\s*$")
_HYPHENATED = re.compile(r"\b[^\W\d_]+(?:-[^\W\d_]+)+\b")

Style = tuple[float, bool]


@dataclass(frozen=True, slots=True)
class Part:
    """What stands under one heading, and the page on which it begins, from 1."""

    path: tuple[str, ...]
    text: str
    page: int


@dataclass(frozen=True, slots=True)
class Text:
    """`title` is the largest heading of the first page, "" if none stands out."""

    title: str
    parts: tuple[Part, ...]


def text_of(lines: Sequence[Line]) -> Text:
    """The text of all pages' lines, in the order in which they are read."""
    found = list(_headed(lines, _Looks.of(lines)))
    first = [(style, said) for style, said, block in found if style and block[0].page == 1]
    title = next((said for style, said in first if style == min(style for style, _ in first)), "")
    levels = sorted({style for style, _, _ in found if style})
    kept = frozenset(word.lower() for line in lines for word in _HYPHENATED.findall(line.text))
    return Text(title, tuple(_parts(found, levels, title, kept)))


def _parts(
    found: Sequence[tuple[Style | None, str, list[Line]]], levels: Sequence[Style], title: str, kept: frozenset[str]
) -> Iterator[Part]:
    above: list[tuple[Style, str]] = []
    for style, said, block in found:
        if style is None:
            text = _blocks(block, kept)
            if text:
                yield Part(tuple(heading for _, heading in above), text, block[0].page)
            continue
        above = [entry for entry in above if levels.index(entry[0]) < levels.index(style)]
        if fold(said) != fold(title):
            above.append((style, said))


@dataclass(frozen=True, slots=True)
class _Looks:
    """What the running text looks like: its size, whether it is bold, and the usual gap between its lines."""

    size: float
    bold: bool
    gap: float

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "_Looks":
        sizes, weights = Counter[float](), Counter[bool]()
        for line in lines:
            sizes[round(line.size)] += len(line.text)
            weights[line.bold] += len(line.text)
        size = sizes.most_common(1)[0][0] if sizes else 10.0
        return cls(size, weights[True] > weights[False], _gap(lines))

    def style(self, line: Line, before: Line | None) -> Style | None:
        """How a heading looks, larger ones first; None where the line is none."""
        letters = sum(char.isalpha() for char in line.text)
        if line.cells or len(line.text) > _LONGEST_HEADING or letters < max(2, len(line.text) / 3):
            return None
        if line.size >= self.size * _LARGER and not (line.text.endswith(".") and len(line.text) > 80):
            return -round(line.size * 2) / 2, not line.bold
        stands_out = line.bold and not self.bold and line.size >= self.size * 0.95
        if (
            not stands_out
            or (_ITEM.match(line.text) and not line.text[:1].isdigit())
            or re.search(r"[.,;]$", line.text)
        ):
            return None
        alone = (
            before is None
            or before.cells
            or before.bold
            or _apart(before, line, self.gap)
            or _ENDED.search(before.text)
        )
        return (-round(line.size * 2) / 2, False) if alone else None


def _gap(lines: Sequence[Line]) -> float:
    """Between two lines of a paragraph, in points: the smallest that is usual."""
    gaps = [
        round(after.top - before.bottom, 1)
        for before, after in itertools.pairwise(lines)
        if before.page == after.page
        and before.size == after.size
        and -before.size < after.top - before.bottom < 2 * before.size
    ]
    return statistics.quantiles(gaps, n=4)[1] if len(gaps) > 3 else 4.0


def _apart(before: Line, line: Line, gap: float) -> bool:
    return line.page != before.page or line.top < before.top or line.top - before.bottom > gap + 0.25 * line.size


def _headed(lines: Sequence[Line], looks: _Looks) -> Iterator[tuple[Style | None, str, list[Line]]]:
    """Headings, each with its look and words, and the lines between them. A heading of two lines is one."""
    before: Line | None = None
    style: Style | None = None
    block: list[Line] = []
    for line in lines:
        now = looks.style(line, before)
        wraps = now is not None and before is not None and line.page == before.page
        if block and (
            now != style or (style and not (wraps and before and line.top - before.bottom < 0.8 * line.size))
        ):
            yield style, plain.line(joined(each.text for each in block)) if style else "", block
            block = []
        style, before = now, line
        block.append(line)
    if block:
        yield style, plain.line(joined(each.text for each in block)) if style else "", block


def _blocks(lines: Sequence[Line], kept: frozenset[str]) -> str:
    """Paragraphs, items and rows of what stands under one heading."""
    blocks: list[tuple[str, list[Line]]] = []
    gap = _gap(lines)
    heads: set[str] = set()
    for line in lines:
        kind, last = (blocks[-1][0], blocks[-1][1][-1]) if blocks else ("", None)
        if line.cells:
            if kind != "tr":
                heads.add(line.text)
            if not (kind == "tr" and last and last.page != line.page and line.text in heads):  # said again on each page
                blocks.append(("tr", [line]))
        elif _ITEM.match(line.text):
            blocks.append(("li", [line]))
        elif last is None or kind == "tr" or _begins(last, line, gap, blocks[-1][1][0] if kind == "li" else None):
            blocks.append(("p", [line]))
        else:
            blocks[-1][1].append(line)
    said = [(kind, _said(kind, block, kept)) for kind, block in blocks]
    return "".join(_together([(kind, text) for kind, text in said if text]))


def _begins(last: Line, line: Line, gap: float, item: Line | None) -> bool:
    """Whether a line begins a paragraph of its own after `last`, in the list item that `item` begins, if any."""
    ended = bool(_ENDED.search(last.text))
    if line.page != last.page or line.top < last.top:
        return ended or not line.text[:1].islower()
    if item is not None and line.left <= item.left + 1:
        return ended or line.top - last.bottom > gap + 1
    return _apart(last, line, gap)


def _said(kind: str, block: Sequence[Line], kept: frozenset[str]) -> str:
    if kind == "tr":
        return plain.line(block[0].text)
    return plain.paragraphs(joined((line.text for line in block), kept))


def _together(blocks: Sequence[tuple[str, str]]) -> Iterator[str]:
    before = ""
    for kind, text in blocks:
        if before:
            yield "\n" if kind == before != "p" else "\n\n"
        yield text
        before = kind
