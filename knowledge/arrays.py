"""Arrays, by the names that knowledge has for them; saved ones are read by memory map."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]  # scores and vectors, float32
Integers = NDArray[np.integer[Any]]  # numbers of rows, passages and documents


def mapped(path: Path) -> NDArray[Any]:
    """A saved array, read by memory map."""
    # a plain view: numpy's memmap class makes each slice several times slower
    return np.asarray(np.load(path, mmap_mode="r"))


def spans(starts: Integers, lengths: Integers) -> Integers:
    """start, start + 1 … of each span, one after the other."""
    before = np.cumsum(lengths) - lengths
    return np.asarray(np.repeat(starts - before, lengths) + np.arange(int(lengths.sum())))


def copy_spans(
    target: NDArray[Any], offsets: Integers, to: Integers, source: NDArray[Any], starts: Integers, taken: Integers
) -> None:
    """Copy spans `taken` of `source`, where span n is `source[starts[n] : starts[n + 1]]`, to the spans `to` of `target`,
    by its `offsets`; those that go on together are copied together."""
    first = np.flatnonzero((np.diff(to, prepend=-2) != 1) | (np.diff(taken, prepend=-2) != 1))
    for begin, end in itertools.pairwise(np.append(first, len(to))):
        here = slice(offsets[to[begin]], offsets[to[end - 1] + 1])
        target[here] = source[starts[taken[begin]] : starts[taken[end - 1] + 1]]


def besides(vectors: Floats, one: Floats, direction: Floats) -> tuple[Floats, Floats]:
    """The cosines of rows with one, and those of what both point to besides a direction. All have about the length 1."""
    near, along = (vectors @ np.stack([one, direction], axis=1)).T
    of_one = float(one @ direction)
    left = np.sqrt(np.maximum(1 - along**2, 0) * max(1 - of_one**2, 0))
    return near, np.asarray((near - along * of_one) / np.maximum(left, 1e-6))


def of_best(scores: Floats) -> Floats:
    """Scores over the best of them; as they are, where none is above 0."""
    best = float(scores.max(initial=0.0))
    return np.asarray(scores / best) if best > 0 else scores


def spread(scores: Floats) -> Floats:
    """Scores between the least, 0, and the most, 1."""
    if not scores.size:
        return scores
    low, high = float(scores.min()), float(scores.max())
    return np.asarray((scores - low) / max(high - low, 1e-9))


def best_first(scores: Floats, soon: int = 64) -> Iterator[int]:
    """Positions, the highest score first, of equals the first; the best `soon` are found without sorting the rest."""
    if len(scores) > 4 * soon:
        best = np.sort(np.argpartition(-scores, soon)[:soon])
        least = scores[best].min()
        best = np.flatnonzero(scores > least)
        yield from best[np.argsort(-scores[best], kind="stable")].tolist()
        rest = np.flatnonzero(scores <= least)
        yield from rest[np.argsort(-scores[rest], kind="stable")].tolist()
    else:
        yield from np.argsort(-scores, kind="stable").tolist()
