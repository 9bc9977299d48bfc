"""A lesson is many steps against a loss; what is done is kept, so that a run that was ended goes on where it was."""

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from knowledge.encoder import Progress
from knowledge.training.student import ENGLISH, load, reading

CHECKPOINT_STEPS = 200
WARM_UP = 0.05  # of the way

Loss = Callable[[Any, int, random.Random], Any]
"""How far a student is, at a step, from what it should have learnt: a tensor that gradients flow through."""


def lesson(
    name: str, student: Path, begin: Callable[[], Any], loss: Loss, steps: int, rate: float, words: float, seed: int,
    progress: Progress,
) -> Path:  # fmt: skip
    """Teach what `begin` gives, or go on with what is kept at `student`, which is returned when all `steps` are made.

    `rate` is the highest; the tokens that only the student has move `words` times as far.
    """
    import torch

    torch.manual_seed(seed)
    state, made = student.with_suffix(".pt"), student.with_suffix(".json")
    step = int(json.loads(made.read_text())["step"]) if made.exists() else 0
    taught = load(student) if step else begin()
    optimiser = torch.optim.AdamW(taught.parameters(), lr=rate, weight_decay=0.01)
    if step and state.exists():
        optimiser.load_state_dict(torch.load(state, weights_only=True))
    chance = random.Random(seed + step)
    taught.train()
    while step < steps:
        for group in optimiser.param_groups:
            group["lr"] = rate * pace(step / steps, WARM_UP)
        with reading():
            apart = loss(taught, step, chance)
        _take(taught, optimiser, apart, words)
        step += 1
        progress(name, step, steps)
        if step % CHECKPOINT_STEPS == 0 or step == steps:
            taught.save(str(student))
            torch.save(optimiser.state_dict(), state)
            made.write_text(json.dumps({"step": step}))
    return student


def pace(done: float, warm_up: float) -> float:
    """The share of the full rate at `done`, 0…1, of the way: up in a line, then down along a cosine."""
    return done / warm_up if done < warm_up else 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))


def _take(student: Any, optimiser: Any, loss: Any, words: float) -> None:
    """One step; of Adam it is as long for a word that is seen seldom as for others, too short to get anywhere."""
    import torch

    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
    own = student[0].auto_model.embeddings.word_embeddings.weight.data[ENGLISH:]
    before = own.clone()
    optimiser.step()
    own += (words - 1) * (own - before)
