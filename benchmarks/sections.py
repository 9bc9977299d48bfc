"""Fits which section of a page answers, on the development questions that say so, and on pages that it has not seen."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize

from knowledge.answering.section import SIGNALS, signals
from knowledge.arrays import Floats
from knowledge.encoder import Encoder
from knowledge.publishing.snapshot import Snapshot

FOLDS = 5
STRONG = 0.005  # times the number of questions: how strongly large weights are held back

Choice = tuple[str, str, Floats, Floats]  # language, service, the passages' signals, which are right


def fit(asked: Sequence[dict[str, Any]], snapshot: Snapshot, encoder: Encoder) -> tuple[list[float], dict[str, float]]:
    """What each of SIGNALS counts, the same in all languages; and by language the share of questions whose section is
    chosen right by weights that were fitted to other services."""
    choices = [c for question in asked if (c := _choice(question, snapshot, encoder))]
    services = sorted({service for _, service, *_ in choices})
    fold = {service: n % FOLDS for n, service in enumerate(services)}
    right: dict[str, list[bool]] = {}
    for n in range(FOLDS):
        weights = _fitted([c for c in choices if fold[c[1]] != n])
        for language, service, seen, wanted in choices:
            if fold[service] == n:
                right.setdefault(language, []).append(bool(wanted[np.argmax(seen @ weights)]))
    shares = {language: round(float(np.mean(each)), 3) for language, each in sorted(right.items())}
    return [round(float(weight), 3) for weight in _fitted(choices)], shares


def _choice(question: dict[str, Any], snapshot: Snapshot, encoder: Encoder) -> Choice | None:
    if "history" in question or not question.get("sections"):
        return None
    language = question["language"]
    index, shelf = snapshot.indexes[language], snapshot.shelves[language]
    query = index.understand(question["text"], encoder)
    document = next(n for n, each in enumerate(shelf.documents) if each["id"] in question["gold"])
    numbers = np.sort(index.passages_of(document))
    wanted = np.array([shelf.passage(int(n)).heading in question["sections"] for n in numbers], float)
    seen = signals(query, numbers, index.score(query), index, shelf)
    return (language, question["gold"][0].rsplit("/", 1)[-1], seen, wanted) if wanted.any() else None


def _fitted(choices: Sequence[Choice]) -> Floats:
    """A conditional logit: the probability of a passage is the softmax of its weighted signals over its document."""

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, slope = 0.0, np.zeros(len(weights))
        for _, _, seen, wanted in choices:
            drawn = seen @ weights
            odds = np.exp(drawn - drawn.max())
            odds /= odds.sum()
            right = float((odds * wanted).sum()) + 1e-9
            total -= np.log(right)
            slope -= seen.T @ (odds * wanted / right - odds)
        held = STRONG * len(choices)
        return total + held * float(weights @ weights), slope + 2 * held * weights

    return np.asarray(minimize(loss, np.zeros(len(SIGNALS)), jac=True).x)
