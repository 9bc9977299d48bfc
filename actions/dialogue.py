"""The dialogue so far, as slots: the last turns in a few words, and the question that waits for a place."""

from dataclasses import dataclass
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from knowledge import Answer
from knowledge.following import LONGEST, turns

TURNS = 6  # that are remembered, the citizen's and ours


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, as redacted as it came, and the turns before it."""

    question: str
    before: tuple[str, ...] = ()


def before(tracker: Tracker) -> tuple[str, ...]:
    """The turns before, "user: …" and "agent: …", oldest first."""
    return tuple(tracker.get_slot("before") or ())


def pending(tracker: Tracker) -> Asked | None:
    """The last question whose answer depends on where the citizen lives, while that is not certain."""
    waiting: dict[str, Any] | None = tracker.get_slot("pending")
    return Asked(waiting["question"], tuple(waiting["before"])) if waiting else None


def told(asked: Asked, answer: Answer, place: str | None) -> list[EventType]:
    """What is remembered of a question and its answer; of one that was not answered, only that it may wait for a place."""
    said = [*asked.before, *turns(asked.question, answer)]
    waits = answer.asks_place or bool(answer.whose) or (bool(answer.place) and not is_said(answer.place, place))
    question = {"question": asked.question[:LONGEST], "before": list(asked.before)} if waits else None
    return [SlotSet("before", said[-TURNS:]), SlotSet("pending", question)]


def is_said(place: str, where: str | None) -> bool:
    """Whether somebody who is in `where` is known to be in `place`."""
    return where is not None and (where == place or where.startswith(f"{place}-"))
