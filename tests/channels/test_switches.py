"""Switches: what supervisors turn on is in force for everybody who answers, until it ends."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from channels.channel import Incoming, Quote, Reply
from channels.conversation import Conversation
from channels.responder import Turn
from channels.switches import Switch, Switches, ToPeople
from channels.texts import texts

NOW = datetime(2026, 11, 28, 15, tzinfo=UTC)
HERE = Conversation("k" * 32, "web", "fr")
QUOTE = Quote("Published.", "Renew a passport", "Cost", None, "Publisher", None, "en")


@dataclass
class Bot:
    turn: Turn = field(default_factory=lambda: Turn((Reply("x", quotes=(QUOTE,)),), place="ca-on"))
    asked: int = 0

    async def begin(self, *_: object) -> Turn:
        return Turn()

    async def follow(self, *_: object) -> None: ...

    async def answer(self, conversation: Conversation, said: Incoming) -> Turn:
        self.asked += 1
        return self.turn


@pytest.fixture
async def switches(redis: Redis) -> AsyncIterator[Switches]:
    yield Switches(redis, lambda: NOW)
    await redis.delete("switches")


def said(text: str) -> Incoming:
    return Incoming("m1", "web:1", text)


async def test_without_a_switch_the_bot_answers(switches: Switches) -> None:
    bot = Bot()
    assert await ToPeople(bot, switches).answer(HERE, said("passport?")) is bot.turn


@pytest.mark.parametrize(("subject", "text"), [("", "anything"), ("passeport, passport", "Mon passeport?")])
async def test_what_belongs_to_people_does_not_reach_the_bot(switches: Switches, subject: str, text: str) -> None:
    await switches.set([Switch(1, "to_people", subject, {}, None)])
    bot = Bot()
    turn = await ToPeople(bot, switches).answer(HERE, said(text))
    assert (turn.hand_to, turn.because, bot.asked) == ("desk", "switched", 0)
    assert turn.replies[0].text == texts("fr")["to_people"]


async def test_what_the_bot_would_answer_from_such_a_subject_is_not_said(switches: Switches) -> None:
    await switches.set([Switch(1, "to_people", "passport", {}, None)])
    turn = await ToPeople(Bot(), switches).answer(HERE, said("how do I renew it?"))
    assert (turn.hand_to, turn.topic, turn.place) == ("desk", "Renew a passport", "ca-on")
    assert not any(reply.quotes for reply in turn.replies)


async def test_part_of_a_word_is_not_the_subject(switches: Switches) -> None:
    await switches.set([Switch(1, "to_people", "port", {}, None)])
    assert (await ToPeople(Bot(), switches).answer(HERE, said("passport"))).hand_to is None


async def test_a_switch_ends_by_itself(switches: Switches) -> None:
    ended = Switch(1, "to_people", "", {}, NOW - timedelta(seconds=1))
    lasting = Switch(2, "closed", "taxes", {}, NOW + timedelta(hours=1))
    await switches.set([ended, lasting])
    assert await switches.on("to_people") == []
    assert await switches.on("closed") == [lasting]


async def test_a_notice_is_told_once_to_each_conversation_in_its_language(switches: Switches) -> None:
    await switches.set([Switch(datetime.now().microsecond, "notice", "", {"en": "Closed.", "fr": "Fermé."}, None)])
    assert await switches.notice("a" * 32, "fr") == "Important\u00a0: Fermé."
    assert await switches.notice("a" * 32, "fr") == ""
    assert await switches.notice("b" * 32, "en") == "Important: Closed."
