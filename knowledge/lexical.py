"""The lexical index finds rows by their words: BM25 (k1 1.2, b 0.75), computed by bm25s once, read by memory map."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from knowledge.text import stem, terms, words

K1, B = 1.2, 0.75
_ARRAYS = ("data", "indices", "indptr")


class Lexical:
    """One language's rows. `scores` adds up, per row, what bm25s has computed for each pair of term and row.

    Serving reads those arrays itself: a query's terms are weighted here (a guessed spelling counts less), and importing
    bm25s takes a second where other packages make it import jax.
    """

    def __init__(
        self, arrays: dict[str, np.ndarray], vocabulary: dict[str, int], spellings: dict[str, int], rows: int
    ) -> None:
        self._data, self._indices, self._indptr = (arrays[name] for name in _ARRAYS)
        self.vocabulary, self.spellings, self.rows = vocabulary, spellings, rows

    @classmethod
    def build(cls, texts: Sequence[str], language: str) -> Self:
        import bm25s

        corpus = [terms(t, language) for t in texts]
        vocabulary = {term: n for n, term in enumerate(sorted({t for row in corpus for t in row}))}
        spellings = Counter(w for t in texts for w in words(t, language) if len(w) > 1 and not w.isdigit())
        index = bm25s.BM25(k1=K1, b=B, method="lucene")
        scores = index.build_index_from_ids(
            list(vocabulary.values()), [[vocabulary[t] for t in row] for row in corpus], show_progress=False
        )
        return cls({name: scores[name] for name in _ARRAYS}, vocabulary, dict(sorted(spellings.items())), len(texts))

    def save(self, folder: Path) -> None:
        for name, array in zip(_ARRAYS, (self._data, self._indices, self._indptr), strict=True):
            np.save(folder / f"bm25-{name}.npy", array)
        about = {"rows": self.rows, "terms": list(self.vocabulary), "spellings": self.spellings}
        (folder / "bm25.json").write_text(json.dumps(about, ensure_ascii=False))

    @classmethod
    def open(cls, folder: Path) -> Self:
        arrays = {name: np.load(folder / f"bm25-{name}.npy", mmap_mode="r") for name in _ARRAYS}
        about = json.loads((folder / "bm25.json").read_text())
        return cls(arrays, {t: n for n, t in enumerate(about["terms"])}, about["spellings"], about["rows"])

    def scores(self, weighted: Iterable[tuple[str, float]]) -> np.ndarray:
        """float32 (rows,): BM25 of the query's (term, weight) pairs; terms that no row has add nothing."""
        total = np.zeros(self.rows, np.float32)
        for term, weight in weighted:
            number = self.vocabulary.get(term)
            if number is not None:
                start, end = self._indptr[number], self._indptr[number + 1]
                total[self._indices[start:end]] += weight * self._data[start:end]
        return total

    def idf(self, term: str) -> float:
        """How telling a term is; an unknown one tells the most."""
        number = self.vocabulary.get(term)
        df = 0 if number is None else int(self._indptr[number + 1] - self._indptr[number])
        return math.log(1 + (self.rows - df + 0.5) / (df + 0.5))

    def knows(self, word: str, language: str) -> bool:
        return stem(word, language) in self.vocabulary
