"""A kind is what is asked about a service (its cost, how long it takes, who can get it), and what a heading answers."""

import re
from functools import cache, lru_cache

from knowledge.reviewed import reviewed
from knowledge.text import stem, words

_MEASURES = ("cost", "amount", "time")


@lru_cache(maxsize=4096)
def asked(question: str, language: str) -> frozenset[str]:
    """The kinds of `question`; none where it asks for nothing in particular."""
    text = _plain(question, language)
    for group in _groups(language, "asked"):
        found = frozenset(kind for kind, pattern in group.items() if pattern.search(text))
        if found:
            return found
    return frozenset()


def subject(question: str, language: str) -> str:
    """What is left of `question`, plain, without the words that ask for a kind: "passport" of "how much is the passport"."""
    text = _plain(question, language)
    for pattern in (pattern for group in _groups(language, "asked") for pattern in group.values()):
        text = pattern.sub(" ", text)
    return text


@lru_cache(maxsize=65536)
def headed(heading: str, language: str) -> frozenset[str]:
    """The kinds that a section under `heading` answers."""
    text = _plain(heading, language)
    return frozenset(k for group in _groups(language, "headed") for k, pattern in group.items() if pattern.match(text))


@cache
def asking(language: str) -> frozenset[str]:
    """Stems of the words that ask for a cost, an amount or a time: they tell nothing about which service is meant."""
    kinds = [about for group in reviewed("finding/kinds") for kind, about in group.items() if kind in _MEASURES]
    forms = (form.replace("*", "") for about in kinds for form in about["asked"][language].split(","))
    return frozenset(stem(w[0], language) for form in forms if len(w := words(form, language)) == 1)


@cache
def _groups(language: str, of: str) -> list[dict[str, re.Pattern[str]]]:
    groups = reviewed("finding/kinds")
    return [{kind: _pattern(about[of][language], language) for kind, about in group.items()} for group in groups]


def _pattern(phrases: str, language: str) -> re.Pattern[str]:
    forms = []
    for phrase in phrases.split(","):
        form = re.escape(_plain(phrase.replace("*", " "), language))
        forms.append(form + (r"\w*" if phrase.strip().endswith("*") else r"\b"))
    return re.compile(rf"\b(?:{'|'.join(forms)})")


def _plain(text: str, language: str) -> str:
    return " ".join(words(text, language))
