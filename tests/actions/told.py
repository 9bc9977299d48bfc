"""What an action is given and what came of it: a tracker, a knowledge of ten lines, the messages and the slots."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from knowledge import Answer, Outcome, Source

PASSPORT = Source(
    title="Renew an adult passport",
    url="https://www.canada.ca/en/passport",
    section="Cost",
    quote="A 10-year passport costs what it costs.",
    publisher="Immigration, Refugees and Citizenship Canada",
    as_of="2026-03-31",
    language="en",
    jurisdiction="ca",
    contact="1-800-000-0000",
    passage="content/en/passport-renewal#3",
)


@dataclass
class Shelf:
    """A knowledge that gives the same answer to everything, and remembers what it was asked."""

    answer: Answer
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    before: list[tuple[str, ...]] = field(default_factory=list)

    def ask(self, question: str, *, language: str, place: str | None = None, before: Sequence[str] = ()) -> Answer:
        self.asked.append((question, language, place))
        self.before.append(tuple(before))
        return self.answer


def found(*sources: Source, outcome: Outcome = Outcome.ANSWERED, language: str = "en") -> Answer:
    return Answer(outcome, 0.9, language, sources, ("How long does it take?",), "s1")


@dataclass(frozen=True)
class Told:
    """`responses` are the names of the reviewed responses, `customs` the structured messages, in their order."""

    messages: list[dict[str, Any]]
    events: list[dict[str, Any]]

    @property
    def responses(self) -> list[str]:
        return [message["response"] for message in self.messages if message["response"]]

    @property
    def customs(self) -> list[dict[str, Any]]:
        return [message["custom"] for message in self.messages if message["custom"]]

    @property
    def slots(self) -> dict[str, Any]:
        return {event["name"]: event["value"] for event in self.events if event["event"] == "slot"}

    @property
    def next(self) -> str | None:
        return next((event["name"] for event in self.events if event["event"] == "followup"), None)


async def run(action: Action, text: str = "", entities: list[dict[str, Any]] | None = None, **slots: Any) -> Told:
    """What `action` does after the citizen wrote `text`."""
    before = {"language": "en", "place": None, "sources": None, "offered": "nothing", "unhelpful": 0} | slots
    message = {"text": text, "entities": entities or [], "intent": {"name": "question"}}
    tracker = Tracker("a", before, message, [], False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    events = await action.run(dispatcher, tracker, {})
    return Told(dispatcher.messages, list(events))


def opener(knowledge: Shelf) -> Callable[[], Shelf]:
    return lambda: knowledge
