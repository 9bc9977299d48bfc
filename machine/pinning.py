"""Pins, as they hold now: listed with what keeps them from being used, and checked against questions that people ask."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from channels.settings import Settings
from knowledge import Encoder, Knowledge
from knowledge.rules.pinned import Pinned
from knowledge.rules.pins import Pin, wording
from machine.deciding import pins
from machine.home import CannotStart

QUESTIONS = Path(__file__).parent.parent / "benchmarks" / "questions"


@dataclass(frozen=True, slots=True)
class Listed:
    """A pin, and why it is not used, "" where it is."""

    pin: Pin
    idle: str

    def as_dict(self) -> dict[str, Any]:
        pin = self.pin
        told = {"name": pin.name, "questions": dict(pin.questions), "passages": dict(pin.passages), "by": pin.by}
        return told | {"reviewed": str(pin.reviewed), "expires": str(pin.expires), "idle": self.idle}


@dataclass(frozen=True, slots=True)
class Checked:
    """`missed` are its questions that it does not answer; `captured` others that it answers, with how near they came, which
    may be right or wrong; `asked` is of how many others."""

    name: str
    idle: str
    missed: list[str]
    captured: list[tuple[str, float]]
    asked: int

    @property
    def well(self) -> bool:
        return not self.idle and not self.missed

    def as_dict(self) -> dict[str, Any]:
        told = {"name": self.name, "idle": self.idle, "missed": self.missed, "captured": self.captured}
        return told | {"asked": self.asked, "well": self.well}


def listed(settings: Settings) -> list[Listed]:
    """Raises CannotStart, NoSnapshot."""
    some = pins(settings)
    idle = _pinned(Knowledge.open(settings.home), some, None).idle if some else {}
    return [Listed(pin, idle.get(pin.name, "")) for pin in some]


def check(settings: Settings, name: str | None, questions: Path) -> list[Checked]:
    """Ask all questions of one pin or of all, as citizens would, and the other questions of a folder. Raises CannotStart,
    NoSnapshot."""
    some = pins(settings)
    chosen = [pin for pin in some if name in (None, pin.name)]
    if name is not None and not chosen:
        raise CannotStart(f"There is no pin {name!r}. Pins are {', '.join(each.name for each in some) or 'none'}.")
    knowledge = Knowledge.open(settings.home)
    encoder = knowledge.encoder_of(knowledge.snapshot)
    pinned = _pinned(knowledge, some, encoder)
    others = _questions(questions)
    captured: dict[str, list[tuple[str, float]]] = {pin.name: [] for pin in some}
    own = {(language, wording(q, language)) for pin in some for language, asked in pin.questions.items() for q in asked}
    for language, question in others:
        if (language, wording(question, language)) in own:
            continue
        if found := pinned.recognise(question, language, encoder):
            captured[found.pin.name].append((question, round(found.nearness, 3)))
    checked = []
    for pin in chosen:
        asked = [(language, question) for language, some in pin.questions.items() for question in some]
        basis = [(q, knowledge.ask(q, language=language).basis.get("pin") or {}) for language, q in asked]
        missed = [question for question, by in basis if by.get("name") != pin.name]
        near = sorted(captured[pin.name], key=lambda each: -each[1])
        checked.append(Checked(pin.name, pinned.idle.get(pin.name, ""), missed, near, len(others)))
    return checked


def _pinned(knowledge: Knowledge, some: tuple[Pin, ...], encoder: Encoder | None) -> Pinned:
    """Without an encoder it is known which of them hold, and nothing is recognised by what it means."""
    snapshot = knowledge.snapshot
    return Pinned(some, snapshot, knowledge.rules.veil(snapshot), encoder, datetime.now(UTC).date())


def _questions(folder: Path) -> list[tuple[str, str]]:
    """(language, question) of a folder's files of questions, a JSON object with `language` and `text` a line."""
    lines = [line for file in sorted(folder.glob("*.jsonl")) for line in file.read_text().splitlines() if line.strip()]
    asked = [json.loads(line) for line in lines]
    return [(each["language"], each["text"]) for each in asked if "language" in each and "text" in each]
