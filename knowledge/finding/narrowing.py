"""Narrowing scores, in a large index, only the passages that could be the best: what scoring all would find, but sooner."""

from typing import TYPE_CHECKING

import numpy as np

from knowledge.arrays import Floats, Integers
from knowledge.finding.fusion import Shares, fuse, fuse_documents, whole
from knowledge.finding.query import Query
from knowledge.finding.scores import Scores

if TYPE_CHECKING:
    from knowledge.finding.index import Index

ROWS = 96  # nearest in meaning; as many by their words, and as many by pairs of words
DOCUMENTS = 32  # by their words
LONG = 32  # passages of such a document that are looked at
DEEP = 12  # documents of which every row is scored in the end, so that the best passage of each can be told


def narrowed(index: "Index", query: Query, by: Shares) -> Scores:
    """The scores of passages that are near in meaning or words, or whose document is."""
    vector = query.vector if index.dense is not None else None
    seen = _Seen(index, query, vector, by)
    rows = seen.near()
    seen.look(rows)
    passages, documents, score = seen.whole()
    order = np.argsort(-score)[: 4 * DEEP]
    best = np.array(list(dict.fromkeys(documents[order].tolist()))[:DEEP], np.int64)
    seen.look(np.setdiff1d(index.rows_of(best), rows))
    passages, documents, score = seen.whole()
    return seen.scores(passages, score)


class _Seen:
    """The rows that were looked at, and the documents that they are part of."""

    def __init__(self, index: "Index", query: Query, vector: Floats | None, by: Shares) -> None:
        self.index, self.vector, self.by = index, vector, by
        # what stands last for all that was not looked at: no word of the query, and the least meaning
        nothing = np.zeros(1, np.float32)
        self.rows, self.words, self.pairs = np.zeros(0, np.int64), nothing, nothing
        self.cosine = self.gist = None
        if vector is not None and index.dense is not None and index.gist is not None:
            self.cosine = np.array([index.dense.least(vector)], np.float32)
            self.gist = np.array([index.gist.least(vector)], np.float32)
        self.documents: Integers = np.zeros(0, np.int64)
        self.about = nothing
        self.by_words, self.by_pairs = index.words.known(query.terms), index.pairs.known(query.pairs)
        self.by_document = index.about.known(query.terms)

    def near(self) -> Integers:
        """Rows that are near, in ascending order, and all that stand for no passage."""
        index = self.index
        found = [index.words.best(self.by_words, ROWS), index.pairs.best(self.by_pairs, ROWS)]
        found.append(index.rows_of(index.about.best(self.by_document, DOCUMENTS)[:DOCUMENTS], LONG))
        if self.vector is not None and index.near is not None:
            found.append(index.near.search(self.vector, ROWS))
        found.append(np.arange(index.asides, len(index.passage)))
        return np.asarray(np.unique(np.concatenate(found)))

    def look(self, rows: Integers) -> None:
        index = self.index
        self.rows = np.concatenate([rows, self.rows])
        self.words = np.concatenate([index.words.of(rows, self.by_words), self.words])
        self.pairs = np.concatenate([index.pairs.of(rows, self.by_pairs), self.pairs])
        if self.cosine is not None and index.dense is not None and self.vector is not None:
            self.cosine = np.concatenate([index.dense.of(rows, self.vector), self.cosine])
        self.fused = fuse(self.words, self.pairs, self.cosine, self.by)

    def whole(self) -> tuple[Integers, Integers, Floats]:
        """The passages that were seen, ascending; their documents; how well each answers."""
        index = self.index
        of = index.passage[self.rows]
        passages, place = np.unique(of[of < index.passages], return_inverse=True)
        best = np.full(len(passages), -1.0, np.float32)
        np.maximum.at(best, place, self.fused[:-1][of < index.passages])
        documents = index.document[passages]
        self._documents(np.unique(documents))
        if index.about.rows == index.passages:  # documents of one passage have nothing to add to it
            return passages, documents, best
        sectioned = np.append(index.sectioned[self.documents], np.float32(0))
        fused = fuse_documents(self.about, self.gist, sectioned, self.by)
        return passages, documents, whole(best, fused[np.searchsorted(self.documents, documents)])

    def _documents(self, documents: Integers) -> None:
        if len(documents) == len(self.documents):  # looking closer finds no others
            return
        index = self.index
        self.documents = documents
        self.about = np.append(index.about.of(documents, self.by_document), np.float32(0))
        if self.gist is not None and index.gist is not None and self.vector is not None:
            self.gist = np.append(index.gist.of(documents, self.vector), self.gist[-1])

    def scores(self, passages: Integers, score: Floats) -> Scores:
        index = self.index
        rows, documents = len(index.passage), index.about.rows
        return Scores(
            _scattered(index.passages, passages, score),
            _scattered(rows, self.rows, self.fused[:-1]),
            _scattered(rows, self.rows, self.words[:-1]),
            None if self.cosine is None else _scattered(rows, self.rows, self.cosine[:-1]),
            _scattered(documents, self.documents, self.about[:-1]),
            None if self.gist is None else _scattered(documents, self.documents, self.gist[:-1]),
            passages,
        )


def _scattered(size: int, at: Integers, values: Floats) -> Floats:
    # zeros are mapped when they are first read: a million of them cost nothing
    everywhere: Floats = np.zeros(size, np.float32)
    everywhere[at] = values
    return everywhere
