"""The second lesson: the student learns to tell the text that is looked for from others, while the first goes on."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from knowledge.encoder import Progress, silent
from knowledge.training.asks import Ask
from knowledge.training.distil import Recipe, apart_from, portions, slipped, targets
from knowledge.training.lesson import lesson
from knowledge.training.pairs import Pair
from knowledge.training.student import load, vectors

NAME = "guichet-bilingual"
STEPS = 1000
RATE, WORDS = 4e-5, 20.0
ASKED, EVERY = 40, 3  # asks, in each third portion of pairs
FOUND = 0.5  # what finding counts, against being where the teacher is
RARE = 3  # of the pairs that are learnt from once, one in so many goes on


def retrieve(
    asks: Sequence[Ask],
    pairs: Sequence[Pair],
    teacher: Path,
    folder: Path,
    recipe: Recipe,
    progress: Progress = silent,
) -> Path:
    """Go on with the student that `distil` left in `folder`; the folder of what comes of it is returned, and what is done is
    kept."""
    import torch

    goals = targets([p.en for p in pairs], teacher, folder / "targets.npy", progress)
    often = [pair.often if pair.often > 1 else int(n % RARE == 0) for n, pair in enumerate(pairs)]
    rounds = STEPS * recipe.batch / max(1, sum(often)) + 1
    order = portions(often, [len(pair.fr) for pair in pairs], replace(recipe, rounds=rounds))[:STEPS]
    asked = _order(len(asks), random.Random(recipe.seed))

    def loss(taught: Any, step: int, chance: random.Random) -> Any:
        apart = apart_from(taught, [pairs[i] for i in order[step]], goals[order[step]], recipe, chance)
        if step % EVERY:
            return apart
        some = {asks[i].of: asks[i] for i in asked[step // EVERY * ASKED :][:ASKED]}.values()
        queries = vectors(taught, [slipped(ask.query, recipe.slips, chance) for ask in some])
        found = vectors(taught, [ask.found for ask in some])
        likeness, right = queries @ found.T / recipe.temperature, torch.arange(len(some))
        both = [torch.nn.functional.cross_entropy(each, right) for each in (likeness, likeness.T)]
        return apart + FOUND * (both[0] + both[1]) / 2

    def begin() -> Any:
        return load(folder / "student")

    return lesson("learn to find", folder / NAME, begin, loss, len(order), RATE, WORDS, recipe.seed, progress)


def _order(asks: int, chance: random.Random) -> list[int]:
    order: list[int] = []
    while len(order) < STEPS * ASKED:
        again = list(range(asks))
        chance.shuffle(again)
        order += again
    return order
