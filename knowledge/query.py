"""A query is a question as an index understands it: weighted terms, guesses at misspelt ones included, and a vector."""

from dataclasses import dataclass

import numpy as np

from knowledge.encoder import Encoder
from knowledge.lexical import Lexical
from knowledge.text import STOP, clean, stem, terms, words

GUESSED = 0.7  # what a guessed spelling counts, against a word found as written
CLOSE = 0.75  # how alike (0…1) two words must be to be taken for one another


@dataclass(frozen=True, slots=True)
class Query:
    """`text` is the cleaned question, `read_as` what was made of it; `unknown` is how many words no passage has."""

    text: str
    read_as: str
    terms: tuple[tuple[str, float], ...]
    vector: np.ndarray | None
    unknown: int = 0


def understand(question: str, lexical: Lexical, encoder: Encoder | None, language: str) -> Query:
    """Read `question` with the index's vocabulary in mind."""
    text = clean(question)
    found = [w for w in words(text, language) if w not in STOP[language]]
    if not found:
        found = words(text, language)
    weighted: list[tuple[str, float]] = []
    read_as, unknown = text, 0
    for word in found:
        term = stem(word, language)
        if term in lexical.vocabulary:
            weighted.append((term, 1.0))
            continue
        guess = spelt(word, lexical)
        if guess is None:
            unknown += 1
            weighted.append((term, 1.0))
        else:
            weighted.append((stem(guess, language), GUESSED))
            read_as = _replace(read_as, word, guess)
    vector = encoder.encode([read_as])[0] if encoder is not None and text else None
    return Query(text, read_as, tuple(weighted), vector, unknown)


def spelt(word: str, lexical: Lexical) -> str | None:
    """The word of the vocabulary that `word` is most likely a misspelling of."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    if len(word) < 4 or word.isdigit():
        return None
    near = [w for w in lexical.spellings if abs(len(w) - len(word)) <= 2 and w[0] == word[0]]
    best = process.extractOne(word, near, scorer=OSA.normalized_similarity, score_cutoff=CLOSE)
    return best[0] if best else None


def plain(text: str, vector: np.ndarray | None, language: str) -> Query:
    """A query taken as written: no guesses."""
    return Query(text, text, tuple((t, 1.0) for t in terms(text, language)), vector)


def _replace(text: str, word: str, by: str) -> str:
    import re

    return re.sub(rf"\b{re.escape(word)}\b", by, text, flags=re.IGNORECASE)
