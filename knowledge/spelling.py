"""Spelling forgives: a word that no passage has is taken for the word of the passages that it most resembles."""

import json
import math
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Self

CLOSE = 0.74  # how alike (0…1) two words must be: two slips in eight letters
SHORTEST = 4  # shorter words resemble too many others


class Spelling:
    """The folded words of one language's rows, with how often each occurs."""

    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts

    @classmethod
    def build(cls, rows: Iterable[Iterable[str]]) -> Self:
        counts = Counter(word for row in rows for word in row if len(word) >= SHORTEST and word.isalpha())
        return cls(dict(sorted(counts.items())))

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(self.counts, ensure_ascii=False))

    @classmethod
    def open(cls, path: Path) -> Self:
        return cls(json.loads(path.read_text()))

    @cached_property
    def _by_initial(self) -> dict[str, list[str]]:
        # people rarely miss the first letter, and looking among a twentieth of the words keeps a guess under 1 ms
        shelves: dict[str, list[str]] = {}
        for word in self.counts:
            shelves.setdefault(word[0], []).append(word)
        return shelves

    def guess(self, word: str) -> str | None:
        """The word meant by `word`; None if it resembles none. Of equally close ones, the more frequent."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        if len(word) < SHORTEST or not word.isalpha():
            return None
        near = process.extract(
            word, self._by_initial.get(word[0], []), scorer=OSA.normalized_similarity, score_cutoff=CLOSE, limit=8
        )
        return max(near, key=lambda n: n[1] + 0.02 * math.log(self.counts[n[0]]))[0] if near else None
