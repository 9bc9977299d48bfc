"""Views are the ways to look at a turn: by itself, near the turns before it, in the whole conversation, by its opening."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from knowledge.arrays import Floats
from knowledge.encoder import Encoder, Reading, readings
from knowledge.finding.following import in_context, points, questions, said
from knowledge.finding.index import Index
from knowledge.finding.query import Query
from knowledge.finding.scores import Scores
from knowledge.text import terms

FADING = 0.8  # what the words of a turn count, against those of the turn after it
RECEDING = 0.85  # the same, for meaning
NEWEST = 1.5  # what the newest turn counts, beside RECEDING of the one before it


@dataclass(frozen=True, slots=True)
class View:
    """A query, and how well each passage answers it."""

    query: Query
    scores: Scores


class Views(NamedTuple):
    """Three views that all passages are scored by, and a reading of the question that began the conversation, by which only
    candidates are compared; None without an encoder."""

    itself: View
    near: View
    conversation: View
    opening: Reading | None


def views(
    index: Index, newest: Query, alone: Scores, before: Sequence[str], encoder: Encoder | None, asked: str
) -> Views:
    """A turn by itself, with the words of the turns just before it, and with those of the whole conversation; one and the
    same thrice where nothing was said before. The last two have one meaning: it is put together of those of what each turn
    comes to, so that each is encoded once."""
    itself = View(newest, alone)
    turns = [turn for turn in map(said, before) if turn.strip()]
    if not turns:
        same = None if newest.vector is None or newest.meant is None else Reading(newest.vector, newest.meant)
        return Views(itself, itself, itself, same)
    together = opening = None
    if encoder is not None and newest.vector is not None:
        *read, opening = readings(encoder, [*points(before), _opening(before, turns)])
        faded = [RECEDING ** (n + 1) * reading.vector for n, reading in enumerate(reversed(read))]
        together = _unit(np.sum([NEWEST * newest.vector, *faded], axis=0))
    near = replace(index.understand(in_context(newest.text, before), None, forgiving=False), vector=together)
    conversation = replace(newest, terms=_remembered(newest, turns, index.language), vector=together)
    scores = index.score(near, asked)
    return Views(itself, View(near, scores), View(conversation, index.score(conversation, asked, scores)), opening)


def _opening(before: Sequence[str], turns: Sequence[str]) -> str:
    """The first thing that was asked; what was said first, where nothing was."""
    return next((asked for asked in reversed(questions(before)) if asked.strip()), turns[0])


def _remembered(newest: Query, turns: Sequence[str], language: str) -> tuple[tuple[str, float], ...]:
    weighted = dict(newest.terms)
    for back, turn in enumerate(reversed(turns), start=1):
        for term in terms(turn, language):
            weighted[term] = max(weighted.get(term, 0.0), FADING**back)
    return tuple(weighted.items())


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)
