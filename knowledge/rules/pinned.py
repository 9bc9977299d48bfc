"""What is pinned now: the pins that hold, ready to be recognised in a question by its words, or by what it means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from knowledge.answer import Answer, Outcome
from knowledge.answering.ladder import quoted
from knowledge.arrays import Floats
from knowledge.encoder import Encoder, meaning
from knowledge.publishing.snapshot import Snapshot
from knowledge.rules.pins import Pin, ailment, number, wording
from knowledge.rules.veil import Veil
from knowledge.text import clean, spelt_out

# docs/guides/publisher.md says how it was chosen
MEANT = 0.93  # cosine from which a question means the same as a pinned one


@dataclass(frozen=True, slots=True)
class Recognised:
    """A pin, and how near the question came to it: 1 where the words are the same."""

    pin: Pin
    nearness: float


class Pinned:
    """The pins that hold on a day; `idle` has for the others why they are not used."""

    def __init__(
        self, pins: Sequence[Pin], snapshot: Snapshot, veil: Veil | None, encoder: Encoder | None, today: date
    ) -> None:
        self.day, self.idle = today, dict[str, str]()
        held: list[Pin] = []
        for pin in pins:
            covered = [p for some in pin.passages.values() for p in some if veil is not None and veil.covers(p)]
            if why := f"{covered[0]} is withdrawn." if covered else ailment(pin, snapshot, today):
                self.idle[pin.name] = why
            else:
                held.append(pin)
        self._worded: dict[tuple[str, str], Pin] = {}
        self._meant: dict[str, tuple[list[Pin], Floats]] = {}
        for language in {language for pin in held for language in pin.questions}:
            asked = [(question, pin) for pin in held for question in pin.questions[language]]
            self._worded |= {(language, wording(question, language)): pin for question, pin in asked}
            if encoder is not None:
                vectors = encoder.encode([_read(question, language) for question, _ in asked])
                self._meant[language] = ([pin for _, pin in asked], vectors)

    def recognise(self, question: str, language: str, encoder: Encoder | None) -> Recognised | None:
        """The pin that stands above a question."""
        if pin := self._worded.get((language, wording(question, language))):
            return Recognised(pin, 1.0)
        if encoder is None or language not in self._meant:
            return None
        pins, vectors = self._meant[language]
        nearness = vectors @ meaning(encoder, _read(question, language))
        best = int(np.argmax(nearness))
        return Recognised(pins[best], float(nearness[best])) if nearness[best] >= MEANT else None


def pinned_answer(
    question: str, language: str, passages: Sequence[str], snapshot: Snapshot, encoder: Encoder | None
) -> Answer:
    """The quotes of pinned passages. Raises KeyError where one is not published."""
    index, shelf = snapshot.indexes[language], snapshot.shelves[language]
    query = index.understand(question, encoder)
    numbers = [number(snapshot, language, passage) for passage in passages]
    if missing := [passage for passage, found in zip(passages, numbers, strict=True) if found is None]:
        raise KeyError(missing[0])
    sources = tuple(quoted(found, query, index, shelf) for found in numbers if found is not None)
    return Answer(Outcome.ANSWERED, 1.0, language, sources, (), snapshot.name)


def recorded(found: Recognised) -> Mapping[str, Any]:
    """What is told of a pin with the answer that it gave."""
    pin = found.pin
    about = {"name": pin.name, "by": pin.by, "reviewed": str(pin.reviewed), "expires": str(pin.expires)}
    return about | {"nearness": round(found.nearness, 4), "passages": {k: list(v) for k, v in pin.passages.items()}}


def _read(question: str, language: str) -> str:
    return spelt_out(clean(question), language)
