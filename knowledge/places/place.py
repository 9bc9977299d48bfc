"""A place is a jurisdiction as a code, "ca-on-toronto"; what holds there is its own, and that of those around it."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from knowledge.places import gazetteer
from knowledge.places.gazetteer import ABROAD
from knowledge.reviewed import reviewed
from knowledge.text import plain

LONGEST = 5  # words of a name


def named(question: str) -> tuple[str, ...]:
    """The provinces, territories and cities that the question names, in its order."""
    found: dict[str, None] = {}
    if not question.isupper():  # in capitals, "BC" is a province; in small letters it is texted for "because"
        found.update((f"ca-{code.lower()[:2]}", None) for code in _CODE.findall(question))
    found.update((code, None) for _, code in _places(question) if code != ABROAD)
    return tuple(found)


def abroad(question: str) -> tuple[str, ...]:
    """The other countries and their cities that the question names as where something is to be had; none where it is
    also about Canada, about coming here or going there, or about where somebody is from."""
    text = plain(question)
    if named(question) or _HERE.search(text) or moving(question):
        return ()
    return tuple(name for name, code in _places(question) if code == ABROAD)


def agency(question: str, language: str) -> str | None:
    """Whose office, programme or card the question names by a name of its own; ABROAD for another country's."""
    text, agencies = f" {plain(question)} ", _agencies(language)
    return next((code for name, code in agencies.items() if f" {name} " in text), None)


def moving(question: str) -> bool:
    """Whether the question is about coming from one place to another, so that both may answer."""
    return bool(_MOVING.search(plain(question)))


def canadian() -> dict[str, str]:
    """Code by name, plain, of the provinces, territories and cities of Canada."""
    return {name: code for name, code in _codes().items() if code.startswith("ca-")}


def is_name(word: str) -> bool:
    """Whether a folded word is of the name of a place, and so is not misspelt."""
    return word in _words()


def holds(jurisdiction: str, place: str) -> bool:
    """Whether what `jurisdiction` publishes is for someone in `place`: for ca-on-toronto ca and ca-on do, not ca-qc.

    Someone known to be in a province may live in any of its cities, so a city's services hold for its province too.
    """
    return _within(place, jurisdiction) or _within(jurisdiction, place)


def belongs(jurisdiction: str, to: str) -> bool:
    """Whether what `jurisdiction` publishes is that government's own, or of a municipality of it."""
    return _within(jurisdiction, to)


def any_holds(jurisdiction: str, places: Iterable[str]) -> bool:
    return any(holds(jurisdiction, place) for place in places)


def _within(place: str, region: str) -> bool:
    return place == region or place.startswith(region + "-")


_CODE = re.compile(r"\b(?:AB|BC|MB|NB|NL|NS|NT|NU|ON|PEI|PE|QC|SK|YT)\b")
_HERE = re.compile(
    r"\b(?:canad\w*|here|ici|eta|ave"
    # going there
    r"|travel\w*|trip|visit(?:ing|s)?|fly\w*|flight|vacation|go(?:ing)? to|drive to|enter\w*|let me in|stuck"
    r"|voyag\w*|vacances|aller|partir|pars|entrer|entree|coincee?"
    # being, having been or having somebody there
    r"|citizens?|nationals?|born|wife|husband|spouse|parents?|mother|father|mom|dad|sister|brother|cousin|aunt|uncle"
    r"|worked|lives?|living|lived|serv(?:ed|ing)|divorced|married in|immigrat\w*|i am an?|i m an?"
    r"|citoy\w*|ressortissant\w*|nee?s?|mari|femme|epoux|epouse|conjointe?|mere|pere|soeur|frere|cousine?|tante|oncle"
    r"|travaille|vecu|vivais|vit|habite|servi|divorcee?|marie en|mariee en|immigr\w*|je suis|sui)\b"
)
_MOVING = re.compile(
    r"\b(?:from|mov(?:e|ed|ing)|exchang\w*|switch\w*|swap\w*|transfer\w*|echang\w*|demenag\w*|arriv\w*|viens|vient)\b"
)


def _places(question: str) -> Iterator[tuple[str, str]]:
    """The names in the question with their codes, the longest name first where several begin with the same word."""
    words, codes, at = plain(question).split(), _codes(), 0
    while at < len(words):
        for length in range(min(LONGEST, len(words) - at), 0, -1):
            name = " ".join(words[at : at + length])
            if name in codes:
                yield name, codes[name]
                at += length - 1
                break
        at += 1


@cache
def _codes() -> dict[str, str]:
    """Code by name: what people reviewed goes before the gazetteer."""
    listed = reviewed("places/places")
    return gazetteer.codes() | {plain(name): code for code, names in listed.items() for name in names.split(",")}


@cache
def _agencies(language: str) -> dict[str, str]:
    listed = reviewed("places/agencies").get(language, {})
    return {plain(name): code for code, names in listed.items() for name in names.split(",")}


@cache
def _words() -> frozenset[str]:
    return frozenset(word for name in _codes() for word in name.split())
