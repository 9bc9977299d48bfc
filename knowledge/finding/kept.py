"""What is kept of an earlier snapshot when one is built anew: all that was made of texts that have not changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from knowledge.arrays import Floats, Integers, mapped
from knowledge.document import Document
from knowledge.encoder import Encoder, Progress, Words
from knowledge.finding.dense import Dense
from knowledge.finding.late import Late
from knowledge.finding.near import Near
from knowledge.finding.parts import Parts
from knowledge.finding.tokens import Tokens
from knowledge.passage import Passage, passages
from knowledge.shelf import Shelf, source


@dataclass(frozen=True, slots=True)
class Kept:
    """Of one language. `digests`, (rows, 16), are of the texts that `dense` has the vectors of."""

    digests: Integers | None = None
    dense: Dense | None = None
    rows: Tokens | None = None
    documents: Tokens | None = None
    near: Near | None = None
    parts: Parts | None = None
    late: Late | None = None
    shelf: Shelf | None = None

    @classmethod
    def open(cls, folder: Path, encoded: bool, read: bool) -> Self:
        """From a saved index: vectors, if `encoded` says that they may be used, and tokens, if `read` does."""
        if not (folder / "digests.npy").exists():
            return cls()
        return cls(
            mapped(folder / "digests.npy"),
            Dense.open(folder) if encoded else None,
            Tokens.open(folder) if read else None,
            Tokens.open(folder / "about") if read else None,
            Near.open(folder) if encoded and read else None,
            Parts.open(folder) if encoded and read else None,
            Late.open(folder) if encoded else None,
            Shelf.open(folder, mapped(folder / "document.npy")) if read else None,
        )

    def passages(self, documents: Sequence[Document]) -> list[list[Passage]]:
        """Each document's."""
        before = {} if self.shelf is None else self.shelf.cut()
        found = []
        for document in documents:
            same = before.get(source(document))
            if same is None:
                found.append(passages(document))
            else:
                found.append([Passage(name, document.id, tuple(path), text, url) for name, path, text, url in same])
        return found

    def read(
        self, texts: Sequence[str], digests: Integers, passages: int, encoder: Encoder, progress: Progress
    ) -> tuple[Floats, Late]:
        """The vectors of texts, float32 (len(texts), dim), and those of the words of the first of them, the `passages`."""
        found = np.empty((len(texts), encoder.dim), np.float32)
        reuse = _same(digests, self.digests if self.dense is not None else None)
        before = 0 if self.late is None else self.late.passages
        words = np.where(reuse[:passages] < before, reuse[:passages], -1)
        if self.dense is not None:
            found[reuse >= 0] = self.dense.vectors[reuse[reuse >= 0]]

        def fresh() -> Iterator[Words]:
            numbers = np.flatnonzero(words < 0)
            for number, reading in zip(numbers, encoder.read([texts[i] for i in numbers], progress), strict=True):
                found[number] = reading.vector
                yield reading.words

        late = Late.build(fresh(), encoder.width, self.late, words)
        others = passages + np.flatnonzero(reuse[passages:] < 0)
        if len(others):
            found[others] = encoder.encode([texts[i] for i in others], progress=progress)
        return found, late

    def sentences(
        self, texts: Sequence[str], digests: Integers, whole: Floats, encoder: Encoder, progress: Progress
    ) -> Parts:
        """Of passages, which have the vectors `whole`."""
        reuse = _same(
            digests, None if self.digests is None or self.parts is None else self.digests[: self.parts.passages]
        )
        return Parts.build(texts, whole, encoder, self.parts, reuse, progress)

    def tokens(self, texts: Sequence[str], digests: Integers, language: str) -> Tokens:
        return _tokens(texts, digests, language, self.rows)

    def whole_tokens(self, texts: Sequence[str], digests: Integers, language: str) -> Tokens:
        return _tokens(texts, digests, language, self.documents)


def _tokens(texts: Sequence[str], digests: Integers, language: str, before: Tokens | None) -> Tokens:
    reuse = _same(digests, before.digests if before is not None else None)
    return Tokens.build(texts, digests, language, before, reuse)


def _same(digests: Integers, before: Integers | None) -> Integers:
    """int64 (len(digests),): the row of `before` that has the same digest, -1 where none has."""
    if before is None:
        return np.full(len(digests), -1)
    place = {row.tobytes(): n for n, row in enumerate(before)}
    return np.array([place.get(row.tobytes(), -1) for row in digests], np.int64)
