"""An index finds passages of one language: rows of words and of vectors, each pointing to the passage it stands for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from knowledge.dense import Dense
from knowledge.encoder import Encoder, Progress, silent
from knowledge.fusion import LEXICAL, fuse
from knowledge.lexical import Lexical
from knowledge.query import Query


@dataclass(frozen=True, slots=True)
class Scores:
    """Per passage of the index: fused, and the two halves it was made of (cosine is None without an encoder)."""

    fused: np.ndarray
    lexical: np.ndarray
    cosine: np.ndarray | None


class Index:
    """`rows[i]` is the passage (0 … passages − 1) that row i stands for; a passage counts as its best row does."""

    def __init__(
        self, language: str, rows: np.ndarray, lexical: Lexical, dense: Dense | None, digests: np.ndarray
    ) -> None:
        self.language, self.rows, self.lexical, self.dense, self.digests = language, rows, lexical, dense, digests
        self.passages = int(rows.max(initial=-1)) + 1

    @classmethod
    def build(
        cls,
        language: str,
        texts: Sequence[str],
        rows: Sequence[int],
        encoder: Encoder | None,
        known: dict[bytes, np.ndarray] | None = None,
        progress: Progress = silent,
    ) -> Self:
        """`known` has the vectors of texts that were encoded before, by digest: they are not encoded again."""
        from knowledge.passage import digest

        digests = [digest(t) for t in texts]
        lexical = Lexical.build(texts, language)
        dense = None
        if encoder is not None:
            known = known or {}
            fresh = [i for i, d in enumerate(digests) if d not in known]
            vectors = np.zeros((len(texts), encoder.dim), np.float32)
            for i, d in enumerate(digests):
                if d in known:
                    vectors[i] = known[d]
            if fresh:
                vectors[fresh] = encoder.encode([texts[i] for i in fresh], progress=progress)
            dense = Dense(vectors)
        return cls(
            language,
            np.asarray(rows, np.int32),
            lexical,
            dense,
            np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 16),
        )

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        np.save(folder / "rows.npy", self.rows)
        np.save(folder / "digests.npy", self.digests)
        self.lexical.save(folder)
        if self.dense is not None:
            self.dense.save(folder)

    @classmethod
    def open(cls, folder: Path, language: str) -> Self:
        digests = np.load(folder / "digests.npy", mmap_mode="r")
        rows = np.load(folder / "rows.npy", mmap_mode="r")
        return cls(language, rows, Lexical.open(folder), Dense.open(folder), digests)

    def vectors_by_digest(self) -> dict[bytes, np.ndarray]:
        if self.dense is None:
            return {}
        return {bytes(d): v for d, v in zip(self.digests, self.dense.vectors, strict=True)}

    def score(self, query: Query, weight: float = LEXICAL) -> Scores:
        lexical = self.lexical.scores(query.terms)
        cosine = self.dense.scores(query.vector) if self.dense is not None and query.vector is not None else None
        fused = fuse(lexical, cosine, weight)
        return Scores(*(self._best(x) if x is not None else None for x in (fused, lexical, cosine)))  # type: ignore[arg-type]

    def _best(self, scores: np.ndarray) -> np.ndarray:
        if len(self.rows) == self.passages:
            return scores
        best = np.full(self.passages, -1.0, np.float32)
        np.maximum.at(best, self.rows, scores)
        return best
