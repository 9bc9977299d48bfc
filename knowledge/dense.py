"""The dense index finds rows by meaning: the dot product of the query's vector with every row's, by memory map."""

from pathlib import Path
from typing import Self

import numpy as np

from knowledge.arrays import Floats, mapped

_FILE = "vectors.npy"


class Dense:
    """float32 rows, each of length 1. Exact: up to some 100,000 rows a product is faster than any approximation."""

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
