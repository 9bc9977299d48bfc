"""Regressions turn what is seen of an answer into the two parts of its confidence: in its page, and in its section."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from benchmarks.reliability import OF_PEOPLE, WEIGHT, Example
from knowledge.answering.confidence import FEATURES, LEFT_OUT, Confidence
from knowledge.arrays import Floats

FOLDS = 5
ASIDES = 0.5  # what a question that nothing answers counts for: fewer are asked than were written
BIASED = ("fr",)  # languages with a bias of their own; the others have the common one


def fit(examples: Sequence[Example]) -> dict[str, Any]:
    """Of each part one regression for all languages, each with a bias of its own."""
    return {part: _fit(part, examples) for part in Confidence._fields}


def unseen(examples: Sequence[Example]) -> dict[str, Floats]:
    """Of each part each example's confidence, by a fit that has seen nothing of its group."""
    groups = sorted({e.group for e in examples})
    random.Random(0).shuffle(groups)
    fold = {group: n % FOLDS for n, group in enumerate(groups)}
    found = {part: np.zeros(len(examples)) for part in Confidence._fields}
    for n in range(FOLDS):
        here = [i for i, e in enumerate(examples) if fold[e.group] == n]
        known = [e for e in examples if fold[e.group] != n]
        for part, confidence in found.items():
            weights, bias = _regression(part, known)
            confidence[here] = 1 / (1 + np.exp(-(_inputs([examples[i] for i in here]) @ weights + bias)))
    found["page"][[e.elsewhere for e in examples]] = 0.0
    return found


def _fit(part: str, examples: Sequence[Example]) -> dict[str, Any]:
    weights, bias = _regression(part, examples)
    named = {name: round(float(w), 4) for name, w in zip((*FEATURES, *BIASED), weights, strict=True)}
    own = {language: named.pop(language) for language in BIASED}
    return {"weights": named, "bias": round(bias, 4), "of_language": own}


def _regression(part: str, examples: Sequence[Example]) -> tuple[Floats, float]:
    """Weights and bias. The section is judged where the page is right."""
    mine = [e for e in examples if part == "page" or e.page]
    right = np.array([e.page if part == "page" else e.right for e in mine])
    scaler = StandardScaler()
    inputs = scaler.fit_transform(_inputs(mine))
    inputs[:, [FEATURES.index(name) for name in LEFT_OUT[part]]] = 0  # what does not vary gets no weight
    fitted = LogisticRegression(C=0.2).fit(inputs, right, sample_weight=[WEIGHT[e.kind] for e in mine])
    asked = np.array([e.kind in OF_PEOPLE for e in mine])
    # held to what people ask: the logits are stretched and moved to be right about that (Platt's scaling)
    held = LogisticRegression(C=1000).fit(
        fitted.decision_function(inputs)[asked, None],
        right[asked],
        sample_weight=[ASIDES if e.kind == "aside" else 1.0 for e in mine if e.kind in OF_PEOPLE],
    )
    stretched, moved = float(held.coef_[0, 0]), float(held.intercept_[0])
    weights = stretched * fitted.coef_[0] / scaler.scale_
    return weights, float(stretched * fitted.intercept_[0] - weights @ scaler.mean_ + moved)


def _inputs(examples: Sequence[Example]) -> Floats:
    return np.array([[*e.seen, *(float(e.language == language) for language in BIASED)] for e in examples])
