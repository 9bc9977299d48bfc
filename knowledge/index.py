"""An index finds passages of one language: rows of words and of vectors, each pointing to the passage it stands for."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from knowledge.arrays import Floats, Integers, mapped
from knowledge.dense import Dense
from knowledge.encoder import Encoder, Progress, silent
from knowledge.fusion import fuse, fuse_documents, shares, whole
from knowledge.lexical import Lexical
from knowledge.passage import digest
from knowledge.query import Query, pairs_of, understand
from knowledge.spelling import Spelling
from knowledge.text import terms, words


@dataclass(frozen=True, slots=True)
class Texts:
    """What one language's index is made of.

    `rows` are the texts to be found, and `passage[i]` is the number of the passage that row i stands for: first come
    the passages themselves, then the questions that they answer, then, with the number after the last passage, what
    none of them answers. `document[p]` is the number of the document that passage p is part of. `documents` are the
    documents as one text each; `sectioned[d]` is whether document d has headings.
    """

    rows: Sequence[str]
    passage: Sequence[int]
    document: Sequence[int]
    documents: Sequence[str]
    sectioned: Sequence[bool]


@dataclass(frozen=True, slots=True)
class Scores:
    """float32. `whole` says how well each passage answers, about 0…1, its document's share included.

    What it is made of: `fused`, BM25 and cosine of each row, BM25 and cosine of each document. Cosines are None without
    an encoder.
    """

    whole: Floats
    fused: Floats
    words: Floats
    cosine: Floats | None
    about: Floats
    gist: Floats | None


class Index:
    """A passage is as good as its best row, together with its document: what is asked often spans several passages."""

    def __init__(
        self,
        language: str,
        passage: Integers,
        document: Integers,
        sectioned: Floats,
        words: Lexical,
        pairs: Lexical,
        about: Lexical,
        spelling: Spelling,
        dense: Dense | None,
        gist: Dense | None,
        digests: Integers,
    ) -> None:
        self.language, self.passage, self.document, self.digests = language, passage, document, digests
        self.sectioned = sectioned
        self.words, self.pairs, self.about, self.spelling = words, pairs, about, spelling
        self.dense, self.gist = dense, gist
        self.passages = len(document)
        self.asides = int(np.searchsorted(passage[self.passages :], self.passages)) + self.passages  # the first of them

    @classmethod
    def build(
        cls,
        language: str,
        texts: Texts,
        encoder: Encoder | None,
        known: Mapping[bytes, Floats] | None = None,
        progress: Progress = silent,
    ) -> Self:
        """Index `texts`; `known` has vectors by digest of texts that need not be encoded again."""
        found = [terms(t, language) for t in texts.rows]
        digests = [digest(t) for t in texts.rows]
        passage, document = np.asarray(texts.passage, np.int32), np.asarray(texts.document, np.int32)
        dense = gist = None
        if encoder is not None:
            dense = Dense(_encoded(texts.rows, digests, encoder, known or {}, progress))
            gist = Dense(_together(dense.vectors, passage, document, len(texts.documents)))
        return cls(
            language,
            passage,
            document,
            np.asarray(texts.sectioned, np.float32),
            Lexical.build(found),
            Lexical.build([pairs_of(row) for row in found]),
            Lexical.build([terms(t, language) for t in texts.documents]),
            Spelling.build(words(t, language) for t in texts.rows),
            dense,
            gist,
            np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 16),
        )

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        for name in ("passage", "document", "sectioned", "digests"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        for name in ("words", "pairs", "about"):
            getattr(self, name).save(folder / name)
        self.spelling.save(folder / "spelling.json")
        if self.dense is not None and self.gist is not None:
            self.dense.save(folder)
            self.gist.save(folder / "about")

    @classmethod
    def open(cls, folder: Path, language: str) -> Self:
        return cls(
            language,
            mapped(folder / "passage.npy"),
            mapped(folder / "document.npy"),
            mapped(folder / "sectioned.npy"),
            Lexical.open(folder / "words"),
            Lexical.open(folder / "pairs"),
            Lexical.open(folder / "about"),
            Spelling.open(folder / "spelling.json"),
            Dense.open(folder),
            Dense.open(folder / "about"),
            mapped(folder / "digests.npy"),
        )

    def understand(self, question: str, encoder: Encoder | None, forgiving: bool = True) -> Query:
        return understand(question, self.language, self.words, self.spelling if forgiving else None, encoder)

    def score(self, query: Query, asked: str | None = None) -> Scores:
        """How well each passage answers a query that was asked in the language `asked`, this index's own if None."""
        by = shares(asked or self.language, self.language)
        words, pairs = self.words.scores(query.terms), self.pairs.scores(query.pairs)
        about = self.about.scores(query.terms)
        cosine = gist = None
        if self.dense is not None and self.gist is not None and query.vector is not None:
            cosine, gist = self.dense.scores(query.vector), self.gist.scores(query.vector)
        fused = fuse(words, pairs, cosine, by)
        best = self._best(fused)
        if self.about.rows < self.passages:  # documents of one passage have nothing to add to it
            best = whole(best, fuse_documents(about, gist, self.sectioned, by)[self.document])
        return Scores(best, fused, words, cosine, about, gist)

    def questions(self, first: int, last: int) -> slice:
        """The rows of the questions that the passages `first` … `last` answer; a passage's own row has its number."""
        start, end = np.searchsorted(self.passage[self.passages :], (first, last + 1))
        return slice(self.passages + int(start), self.passages + int(end))

    def telling(self, query: Query) -> float:
        """About how many of the query's words would each single out one row: the sum of idf over the highest idf."""
        return sum(self.words.idf(term) for term, _ in query.terms) / max(1.0, math.log(self.words.rows + 1))

    def _best(self, scores: Floats) -> Floats:
        if len(self.passage) == self.passages:
            return scores
        best = np.full(self.passages + 1, -1.0, np.float32)
        np.maximum.at(best, self.passage, scores)
        return best[: self.passages]


def _together(rows: Floats, passage: Integers, document: Integers, documents: int) -> Floats:
    """float32 (documents, dim): the direction in which each document's rows lie together; asides are of none."""
    total: Floats = np.zeros((documents + 1, rows.shape[1]), np.float32)
    np.add.at(total, np.append(document, documents)[passage], rows)
    return np.asarray(total[:-1] / np.maximum(np.linalg.norm(total[:-1], axis=1, keepdims=True), 1e-9))


def vectors(folder: Path) -> dict[bytes, Floats]:
    """Every row's vector by the digest of its text, from a saved index; empty where it has none."""
    dense = Dense.open(folder)
    if dense is None:
        return {}
    digests = mapped(folder / "digests.npy")
    return {bytes(d): v for d, v in zip(digests, dense.vectors, strict=True)}


def _encoded(
    texts: Sequence[str],
    digests: Sequence[bytes],
    encoder: Encoder,
    known: Mapping[bytes, Floats],
    progress: Progress,
) -> Floats:
    vectors = np.zeros((len(texts), encoder.dim), np.float32)
    fresh = [i for i, d in enumerate(digests) if d not in known]
    for i, d in enumerate(digests):
        if d in known:
            vectors[i] = known[d]
    if fresh:
        vectors[fresh] = encoder.encode([texts[i] for i in fresh], progress=progress)
    return vectors
