"""Tokens are the words of each row in their order, as numbers: kept, so that indexing again reads only what changed."""

import json
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from knowledge.arrays import Integers, mapped, spans
from knowledge.finding.vocabulary import Digests, all_digested, paired
from knowledge.text import STOP, stem, words

Rows = tuple[Integers, Digests]
"""Which terms stand in which rows: the row of each occurrence, in ascending order, and the digest of its term."""


class Tokens:
    """`words` are in alphabetical order. `ids[offsets[i] : offsets[i + 1]]` are the numbers of row i's words.

    `digests` are of the rows' texts, 16 bytes each. Nothing of this is needed to answer.
    """

    def __init__(self, words: list[str], ids: Integers, offsets: Integers, digests: Integers) -> None:
        self.words, self.ids, self.offsets, self.digests = words, ids, offsets, digests

    @classmethod
    def build(
        cls, texts: Sequence[str], digests: Integers, language: str, before: Self | None, reuse: Integers
    ) -> Self:
        """`reuse[i]` is the row of `before` that has the same text as row i; -1 where none has."""
        numbers = {} if before is None else {word: n for n, word in enumerate(before.words)}
        lengths, fresh = np.zeros(len(texts), np.int64), array("i")
        new = np.flatnonzero(reuse < 0)
        for i in new:
            found = words(texts[i], language)
            lengths[i] = len(found)
            fresh.extend([numbers.setdefault(word, len(numbers)) for word in found])
        old = np.flatnonzero(reuse >= 0)
        if before is not None:
            lengths[old] = np.diff(before.offsets)[reuse[old]]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        ids = np.empty(offsets[-1], np.int32)
        ids[spans(offsets[new], lengths[new])] = np.frombuffer(fresh, np.int32)
        if before is not None:
            ids[spans(offsets[old], lengths[old])] = before.ids[spans(before.offsets[reuse[old]], lengths[old])]
        names = list(numbers)
        order = sorted(np.flatnonzero(np.bincount(ids, minlength=len(names))), key=names.__getitem__)
        place = np.zeros(len(names), np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        return cls([names[n] for n in order], place[ids], offsets, digests)

    def save(self, folder: Path) -> None:
        np.save(folder / "tokens.npy", self.ids)
        np.save(folder / "token_offsets.npy", self.offsets)
        np.save(folder / "digests.npy", self.digests)
        (folder / "words.json").write_text(json.dumps(self.words, ensure_ascii=False))

    @classmethod
    def open(cls, folder: Path) -> Self:
        ids, offsets, digests = (mapped(folder / f"{name}.npy") for name in ("tokens", "token_offsets", "digests"))
        return cls(json.loads((folder / "words.json").read_text()), ids, offsets, digests)

    def counts(self) -> dict[str, int]:
        """How often each word occurs."""
        return dict(zip(self.words, map(int, np.bincount(self.ids, minlength=len(self.words))), strict=True))

    def terms(self, language: str) -> Rows:
        """As text.terms has them: no stop words, but where a row has nothing else; stemmed."""
        row = np.repeat(np.arange(len(self.offsets) - 1, dtype=np.int32), np.diff(self.offsets))
        telling = np.fromiter((word not in STOP[language] for word in self.words), bool, len(self.words))[self.ids]
        tells = np.bincount(row[telling], minlength=len(self.offsets) - 1) > 0
        kept = telling | ~tells[row]
        stems = all_digested(stem(word, language) for word in self.words)
        return row[kept], stems[self.ids[kept]]


def pairs(rows: Rows) -> Rows:
    """Each two terms that stand beside each other in a row, as one term."""
    row, term = rows
    same = row[1:] == row[:-1]
    return row[1:][same], paired(term[:-1][same], term[1:][same])
