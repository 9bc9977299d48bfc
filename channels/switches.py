"""Switches that supervisors throw: a team that takes nobody new, a subject that people answer, a notice to everybody."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from redis.asyncio import Redis

from channels.channel import Incoming, Reply
from channels.conversation import Conversation
from channels.responder import Responder, Turn
from channels.texts import texts
from knowledge import plain

ON = "switches"
NOTICED_SECONDS = 30 * 86_400
Kind = Literal["closed", "to_people", "notice"]


@dataclass(frozen=True, slots=True)
class Switch:
    """`subject` is the team that is closed, or words of the subject that people answer, "" for all; `texts` a notice, by
    language; `ends` when it ends by itself."""

    id: int
    kind: Kind
    subject: str
    texts: Mapping[str, str]
    ends: datetime | None


class Switches:
    """Those that are on, as Redis has them; PostgreSQL remembers them. `clock` gives the time in UTC."""

    def __init__(self, redis: Redis, clock: Callable[[], datetime]) -> None:
        self._redis, self._clock = redis, clock

    async def on(self, kind: Kind) -> list[Switch]:
        kept, now = await self._redis.get(ON), self._clock()
        found = [_switch(*values) for values in json.loads(kept or "[]")]
        return [each for each in found if each.kind == kind and (each.ends is None or each.ends > now)]

    async def set(self, switches: Sequence[Switch]) -> None:
        values = [
            [each.id, each.kind, each.subject, dict(each.texts), each.ends and each.ends.isoformat()]
            for each in switches
        ]
        await self._redis.set(ON, json.dumps(values))

    async def notice(self, key: str, language: str) -> str:
        """What a conversation should be told now and was not told yet, once; "" for nothing."""
        on = await self.on("notice")
        new = [
            each for each in on if await self._redis.set(f"noticed:{each.id}:{key}", "1", nx=True, ex=NOTICED_SECONDS)
        ]
        own = texts(language)["notice"]
        return "\n".join(own.format(text=each.texts.get(language) or each.texts["en"]) for each in new)


class ToPeople:
    """The bot, as long as no switch gives what is asked to people."""

    def __init__(self, bot: Responder, switches: Switches) -> None:
        self._bot, self._switches = bot, switches

    async def begin(self, conversation: Conversation, because: str, said: Incoming, topic: str = "") -> Turn:
        return await self._bot.begin(conversation, because, said, topic)

    async def follow(self, origin: str, conversation: Conversation, address: str) -> None:
        await self._bot.follow(origin, conversation, address)

    async def answer(self, conversation: Conversation, said: Incoming) -> Turn:
        """What is asked goes to people if its words, or the title of what the bot would answer, belong to them."""
        on = await self._switches.on("to_people")
        if any(_about(each, said.text) for each in on):
            return _handed(conversation, "")
        turn = await self._bot.answer(conversation, said)
        titles = [quote.title for reply in turn.replies for quote in reply.quotes]
        for title in titles:
            if any(_about(each, title) for each in on):
                return replace(_handed(conversation, title), language=turn.language, place=turn.place)
        return turn


def _handed(conversation: Conversation, topic: str) -> Turn:
    language = conversation.language
    reply = Reply(texts(language)["to_people"], language=language, sender="channel")
    return Turn((reply,), hand_to="desk", because="switched", topic=topic)


def _about(switch: Switch, text: str) -> bool:
    """Whether all words of one of the subjects, which commas part, are in a text."""
    if not switch.subject:
        return True
    words = f" {plain(text)} "
    return any(subject and f" {subject} " in words for subject in map(plain, switch.subject.split(",")))


def _switch(id: int, kind: Kind, subject: str, texts: Mapping[str, str], ends: str | None) -> Switch:
    return Switch(id, kind, subject, texts, datetime.fromisoformat(ends) if ends else None)
