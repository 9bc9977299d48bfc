"""A lexical index finds rows by the terms they share with a query: BM25, computed beforehand and read by memory map."""

import json
import math
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from knowledge.arrays import Floats, Integers, mapped
from knowledge.finding.bm25 import impacts
from knowledge.finding.heads import Heads
from knowledge.finding.tokens import Rows
from knowledge.finding.vocabulary import Vocabulary

SURVIVORS = 512  # rows at most whose score is completed, where common terms leave many as good as each other
_ARRAYS = ("data", "indices", "indptr")
Weighted = Sequence[tuple[str, float]]
"""A query's terms, each with what it counts: 1 as written, less where it was guessed or added."""
Known = Sequence[tuple[int, float]]
"""The same by the numbers of the terms, without those that no row has."""


class Lexical:
    """`scores` adds up, per row, what has been computed for each pair of term and row; `best` finds the best rows without
    looking at most of the others."""

    def __init__(
        self, data: Floats, indices: Integers, indptr: Integers, terms: Vocabulary, rows: int, heads: Heads | None
    ) -> None:
        self._data, self._indices, self._indptr = data, indices, indptr
        self.vocabulary, self.rows, self._heads = terms, rows, heads

    @classmethod
    def build(cls, found: Rows, rows: int, heads: bool = False) -> Self:
        """An index of `rows` rows by the terms `found` in them; with `heads`, `best` can be asked."""
        made = impacts(*found, rows)
        vocabulary = Vocabulary(made.terms)
        first = Heads.build(made) if heads else None
        return cls(made.data, made.indices, made.indptr, vocabulary, rows, first)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in zip(_ARRAYS, (self._data, self._indices, self._indptr), strict=True):
            np.save(folder / f"{name}.npy", array)
        np.save(folder / "terms.npy", self.vocabulary.digests)
        (folder / "rows.json").write_text(json.dumps({"rows": self.rows}))
        if self._heads is not None:
            self._heads.save(folder)

    @classmethod
    def open(cls, folder: Path) -> Self:
        data, indices, indptr = (mapped(folder / f"{name}.npy") for name in _ARRAYS)
        rows = json.loads((folder / "rows.json").read_text())["rows"]
        return cls(data, indices, indptr, Vocabulary(mapped(folder / "terms.npy")), rows, Heads.open(folder))

    @property
    def narrows(self) -> bool:
        """Whether `best` can be asked."""
        return self._heads is not None

    def known(self, query: Iterable[tuple[str, float]]) -> Known:
        """The terms of a query that any row has."""
        numbered = ((self.vocabulary.number(term), weight) for term, weight in query)
        return [(number, weight) for number, weight in numbered if number is not None]

    def scores(self, query: Iterable[tuple[str, float]]) -> Floats:
        """float32 (rows,): BM25 of the weighted terms; a term that no row has adds nothing."""
        known = self.known(query)
        if not known:
            return np.zeros(self.rows, np.float32)
        # all terms at once: a conversation has a hundred
        found = [slice(self._indptr[number], self._indptr[number + 1]) for number, _ in known]
        rows = np.concatenate([self._indices[each] for each in found])
        adds = np.concatenate([weight * self._data[each] for each, (_, weight) in zip(found, known, strict=True)])
        return np.bincount(rows, adds, self.rows).astype(np.float32)

    def best(self, known: Known, count: int) -> Integers:
        """At least the `count` rows that score highest, in ascending order; fewer, where fewer have a term.

        The most telling terms come first. Once a row that has only the rest could not be among the best any more, the rest
        is looked up only for rows that still could; of common terms only the rows are visited where they tell most.
        """
        total, visited = _blank(self.rows), list[Integers]()
        try:
            found = self._near_best(known, count, total, visited)
        finally:
            for rows in visited:
                total[rows] = 0
        if len(found) > count:
            scores = self.of(found, known)
            found = found[scores >= np.partition(scores, len(scores) - count)[len(scores) - count]]
        return found

    def _near_best(self, known: Known, count: int, total: Floats, visited: list[Integers]) -> Integers:
        """Rows among which the best are, in ascending order. `total`, zeros for all rows, is added to at those `visited`."""
        assert self._heads is not None
        telling = [(weight * float(self._heads.peaks[number]), number, weight) for number, weight in known]
        at_least, hidden, ahead = 0.0, 0.0, sum(most for most, *_ in telling)
        for most, number, weight in sorted(telling, reverse=True):
            if at_least > ahead + hidden:
                break
            rows, data, left_out = self._visit(number)
            visited.append(rows)
            total[rows] += weight * data
            ahead -= most
            hidden += weight * left_out
            if len(rows) >= count:
                scores = total[rows]
                at_least = max(at_least, float(np.partition(scores, len(scores) - count)[len(scores) - count]))
        near = [rows[total[rows] >= at_least - ahead - hidden] for rows in visited]
        found = np.unique(np.concatenate(near)) if near else np.zeros(0, np.int32)
        if len(found) > SURVIVORS:
            found = found[np.sort(np.argpartition(-total[found], SURVIVORS)[:SURVIVORS])]
        return np.asarray(found)

    def of(self, rows: Integers, known: Known) -> Floats:
        """float32 (len(rows),): the scores of `rows`, which are in ascending order."""
        total: Floats = np.zeros(len(rows), np.float32)
        for number, weight in known:
            start, end = int(self._indptr[number]), int(self._indptr[number + 1])
            having = self._indices[start:end]
            data = self._data[start:end]
            if end - start < len(rows):  # the shorter list is looked up in the longer
                at = rows.searchsorted(having)
                both = rows.take(at, mode="clip") == having
                total[at[both]] += weight * data[both]
            else:
                at = having.searchsorted(rows)
                total += weight * data.take(at, mode="clip") * (having.take(at, mode="clip") == rows)
        return total

    def has(self, term: str, rows: range) -> bool:
        """Whether any row of `rows` has the term."""
        number = self.vocabulary.number(term)
        if number is None:
            return False
        having = self._indices[self._indptr[number] : self._indptr[number + 1]]  # in ascending order
        return bool(np.searchsorted(having, rows.start) < np.searchsorted(having, rows.stop))

    def idf(self, term: str) -> float:
        """How telling a term is: ln(1 + (rows − df + ½) / (df + ½)); one that no row has tells the most."""
        number = self.vocabulary.number(term)
        df = 0 if number is None else int(self._indptr[number + 1] - self._indptr[number])
        return math.log(1 + (self.rows - df + 0.5) / (df + 0.5))

    def _visit(self, number: int) -> tuple[Integers, Floats, float]:
        """Rows that have the term, what it adds to them, and at most to any other."""
        assert self._heads is not None
        head = self._heads.of(number)
        if head is not None:
            return head
        start, end = self._indptr[number], self._indptr[number + 1]
        return self._indices[start:end], self._data[start:end], 0.0


_blanks = threading.local()


def _blank(rows: int) -> Floats:
    """Zeros, one array for each thread: whoever takes it leaves it so."""
    if len(getattr(_blanks, "array", ())) < rows:
        _blanks.array = np.zeros(rows, np.float32)
    array: Floats = _blanks.array
    return array
