"""The trained bot without its servers: Rasa's agent in this process, our actions called directly, a knowledge of words."""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk.executor import ActionExecutor

from actions.answer import ActionAnswer
from actions.ask_person import ActionAskPerson
from actions.change_language import ActionChangeLanguage
from actions.not_helpful import ActionNotHelpful
from actions.start_over import ActionStartOver
from knowledge import Answer, Outcome
from tests.actions.told import PASSPORT, found


@dataclass
class Words:
    """A knowledge that finds everything, but what ends with NOTHING or ELSEWHERE, and answers what ends with THERE for
    a place; remembers each question, its place, and what was said before it."""

    places: list[str | None] = field(default_factory=list)
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def ask(self, question: str, *, language: str, place: str | None = None, before: Sequence[str] = ()) -> Answer:
        self.places.append(place)
        self.asked.append((question, tuple(before)))
        if question.split()[-1] == "THERE":
            if place is None:
                return replace(found(PASSPORT, outcome=Outcome.CLARIFY, language=language), asks_place=True)
            return replace(found(PASSPORT, language=language), place=place)
        outcome = {"NOTHING": Outcome.NOT_FOUND, "ELSEWHERE": Outcome.OUT_OF_SCOPE}.get(question.split()[-1])
        return found(outcome=outcome) if outcome else found(PASSPORT, language=language)


class ActionServer:
    """The action server's endpoint, as Rasa calls it, without a server."""

    def __init__(self, knowledge: Words) -> None:
        self.url, self.kwargs = "in this process", {"selective_domain": True}
        self._executor = ActionExecutor()
        others = (ActionAskPerson, ActionChangeLanguage, ActionNotHelpful, ActionStartOver)
        for action in (ActionAnswer(lambda: knowledge), *(other() for other in others)):
            self._executor.register_action(action)

    async def request(self, json: dict[str, Any], **_: Any) -> Any:
        return await self._executor.run(over_the_wire(json))


def over_the_wire(value: Any) -> Any:
    return json.loads(json.dumps(value))


@dataclass
class Bot:
    agent: Any
    knowledge: Words

    async def hear(self, sender: str, text: str, language: str, place: str | None = None) -> list[dict[str, Any]]:
        """What Rasa's REST channel would answer, each message with the name of its response."""
        from rasa.core.channels.channel import CollectingOutputChannel, UserMessage

        said: list[dict[str, Any]] = []

        class Named(CollectingOutputChannel):
            async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
                said.append(message)

        metadata = {"id": "1", "language": language, "place": place}
        await self.agent.handle_message(UserMessage(text, Named(), sender, metadata=metadata))
        return said

    async def understand(self, text: str) -> str:
        """The intent of `text`, as the rules take it."""
        name: str = (await self.agent.parse_message(text))["intent"]["name"]
        return "question" if name == "nlu_fallback" else name


@pytest.fixture(scope="session")
def bot(prepared_home: Path) -> Iterator[Bot]:
    model = prepared_home / "bot" / "bot.tar.gz"
    if not model.exists():
        pytest.skip("the bot is not trained: run `guichet prepare`")
    from rasa.core.agent import Agent
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.WARNING)
    knowledge = Words()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GUICHET_HOME", str(prepared_home))
        yield Bot(Agent.load(str(model), action_endpoint=ActionServer(knowledge)), knowledge)
