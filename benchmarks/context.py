"""Fits how sure an answer is to a turn that goes on from others: on follow-ups, and on what was asked off the subject."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from knowledge import reading
from knowledge.answering import places
from knowledge.confidence import logit
from knowledge.encoder import Encoder
from knowledge.following import in_its_light
from knowledge.ranking import rank
from knowledge.snapshot import Snapshot

OFF = 240  # questions that nothing answers, put after what was said before others


def fit(asked: Sequence[dict[str, Any]], snapshot: Snapshot, encoder: Encoder) -> list[float]:
    """What the logits of the confidence in context and alone count, and a bias."""
    chance = random.Random(7)
    follow = [question for question in asked if "history" in question]
    off = chance.sample(
        [question for question in asked if question["kind"] == "aside" and "history" not in question], OFF
    )
    off = [
        question | {"history": chance.choice([f for f in follow if f["language"] == question["language"]])["history"]}
        for question in off
    ]
    seen, right = [], []
    for question in (*follow, *off):
        found = _read(question, snapshot, encoder)
        if found is not None:
            together, alone, document = found
            seen.append([logit(together), logit(alone)])
            right.append(document in question["gold"])
    model = LogisticRegression().fit(np.array(seen), right)
    return [round(float(value), 3) for value in (*model.coef_[0], model.intercept_[0])]


def _read(question: dict[str, Any], snapshot: Snapshot, encoder: Encoder) -> tuple[float, float, str] | None:
    """The confidence in context, that of the turn alone, and the document found, of a turn that does not stand alone."""
    language, before = question["language"], question["history"]
    index, shelf = snapshot.indexes[language], snapshot.shelves[language]
    newest = index.understand(question["text"], encoder)
    within = places(newest.spelt, None)
    alone = reading.by_itself(newest, language, within, index, shelf)
    if alone is None:
        return None
    scores, query = in_its_light(index, newest, alone.passages.scores, before, encoder, language)
    ranking = rank(scores, index, shelf, within)
    document = shelf.documents[ranking.candidates[0].document]["id"]
    return reading.confidence_of(query, ranking, index, shelf), alone.confidence, document
