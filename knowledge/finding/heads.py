"""Heads are the rows where a common term tells most: what a search visits of it instead of all the rows that have it."""

from bisect import bisect_left
from pathlib import Path
from typing import Self

import numpy as np

from knowledge.arrays import Floats, Integers, mapped
from knowledge.finding.bm25 import Impacts

LONGEST = 512  # rows of a term that are visited
_ARRAYS = ("peaks", "common", "head_rows", "head_data", "floors")


class Heads:
    """`peaks` is the most that each term adds to a row. `common` are the numbers of the terms that have a head.

    `rows` and `data`, (terms, LONGEST), are theirs, rows ascending; `floors` the most that one adds to any other row.
    """

    def __init__(self, peaks: Floats, common: Integers, rows: Integers, data: Floats, floors: Floats) -> None:
        self.peaks, self.common, self.rows, self.data, self.floors = peaks, common, rows, data, floors

    @classmethod
    def build(cls, made: Impacts, longest: int = LONGEST) -> Self:
        peaks = np.maximum.reduceat(made.data, made.indptr[:-1]) if len(made.data) else made.data
        common = np.flatnonzero(np.diff(made.indptr) > longest)
        rows, data = np.empty((len(common), longest), np.int32), np.empty((len(common), longest), np.float32)
        floors = np.empty(len(common), np.float32)
        for n, number in enumerate(common):
            here = slice(made.indptr[number], made.indptr[number + 1])
            order = np.argpartition(-made.data[here], longest)
            floors[n] = made.data[here][order[longest]]
            head = np.sort(order[:longest])
            rows[n], data[n] = made.indices[here][head], made.data[here][head]
        return cls(peaks, common, rows, data, floors)

    def save(self, folder: Path) -> None:
        for name, array in zip(_ARRAYS, (self.peaks, self.common, self.rows, self.data, self.floors), strict=True):
            np.save(folder / f"{name}.npy", array)

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        """None where they were not made."""
        if not (folder / "peaks.npy").exists():
            return None
        return cls(*(mapped(folder / f"{name}.npy") for name in _ARRAYS))

    def of(self, number: int) -> tuple[Integers, Floats, float] | None:
        """A term's rows, what it adds to them, and at most to any other; None for one that is not common."""
        at = bisect_left(self.common, number)
        if at == len(self.common) or self.common[at] != number:
            return None
        return self.rows[at], self.data[at], float(self.floors[at])
