"""The dense index finds rows by meaning: the dot product of the query's vector with every row's, by memory map."""

from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from knowledge.arrays import Floats, Integers, mapped

SAMPLE = 1024  # rows that stand for all
_FILE = "vectors.npy"


class Dense:
    """float32 rows, each of length 1. Exact."""

    def __init__(self, vectors: Floats) -> None:
        self.vectors = vectors

    def save(self, folder: Path) -> None:
        np.save(folder / _FILE, self.vectors)

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        """None where the rows were indexed without an encoder."""
        if not (folder / _FILE).exists():
            return None
        return cls(mapped(folder / _FILE))

    def scores(self, vector: Floats) -> Floats:
        """float32 (rows,): cosines."""
        return np.asarray(self.vectors @ vector)

    def of(self, rows: Integers, vector: Floats) -> Floats:
        """float32 (len(rows),): the cosines of `rows`."""
        return np.asarray(self.vectors[rows] @ vector)

    def least(self, vector: Floats) -> float:
        """About the least cosine of all rows, seen in a sample of them."""
        return float((self._sample @ vector).min(initial=0.0))

    @cached_property
    def _sample(self) -> Floats:
        return np.ascontiguousarray(self.vectors[:: max(1, len(self.vectors) // SAMPLE)])
