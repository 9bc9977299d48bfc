"""The first lesson: from parallel text the student learns to put French where its teacher puts the English of it."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.arrays import Floats
from knowledge.encoder import Progress, silent
from knowledge.training.lesson import lesson
from knowledge.training.pairs import Pair, misspelt
from knowledge.training.student import load, vectors, widened


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the student learns: how many rounds over all pairs, in which portions, how fast; `seed` decides the order."""

    rounds: float = 1.25
    batch: int = 64
    rate: float = 1.5e-4
    words: float = 5.0  # how much faster the tokens of French words move: most are seen seldom
    temperature: float = 0.05
    contrast: float = 0.1  # what telling pairs apart counts, against being in the same place
    english: float = 0.5  # share of portions in which the English side is held where it was
    slips: float = 0.2  # share of short texts that are misspelt first
    seed: int = 7


def distil(
    pairs: Sequence[Pair],
    lexicon: Sequence[Pair],
    teacher: Path,
    folder: Path,
    recipe: Recipe = Recipe(),
    progress: Progress = silent,
) -> Path:
    """Train a student of the sentence-transformers model `teacher` on `pairs`; the folder of the student is returned.

    Words of the `lexicon` become tokens. What is done is kept in `folder`: the teacher's vectors, and the student every few
    hundred steps.
    """
    folder.mkdir(parents=True, exist_ok=True)
    goals = targets([p.en for p in pairs], teacher, folder / "targets.npy", progress)
    order = portions([pair.often for pair in pairs], [len(pair.fr) for pair in pairs], recipe)
    student = folder / "student"

    def begin() -> Any:
        return widened(teacher, student, [pair.fr for pair in pairs for _ in range(min(pair.often, 4))], lexicon)

    def loss(taught: Any, step: int, chance: random.Random) -> Any:
        return apart_from(taught, [pairs[i] for i in order[step]], goals[order[step]], recipe, chance)

    return lesson("learn French", student, begin, loss, len(order), recipe.rate, recipe.words, recipe.seed, progress)


def apart_from(student: Any, pairs: Sequence[Pair], goals: Floats, recipe: Recipe, chance: random.Random) -> Any:
    """How far the French of `pairs` is from `goals`, the teacher's vectors of the English, and how well it is told from that
    of the other pairs; now and then how far the student's English has moved, too."""
    import torch

    goal = torch.from_numpy(np.asarray(goals, np.float32))
    french = vectors(student, [slipped(p.fr, recipe.slips, chance) for p in pairs])
    likeness = french @ goal.T / recipe.temperature
    same = goal @ goal.T > 0.95  # the same said twice in one portion is not told apart
    likeness = likeness.masked_fill(same & ~torch.eye(len(pairs), dtype=torch.bool), -1e9)
    told = torch.nn.functional.cross_entropy(likeness, torch.arange(len(pairs)))
    loss = _apart(french, goal) + recipe.contrast * told
    if chance.random() < recipe.english:
        english = vectors(student, [slipped(p.en, recipe.slips, chance) for p in pairs])
        loss = loss + _apart(english, goal) / recipe.english
    return loss


def slipped(text: str, share: float, chance: random.Random) -> str:
    return misspelt(text, chance) if len(text) < 120 and chance.random() < share else text


def targets(texts: list[str], teacher: Path, path: Path, progress: Progress = silent) -> Floats:
    """float16 (texts, dim): where the teacher puts each text; kept at `path`."""
    if path.exists():
        kept = np.load(path, mmap_mode="r")
        if len(kept) == len(texts):
            return np.asarray(kept)
    model = load(teacher)
    order = np.argsort([len(t) for t in texts], kind="stable")
    found = np.zeros((len(texts), model.get_sentence_embedding_dimension()), np.float16)
    for start in range(0, len(texts), 256):
        rows = order[start : start + 256]
        found[rows] = model.encode([texts[i] for i in rows], batch_size=64, normalize_embeddings=True)
        progress("read with the teacher", min(start + 256, len(texts)), len(texts))
    np.save(path, found)
    return found


def portions(often: Sequence[int], lengths: Sequence[int], recipe: Recipe) -> list[list[int]]:
    """Portions of pairs of about the same length, so that little is padded, in a random order; the same each time."""
    chance = random.Random(recipe.seed)
    found: list[list[int]] = []
    for part in range(math.ceil(recipe.rounds)):
        every = [i for i, times in enumerate(often) for _ in range(times)]
        chance.shuffle(every)
        every = every[: int(len(every) * min(1.0, recipe.rounds - part))]
        size = 50 * recipe.batch
        for start in range(0, len(every), size):
            chunk = sorted(every[start : start + size], key=lengths.__getitem__)
            cut = [chunk[at : at + recipe.batch] for at in range(0, len(chunk), recipe.batch)]
            chance.shuffle(cut)
            found += [c for c in cut if len(c) > 1]
    return found


def _apart(found: Any, goal: Any) -> Any:
    return (1 - (found * goal).sum(1)).mean()
