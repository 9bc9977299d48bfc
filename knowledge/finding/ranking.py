"""A ranking is which documents answer a query, best first."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from knowledge.arrays import Floats, Integers, best_first
from knowledge.finding.index import Index, Scores
from knowledge.finding.scores import WITHHELD
from knowledge.places import place
from knowledge.shelf import Shelf

OWN = 0.08  # what a document gains that is the asked place's own, and not that of those around it
DEEP = 12  # documents that are kept


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
        if places and not place.any_holds(shelf.jurisdiction(number), places):
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
