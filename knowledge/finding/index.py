"""An index finds passages of one language: rows of words and of vectors, each pointing to the passage it stands for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from knowledge.arrays import Floats, Integers, mapped, spans
from knowledge.encoder import Encoder, Progress, silent
from knowledge.finding.dense import Dense
from knowledge.finding.fusion import fuse, fuse_documents, shares, whole
from knowledge.finding.kept import Kept
from knowledge.finding.late import Late
from knowledge.finding.lexical import Lexical
from knowledge.finding.narrowing import narrowed
from knowledge.finding.near import Near
from knowledge.finding.parts import Parts
from knowledge.finding.query import Query, understand
from knowledge.finding.scores import Scores as Scores
from knowledge.finding.spelling import Spelling
from knowledge.finding.tokens import Tokens, pairs
from knowledge.passage import digest

EXACT = 50_000  # rows up to which all are scored: docs/decisions/0014-a-million-passages.md


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
        near: Near | None,
        parts: Parts | None,
        late: Late | None,
        tokens: tuple[Tokens, Tokens] | None = None,
    ) -> None:
        self.language, self.passage, self.document = language, passage, document
        self.sectioned = sectioned
        self.words, self.pairs, self.about, self.spelling = words, pairs, about, spelling
        self.dense, self.gist, self.near, self.parts, self.late = dense, gist, near, parts, late
        self._tokens = tokens  # of the rows and of the documents, while it is built
        self.passages = len(document)
        self.asides = int(np.searchsorted(passage[self.passages :], self.passages)) + self.passages  # the first of them

    @classmethod
    def build(
        cls,
        language: str,
        texts: Texts,
        encoder: Encoder | None,
        kept: Kept | None = None,
        progress: Progress = silent,
        exact: int = EXACT,
    ) -> Self:
        """Index `texts`; what `kept` has of the same texts is not made again. Beyond `exact` rows searching narrows."""
        kept = kept or Kept()
        digests, whole_digests = _digests(texts.rows), _digests(texts.documents)
        passage, document = np.asarray(texts.passage, np.int32), np.asarray(texts.document, np.int32)
        dense = gist = near = parts = late = None
        large = len(texts.rows) > exact
        if encoder is not None:
            count = len(document)
            vectors, late = kept.read(texts.rows, digests, count, encoder, progress)
            dense = Dense.build(vectors, large)
            gist = Dense.build(_together(dense.vectors, passage, document, len(texts.documents)), large)
            near = Near.build(dense.vectors, digests, kept.near) if large else None
            parts = kept.sentences(texts.rows[:count], digests[:count], dense.vectors[:count], encoder, progress)
        tokens = kept.tokens(texts.rows, digests, language)
        whole_tokens = kept.whole_tokens(texts.documents, whole_digests, language)
        found = tokens.terms(language)
        return cls(
            language,
            passage,
            document,
            np.asarray(texts.sectioned, np.float32),
            Lexical.build(found, len(texts.rows), large),
            Lexical.build(pairs(found), len(texts.rows), large),
            Lexical.build(whole_tokens.terms(language), len(texts.documents), large),
            Spelling.build(tokens.counts()),
            dense,
            gist,
            near,
            parts,
            late,
            (tokens, whole_tokens),
        )

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        for name in ("passage", "document", "sectioned"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        for name in ("words", "pairs", "about"):
            getattr(self, name).save(folder / name)
        self.spelling.save(folder / "spelling.json")
        if self.dense is not None and self.gist is not None:
            self.dense.save(folder)
            self.gist.save(folder / "about")
        if self.near is not None:
            self.near.save(folder)
        if self.parts is not None:
            self.parts.save(folder)
        if self.late is not None:
            self.late.save(folder)
        if self._tokens is not None:
            for part, tokens in zip((folder, folder / "about"), self._tokens, strict=True):
                tokens.save(part)

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
            Near.open(folder),
            Parts.open(folder),
            Late.open(folder),
        )

    def understand(self, question: str, encoder: Encoder | None, forgiving: bool = True) -> Query:
        return understand(question, self.language, self.words, self.spelling if forgiving else None, encoder)

    def score(self, query: Query, asked: str | None = None, alike: Scores | None = None) -> Scores:
        """How well each passage answers a query that was asked in the language `asked`, this index's own if None.

        `alike` are the scores of a query that has the same meaning: what was seen of it is not looked for again.
        """
        if self.words.narrows:
            return narrowed(self, query, shares(asked or self.language, self.language))
        return self.score_all(query, asked, alike)

    def score_all(self, query: Query, asked: str | None = None, alike: Scores | None = None) -> Scores:
        """The same, whatever the size, by looking at every row."""
        by = shares(asked or self.language, self.language)
        words, pairs = self.words.scores(query.terms), self.pairs.scores(query.pairs)
        about = self.about.scores(query.terms)
        cosine = gist = None
        if alike is not None:
            cosine, gist = alike.cosine, alike.gist
        elif self.dense is not None and self.gist is not None and query.vector is not None:
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

    def rows_of(self, documents: Integers, longest: int | None = None) -> Integers:
        """The rows of the first `longest` passages of each document, and those of the questions that they answer."""
        order, ends = self._by_document
        lengths = ends[documents + 1] - ends[documents]
        own = order[spans(ends[documents], lengths if longest is None else np.minimum(lengths, longest))]
        asked = self.passage[self.passages : self.asides]
        if not len(asked):
            return own
        first = asked.searchsorted(own)
        return np.concatenate([own, self.passages + spans(first, asked.searchsorted(own, "right") - first)])

    def passages_of(self, document: int) -> Integers:
        """The numbers of a document's passages."""
        order, ends = self._by_document
        return order[ends[document] : ends[document + 1]]

    def telling(self, query: Query) -> float:
        """About how many of the query's words would each single out one row: the sum of idf over the highest idf."""
        return sum(self.words.idf(term) for term, _ in query.asked) / max(1.0, math.log(self.words.rows + 1))

    @cached_property
    def position(self) -> Integers:
        """int32 (passages,): how many passages of its document come before each."""
        order, ends = self._by_document
        found = np.empty(self.passages, np.int32)
        found[order] = np.arange(self.passages) - ends[self.document[order]]
        return found

    @cached_property
    def lengths(self) -> Integers:
        """(documents,): how many passages each document has."""
        return np.bincount(self.document, minlength=self.about.rows)

    @cached_property
    def _by_document(self) -> tuple[Integers, Integers]:
        """The passages by document, and where each document's begin."""
        counts = np.bincount(self.document, minlength=self.about.rows)
        return np.argsort(self.document, kind="stable"), np.concatenate([[0], np.cumsum(counts)])

    def _best(self, scores: Floats) -> Floats:
        if len(self.passage) == self.passages:
            return scores
        best = np.full(self.passages + 1, -1.0, np.float32)
        np.maximum.at(best, self.passage, scores)
        return best[: self.passages]


def _digests(texts: Sequence[str]) -> Integers:
    """uint8 (len(texts), 16)."""
    return np.frombuffer(b"".join(map(digest, texts)), np.uint8).reshape(-1, 16)


def _together(rows: Floats, passage: Integers, document: Integers, documents: int) -> Floats:
    """float32 (documents, dim): the direction in which each document's rows lie together; asides are of none."""
    total: Floats = np.zeros((documents + 1, rows.shape[1]), np.float32)
    np.add.at(total, np.append(document, documents)[passage], rows)
    return np.asarray(total[:-1] / np.maximum(np.linalg.norm(total[:-1], axis=1, keepdims=True), 1e-9))
