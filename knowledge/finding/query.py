"""A query is a question as one language's index understands it: weighted terms, guesses included, and a vector."""

import itertools
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from knowledge.arrays import Floats
from knowledge.encoder import Encoder, Words, readings
from knowledge.finding import kind
from knowledge.finding.lexical import Lexical
from knowledge.finding.spelling import Spelling
from knowledge.places import place
from knowledge.reviewed import reviewed
from knowledge.text import COMMON, STOP, clean, spelt_out, stem, words

LONGEST = 2000  # characters of a question that are read
MARK = re.compile(r"\[[^\[\]]{1,40}\]")  # what stands for personal data that was taken out: "call me at [phone number]"
GUESSES = 12  # misspelt words that are looked up: each takes up to half a millisecond
GUESSED = 0.7  # what a guessed spelling counts, against a word found as written
ASKED = 0.5  # what a word counts that asks for a cost, a time or a place, whatever the service
MEANT = 0.85  # what another name for the same thing counts


@dataclass(frozen=True, slots=True)
class Query:
    """`text` is the cleaned question, `spelt` the same with shorthand and guesses written out, and `read_as` that with
    other names for what it names. `plain` and `vector` encode these two, `meant` has the words of the latter.

    `terms` and `pairs` are (stem, weight) and (two stems, weight). `asked` are the stems of what was said, without those of
    other names; `named` has for those that are part of a name the stems of the other. `unknown` are the words that no
    passage has and that resemble none of theirs, `guessed` those that were taken for another. `encoder` made the vectors.
    """

    text: str
    spelt: str
    read_as: str
    terms: tuple[tuple[str, float], ...]
    pairs: tuple[tuple[str, float], ...]
    vector: Floats | None
    plain: Floats | None = None
    meant: Words | None = None
    asked: tuple[tuple[str, float], ...] = ()
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()
    encoder: Encoder | None = field(default=None, compare=False)


def pairs_of(terms: list[str]) -> list[str]:
    """Each two terms that stand beside each other, as one term."""
    return [f"{a} {b}" for a, b in itertools.pairwise(terms)]


def understand(
    question: str, language: str, lexical: Lexical, spelling: Spelling | None, encoder: Encoder | None
) -> Query:
    """Read `question`; without `spelling`, as it is written."""
    text = clean(MARK.sub(" ", question[:LONGEST]))
    spelt = spelt_out(text, language) if spelling is not None else text
    asked = words(spelt, language)
    sequence, unknown, guessed = list[str](), list[str](), list[str]()
    weighted = dict[str, float]()
    for word in [w for w in asked if w not in STOP[language]] or asked:
        term, weight = stem(word, language), 1.0
        if term not in lexical.vocabulary:
            stands = spelling is None or len(guessed) == GUESSES or _right(word, language, encoder)
            guess = spelling.guess(word) if spelling is not None and not stands else None
            if guess is not None:
                term, weight = stem(guess, language), GUESSED
                guessed.append(word)
                spelt = re.sub(rf"\b{re.escape(word)}\b", guess, spelt, flags=re.IGNORECASE)
            else:
                unknown.append(word)
        if spelling is not None and term in kind.asking(language):
            weight *= ASKED
        weighted[term] = weighted.get(term, 0.0) + weight
        sequence.append(term)
    pairs: dict[str, float] = dict(Counter(pairs_of(sequence)))
    read_as, said, named = spelt, tuple(weighted.items()), dict[str, tuple[str, ...]]()
    if spelling is not None:
        for name, other in also_called(asked, words(spelt, language), language=language).items():
            read_as = f"{read_as} ({other})"
            terms = [stem(w, language) for w in words(other, language) if w not in STOP[language]]
            named |= {stem(word, language): tuple(terms) for word in name.split()}
            for term in terms:
                weighted.setdefault(term, MEANT)
            for pair in pairs_of(terms):
                pairs.setdefault(pair, MEANT)
    vector = plain = meant = None
    if encoder is not None and text:
        (plain, _), (vector, meant) = readings(encoder, [spelt, read_as])
    found = tuple(weighted.items()), tuple(pairs.items())
    return Query(
        text, spelt, read_as, *found, vector, plain, meant, said, named, tuple(unknown), tuple(guessed), encoder
    )


def _right(word: str, language: str, encoder: Encoder | None) -> bool:
    """Whether `word` is known to be a word, though no passage has it."""
    known = word in COMMON[language] or word in _synonyms(language) or place.is_name(word)
    return known or (encoder is not None and encoder.knows(word, language))


def also_called(*readings: list[str], language: str) -> dict[str, str]:
    """Names among the words, each with its other name from synonyms.yml; the longest, and none that is a part of it."""
    names, found = _synonyms(language), dict[str, str]()
    for asked in readings:
        at = 0
        while at < len(asked):
            for length in (4, 3, 2, 1):
                name = " ".join(asked[at : at + length])
                if name in names:
                    found[name] = names[name]
                    at += length - 1
                    break
            at += 1
    return found


@cache
def _synonyms(language: str) -> dict[str, str]:
    listed = reviewed("finding/synonyms").get(language) or {}
    return {" ".join(words(str(name), language)): other for name, other in listed.items()}
