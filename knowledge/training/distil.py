"""The first lesson: from parallel text the student learns to put French where its teacher puts the English of it."""

import json
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.arrays import Floats
from knowledge.encoder import Progress, silent
from knowledge.training.pairs import Pair, misspelt
from knowledge.training.student import load, reading, vectors, widened

CHECKPOINT_STEPS = 200


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the student learns: how many rounds over all pairs, in which portions, how fast; `seed` decides the order."""

    rounds: float = 1.25
    batch: int = 64
    rate: float = 1.5e-4
    warm_up: float = 0.05
    temperature: float = 0.05
    contrast: float = 0.1  # what telling pairs apart counts, against being in the same place
    english: float = 0.5  # share of portions in which the English side is held where it was
    slips: float = 0.2  # share of short texts that are misspelt first
    seed: int = 7


def distil(
    pairs: Sequence[Pair], teacher: Path, folder: Path, recipe: Recipe = Recipe(), progress: Progress = silent
) -> Path:
    """Train a student of the sentence-transformers model `teacher` on `pairs`; the folder of the student is returned.

    What is done is kept in `folder`, so that a run that was ended goes on where it was: the teacher's vectors, and the
    student every few hundred steps.
    """
    import torch

    torch.manual_seed(recipe.seed)
    folder.mkdir(parents=True, exist_ok=True)
    goals = targets([p.en for p in pairs], teacher, folder / "targets.npy", progress)
    student, step = _as_far_as_it_came(pairs, teacher, folder)
    order = _order(pairs, recipe)
    optimiser = torch.optim.AdamW(student.parameters(), lr=recipe.rate, weight_decay=0.01)
    if step and (folder / "optimiser.pt").exists():
        optimiser.load_state_dict(torch.load(folder / "optimiser.pt", weights_only=True))
    chance = random.Random(recipe.seed + step)
    student.train()
    while step < len(order):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * pace(step / len(order), recipe.warm_up)
        mine = [pairs[i] for i in order[step]]
        goal = torch.from_numpy(np.asarray(goals[order[step]], np.float32))
        with reading():
            loss = apart_from(student, mine, goal, recipe, chance, hold=chance.random() < recipe.english)
        learn(student, optimiser, loss)
        step += 1
        progress("learn French", step, len(order))
        if step % CHECKPOINT_STEPS == 0 or step == len(order):
            student.save(str(folder / "student"))
            torch.save(optimiser.state_dict(), folder / "optimiser.pt")
            (folder / "step.json").write_text(json.dumps({"step": step}))
    return folder / "student"


def apart_from(
    student: Any, pairs: Sequence[Pair], goal: Any, recipe: Recipe, chance: random.Random, *, hold: bool
) -> Any:
    """How far the French of `pairs` is from `goal`, the teacher's vectors of the English, and how well it is told from
    that of the other pairs; with `hold`, how far the student's English has moved, too."""
    import torch

    french = vectors(student, [slipped(p.fr, recipe.slips, chance) for p in pairs])
    likeness = french @ goal.T / recipe.temperature
    same = goal @ goal.T > 0.95  # the same said twice in one portion is not told apart
    likeness = likeness.masked_fill(same & ~torch.eye(len(pairs), dtype=torch.bool), -1e9)
    told = torch.nn.functional.cross_entropy(likeness, torch.arange(len(pairs)))
    loss = _apart(french, goal) + recipe.contrast * told
    if hold:
        english = vectors(student, [slipped(p.en, recipe.slips, chance) for p in pairs])
        loss = loss + _apart(english, goal) / recipe.english
    return loss


def learn(student: Any, optimiser: Any, loss: Any) -> None:
    """One step against the loss."""
    import torch

    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
    optimiser.step()


def pace(done: float, warm_up: float) -> float:
    """The share of the full rate at `done`, 0…1, of the way: up in a line, then down along a cosine."""
    return done / warm_up if done < warm_up else 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))


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


def _apart(found: Any, goal: Any) -> Any:
    return (1 - (found * goal).sum(1)).mean()


def _as_far_as_it_came(pairs: Sequence[Pair], teacher: Path, folder: Path) -> tuple[Any, int]:
    """The student, and how many steps it has made."""
    if (folder / "step.json").exists():
        return load(folder / "student"), int(json.loads((folder / "step.json").read_text())["step"])
    return widened(teacher, folder / "student", [pair.fr for pair in pairs for _ in range(min(pair.often, 4))]), 0


def _order(pairs: Sequence[Pair], recipe: Recipe) -> list[list[int]]:
    """Portions of pairs of about the same length, so that little is padded, in a random order; the same each time."""
    chance = random.Random(recipe.seed)
    portions: list[list[int]] = []
    for part in range(math.ceil(recipe.rounds)):
        every = [i for i, pair in enumerate(pairs) for _ in range(pair.often)]
        chance.shuffle(every)
        every = every[: int(len(every) * min(1.0, recipe.rounds - part))]
        size = 50 * recipe.batch
        for start in range(0, len(every), size):
            chunk = sorted(every[start : start + size], key=lambda i: len(pairs[i].fr))
            cut = [chunk[at : at + recipe.batch] for at in range(0, len(chunk), recipe.batch)]
            chance.shuffle(cut)
            portions += [c for c in cut if len(c) > 1]
    return portions
