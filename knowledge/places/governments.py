"""Governments are whose question it is and where to go: what a place is called, and what provinces and cities look after."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from knowledge.reviewed import reviewed
from knowledge.text import plain

MUNICIPALITY = "municipality"
PROVINCE = len("ca-on")
_ARTICLE = re.compile(r"^(?:the |le |la |les |l['’])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Whose:
    """The government that a question belongs to. `names` are what it is called, by language, as part of a sentence;
    `url` is where to go, "" where that is not known. `jurisdiction` is "abroad" for another country's."""

    jurisdiction: str
    names: dict[str, str]
    url: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that provinces or cities look after by nature, such as health cards or garbage."""

    name: str
    of: str
    city_in: str
    pages: dict[str, dict[str, str]]

    def looked_after_by(self, place: str) -> str:
        """The jurisdiction in charge for somebody in `place`: its province's, its own, or a municipality's unnamed."""
        if self.of == "city" or (self.city_in and place.startswith(self.city_in)):
            return place if len(place) > PROVINCE else MUNICIPALITY
        return province(place)


def province(place: str) -> str:
    """The province or territory that a place is in: "ca-qc" of "ca-qc-laval"."""
    return place[:PROVINCE]


def subject(text: str, language: str) -> Subject | None:
    """What `text` is about, of those things that are looked after by provinces or cities; None for all others."""
    words = plain(text)
    return next((about for about, pattern in _subjects(language) if pattern.search(words)), None)


def whose(jurisdiction: str, language: str, about: Subject | None = None) -> Whose:
    """The government of `jurisdiction`, with its page about a subject where that is known."""
    known = _governments()
    if jurisdiction not in known:  # a city that is not listed
        jurisdiction = MUNICIPALITY
    page = about.pages.get(jurisdiction, {}) if about else {}
    addresses = page or known[jurisdiction].get("url", {})
    address = addresses.get(language) or next(iter(addresses.values()), "")
    return Whose(jurisdiction, dict(known[jurisdiction]["government"]), address)


def called(jurisdiction: str, language: str) -> str:
    """What a place is called within a sentence: "the Northwest Territories", « l'Ontario »."""
    unlisted = jurisdiction[PROVINCE + 1 :].replace("-", " ").title()
    return str(_governments().get(jurisdiction, {}).get("place", {}).get(language, unlisted))


def named(jurisdiction: str, language: str) -> str:
    """What a place is called by itself: "Northwest Territories", « Ontario »."""
    return _ARTICLE.sub("", called(jurisdiction, language))


@cache
def _governments() -> dict[str, Any]:
    found: dict[str, Any] = reviewed("places/governments")["governments"]
    return found


@cache
def _subjects(language: str) -> list[tuple[Subject, re.Pattern[str]]]:
    found = []
    for name, about in reviewed("places/governments")["subjects"].items():
        if language in about["asked"]:
            made = Subject(name, about["of"], about.get("city_in", ""), about.get("pages", {}))
            found.append((made, _pattern(about["asked"][language])))
    return found


def _pattern(phrases: str) -> re.Pattern[str]:
    forms = (r"\w* ".join(plain(part) for part in f"{each} ".split("*")).strip() for each in phrases.split(","))
    return re.compile(rf"\b(?:{'|'.join(forms)})\b")
