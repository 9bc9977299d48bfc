"""A query is a question as one language's index understands it: weighted terms, guesses included, and a vector."""

import itertools
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from knowledge.encoder import Encoder
from knowledge.lexical import Lexical
from knowledge.spelling import Spelling
from knowledge.text import STOP, clean, stem, words

GUESSED = 0.7  # what a guessed spelling counts, against a word found as written
MEANT = 0.7  # what another name for the same thing counts


@dataclass(frozen=True, slots=True)
class Query:
    """`text` is the cleaned question and `read_as` what was made of it, the text that `vector` encodes.

    `terms` and `pairs` are (stem, weight) and (two stems, weight). `unknown` are the words that no passage has and that
    resemble none of theirs, `guessed` those that were taken for another.
    """

    text: str
    read_as: str
    terms: tuple[tuple[str, float], ...]
    pairs: tuple[tuple[str, float], ...]
    vector: np.ndarray | None
    unknown: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()


def pairs_of(terms: list[str]) -> list[str]:
    """Each two terms that stand beside each other, as one term."""
    return [f"{a} {b}" for a, b in itertools.pairwise(terms)]


def understand(
    question: str, language: str, lexical: Lexical, spelling: Spelling | None, encoder: Encoder | None
) -> Query:
    """Read `question`; without `spelling`, as it is written."""
    text = clean(question)
    asked = words(text, language)
    found = [w for w in asked if w not in STOP[language]] or asked
    read_as, weighted, unknown, guessed = text, dict[str, float](), [], []
    for word in found:
        term, weight = stem(word, language), 1.0
        if spelling is not None and term not in lexical.vocabulary and (guess := spelling.guess(word)):
            term, weight = stem(guess, language), GUESSED
            guessed.append(word)
            read_as = re.sub(rf"\b{re.escape(word)}\b", guess, read_as, flags=re.IGNORECASE)
        elif term not in lexical.vocabulary:
            unknown.append(word)
        weighted[term] = max(weight, weighted.get(term, 0.0))
    pairs = dict.fromkeys(pairs_of(list(weighted)), 1.0)
    if spelling is not None:
        for other in also_called(asked, language):
            read_as = f"{read_as} ({other})"
            terms = [stem(w, language) for w in words(other, language) if w not in STOP[language]]
            for term in terms:
                weighted.setdefault(term, MEANT)
            for pair in pairs_of(terms):
                pairs.setdefault(pair, MEANT)
    vector = encoder.encode([read_as])[0] if encoder is not None and text else None
    return Query(text, read_as, tuple(weighted.items()), tuple(pairs.items()), vector, tuple(unknown), tuple(guessed))


def also_called(asked: list[str], language: str) -> list[str]:
    """Other names for what the words name, from synonyms.yml; the longest name first, none for a part of it."""
    names, found, at = _synonyms(language), [], 0
    while at < len(asked):
        for length in (4, 3, 2, 1):
            name = " ".join(asked[at : at + length])
            if name in names:
                found.append(names[name])
                at += length - 1
                break
        at += 1
    return found


@cache
def _synonyms(language: str) -> dict[str, str]:
    listed = yaml.safe_load(Path(__file__).with_name("synonyms.yml").read_text()).get(language) or {}
    return {" ".join(words(str(name), language)): other for name, other in listed.items()}
