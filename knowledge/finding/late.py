"""Late interaction: how near each word of a question comes to the nearest of a passage, as both are meant in their texts."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from knowledge.arrays import Floats, Integers, copy_spans, mapped, spans
from knowledge.encoder import Words

SCALE = 127
COMMON = 0.1  # what a word counts, at least, however common it is
RARE = 1.5  # what a word counts that tells what is asked for
_FILES = ("words", "tokens", "offsets", "counts")


class Late:
    """Of passage p, the words at `offsets[p]` up to `offsets[p + 1]`, one at least: `words`, int8 (words, width), where each
    points, SCALE long, and `tokens`, int32, which each is. `counts`, int32, is how often each token is there in all."""

    def __init__(self, words: Integers, tokens: Integers, offsets: Integers, counts: Integers | None = None) -> None:
        self.words, self.tokens, self.offsets = words, tokens, offsets
        self.counts = np.bincount(tokens).astype(np.int32) if counts is None else counts
        self.passages = len(offsets) - 1

    @classmethod
    def build(cls, fresh: Iterable[Words], width: int, before: Self | None, reuse: Integers) -> Self:
        """`reuse[i]` is the passage of `before` that has the same text as passage i, -1 where none has: `fresh` has the
        words of those, in the order of the passages."""
        found = [_kept(words, width) for words in fresh]
        lengths = np.empty(len(reuse), np.int64)
        new, old = np.flatnonzero(reuse < 0), np.flatnonzero(reuse >= 0)
        lengths[new] = [len(own.tokens) for own in found]
        if before is not None:
            lengths[old] = np.diff(before.offsets)[reuse[old]]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        words, tokens = np.empty((offsets[-1], width), np.int8), np.empty(offsets[-1], np.int32)
        for passage, own in zip(new, found, strict=True):
            tokens[offsets[passage] : offsets[passage + 1]], words[offsets[passage] : offsets[passage + 1]] = own
        if before is not None:
            for made, kept in ((words, before.words), (tokens, before.tokens)):
                copy_spans(made, offsets, old, kept, before.offsets, reuse[old])
        return cls(words, tokens, offsets)

    def save(self, folder: Path) -> None:
        for name in _FILES:
            np.save(folder / f"late_{name}.npy", getattr(self, name))

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        """None where the passages were indexed without an encoder."""
        if not (folder / f"late_{_FILES[0]}.npy").exists():
            return None
        return cls(*(mapped(folder / f"late_{name}.npy") for name in _FILES))

    def of(self, passages: Integers, asked: Sequence[Words]) -> Floats:
        """float32 (len(asked), len(passages)): the mean cosine of the words of each text that was asked with the nearest of
        each passage; the rarer a word is here, the more it counts."""
        nearest = self._nearest(passages, np.concatenate([words.vectors for words in asked]))
        rare = self._counted(np.concatenate([words.tokens for words in asked]))
        found = np.zeros((len(asked), len(passages)), np.float32)
        ends = np.cumsum([len(words.tokens) for words in asked])
        for row, words, end in zip(found, asked, ends, strict=True):
            own = slice(end - len(words.tokens), end)
            row[:] = nearest[:, own] @ rare[own] / (SCALE * max(float(rare[own].sum()), COMMON))
        return found

    def apart(self, passages: Integers, asked: Words) -> Floats:
        """float32 (len(passages),): the same of one text; the more a word tells these passages apart, the more it counts."""
        nearest = self._nearest(passages, asked.vectors)
        telling = self._counted(asked.tokens) * (nearest.max(0) - nearest.mean(0))
        return np.asarray(nearest @ telling / (SCALE * max(float(telling.sum()), COMMON)), np.float32)

    def least(self, passage: int, asked: Words) -> float:
        """The least cosine that a word of a text has with the nearest of a passage, of those that are rare, if any is; 0
        where there is none."""
        nearest = self._nearest(np.array([passage]), asked.vectors)[0] / SCALE
        rare = self._counted(asked.tokens) > RARE
        counting = nearest[rare] if rare.any() else nearest
        return float(counting.min()) if len(counting) else 0.0

    def _nearest(self, passages: Integers, vectors: Floats) -> Floats:
        """float32 (len(passages), len(vectors)): SCALE times the cosine with the nearest word of each passage."""
        starts = self.offsets[passages]
        lengths = self.offsets[passages + 1] - starts
        cosines = self.words[spans(starts, lengths)].astype(np.float32) @ vectors.astype(np.float32).T
        return np.asarray(np.maximum.reduceat(cosines, np.cumsum(lengths) - lengths, axis=0))

    def _counted(self, tokens: Integers) -> Floats:
        return np.asarray(self.rare[np.minimum(tokens, len(self.rare) - 1)])

    @cached_property
    def rare(self) -> Floats:
        """Of each token, and, as the last, of those that are nowhere."""
        return rarity(np.append(self.counts, 0), self.passages)


def rarity(counts: Integers, texts: int) -> Floats:
    """float32 (len(counts),): about the idf of what is there so often in so many texts."""
    return np.asarray(np.maximum(np.log((texts + 1) / (counts + 0.5)), COMMON), np.float32)


def _kept(words: Words, width: int) -> Words:
    """What is kept of a passage's words: where they point, rounded; of a passage without words one that points nowhere."""
    if not len(words.tokens):
        return Words(np.zeros(1, np.int32), np.zeros((1, width), np.int8))
    return Words(words.tokens, np.rint(SCALE * words.vectors.astype(np.float32)).astype(np.int8))
