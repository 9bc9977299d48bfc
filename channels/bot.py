"""The bot as a Responder: Rasa over HTTP; while Rasa is away, a cited answer straight from knowledge."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from channels.channel import Choice, Incoming, Link, Quote, Reply
from channels.conversation import Conversation
from channels.redact import redact
from channels.responder import Turn
from channels.texts import texts
from knowledge import Knowledge

_CITATION = ("title", "section", "url", "publisher", "as_of", "language")
FAILURES_UNTIL_OPEN = 3
OPEN_SECONDS = 5.0

log = structlog.get_logger()


class NoReply(Exception):
    """Rasa answered with nothing, which is how its REST channel says that an exception was raised."""


class Bot:
    """Asks Rasa; after some failures in a row it is left alone for a few seconds and knowledge answers at once."""

    def __init__(
        self, http: aiohttp.ClientSession, url: str, timeout: float, knowledge: Callable[[], Knowledge]
    ) -> None:
        self._http, self._url = http, f"{url.rstrip('/')}/webhooks/rest/webhook"
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._knowledge = knowledge
        self._breakers = AsyncCircuitBreakerFactory(default_threshold=FAILURES_UNTIL_OPEN, default_ttl=OPEN_SECONDS)

    async def begin(self, conversation: Conversation, because: str) -> Turn:
        text = texts(conversation.language)["back_with_bot"]
        return Turn((Reply(text=text, language=conversation.language),))

    async def answer(self, conversation: Conversation, said: Incoming) -> Turn:
        question = redact(said.text, conversation.language)
        try:
            async with await self._breakers.get_breaker("bot"):
                return read(await self._ask(conversation, said.id, question), conversation.language)
        except (OpenedState, NoReply, aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.warning("bot degraded", conversation=conversation.key, why=f"{type(error).__name__}: {error}")
            return await self._degraded(conversation, question)

    async def _ask(self, conversation: Conversation, id: str, question: str) -> list[dict[str, Any]]:
        metadata = {"id": id, "language": conversation.language, "place": conversation.place}
        body = {"sender": conversation.key, "message": question, "metadata": metadata}
        async with self._http.post(self._url, json=body, timeout=self._timeout) as response:
            response.raise_for_status()
            messages = await response.json()
        if not messages:
            raise NoReply("Rasa answered with nothing; its own log has the reason.")
        return list(messages)

    async def _degraded(self, conversation: Conversation, question: str) -> Turn:
        language = conversation.language
        try:
            answer = await asyncio.to_thread(
                lambda: self._knowledge().ask(question, language=language, place=conversation.place)
            )
        except Exception:
            log.exception("knowledge unavailable", conversation=conversation.key)
            return Turn((Reply(text=texts(language)["degraded_not_found"], language=language),))
        if answer.outcome != "answered":
            return Turn((Reply(text=texts(language)["degraded_not_found"], language=language),))
        return Turn((from_answer(answer.as_dict(), texts(language)["degraded_answer"]),))


def read(messages: list[dict[str, Any]], language: str) -> Turn:
    """A turn from Rasa's messages; raises ValueError where they are not as agreed (tests/contracts)."""
    replies: list[Reply] = []
    lead = ""
    said: dict[str, Any] = {}
    for message in messages:
        custom = message.get("custom")
        if custom is None:
            choices = tuple(Choice(each["title"], each["payload"]) for each in message.get("buttons") or ())
            if not choices and not message.get("text"):
                raise ValueError(f"Rasa sent a message with neither text nor custom: {sorted(message)}")
            replies.append(Reply(text=message.get("text", ""), choices=choices, language=language))
        elif "answer" in custom:
            if replies and not replies[-1].quotes:
                lead = replies.pop().text
            replies.append(from_answer(custom["answer"], custom.get("text") or lead))
            lead = ""
        elif custom.keys() & {"hand_to", "language", "place"}:
            said |= custom
        else:
            raise ValueError(f"Rasa sent a custom message that is not known: {sorted(custom)}")
    if said.get("language"):
        replies = [replace(reply, language=said["language"], changes_language=True) for reply in replies]
    return Turn(tuple(replies), said.get("hand_to"), said.get("because", ""), said.get("language"), said.get("place"))


def from_answer(answer: dict[str, Any], text: str = "") -> Reply:
    """A reply that quotes an answer of knowledge, given as its JSON values: the first source in full, others as links."""
    try:
        sources = answer["sources"]
        answered = answer["outcome"] == "answered"
        quoted, further = (sources[:1], sources[1:]) if answered else ((), sources)
        return Reply(
            text=text,
            quotes=tuple(Quote(text=each["quote"], **{name: each[name] for name in _CITATION}) for each in quoted),
            links=tuple(Link(each["title"], each["url"], each["publisher"]) for each in further if each["url"]),
            choices=tuple(Choice(each, each) for each in answer["choices"]),
            language=answer["language"],
            outcome=answer["outcome"],
            confidence=answer["confidence"],
            snapshot=answer["snapshot"],
            passages=tuple(each["passage"] for each in sources),
            asks_feedback=answered,
        )
    except KeyError as error:
        raise ValueError(f"An answer without {error}") from error


def opener(home: Path) -> Callable[[], Knowledge]:
    """Opens the knowledge when it is first asked for: a worker whose bot is well never loads it."""
    opened: list[Knowledge] = []

    def knowledge() -> Knowledge:
        if not opened:
            opened.append(Knowledge.open(home))
        return opened[0]

    return knowledge
