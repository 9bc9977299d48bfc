"""A page of a PDF in the order in which it is read: its columns one after the other, without running heads and numbers."""

import itertools
import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from knowledge.sources.pdf_line import Line, Page
from knowledge.sources.pdf_table import with_tables

_PAGE_NUMBER = re.compile(
    r"[-–—\s]*(?:page\s*|p\.\s*)?(?:\d{1,4}(?:\s*(?:/|of|de|sur)\s*\d{1,4})?|[ivxl]{1,7})[-–—\s]*", re.IGNORECASE
)
_CONTENTS = re.compile(r"(?:[.…·]\s?){5,}\s*(?:\d{1,4}|[ivxl]{1,7})?\s*$")
_MARGIN = 0.12  # of the page's height: where running heads and feet stand


def without_running_heads(pages: Sequence[Page]) -> list[Page]:
    """The pages without what stands above or below the text of several, numbers aside; nor their numbers."""
    edges = [_edge(page) for page in pages]
    on = Counter(head for edge in edges for head in {_head(line) for line in edge})
    running = {head for head, times in on.items() if times > 1}

    def stays(line: Line, edge: frozenset[Line]) -> bool:
        return line not in edge or not (_head(line) in running or _PAGE_NUMBER.fullmatch(line.text))

    return [
        replace(page, lines=tuple(line for line in page.lines if stays(line, edge)))
        for page, edge in zip(pages, edges, strict=True)
    ]


def _edge(page: Page) -> frozenset[Line]:
    """The lines above the text and below it: near the page's edge, and with a gap between them and the text."""
    found: list[Line] = []
    for side in (1, -1):
        lines = sorted(page.lines, key=lambda line: side * line.middle)
        near = [line for line in lines if side * (line.middle - page.height / 2) < page.height * (_MARGIN - 0.5)]
        apart = [
            n
            for n, (a, b) in enumerate(itertools.pairwise(lines[: len(near) + 1]), start=1)
            if max(a.top, b.top) - min(a.bottom, b.bottom) >= a.size
        ]
        found += lines[: apart[-1]] if apart else near if len(lines) == 1 else []
    return frozenset(found)


def _head(line: Line) -> tuple[str, int]:
    return re.sub(r"\d+", "#", line.text), round(line.middle / 5)


def in_order(page: Page) -> Iterator[Line]:
    """The lines as one reads them, each a whole line of its column or a row of a table; those of contents are left out."""
    for flow in _flows(page):
        yield from (line for line in with_tables(flow, page.rules) if not _CONTENTS.search(line.text))


def _flows(page: Page) -> Iterator[list[Line]]:
    """The page's text cut where columns begin and end; what reaches over the gap between them is by itself."""
    lines = sorted(page.lines, key=lambda line: (line.top, line.left))
    gap = _gap(lines, page)
    if gap is None:
        yield lines
        return
    sides: tuple[list[Line], list[Line]] = ([], [])
    across: list[Line] = []
    for line in lines:
        if line.left < gap < line.right:
            yield from (side for side in sides if side)
            sides = ([], [])
            across.append(line)
            continue
        if across:
            yield across
            across = []
        sides[line.left >= gap].append(line)
    yield from (part for part in (across, *sides) if part)


def _gap(lines: Sequence[Line], page: Page) -> float | None:
    """Where the gap between two columns of running text is. Cells of a table are short, and rules run through its gaps."""
    for share in (0.5, 0.48, 0.52, 0.45, 0.55, 0.4, 0.6, 0.35, 0.65):
        x = page.width * share
        left, right = [line for line in lines if line.right <= x], [line for line in lines if line.left >= x]
        across = len(lines) - len(left) - len(right)
        if min(len(left), len(right)) < 6 or across > 0.25 * len(lines):
            continue
        if any(rule.left < x - 20 and rule.right > x + 20 for rule in page.rules):
            continue
        if all(statistics.median(line.right - line.left for line in side) > page.width * 0.2 for side in (left, right)):
            return x
    return None
