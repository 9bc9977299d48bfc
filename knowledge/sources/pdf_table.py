"""Tables on a page of a PDF, told by their rules or by cells that stand one above the other."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from knowledge.sources.pdf_line import Line, Rule, joined

_SAME_EDGE = 4.0  # points: what is this near was meant to be on one line


def with_tables(lines: Iterable[Line], rules: Sequence[Rule]) -> Iterator[Line]:
    """The lines from top to bottom, pieces beside each other as one, or as a row of cells where they are a table's."""
    rows = _rows(lines)
    at = 0
    while at < len(rows):
        for end, table in (_ruled(rows, at, rules), _aligned(rows, at)):
            if table:
                yield from table
                at = end
                break
        else:
            yield _joined(rows[at])
            at += 1


def _ruled(rows: Sequence[list[Line]], at: int, rules: Sequence[Rule]) -> tuple[int, list[Line]]:
    """The table that begins with row `at` between rules, if one does, and the row after it."""
    first = rows[at][0]
    above = [
        rule for rule in rules if first.top - 25 < rule.top <= first.top + _SAME_EDGE and rule.left <= first.left + 2
    ]
    if not above:
        return at, []
    edges = _near(sorted({rule.top for rule in rules if rule.top >= above[0].top - _SAME_EDGE}))
    end, found = at, list[list[list[Line]]]()
    for top, bottom in itertools.pairwise(edges):
        band: list[list[Line]] = []
        while end < len(rows) and top - 2 < rows[end][0].middle < bottom + 2:
            band.append(rows[end])
            end += 1
        if not band:
            break
        found.append(band)
    starts = _starts([line for band in found for row in band for line in row], rules, edges)
    table = [row for band in found if (row := _row([line for row in band for line in row], starts))]
    return (end, table) if len(starts) > 1 and len(table) > 1 and max(row.cells for row in table) > 1 else (at, [])


def _starts(lines: Sequence[Line], rules: Sequence[Rule], edges: Sequence[float]) -> list[float]:
    """Where the columns begin: where rules do, if they are cut at columns; else where the cells of most rows do."""
    cut = _near(sorted({rule.left for rule in rules if edges and edges[0] - 2 <= rule.top <= edges[-1] + 2}))
    return cut if len(cut) > 1 else _columns(lines)


def _aligned(rows: Sequence[list[Line]], at: int) -> tuple[int, list[Line]]:
    """The table without rules that begins with row `at`, if one does, and the row after it."""
    end = at
    while end < len(rows) and (len(rows[end]) > 1 or (end > at and _continues(rows, end))):
        end += 1
    while end > at and len(rows[end - 1]) == 1:
        end -= 1
    if sum(len(row) > 1 for row in rows[at:end]) < 2:
        return at, []
    starts = _columns([line for row in rows[at:end] if len(row) > 1 for line in row])
    if len(starts) < 2:
        return at, []
    whole: list[list[Line]] = []
    for row in rows[at:end]:
        if whole and len(row) < len(starts) and (len(row) == 1 or row[0].left > starts[0] + _SAME_EDGE):
            whole[-1] += row  # a cell that goes on in a second line
        else:
            whole.append(list(row))
    return end, [found for row in whole if (found := _row(row, starts))]


def _continues(rows: Sequence[list[Line]], at: int) -> bool:
    """Whether a piece that stands alone is the second line of a cell above it: nearer to it than rows are apart."""
    before, line = rows[at - 1], rows[at][0]
    over = [cell for cell in before if abs(cell.left - line.left) < _SAME_EDGE]
    gap = line.top - max(cell.bottom for cell in before)
    below = rows[at + 1][0].top - line.bottom if at + 1 < len(rows) else line.size
    return bool(over) and gap < (below if over[0] is before[0] else line.size)


def _columns(lines: Sequence[Line]) -> list[float]:
    """The left edges of what stands one above the other; a number set to the right is in the column that it reaches into."""
    spans: list[list[float]] = []
    for line in sorted(lines, key=lambda line: line.left):
        if spans and line.left < spans[-1][1] - 1:
            spans[-1][1] = max(spans[-1][1], line.right)
        else:
            spans.append([line.left, line.right])
    return [left for left, _ in spans]


def _row(lines: Sequence[Line], starts: Sequence[float]) -> Line | None:
    cells: list[list[Line]] = [[] for _ in starts]
    for line in sorted(lines, key=lambda line: (round(line.middle), line.left)):
        at = max((n for n, start in enumerate(starts) if start <= line.left + _SAME_EDGE), default=0)
        cells[at].append(line)
    said = [joined(line.text for line in cell) for cell in cells]
    while said and not said[-1]:
        said.pop()
    return replace(_joined(list(lines)), text=" | ".join(said), cells=len(said)) if any(said) else None


def _joined(row: list[Line]) -> Line:
    """One line of what stands beside each other."""
    return replace(
        max(row, key=lambda line: len(line.text)),
        left=min(line.left for line in row),
        top=min(line.top for line in row),
        right=max(line.right for line in row),
        bottom=max(line.bottom for line in row),
        text=" ".join(line.text for line in row),
    )


def _near(edges: Iterable[float]) -> list[float]:
    """Edges in their order, those that are as good as one taken once."""
    found: list[float] = []
    for edge in edges:
        if not found or edge - found[-1] > _SAME_EDGE:
            found.append(edge)
    return found


def _rows(lines: Iterable[Line]) -> list[list[Line]]:
    """Lines beside each other, from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.middle):
        if rows and rows[-1][0].top < line.middle < rows[-1][0].bottom:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [_bulleted(sorted(row, key=lambda line: line.left)) for row in rows]


def _bulleted(row: list[Line]) -> list[Line]:
    """A bullet or a number that stands apart from its item, put before it."""
    if (
        len(row) > 1
        and re.fullmatch(r"[•·▪◦●‣\uf0b7–-]|\d{1,2}[.)]|o", row[0].text)
        and row[1].left - row[0].right < 40
    ):
        first = replace(row[1], left=row[0].left, text=f"{row[0].text} {row[1].text}")
        return [first, *row[2:]]
    return row
