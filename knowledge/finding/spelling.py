"""Spelling forgives: a word that no passage has is taken for the word of the passages that it most resembles."""

import json
import math
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Self

CLOSE = 0.8  # how alike (0…1) two words must be: one slip in five letters
SOUNDS = 0.6  # how alike two words must be that are said alike
SHORTEST = 4  # shorter words resemble too many others
_ATTACHED = re.compile(r"(?:[cdjlmnst]|qu)(?=[aeiouyh])")


class Spelling:
    """The folded words of one language's rows, with how often each occurs."""

    def __init__(self, counts: dict[str, int], sounds: dict[str, list[str]]) -> None:
        self.counts, self._by_sound = counts, sounds

    @classmethod
    def build(cls, occurring: Mapping[str, int]) -> Self:
        """Of words, each with how often it occurs."""
        counts = {word: n for word, n in occurring.items() if len(word) >= SHORTEST and word.isalpha()}
        sounds: dict[str, list[str]] = {}
        for word in sorted(counts):
            sounds.setdefault(sound(word), []).append(word)
        return cls(dict(sorted(counts.items())), sounds)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps({"counts": self.counts, "sounds": self._by_sound}, ensure_ascii=False))

    @classmethod
    def open(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text()))

    def guess(self, word: str) -> str | None:
        """The word meant by `word`; None if it resembles none. "lassurence" may be two words said as one."""
        whole = self._like(word)
        rest = _ATTACHED.sub("", word, count=1)
        if whole or rest == word:
            return whole
        return rest if rest in self.counts else self._like(rest)

    def _like(self, word: str) -> str | None:
        """Of equally close words, the more frequent."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        if len(word) < SHORTEST or not word.isalpha():
            return None
        alike = [(w, OSA.normalized_similarity(word, w) + 0.1) for w in self._by_sound.get(sound(word), ())]
        near = [(w, s) for w, s in alike if s >= SOUNDS + 0.1] + [
            (w, s)
            for w, s, _ in process.extract(
                word, self._by_initial.get(word[0], ()), scorer=OSA.normalized_similarity, score_cutoff=CLOSE, limit=8
            )
        ]
        return max(near, key=lambda n: n[1] + 0.02 * math.log(self.counts[n[0]]))[0] if near else None

    @cached_property
    def _by_initial(self) -> dict[str, list[str]]:
        # people rarely miss the first letter, and looking among a twentieth of the words keeps a guess under 1 ms
        shelves: dict[str, list[str]] = {}
        for word in self.counts:
            shelves.setdefault(word[0], []).append(word)
        return shelves


_SAID = [
    (re.compile(pattern), said)
    for pattern, said in (
        (r"ph", "f"),
        (r"(?:ti|si|ci|shi|xi)(?=[aou])", "s"),
        (r"sch|sh|ch|c(?=[eiy])|z", "s"),
        (r"qu?|ck|c", "k"),
        (r"g(?=[eiy])|j", "j"),
        (r"x(?=.)", "ks"),
        (r"m|gn", "n"),
        (r"w", "v"),
        (r"(?<=.)[aeiouyh]+", ""),
        (r"(.)\1+", r"\1"),
        (r"(?<=..)[stxd]$", ""),
    )
]


def sound(word: str) -> str:
    """About how a folded word sounds, in English or French: its consonants, those said alike as one, no silent end."""
    word = re.sub(r"^[aeiouyh]+", "a", word)
    for pattern, said in _SAID:
        word = pattern.sub(said, word)
    return word
