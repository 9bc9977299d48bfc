"""An index finds passages of one language: rows of words and of vectors, each pointing to the passage it stands for."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from knowledge.dense import Dense
from knowledge.encoder import Encoder, Progress, silent
from knowledge.fusion import Shares, fuse, shares
from knowledge.lexical import Lexical
from knowledge.passage import digest
from knowledge.query import Query, pairs_of, understand
from knowledge.spelling import Spelling
from knowledge.text import terms, words


@dataclass(frozen=True, slots=True)
class Scores:
    """Per passage of the index, float32: fused 0…1, BM25, and the cosine (None without an encoder)."""

    fused: np.ndarray
    lexical: np.ndarray
    cosine: np.ndarray | None


class Index:
    """`rows[i]` is the passage (0 … passages − 1) that row i stands for; a passage is as good as its best row."""

    def __init__(
        self,
        language: str,
        rows: np.ndarray,
        words: Lexical,
        pairs: Lexical,
        spelling: Spelling,
        dense: Dense | None,
        digests: np.ndarray,
    ) -> None:
        self.language, self.rows, self.digests = language, rows, digests
        self.words, self.pairs, self.spelling, self.dense = words, pairs, spelling, dense
        self.passages = int(rows.max(initial=-1)) + 1

    @classmethod
    def build(
        cls,
        language: str,
        texts: Sequence[str],
        rows: Sequence[int],
        encoder: Encoder | None,
        known: Mapping[bytes, np.ndarray] | None = None,
        progress: Progress = silent,
    ) -> Self:
        """Index `texts`; `known` has vectors by digest of texts that need not be encoded again."""
        found = [terms(t, language) for t in texts]
        digests = [digest(t) for t in texts]
        return cls(
            language,
            np.asarray(rows, np.int32),
            Lexical.build(found),
            Lexical.build([pairs_of(row) for row in found]),
            Spelling.build(words(t, language) for t in texts),
            None if encoder is None else Dense(_encoded(texts, digests, encoder, known or {}, progress)),
            np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 16),
        )

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        np.save(folder / "rows.npy", self.rows)
        np.save(folder / "digests.npy", self.digests)
        self.words.save(folder / "words")
        self.pairs.save(folder / "pairs")
        self.spelling.save(folder / "spelling.json")
        if self.dense is not None:
            self.dense.save(folder)

    @classmethod
    def open(cls, folder: Path, language: str) -> Self:
        return cls(
            language,
            np.load(folder / "rows.npy", mmap_mode="r"),
            Lexical.open(folder / "words"),
            Lexical.open(folder / "pairs"),
            Spelling.open(folder / "spelling.json"),
            Dense.open(folder),
            np.load(folder / "digests.npy", mmap_mode="r"),
        )

    def understand(self, question: str, encoder: Encoder | None, forgiving: bool = True) -> Query:
        return understand(question, self.language, self.words, self.spelling if forgiving else None, encoder)

    def score(self, query: Query, by: Shares | None = None) -> Scores:
        lexical, pairs = self.words.scores(query.terms), self.pairs.scores(query.pairs)
        cosine = self.dense.scores(query.vector) if self.dense is not None and query.vector is not None else None
        fused = fuse(lexical, pairs, cosine, by or shares(self.language, self.language))
        return Scores(self._best(fused), self._best(lexical), None if cosine is None else self._best(cosine))

    def telling(self, query: Query) -> float:
        """About how many of the query's words would each single out one row: the sum of idf over the highest there is."""
        return sum(self.words.idf(term) for term, _ in query.terms) / max(1.0, math.log(self.words.rows + 1))

    def _best(self, scores: np.ndarray) -> np.ndarray:
        if len(self.rows) == self.passages:
            return scores
        best = np.full(self.passages, -1.0, np.float32)
        np.maximum.at(best, self.rows, scores)
        return best


def vectors(folder: Path) -> dict[bytes, np.ndarray]:
    """Every row's vector by the digest of its text, from a saved index; empty where it has none."""
    dense = Dense.open(folder)
    if dense is None:
        return {}
    digests = np.load(folder / "digests.npy", mmap_mode="r")
    return {bytes(d): v for d, v in zip(digests, dense.vectors, strict=True)}


def _encoded(
    texts: Sequence[str],
    digests: Sequence[bytes],
    encoder: Encoder,
    known: Mapping[bytes, np.ndarray],
    progress: Progress,
) -> np.ndarray:
    vectors = np.zeros((len(texts), encoder.dim), np.float32)
    fresh = [i for i, d in enumerate(digests) if d not in known]
    for i, d in enumerate(digests):
        if d in known:
            vectors[i] = known[d]
    if fresh:
        vectors[fresh] = encoder.encode([texts[i] for i in fresh], progress=progress)
    return vectors
