"""A lexical index finds rows by the terms they share with a query: BM25, computed by bm25s and read by memory map."""

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from knowledge.arrays import Floats, Integers, mapped

K1, B = 1.2, 0.75
_ARRAYS = ("data", "indices", "indptr")
Weighted = Sequence[tuple[str, float]]
"""A query's terms, each with what it counts: 1 as written, less where it was guessed or added."""


class Lexical:
    """`scores` adds up, per row, what bm25s has computed for each pair of term and row.

    Serving reads those arrays itself: a query's terms have weights here, and importing bm25s takes a second wherever
    jax is installed, because bm25s then imports it.
    """

    def __init__(self, data: Floats, indices: Integers, indptr: Integers, terms: list[str], rows: int) -> None:
        self._data, self._indices, self._indptr = data, indices, indptr
        self.vocabulary, self.rows = {term: n for n, term in enumerate(terms)}, rows

    @classmethod
    def build(cls, rows: Sequence[Sequence[str]]) -> Self:
        """An index of `rows`, each the list of its terms."""
        import bm25s

        terms = sorted({term for row in rows for term in row})
        number = {term: n for n, term in enumerate(terms)}
        index = bm25s.BM25(k1=K1, b=B, method="lucene")
        if not terms:  # bm25s cannot make a matrix of nothing
            return cls(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(1, np.int64), [], len(rows))
        made = index.build_index_from_ids(
            range(len(terms)), [[number[t] for t in row] for row in rows], show_progress=False
        )
        return cls(made["data"], made["indices"], made["indptr"], terms, len(rows))

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        for name, array in zip(_ARRAYS, (self._data, self._indices, self._indptr), strict=True):
            np.save(folder / f"{name}.npy", array)
        about = {"rows": self.rows, "terms": list(self.vocabulary)}
        (folder / "terms.json").write_text(json.dumps(about, ensure_ascii=False))

    @classmethod
    def open(cls, folder: Path) -> Self:
        about = json.loads((folder / "terms.json").read_text())
        data, indices, indptr = (mapped(folder / f"{name}.npy") for name in _ARRAYS)
        return cls(data, indices, indptr, about["terms"], about["rows"])

    def scores(self, query: Iterable[tuple[str, float]]) -> Floats:
        """float32 (rows,): BM25 of the weighted terms; a term that no row has adds nothing."""
        total: Floats = np.zeros(self.rows, np.float32)
        for term, weight in query:
            number = self.vocabulary.get(term)
            if number is not None:
                start, end = self._indptr[number], self._indptr[number + 1]
                total[self._indices[start:end]] += weight * self._data[start:end]
        return total

    def has(self, term: str, rows: range) -> bool:
        """Whether any row of `rows` has the term."""
        number = self.vocabulary.get(term)
        if number is None:
            return False
        having = self._indices[self._indptr[number] : self._indptr[number + 1]]  # in ascending order
        return bool(np.searchsorted(having, rows.start) < np.searchsorted(having, rows.stop))

    def idf(self, term: str) -> float:
        """How telling a term is: ln(1 + (rows − df + ½) / (df + ½)); one that no row has tells the most."""
        number = self.vocabulary.get(term)
        df = 0 if number is None else int(self._indptr[number + 1] - self._indptr[number])
        return math.log(1 + (self.rows - df + 0.5) / (df + 0.5))
