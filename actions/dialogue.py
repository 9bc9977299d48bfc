"""The dialogue so far, as slots: the last turns in a few words, and the question that waits for a place."""

from dataclasses import dataclass
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from knowledge import Answer
from knowledge.finding.following import LONGEST, turns
from knowledge.places import place

TURNS = 6  # that are remembered, the citizen's and ours


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, as redacted as it came, and the turns before it. `place` is where its answer held, "" for none."""

    question: str
    before: tuple[str, ...] = ()
    place: str = ""


def before(tracker: Tracker) -> tuple[str, ...]:
    """The turns before, "user: …" and "agent: …", oldest first."""
    return tuple(tracker.get_slot("before") or ())


def pending(tracker: Tracker) -> Asked | None:
    """The last question whose answer depends on where the citizen lives."""
    waiting: dict[str, Any] | None = tracker.get_slot("pending")
    return Asked(waiting["question"], tuple(waiting["before"]), waiting["place"]) if waiting else None


def told(asked: Asked, answer: Answer) -> list[EventType]:
    """What is remembered of a question and its answer; of one that was not answered, only that it may wait for a place.

    A question that names a place waits for no other: the one before it may still.
    """
    remembered = SlotSet("before", [*asked.before, *turns(asked.question, answer)][-TURNS:])
    if place.named(asked.question):
        return [remembered]
    if not (answer.asks_place or answer.whose or answer.place):
        return [remembered, SlotSet("pending", None)]
    waiting = {"question": asked.question[:LONGEST], "before": list(asked.before), "place": answer.place}
    return [remembered, SlotSet("pending", waiting)]


def is_said(place: str, where: str | None) -> bool:
    """Whether somebody who is in `where` is known to be in `place`."""
    return where is not None and (where == place or where.startswith(f"{place}-"))
