"""Views are the ways to look at a turn: by itself, near the turns before it, in the whole conversation, by its opening."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from knowledge.arrays import Floats
from knowledge.encoder import Encoder, meanings
from knowledge.finding.following import in_context, points, questions, said
from knowledge.finding.index import Index
from knowledge.finding.query import Query
from knowledge.finding.scores import Scores
from knowledge.text import terms

FADING = 0.8  # what the words of a turn count, against those of the turn after it
RECEDING = 0.85  # the same, for meaning
MEANT_WITH = 4  # turns before the newest one whose meaning it is read with


@dataclass(frozen=True, slots=True)
class View:
    """A query, and how well each passage answers it."""

    query: Query
    scores: Scores


def views(
    index: Index, newest: Query, alone: Scores, before: Sequence[str], encoder: Encoder | None, asked: str
) -> tuple[View, View, View, View]:
    """By itself, together with the turns just before, in the whole conversation, as the question that began it; one and
    the same four times where nothing was said before. A meaning is put together of those of what each turn comes to: a
    citizen's turn is encoded once, and of an agent's only a sentence."""
    itself = View(newest, alone)
    turns = [turn for turn in map(said, before) if turn.strip()]
    if not turns:
        return itself, itself, itself, itself
    *_, opening = [turns[0], *(asked for asked in questions(before) if asked.strip())]

    def read(query: Query, vector: Floats | None) -> View:
        query = replace(query, vector=vector)
        return View(query, index.score(query, asked))

    def understood(text: str) -> Query:
        return index.understand(text, None, forgiving=False)

    near = whole = first = None
    if encoder is not None and newest.vector is not None:
        *meant, first = meanings(encoder, [*points(before), opening])
        near = _unit(2 * newest.vector + np.sum(meant[-MEANT_WITH:], axis=0))
        faded = [RECEDING ** (n + 1) * vector for n, vector in enumerate(reversed(meant))]
        whole = _unit(newest.vector + np.sum(faded, axis=0))
    return (
        itself,
        read(understood(in_context(newest.text, before)), near),
        read(replace(newest, terms=_remembered(newest, turns, index.language)), whole),
        read(understood(opening), first),
    )


def _remembered(newest: Query, turns: Sequence[str], language: str) -> tuple[tuple[str, float], ...]:
    weighted = dict(newest.terms)
    for back, turn in enumerate(reversed(turns), start=1):
        for term in terms(turn, language):
            weighted[term] = max(weighted.get(term, 0.0), FADING**back)
    return tuple(weighted.items())


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)
