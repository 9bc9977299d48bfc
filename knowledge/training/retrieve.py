"""The second lesson: the student learns to tell the text that is looked for from others, and keeps to the first lesson."""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from knowledge.encoder import Progress, silent
from knowledge.training.asks import Ask
from knowledge.training.distil import Recipe, apart_from, learn, pace, slipped, targets
from knowledge.training.pairs import Pair
from knowledge.training.student import load, reading, vectors

NAME = "guichet-bilingual"
STEPS = 240
LAST = 0.5  # of the way at which it ends: the other half found no more, and forgot a little
RATE = 5e-5
ASKED, HELD = 64, 24  # asks and pairs in each portion
FOUND = 0.5  # what finding counts, against staying where the first lesson led
RARE = 0.6  # share of the held pairs that are of the kinds that are learnt often


def retrieve(
    asks: Sequence[Ask],
    pairs: Sequence[Pair],
    teacher: Path,
    folder: Path,
    recipe: Recipe,
    progress: Progress = silent,
) -> Path:
    """Go on with the student that `distil` left in `folder`; the folder of what comes of it is returned."""
    import torch

    torch.manual_seed(recipe.seed)
    chance = random.Random(recipe.seed)
    goals = targets([p.en for p in pairs], teacher, folder / "targets.npy", progress)
    student = load(folder / "student")
    optimiser = torch.optim.AdamW(student.parameters(), lr=RATE, weight_decay=0.01)
    often = [i for i, pair in enumerate(pairs) if pair.often > 1]
    order = _order(len(asks), chance)
    student.train()
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = RATE * pace(LAST * step / STEPS, 0.1)
        asked = list({asks[i].of: asks[i] for i in order[step * ASKED : (step + 1) * ASKED]}.values())
        held = [chance.choice(often) if chance.random() < RARE else chance.randrange(len(pairs)) for _ in range(HELD)]
        goal = torch.from_numpy(np.asarray(goals[held], np.float32))
        with reading():
            queries = vectors(student, [slipped(a.query, recipe.slips, chance) for a in asked])
            found = vectors(student, [a.found for a in asked])
            likeness, right = queries @ found.T / recipe.temperature, torch.arange(len(asked))
            both = [torch.nn.functional.cross_entropy(each, right) for each in (likeness, likeness.T)]
            moved = apart_from(student, [pairs[i] for i in held], goal, recipe, chance, hold=True)
        learn(student, optimiser, FOUND * (both[0] + both[1]) / 2 + moved)
        progress("learn to find", step + 1, STEPS)
    student.save(str(folder / NAME))
    return folder / NAME


def _order(asks: int, chance: random.Random) -> list[int]:
    order: list[int] = []
    while len(order) < STEPS * ASKED:
        again = list(range(asks))
        chance.shuffle(again)
        order += again
    return order
