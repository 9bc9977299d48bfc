"""The section is which passage of the chosen document answers."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from knowledge.answering.fitted import in_file
from knowledge.arrays import Floats, Integers, besides, of_best, spread
from knowledge.encoder import meanings
from knowledge.finding import kind
from knowledge.finding.index import Index
from knowledge.finding.query import Query
from knowledge.finding.scores import WITHHELD, Scores
from knowledge.shelf import Shelf
from knowledge.text import terms

SIGNALS = (
    "asked_words",  # BM25 of the questions that the passage answers, over the best of its document
    "kind",  # whether its heading is of the kind of the question: cost, time, documents …
    "heading",  # cosine of the heading, less that of the best; so all to "late"
    "meaning",
    "asked_meaning",
    "heading_besides",  # the same of what both say besides the title, which all of a page is about
    "meaning_besides",
    "asked_besides",
    "sentence_besides",
    "late",  # how near the words of the question that tell the passages apart come to those of the passage
    "first",  # whether it comes first, which mostly says what the service is
    "fused",  # words and meaning together, between the least and the most of the document
    "asked_fused",
)
OF_MEANING = SIGNALS.index("first") - SIGNALS.index("heading")


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
    asked = index.questions(int(numbers[0]), int(numbers[-1]))
    of = index.passage[asked] - numbers[0]
    yield of_best(_best(scores.words[asked], of, len(numbers)))
    yield np.array([bool(kinds & kind.headed(heading, index.language)) for heading in headings], np.float32)
    for each in _of_meaning(query, numbers, headings, index, shelf):
        yield each - each.max()
    yield np.arange(len(numbers)) == 0
    yield spread(scores.fused[numbers])
    yield spread(_best(scores.fused[asked], of, len(numbers)))


def _of_meaning(
    query: Query, numbers: Integers, headings: Sequence[str], index: Index, shelf: Shelf
) -> Iterator[Floats]:
    nothing: Floats = np.zeros(len(numbers), np.float32)
    if (
        index.dense is None
        or index.parts is None
        or query.encoder is None
        or query.vector is None
        or query.meant is None
    ):
        yield from (nothing,) * OF_MEANING
        return
    subject, *headed = meanings(query.encoder, [_title(numbers, index, shelf), *headings])
    asked = index.questions(int(numbers[0]), int(numbers[-1]))
    told = np.stack(headed), index.dense.vectors[numbers], index.dense.vectors[asked]
    for each in zip(*(besides(vectors, query.vector, subject) for vectors in told), strict=True):
        of_headings, of_passages, of_asked = each
        yield np.where([bool(heading) for heading in headings], of_headings, 0)
        yield of_passages
        yield _best(of_asked, index.passage[asked] - numbers[0], len(numbers))
    sentences, starts = index.parts.of(numbers)
    yield np.maximum.reduceat(besides(sentences, query.vector, subject)[1], starts)
    yield nothing if index.late is None else index.late.apart(numbers, query.meant)


def _best(scores: Floats, of: Integers, passages: int) -> Floats:
    """For each passage of a document, the best score of the questions that it answers, `of` which they are; 0 where it
    answers none."""
    best: Floats = np.zeros(passages, np.float32)
    np.maximum.at(best, of, scores)
    return best


def _title(numbers: Integers, index: Index, shelf: Shelf) -> str:
    return str(shelf.documents[int(index.document[numbers[0]])]["title"])
