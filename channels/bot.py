"""The bot as a Responder: Rasa over HTTP; while Rasa is away, a cited answer straight from knowledge."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import aiohttp
import structlog
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from channels.channel import Choice, Incoming, Link, Quote, Reply
from channels.conversation import Conversation
from channels.redact import redact
from channels.responder import Turn
from channels.texts import languages, texts

if TYPE_CHECKING:
    from knowledge import Knowledge

_CITATION = ("title", "section", "url", "publisher", "as_of", "language")
FAILURES_UNTIL_OPEN = 3
OPEN_SECONDS = 5.0
SWITCHES = ("hand_to", "because", "language", "place", "topic")

log = structlog.get_logger()


class NoReply(Exception):
    """Rasa answered with nothing, which is how its REST channel says that an exception was raised."""


class Bot:
    """Asks Rasa; after some failures in a row it is left alone for a few seconds and knowledge answers at once."""

    def __init__(
        self, http: aiohttp.ClientSession, url: str, timeout: float, knowledge: Callable[[], "Knowledge"]
    ) -> None:
        self._http, self._url = http, f"{url.rstrip('/')}/webhooks/rest/webhook"
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._knowledge = knowledge
        self._breakers = AsyncCircuitBreakerFactory(default_threshold=FAILURES_UNTIL_OPEN, default_ttl=OPEN_SECONDS)

    async def begin(self, conversation: Conversation, because: str, said: Incoming, topic: str = "") -> Turn:
        text = texts(conversation.language)["back_with_bot"]
        return Turn((Reply(text=text, language=conversation.language),))

    async def answer(self, conversation: Conversation, said: Incoming) -> Turn:
        question = redact(said.text, conversation.language)
        try:
            async with await self._breakers.get_breaker("bot"):
                messages = await self._ask(conversation, said.id, question)
            return read(messages, conversation.language)  # one odd message says nothing about the next one
        except (OpenedState, NoReply, aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.warning("bot degraded", conversation=conversation.key, why=f"{type(error).__name__}: {error}")
            return await self._degraded(conversation, question)

    async def follow(self, origin: str, conversation: Conversation, address: str) -> None:
        """Rasa knows the dialogue by its thread, which goes on in the other conversation."""

    async def _ask(self, conversation: Conversation, id: str, question: str) -> Any:
        metadata = {"id": id, "language": conversation.language, "place": conversation.place}
        body = {"sender": conversation.thread or conversation.key, "message": question, "metadata": metadata}
        async with self._http.post(self._url, json=body, timeout=self._timeout) as response:
            response.raise_for_status()
            messages = await response.json()
        if not messages:
            raise NoReply("Rasa answered with nothing; its own log has the reason.")
        return messages

    async def _degraded(self, conversation: Conversation, question: str) -> Turn:
        language = conversation.language
        nothing = Reply(text=texts(language)["degraded_not_found"], language=language, degraded=True)
        try:
            answer = await asyncio.to_thread(
                lambda: self._knowledge().ask(question, language=language, place=conversation.place)
            )
        except Exception:
            log.exception("knowledge unavailable", conversation=conversation.key)
            return Turn((nothing,))
        if answer.outcome == "answered":
            lead = texts(language)["degraded_unsure" if answer.unsure else "degraded_answer"]
            return Turn((replace(from_answer(answer.as_dict(), lead), degraded=True),))
        if answer.choices and not answer.asks_place:  # nobody here would understand a place
            return Turn((replace(from_answer(answer.as_dict(), texts(language)["degraded_choices"]), degraded=True),))
        return Turn((nothing,))


def read(messages: Any, language: str) -> Turn:
    """A turn from Rasa's messages; raises ValueError where they are not as agreed (tests/contracts)."""
    try:
        return _read(messages, language)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"Rasa's messages are not as agreed: {type(error).__name__} {error}") from error


def _read(messages: Sequence[dict[str, Any]], language: str) -> Turn:
    replies: list[Reply] = []
    said: dict[str, str] = {}
    for message in messages:
        custom = message.get("custom")
        if custom is None:
            buttons = message.get("buttons") or ()
            choices = tuple(Choice(_words(each["title"]), _words(each["payload"])) for each in buttons)
            if not choices and not message.get("text"):
                raise ValueError(f"Rasa sent a message with neither text nor custom: {sorted(message)}")
            replies.append(Reply(text=_words(message.get("text") or ""), choices=choices, language=language))
        elif "answer" in custom:
            lead = replies.pop() if replies and replies[-1].outcome is None else Reply()
            answer = from_answer(custom["answer"], _words(custom.get("text") or lead.text))
            replies.append(replace(answer, choices=answer.choices + lead.choices))
        elif custom.keys() & SWITCHES:
            said |= {name: _words(custom[name]) for name in SWITCHES if custom.get(name)}
        else:
            raise ValueError(f"Rasa sent a custom message that is not known: {sorted(custom)}")
    if said.get("language", language) not in languages():
        raise ValueError(f"Rasa changed to a language there are no texts in: {said['language'][:20]}")
    if "language" in said:
        replies = [replace(reply, language=said["language"], changes_language=True) for reply in replies]
    if not replies and "hand_to" not in said:
        raise ValueError("Rasa sent nothing that can be shown.")
    return Turn(
        tuple(replies),
        said.get("hand_to"),
        said.get("because", ""),
        said.get("language"),
        said.get("place"),
        said.get("topic", ""),
    )


def _words(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} where there should be words")
    return value


def _quote(source: dict[str, Any]) -> Quote:
    citation = {name: source[name] for name in _CITATION}
    return Quote(text=source["quote"], brief=source.get("brief", ""), **citation)


def from_answer(answer: dict[str, Any], text: str = "") -> Reply:
    """A reply that quotes an answer of knowledge, given as its JSON values: the first source in full, others as links.

    Raises ValueError where something is missing.
    """
    try:
        sources = answer["sources"]
        answered = answer["outcome"] == "answered"
        quoted, further = (sources[:1], sources[1:]) if answered else ((), sources)
        return Reply(
            text=text,
            quotes=tuple(_quote(each) for each in quoted),
            links=tuple(Link(each["title"], each["url"], each["publisher"]) for each in further if each["url"]),
            assumes=any(answer.get(name) for name in ("about", "place", "unsure")),
            choices=tuple(Choice(each, each) for each in answer["choices"]),
            language=answer["language"],
            outcome=answer["outcome"],
            confidence=answer["confidence"],
            snapshot=answer["snapshot"],
            passages=tuple(each["passage"] for each in sources),
            basis=answer.get("basis") or {},
            asks_feedback=answered,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"An answer is not as agreed: {type(error).__name__} {error}") from error
