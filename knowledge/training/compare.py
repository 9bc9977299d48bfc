"""The third lesson: what words mean where they stand is compared, word by word; the student itself learns no more."""

import random
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from knowledge.arrays import Floats
from knowledge.encoder import Encoder, Progress, Words, silent
from knowledge.finding.late import rarity
from knowledge.text import language_of
from knowledge.training.asks import Ask
from knowledge.training.lesson import pace

WIDTH = 64
STEPS = 1500
RATE, WARM_UP = 2e-3, 0.02
PORTION = 32  # asks
OTHERS, NEAREST = 15, 60  # texts that an ask is told from, and those nearest by meaning that they are drawn from
TOGETHER = 256  # asks whose likeness to all texts is computed at one time
SAMPLE = 4000  # texts by whose words the first directions are chosen
SHARP = 20.0  # what likeness is multiplied by, at first


def compare(asks: Sequence[Ask], encoder: Encoder, seed: int, progress: Progress = silent) -> Floats:
    """float32 (dim, WIDTH): the directions of the states of words, by which `encoder` finds the `asks`."""
    import torch

    torch.manual_seed(seed)
    chance = random.Random(seed)
    queries, query_states = _read([ask.query for ask in asks], encoder, "read what is asked", progress)
    texts, text_states = _read([ask.found for ask in asks], encoder, "read what is found", progress)
    worded = [ask for ask in asks if len(query_states[ask.query].tokens) and len(text_states[ask.found].tokens)]
    others = _others(worded, queries, texts)
    told_apart = [ask for ask in worded if ask in others]
    rare = _rarity(text_states.values())
    directions = torch.nn.Parameter(_widest([*query_states.values(), *text_states.values()], chance))
    sharp = torch.nn.Parameter(torch.tensor(SHARP).log())
    optimiser = torch.optim.Adam([directions, sharp], lr=RATE)
    order: list[Ask] = []
    for step in range(STEPS):
        if len(order) < PORTION:
            order = list(told_apart)
            chance.shuffle(order)
        some = [order.pop() for _ in range(min(PORTION, len(order)))]
        asked = [query_states[ask.query] for ask in some]
        found = [[text_states[t] for t in (ask.found, *chance.choices(others[ask], k=OTHERS))] for ask in some]
        likeness = _likeness(asked, found, directions, rare) * sharp.exp()
        loss = torch.nn.functional.cross_entropy(likeness, torch.zeros(len(some), dtype=torch.long))
        for group in optimiser.param_groups:
            group["lr"] = RATE * pace(step / STEPS, WARM_UP)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        progress("compare words", step + 1, STEPS)
    return np.asarray(directions.detach().numpy().copy())


def _likeness(asked: Sequence[Words], found: Sequence[Sequence[Words]], directions: Any, rare: Floats) -> Any:
    """float32 tensor (asks, texts of each): as `Late.of`, through which gradients flow."""
    import torch

    words, said = _padded(asked)
    others, there = _padded([text for row in found for text in row])
    counts = torch.zeros(said.shape)
    counts[said] = torch.from_numpy(rare[np.minimum(np.concatenate([a.tokens for a in asked]), len(rare) - 1)])
    pointed, told = (torch.nn.functional.normalize(states @ directions, dim=-1) for states in (words, others))
    near = torch.einsum("qad,qtwd->qtaw", pointed, told.view(len(asked), len(found[0]), -1, told.shape[-1]))
    nearest = near.masked_fill(~there.view(len(asked), len(found[0]), 1, -1), -1).amax(-1)
    return (nearest * counts[:, None]).sum(-1) / counts.sum(-1, keepdim=True)


def _read(
    texts: Sequence[str], encoder: Encoder, step: str, progress: Progress
) -> tuple[dict[str, Floats], dict[str, Words]]:
    """The vector of each text, and the states of its words."""
    different = list(dict.fromkeys(texts))
    vectors, states = dict[str, Floats](), dict[str, Words]()
    read = encoder.read(different, lambda _, done, total: progress(step, done, total))
    for text, (vector, words) in zip(different, read, strict=True):
        vectors[text], states[text] = vector, words
    return vectors, states


def _others(asks: Sequence[Ask], queries: dict[str, Floats], texts: dict[str, Floats]) -> dict[Ask, list[str]]:
    """For each ask the texts of other things, in the language of its own, that are nearest by meaning."""
    of, written = defaultdict[str, set[str]](set), defaultdict[str, list[str]](list)
    for ask in asks:
        of[ask.found].add(ask.of)
    for text in of:
        written[language_of(text)].append(text)
    found = dict[Ask, list[str]]()
    for code, some in written.items():
        table = np.stack([texts[text] for text in some])
        mine = [ask for ask in dict.fromkeys(asks) if language_of(ask.found) == code]
        for at in range(0, len(mine), TOGETHER):
            part = mine[at : at + TOGETHER]
            order = np.argsort(-(np.stack([queries[ask.query] for ask in part]) @ table.T), axis=1)
            for ask, near in zip(part, order[:, : 2 * NEAREST], strict=True):
                found[ask] = [some[n] for n in near if not of[some[n]] & of[ask.found]][:NEAREST]
    return {ask: told for ask, told in found.items() if told}


def _rarity(texts: Collection[Words]) -> Floats:
    """Of each token in `texts`, and, as the last, of those that are in none."""
    counts = np.bincount(np.concatenate([words.tokens for words in texts]))
    return rarity(np.append(counts, 0), len(texts))


def _widest(states: Sequence[Words], chance: random.Random) -> Any:
    """float32 tensor (dim, WIDTH): the directions in which a sample of states differs most."""
    import torch

    some = chance.sample(list(states), min(len(states), SAMPLE))
    sample = np.concatenate([words.vectors for words in some]).astype(np.float32)
    return torch.from_numpy(np.linalg.eigh(np.cov(sample.T))[1][:, : -WIDTH - 1 : -1].astype(np.float32).copy())


def _padded(states: Sequence[Words]) -> tuple[Any, Any]:
    """float32 tensor (texts, words, dim), and where words are."""
    import torch

    lengths = torch.tensor([len(each.tokens) for each in states])
    table = torch.nn.utils.rnn.pad_sequence([torch.from_numpy(each.vectors) for each in states], batch_first=True)
    return table.float(), torch.arange(table.shape[1]) < lengths[:, None]
