"""A pin puts a reviewed choice of published passages above a question, in every language, until it expires."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from knowledge.publishing.snapshot import Snapshot
from knowledge.text import LANGUAGES, clean, spelt_out, words

FILE = "pins.yml"
HEAD = """\
# Reviewed answers that stand above a question: which published passages are quoted, in each language, the first one in
# full. guichet pin add|list|check|remove writes and checks this file; running processes follow it at the next question.
"""
MOST_PASSAGES = 3
KEYS = {"questions", "passages", "by", "reviewed", "expires"}


class PinsUnfit(Exception):
    """What is wrong with the pins, and where."""


@dataclass(frozen=True, slots=True)
class Pin:
    """`questions` and `passages` are by language; `expires` is the last day on which it holds."""

    name: str
    questions: Mapping[str, tuple[str, ...]]
    passages: Mapping[str, tuple[str, ...]]
    by: str
    reviewed: date
    expires: date


def read(home: Path) -> tuple[Pin, ...]:
    """All pins of a home, in the order of the file; none where there is no file. Raises PinsUnfit."""
    path = home / "knowledge" / FILE
    try:
        given = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PinsUnfit(f"{path} cannot be read: {error}") from error
    if given is None:
        return ()
    if not isinstance(given, dict):
        raise PinsUnfit(f"{path} must have the name of a pin in each entry, and what it is under it.")
    return tuple(_pin(str(name), about) for name, about in given.items())


def write(home: Path, pins: Sequence[Pin]) -> None:
    """Replace all pins; readers see the ones from before or the new ones, and nothing in between."""
    path = home / "knowledge" / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{FILE}-{os.getpid()}")
    values = {pin.name: _values(pin) for pin in pins}
    with new.open("w") as file:
        file.write(HEAD + (yaml.safe_dump(values, allow_unicode=True, sort_keys=False, width=120) if values else ""))
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def wording(question: str, language: str) -> str:
    """The words of a question, by which it is known again: whatever their case, accents, marks and shorthand."""
    return " ".join(words(spelt_out(clean(question), language), language))


def ailment(pin: Pin, snapshot: Snapshot, today: date) -> str | None:
    """Why a pin is not used, as a sentence; None where it is."""
    if today > pin.expires:
        return f"It expired on {pin.expires}."
    for language, passages in pin.passages.items():
        for passage in passages:
            if number(snapshot, language, passage) is None:
                return f"{passage} is not published in {language} any more."
    return None


def number(snapshot: Snapshot, language: str, passage: str) -> int | None:
    """The number of the passage of that id in one language; None where it is not published."""
    shelf = snapshot.shelves.get(language)
    if shelf is None:
        return None
    return next((number for number in shelf.having(passage) if shelf.passage(number).id == passage), None)


def text_of(snapshot: Snapshot, passage: str) -> str | None:
    """The words of the passage of that id, whatever its language; None where it is not published."""
    for language, shelf in snapshot.shelves.items():
        if (found := number(snapshot, language, passage)) is not None:
            return shelf.passage(found).text
    return None


def checked(pin: Pin) -> Pin:
    """The pin as it will be read. Raises PinsUnfit."""
    return _pin(pin.name, _values(pin))


def _pin(name: str, about: Any) -> Pin:
    """Raises PinsUnfit."""
    try:
        if not isinstance(about, dict) or about.keys() != KEYS:
            raise ValueError(f"must say {', '.join(sorted(KEYS))}, and nothing else.")
        questions, passages = (_by_language(about[part], part) for part in ("questions", "passages"))
        for language in LANGUAGES:
            if not all(wording(question, language) for question in questions[language]):
                raise ValueError(f"has a question without words in {language}.")
            if len(passages[language]) > MOST_PASSAGES:
                raise ValueError(f"quotes more than {MOST_PASSAGES} passages in {language}.")
        by, reviewed, expires = about["by"], about["reviewed"], about["expires"]
        if not isinstance(by, str) or not by.strip():
            raise ValueError("does not say by whom it was reviewed.")
        if type(reviewed) is not date or type(expires) is not date:
            raise ValueError("needs the days on which it was reviewed and on which it expires, as 2026-03-31.")
        if expires < reviewed:
            raise ValueError("expires before it was reviewed.")
    except ValueError as why:
        raise PinsUnfit(f"The pin {name!r} in {FILE} {why}") from None
    return Pin(name, questions, passages, by, reviewed, expires)


def _by_language(given: Any, part: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(given, dict) or given.keys() - set(LANGUAGES):
        raise ValueError(f"must have its {part} under {', '.join(LANGUAGES)}.")
    for language in LANGUAGES:
        some = given.get(language)
        if not isinstance(some, list) or not some or not all(isinstance(each, str) and each.strip() for each in some):
            raise ValueError(f"has no {part} in {language}: it must hold in every language.")
    return {language: tuple(given[language]) for language in LANGUAGES}


def _values(pin: Pin) -> dict[str, Any]:
    return {
        "questions": {language: list(some) for language, some in pin.questions.items()},
        "passages": {language: list(some) for language, some in pin.passages.items()},
        "by": pin.by,
        "reviewed": pin.reviewed,
        "expires": pin.expires,
    }
