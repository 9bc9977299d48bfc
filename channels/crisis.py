"""Crisis: whether a message says that somebody may be in danger now, by reviewed phrases, in time in proportion to it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from rapidfuzz.distance import OSA

from knowledge import plain

Kind = Literal["suicide", "violence"]
KINDS: tuple[Kind, ...] = ("suicide", "violence")
HARMLESS = "harmless"
LONGEST = 24  # letters of a word that may be misspelt
REMEMBERED = 1 << 13  # words, and steps from word to word, that need not be looked into again
GAP = 2  # words that "~" stands for at most
ANY = ""

_DOUBLED = re.compile(r"([a-z])\1+")


@dataclass(frozen=True, slots=True)
class Crisis:
    """`kinds` of danger, in the order of KINDS; `language` is the one it was said in, None where it may be several."""

    kinds: tuple[Kind, ...]
    language: str | None


def crisis(text: str) -> Crisis | None:
    """The danger that a text speaks of, in any language of the reviewed phrases; None where it speaks of none."""
    words = _single(plain(text)).split()
    said = {language: phrases.found(words) for language, phrases in _all_phrases().items()}
    languages = [language for language, kinds in said.items() if kinds]
    if not languages:
        return None
    kinds = tuple(kind for kind in KINDS if any(kind in said[language] for language in languages))
    return Crisis(kinds, languages[0] if len(languages) == 1 else None)


@dataclass(frozen=True, slots=True)
class _Step:
    words: frozenset[str]
    optional: bool


class _Phrases:
    """The phrases of one language, all followed at once through a message, word by word.

    A state is a place in a phrase. `_next` says by which word one comes from a state to which others; ANY is any word.
    """

    def __init__(self, about: dict[str, Any]) -> None:
        self._lists = {name: words.split() for name, words in about["lists"].items()}
        self._alarming: dict[str, list[int]] = {}  # the states to which a word leads that begins a phrase
        self._harmless: dict[str, list[int]] = {}
        self._next: list[dict[str, list[int]]] = []
        self._ends: dict[int, str] = {}
        for label in (*KINDS, HARMLESS):
            for phrase in about[label]:
                self._add(label, list(self._steps(phrase)))
        self._known = {word for onward in (self._alarming, self._harmless, *self._next) for word in onward}
        self._means: dict[str, tuple[str, ...]] = {
            word: (word,) for word in (*self._known, *_singles(about["strictly"]))
        }
        self._means |= {_single(str(short)): tuple(_singles(full)) for short, full in about["means"].items()}
        self._means |= dict.fromkeys(_singles(about["ignored"]), ())
        self._loosely: dict[str, list[str]] = {}
        for word in about["loosely"].split():
            for form in {word, _single(word)}:  # a letter between two of the same parts them
                for shape in _shapes(form):
                    self._loosely.setdefault(shape, []).append(form)
        self._meant, self._onward = lru_cache(REMEMBERED)(self._meaning), lru_cache(REMEMBERED)(self._followed)

    def found(self, words: Iterable[str]) -> tuple[Kind, ...]:
        """The kinds of danger that words without doubled letters speak of, but for what is harmless."""
        said = ["^", *(meant for word in words for meant in self._meant(word)), "$"]
        active: frozenset[int] = frozenset()
        alarms: list[tuple[str, int]] = []
        for at, word in enumerate(said):
            active, labels = self._onward(active, word if word in self._known else ANY)
            alarms += [(label, at) for label in labels]
        harmless = self._harmless_among(said) if alarms else ()
        return tuple(kind for kind in KINDS if any(label == kind and at not in harmless for label, at in alarms))

    def _followed(self, active: frozenset[int], word: str) -> tuple[frozenset[int], frozenset[str]]:
        """The states one comes to by a word, and what the phrases say that end there."""
        onward = [
            self._alarming.get(word, ()),
            *(self._next[state].get(each, ()) for state in active for each in {word, ANY}),
        ]
        states = frozenset(state for each in onward for state in each)
        return states, frozenset(self._ends[state] for state in states if state in self._ends)

    def _harmless_among(self, said: Sequence[str]) -> set[int]:
        """The places of the words of harmless phrases."""
        found: set[int] = set()
        active: set[tuple[int, int]] = set()  # states, and where their phrase began
        for at, word in enumerate(said):
            began = {(state, at) for state in self._harmless.get(word, ())}
            active = began | {
                (each, since) for state, since in active for by in {word, ANY} for each in self._next[state].get(by, ())
            }
            for state, since in active:
                if state in self._ends:
                    found.update(range(since, at + 1))
        return found

    def _steps(self, phrase: str) -> Iterator[_Step]:
        for part in phrase.split():
            if part == "~":
                yield from (_Step(frozenset((ANY,)), True) for _ in range(GAP))
                continue
            names = part.removesuffix("?").split("/")
            words = (word for name in names for word in (self._lists[name[1:]] if name[0] == "@" else [name]))
            yield _Step(frozenset(map(_single, words)), part.endswith("?"))

    def _add(self, label: str, steps: Sequence[_Step]) -> None:
        start = len(self._next)
        self._next += [{} for _ in range(len(steps) + 1)]
        for at in range(len(steps) + 1):
            for ahead in range(at, len(steps)):
                for word in steps[ahead].words:
                    first = self._harmless if label == HARMLESS else self._alarming
                    onward = first if at == 0 else self._next[start + at]
                    onward.setdefault(word, []).append(start + ahead + 1)
                if not steps[ahead].optional:
                    break
            else:
                self._ends[start + at] = label

    def _meaning(self, word: str) -> Sequence[str]:
        """The words that a word stands for: others, none, one that it misspells, or itself."""
        if word in self._means:
            return self._means[word]
        if len(word) > LONGEST:
            return (word,)
        near = {each for shape in _shapes(word) for each in self._loosely.get(shape, ())}
        right = [each for each in near if each[0] == word[0] and OSA.distance(each, word, score_cutoff=1) <= 1]
        return (_single(min(right, default=word)),)


def _shapes(word: str) -> set[str]:
    """The word, and without any one of its letters: two words of which one is the other misspelt share such a shape."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _single(text: str) -> str:
    """`text` with doubled letters once: people leave one out, or write ten."""
    return _DOUBLED.sub(r"\1", text)


def _singles(words: str) -> list[str]:
    return _single(words).split()


@cache
def _all_phrases() -> dict[str, _Phrases]:
    reviewed = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))
    return {language: _Phrases(about) for language, about in reviewed.items()}
