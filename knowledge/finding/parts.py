"""Parts are what a passage says, sentence by sentence, by meaning: one of many may be what is asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from knowledge.arrays import Floats, Integers, copy_spans, mapped, spans
from knowledge.encoder import Encoder, Progress
from knowledge.text import clean, sentences

SHORTEST = 16  # characters of a sentence that says something
MOST = 16  # sentences of a passage
SCALE = 127
_VECTORS, _OFFSETS = "parts.npy", "part_offsets.npy"


class Parts:
    """int8 vectors, SCALE long; those of passage p are `vectors[offsets[p] : offsets[p + 1]]`, one at least."""

    def __init__(self, vectors: Integers, offsets: Integers) -> None:
        self.vectors, self.offsets = vectors, offsets
        self.passages = len(offsets) - 1

    @classmethod
    def build(
        cls,
        texts: Sequence[str],
        whole: Floats,
        encoder: Encoder,
        before: Self | None,
        reuse: Integers,
        progress: Progress,
    ) -> Self:
        """Of passages that have the vectors `whole`; `reuse[i]` is the passage of `before` that has the same text as
        passage i, -1 where none has."""
        fresh = [sentences_of(text) if row < 0 else [] for text, row in zip(texts, reuse, strict=True)]
        lengths = np.array([max(1, len(cut)) for cut in fresh], np.int64)
        old = np.flatnonzero(reuse >= 0)
        if before is not None:
            lengths[old] = np.diff(before.offsets)[reuse[old]]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        vectors = np.empty((offsets[-1], encoder.dim), np.int8)
        vectors[offsets[:-1]] = _rounded(whole)
        new = np.array([i for i, cut in enumerate(fresh) if cut], np.int64)
        if len(new):
            found = encoder.encode([sentence for cut in fresh for sentence in cut], progress=progress)
            vectors[spans(offsets[new], lengths[new])] = _rounded(found)
        if before is not None:
            copy_spans(vectors, offsets, old, before.vectors, before.offsets, reuse[old])
        return cls(vectors, offsets)

    def save(self, folder: Path) -> None:
        np.save(folder / _VECTORS, self.vectors)
        np.save(folder / _OFFSETS, self.offsets)

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        """None where the passages were indexed without an encoder."""
        if not (folder / _VECTORS).exists():
            return None
        return cls(mapped(folder / _VECTORS), mapped(folder / _OFFSETS))

    def best(self, passages: Integers, vectors: Floats) -> Floats:
        """float32 (len(vectors), len(passages)): the highest cosine that a sentence of each passage has with each vector."""
        rows, starts = self.of(passages)
        return np.asarray(np.maximum.reduceat(rows @ vectors.T, starts, axis=0).T)

    def of(self, passages: Integers) -> tuple[Floats, Integers]:
        """float32 (sentences, dim), the vectors of the sentences of `passages`, and which is the first of each."""
        starts = self.offsets[passages]
        lengths = self.offsets[passages + 1] - starts
        return self.vectors[spans(starts, lengths)] / np.float32(SCALE), np.cumsum(lengths) - lengths


def sentences_of(text: str) -> list[str]:
    """The sentences below the first line, which says where a passage stands, each with that line; none, where there is
    only one."""
    place, _, below = text.partition("\n")
    cut = [clean(below[start:end]) for start, end in sentences(below)]
    cut = [sentence for sentence in cut if len(sentence) >= SHORTEST][:MOST]
    if len(cut) < 2:
        return []
    return [f"{place}. {sentence}" for sentence in cut] if place else cut


def _rounded(vectors: Floats) -> Integers:
    return np.asarray(np.rint(vectors * SCALE), np.int8)
