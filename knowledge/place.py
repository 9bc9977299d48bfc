"""A place is a jurisdiction as a code, "ca-on-toronto"; what holds there is its own, and that of those around it."""

import re
from collections.abc import Iterable
from functools import cache

from knowledge.reviewed import reviewed
from knowledge.text import fold

ABROAD = "abroad"


def named(question: str) -> tuple[str, ...]:
    """The provinces, territories and cities that the question names, in its order."""
    found: dict[str, None] = {}
    if not question.isupper():  # in capitals, "BC" is a province; in small letters it is texted for "because"
        found.update((f"ca-{code.lower()[:2]}", None) for code in _CODE.findall(question))
    for name in _names()[0].finditer(_plain(question)):
        found[_names()[1][name.group()]] = None
    return tuple(code for code in found if code != ABROAD)


def abroad(question: str) -> tuple[str, ...]:
    """The other countries that the question names, unless it is also about Canada, or about coming here from there."""
    text = _plain(question)
    if named(question) or _HERE.search(text) or moving(question):
        return ()
    return tuple(n.group() for n in _names()[0].finditer(text) if _names()[1][n.group()] == ABROAD)


def moving(question: str) -> bool:
    """Whether the question is about coming from one place to another, so that both may answer."""
    return bool(_MOVING.search(_plain(question)))


def holds(jurisdiction: str, place: str) -> bool:
    """Whether what `jurisdiction` publishes is for someone in `place`: for ca-on-toronto ca and ca-on do, not ca-qc.

    Someone known to be in a province may live in any of its cities, so a city's services hold for its province too.
    """
    return _within(place, jurisdiction) or _within(jurisdiction, place)


def any_holds(jurisdiction: str, places: Iterable[str]) -> bool:
    return any(holds(jurisdiction, place) for place in places)


def _within(place: str, region: str) -> bool:
    return place == region or place.startswith(region + "-")


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", fold(text)).strip()


_CODE = re.compile(r"\b(?:AB|BC|MB|NB|NL|NS|NT|NU|ON|PEI|PE|QC|SK|YT)\b")
_HERE = re.compile(r"\b(?:canad\w*|here|ici|eta|ave)\b")
_MOVING = re.compile(
    r"\b(?:from|mov(?:e|ed|ing)|exchang\w*|switch\w*|swap\w*|transfer\w*|echang\w*|demenag\w*|arriv\w*)\b"
)


@cache
def _names() -> tuple[re.Pattern[str], dict[str, str]]:
    listed = reviewed("places")
    codes = {_plain(name): code for code, names in listed.items() for name in names.split(",")}
    forms = sorted(codes, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, forms))})\b"), codes
