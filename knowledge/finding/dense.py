"""The dense index finds rows by meaning: the dot product of the query's vector with every row's, by memory map."""

from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from knowledge.arrays import Floats, Integers, mapped

SAMPLE = 1024  # rows whose farthest others are looked for
PARTS = 4  # of all rows, in each of which one is
TOGETHER = 128  # rows of the sample that are compared at once
_VECTORS, _FAR = "vectors.npy", "far.npy"


class Dense:
    """float32 rows, each of length 1. Exact. `far` are rows that are the farthest from others, where all are too many."""

    def __init__(self, vectors: Floats, far: Integers | None = None) -> None:
        self.vectors, self.far = vectors, far

    @classmethod
    def build(cls, vectors: Floats, large: bool = False) -> Self:
        return cls(vectors, _far(vectors) if large else None)

    def save(self, folder: Path) -> None:
        np.save(folder / _VECTORS, self.vectors)
        if self.far is not None:
            np.save(folder / _FAR, self.far)

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        """None where the rows were indexed without an encoder."""
        if not (folder / _VECTORS).exists():
            return None
        far = folder / _FAR
        return cls(mapped(folder / _VECTORS), mapped(far) if far.exists() else None)

    def scores(self, vector: Floats) -> Floats:
        """float32 (rows,): cosines."""
        return np.asarray(self.vectors @ vector)

    def of(self, rows: Integers, vector: Floats) -> Floats:
        """float32 (len(rows),): the cosines of `rows`."""
        return np.asarray(self.vectors[rows] @ vector)

    def least(self, vector: Floats) -> float:
        """The least cosine of all rows, or nearly: what is farthest from one text is farthest from many."""
        return float((self._farthest @ vector).min(initial=0.0))

    @cached_property
    def _farthest(self) -> Floats:
        if self.far is None:  # an index of before they were looked for
            return np.ascontiguousarray(self.vectors[:: max(1, len(self.vectors) // SAMPLE)])
        return np.ascontiguousarray(self.vectors[self.far])


def _far(vectors: Floats) -> Integers:
    """The rows that are the farthest, in their part of all, from one of a sample."""
    sample = vectors[:: max(1, len(vectors) // SAMPLE)]
    found = [
        part + PARTS * (vectors[part::PARTS] @ sample[at : at + TOGETHER].T).argmin(0)
        for part in range(min(PARTS, len(vectors)))
        for at in range(0, len(sample), TOGETHER)
    ]
    return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
