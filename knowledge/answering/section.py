"""The section is which passage of the chosen document answers."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from knowledge.answering.fitted import in_file
from knowledge.arrays import Floats, Integers, of_best, spread
from knowledge.encoder import meanings
from knowledge.finding import kind
from knowledge.finding.index import Index
from knowledge.finding.query import Query
from knowledge.finding.scores import WITHHELD, Scores
from knowledge.shelf import Shelf
from knowledge.text import terms

SIGNALS = (
    "words",  # BM25 of the passage, over the best of its document
    "asked_words",  # the same of the questions that it answers
    "kind",  # whether its heading is of the kind of the question: cost, time, documents …
    "heading",  # cosine of the heading, less that of the best; so the next three
    "meaning",
    "asked_meaning",
    "late",  # how near the words of the question come to those of the passage
    "first",  # whether it comes first, which mostly says what the service is
    "fused",  # words and meaning together, between the least and the most of the document
    "asked_fused",
)


class Chosen(NamedTuple):
    """A passage of a document, and the chance, 0 … 1, that it is the one of them that is asked for."""

    passage: int
    chance: float


def choose(query: Query, document: int, scores: Scores, index: Index, shelf: Shelf) -> Chosen:
    """Which of a document's passages is asked for, of those that may be said."""
    numbers = np.sort(index.passages_of(document))
    said = scores.whole[numbers] > WITHHELD
    if said.sum() == 1 or {t for t, _ in query.terms} <= set(terms(shelf.documents[document]["title"], index.language)):
        # who only names the service is told what it is, which pages say first
        return Chosen(int(numbers[said][0]), 1.0)
    total = signals(query, numbers, scores, index, shelf)[said] @ np.array(in_file()["sections"])
    odds = np.exp(total - total.max())
    best = int(np.argmax(odds))
    return Chosen(int(numbers[said][best]), float(odds[best] / odds.sum()))


def signals(query: Query, numbers: Integers, scores: Scores, index: Index, shelf: Shelf) -> Floats:
    """float32 (len(numbers), len(SIGNALS)) of the passages of one document, which are in its order."""
    return np.stack(list(_signals(query, numbers, scores, index, shelf)), axis=1).astype(np.float32)


def _signals(query: Query, numbers: Integers, scores: Scores, index: Index, shelf: Shelf) -> Iterator[Floats]:
    kinds = kind.asked(query.read_as, index.language)
    headings = [shelf.passage(int(n)).heading for n in numbers]
    nothing: Floats = np.zeros(len(numbers), np.float32)
    yield of_best(scores.words[numbers])
    yield of_best(_asked(scores.words, numbers, index))
    yield np.array([bool(kinds & kind.headed(heading, index.language)) for heading in headings], np.float32)
    if scores.cosine is None or query.encoder is None or query.vector is None or query.meant is None:
        yield from (nothing,) * 4
    else:
        meant = meanings(query.encoder, headings)
        titled = np.array([m @ query.vector if heading else 0.0 for heading, m in zip(headings, meant, strict=True)])
        late = nothing if index.late is None else index.late.of(numbers, [query.meant])[0]
        for each in (titled, scores.cosine[numbers], _asked(scores.cosine, numbers, index), late):
            yield each - each.max()
    yield np.arange(len(numbers)) == 0
    yield spread(scores.fused[numbers])
    yield spread(_asked(scores.fused, numbers, index))


def _asked(scores: Floats, passages: Integers, index: Index) -> Floats:
    """For each passage of a document, the best score of the questions that it answers; 0 where it answers none."""
    asked = index.questions(int(passages[0]), int(passages[-1]))
    best: Floats = np.zeros(len(passages), np.float32)
    np.maximum.at(best, index.passage[asked] - passages[0], scores[asked])
    return best
