"""Distilling teaches an English encoder French: its student puts a French text where the English one put the same said
in English, and keeps the English where it was."""

import json
import math
import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.arrays import Floats
from knowledge.encoder import Progress, silent
from knowledge.parallel import Pair, misspelt
from knowledge.text import fold

NEW_WORDS = 6000  # French words that become one token each, of those seen most often
SEEN = 30  # times, at least
TOKENS = 128
CHECKPOINT_STEPS = 200


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the student learns: how many rounds over all pairs, in which portions, how fast; `seed` decides the order."""

    rounds: float = 2.0
    batch: int = 64
    rate: float = 1.5e-4
    warm_up: float = 0.05
    temperature: float = 0.05
    contrast: float = 0.1  # what telling pairs apart counts, against being in the same place
    english: float = 0.5  # share of portions in which the English side is held
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
    targets = _targets([p.en for p in pairs], teacher, folder / "targets.npy", progress)
    student, step = _student(pairs, teacher, folder)
    order = _order(pairs, recipe, student.tokenizer)
    optimiser = torch.optim.AdamW(student.parameters(), lr=recipe.rate, weight_decay=0.01)
    state = folder / "optimiser.pt"
    if step and state.exists():
        optimiser.load_state_dict(torch.load(state, weights_only=True))
    chance = random.Random(recipe.seed + step)
    student.train()
    losses: list[float] = []
    while step < len(order):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * _pace(step / len(order), recipe.warm_up)
        mine = [pairs[i] for i in order[step]]
        goal = torch.from_numpy(np.asarray(targets[order[step]], np.float32))
        held = chance.random() < recipe.english
        loss = _loss(student, mine, goal, recipe, chance, held)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        step += 1
        progress(f"train (loss {np.mean(losses[-100:]):.4f})" if False else "train", step, len(order))
        if step % CHECKPOINT_STEPS == 0 or step == len(order):
            _keep(student, optimiser, step, folder, losses[-CHECKPOINT_STEPS:])
    return folder / "student"


def _loss(student: Any, pairs: list[Pair], goal: Any, recipe: Recipe, chance: random.Random, held: bool) -> Any:
    import torch

    french = _vectors(student, [_slipped(p.fr, recipe, chance) for p in pairs])
    loss = _apart(french, goal)
    likeness = french @ goal.T / recipe.temperature
    same = goal @ goal.T > 0.95  # the same said twice in one portion is not told apart
    likeness = likeness.masked_fill(same & ~torch.eye(len(pairs), dtype=torch.bool), -1e9)
    loss = loss + recipe.contrast * torch.nn.functional.cross_entropy(likeness, torch.arange(len(pairs)))
    if held:
        english = _vectors(student, [_slipped(p.en, recipe, chance) for p in pairs])
        loss = loss + _apart(english, goal) / recipe.english
    return loss


def _apart(found: Any, goal: Any) -> Any:
    return (1 - (found * goal).sum(1)).mean()


def _vectors(student: Any, texts: list[str]) -> Any:
    import torch

    features = student.tokenizer(texts, padding=True, truncation=True, max_length=TOKENS, return_tensors="pt")
    out = student({"input_ids": features["input_ids"], "attention_mask": features["attention_mask"]})
    return torch.nn.functional.normalize(out["sentence_embedding"], dim=1)


def _slipped(text: str, recipe: Recipe, chance: random.Random) -> str:
    return misspelt(text, chance) if len(text) < 120 and chance.random() < recipe.slips else text


def _pace(done: float, warm_up: float) -> float:
    return done / warm_up if done < warm_up else 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))


def _order(pairs: Sequence[Pair], recipe: Recipe, tokenizer: Any) -> list[list[int]]:
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


def _targets(texts: list[str], teacher: Path, path: Path, progress: Progress) -> Floats:
    """float16 (texts, dim): where the teacher puts each English text."""
    if path.exists():
        kept = np.load(path, mmap_mode="r")
        if len(kept) == len(texts):
            return np.asarray(kept)
    model = _load(teacher)
    order = np.argsort([len(t) for t in texts], kind="stable")
    found = np.zeros((len(texts), model.get_sentence_embedding_dimension()), np.float16)
    for start in range(0, len(texts), 256):
        rows = order[start : start + 256]
        found[rows] = model.encode([texts[i] for i in rows], batch_size=64, normalize_embeddings=True)
        progress("read with the teacher", min(start + 256, len(texts)), len(texts))
    np.save(path, found)
    return found


def _student(pairs: Sequence[Pair], teacher: Path, folder: Path) -> tuple[Any, int]:
    """The student as far as it has come, and how many steps that were."""
    kept = folder / "student"
    if (folder / "step.json").exists():
        return _load(kept), int(json.loads((folder / "step.json").read_text())["step"])
    model = _load(teacher)
    model.save(str(kept))
    _widen(model, kept, [pair.fr for pair in pairs for _ in range(min(pair.often, 4))])
    return _load(kept), 0


def _widen(model: Any, folder: Path, texts: list[str]) -> None:
    """Give the words that French texts have most often a token of their own, which begins as the mean of its pieces."""
    import torch

    file = folder / "tokenizer.json"
    about = json.loads(file.read_text())
    vocabulary: dict[str, int] = about["model"]["vocab"]
    seen = Counter(word for text in texts for word in "".join(c if c.isalpha() else " " for c in fold(text)).split())
    new = [w for w, times in seen.most_common() if times >= SEEN and len(w) > 3 and w not in vocabulary][:NEW_WORDS]
    pieces = [model.tokenizer(word, add_special_tokens=False)["input_ids"] for word in new]
    table = model[0].auto_model.embeddings.word_embeddings
    rows = torch.stack([table.weight.data[ids].mean(0) for ids in pieces])
    wider = torch.nn.Embedding(len(vocabulary) + len(new), table.embedding_dim, padding_idx=table.padding_idx)
    wider.weight.data = torch.cat([table.weight.data, rows])
    model[0].auto_model.embeddings.word_embeddings = wider
    model[0].auto_model.config.vocab_size = len(vocabulary) + len(new)
    model.save(str(folder))
    about["model"]["vocab"] = vocabulary | {word: len(vocabulary) + n for n, word in enumerate(new)}
    file.write_text(json.dumps(about, ensure_ascii=False))
    (folder / "vocab.txt").write_text("\n".join(about["model"]["vocab"]) + "\n")


def _keep(student: Any, optimiser: Any, step: int, folder: Path, losses: list[float]) -> None:
    import torch

    student.save(str(folder / "student"))
    torch.save(optimiser.state_dict(), folder / "optimiser.pt")
    (folder / "step.json").write_text(json.dumps({"step": step, "loss": float(np.mean(losses))}))
    with (folder / "losses.tsv").open("a") as log:
        log.write(f"{step}\t{np.mean(losses):.5f}\t{time.time():.0f}\n")


def _load(path: Path) -> Any:
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(path), device="cpu")
    model.max_seq_length = TOKENS
    return model
