"""A ranking is which documents answer a query, best first; and in each, which of its passages does."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from knowledge import kind, place
from knowledge.arrays import Floats, Integers, best_first, of_best, spread
from knowledge.index import Index, Scores
from knowledge.query import Query
from knowledge.shelf import Shelf
from knowledge.text import terms

OWN = 0.08  # what a document gains that is the asked place's own, and not that of those around it
DEEP = 12  # documents that are kept
WITHHELD = -0.5  # what no passage scores that may be said

# What makes a section the one that is asked for: words and meaning of the passage, words and meaning of the questions
# that it answers, and the kind of the question against the heading's. Fitted on the development questions.
SECTION = {"en": (1.5, 2.4, 1.0, 1.8, 1.5), "fr": (2.1, 0.6, 1.3, 1.1, 2.5)}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document, by number, and how well it answers, about 0…1."""

    document: int
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """`candidates` hold for the place that was asked about.

    `elsewhere` is the score of the best document that was left out because it holds only in another place: where it is
    ahead, the question belongs to another government.
    """

    candidates: tuple[Candidate, ...]
    scores: Scores
    elsewhere: float = 0.0


def rank(scores: Scores, index: Index, shelf: Shelf, places: Sequence[str]) -> Ranking:
    """The best documents by `scores` in `places`; anywhere, where that is empty."""
    documents, best = _documents(scores, index, len(shelf.documents))
    if places:
        own = np.array([jurisdiction in places for jurisdiction in shelf.places], np.float32)
        best += OWN * own[shelf.place[documents]]
    found: list[Candidate] = []
    elsewhere = 0.0
    for at in islice(best_first(best, 4 * DEEP), 4 * DEEP):
        number, score = int(documents[at]), float(best[at])
        if score < WITHHELD:
            break
        if places and not place.any_holds(shelf.documents[number]["jurisdiction"], places):
            elsewhere = max(elsewhere, score)
        elif len(found) < DEEP:
            found.append(Candidate(number, score))
    return Ranking(tuple(found), scores, elsewhere)


def _documents(scores: Scores, index: Index, count: int) -> tuple[Integers, Floats]:
    """Of `count` documents those that were scored, and the score of the best passage of each."""
    if scores.among is None:
        documents, passages, place = np.arange(count), scores.whole, index.document
    else:
        documents, place = np.unique(index.document[scores.among], return_inverse=True)
        passages = scores.whole[scores.among]
    best = np.full(len(documents), -1.0, np.float32)
    np.maximum.at(best, place, passages)
    return documents, best


def sections(query: Query, document: int, scores: Scores, index: Index, shelf: Shelf) -> tuple[int, ...]:
    """The document's passages, the one that is asked for first."""
    numbers = np.flatnonzero(index.document == document)
    if len(numbers) == 1:
        return (int(numbers[0]),)
    if {term for term, _ in query.terms} <= set(terms(shelf.documents[document]["title"], index.language)):
        return tuple(map(int, numbers))  # who only names the service is told what it is, which pages say first
    kinds = kind.asked(query.read_as, index.language)
    headings = (shelf.passage(int(n)).heading for n in numbers)
    nothing: Floats = np.zeros(len(numbers), np.float32)
    parts = [
        of_best(scores.words[numbers]),
        nothing if scores.cosine is None else spread(scores.cosine[numbers]),
        of_best(_asked(scores.words, numbers, index)),
        nothing if scores.cosine is None else spread(_asked(scores.cosine, numbers, index)),
        np.array([bool(kinds & kind.headed(heading, index.language)) for heading in headings], np.float32),
    ]
    weights = SECTION.get(index.language, SECTION["en"])
    total = sum(weight * part for weight, part in zip(weights, parts, strict=True))
    return tuple(int(n) for n in numbers[np.argsort(-np.asarray(total), kind="stable")])


def _asked(scores: Floats, passages: Integers, index: Index) -> Floats:
    """For each passage of a document, the best score of the questions that it answers; 0 where it answers none."""
    asked = index.questions(int(passages[0]), int(passages[-1]))
    best: Floats = np.zeros(len(passages), np.float32)
    np.maximum.at(best, index.passage[asked] - passages[0], scores[asked])
    return best
