"""The counter: what agents do, and what it sets in motion: the bot is silenced, what is said goes out, others see it."""

import json
from collections.abc import Callable, Coroutine, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

from redis.asyncio import Redis
from redis.exceptions import RedisError

from channels import outbox
from channels.channel import Choice, Quote, Reply
from channels.desk.case import Case, Outcome, Taken, Unsent
from channels.desk.cases import Cases
from channels.desk.presence import Presence
from channels.desk.queue import Queue
from channels.desk.seal import Seal
from channels.desk.silence import Silence
from channels.desk.teams import Teams
from channels.desk.tray import Tray
from channels.lanes import Lanes
from channels.marks import BELL
from channels.provenance import quoted
from channels.texts import texts

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

RATINGS = {"rate_yes": 3, "rate_partly": 2, "rate_no": 1}


@dataclass(frozen=True, slots=True)
class Counter:
    """`out` gives the lanes of an outbox by the name of its queue."""

    cases: Cases
    queue: Queue
    tray: Tray
    presence: Presence
    silence: Silence
    redis: Redis
    out: Callable[[str], Lanes]

    @classmethod
    def made(cls, engine: "AsyncEngine", seal: Seal, teams: Teams, redis: Redis, out: Callable[[str], Lanes]) -> Self:
        cases, queue, tray = Cases(engine, seal, teams), Queue(engine, seal), Tray(engine, seal)
        return cls(cases, queue, tray, Presence(redis), Silence(redis), redis, out)

    async def claim(self, case: int, agent: str, did: Literal["claimed", "assigned"] = "claimed") -> Case:
        """Take a case that waits; when this returns, the bot can send its citizen nothing any more. Raises Taken."""
        if did == "claimed":
            await self.presence.sign(agent)
        return await self._taken(case, self.cases.claim(case, agent, did))

    async def take_over(self, case: int, agent: str, because: str) -> Case:
        await self.presence.sign(agent)
        return await self._taken(case, self.cases.take_over(case, agent, because))

    async def release(self, case: int, agent: str, epoch: int) -> Case:
        return await self.moved(await self.cases.release(case, agent, epoch))

    async def transfer(self, case: int, agent: str, epoch: int, *, team: str | None, to: str | None, note: str) -> Case:
        return await self.moved(await self.cases.transfer(case, agent, epoch, team=team, to=to, note=note))

    async def reassign(self, case: int, agent: str, *, team: str | None, to: str | None) -> Case:
        reassigned = self.cases.reassign(case, agent, team=team, to=to)
        return await (self._taken(case, reassigned) if to else self.moved(await reassigned))

    async def say(self, case: int, agent: str, epoch: int, message: str, text: str, quotes: Sequence[Quote]) -> Case:
        """Say something to the citizen, once for each `message`. Raises Taken where somebody else has the case now.

        It is kept when this returns, and sent now or, if Redis is away, as soon as it is back.
        """
        held = await self.cases.one(case)
        await self.presence.sign(agent)
        reply = Reply(text, quotes=tuple(quotes), language=held.language, id=message, sender="desk")
        said = await self.cases.say(case, agent, epoch, message, json.dumps(outbox.pack(reply)), quoted(quotes))
        await self.sent(said)
        await self.announce(case)
        return said

    async def resend(self, case: int, agent: str, epoch: int, message: str) -> Case:
        """Say again what did not arrive, under another name. Raises Taken, and KeyError where nothing such was said."""
        lines = {line.message: line for line in await self.cases.lines(case) if line.kind == "agent"}
        again = outbox.unpack(json.loads(lines[message].text))
        first, _, times = message.partition("~")
        named = replace(again, id=f"{first}~{int(times or 1) + 1}")
        packed = json.dumps(outbox.pack(named))
        said = await self.cases.say(case, agent, epoch, named.id, packed, quoted(named.quotes))
        await self.sent(said)
        await self.announce(case)
        return said

    async def note(
        self, case: int, agent: str, message: str, text: str, kind: Literal["note", "whisper"] = "note"
    ) -> None:
        await self.cases.note(case, agent, message, text, kind)
        await self.announce(case)

    async def close(self, case: int, agent: str, epoch: int, outcome: Outcome, tags: Sequence[str] = ()) -> Case:
        """Hand the citizen back to the bot, with a word that says so and asks how it was."""
        held = await self.cases.one(case)
        own = texts(held.language)
        asked = outcome != "spam"
        farewell = Reply(
            " ".join([own["back_with_bot"], *([own["rate_ask"]] if asked else [])]),
            choices=tuple(Choice(own[key], own[key]) for key in (*RATINGS, "offer_transcript")) if asked else (),
            language=held.language,
            id=f"farewell:{epoch + 1}",
            sender="channel",
        )
        packed = json.dumps(outbox.pack(farewell))
        closed = await self.cases.close(case, agent, epoch, outcome, tags, packed)
        await self.sent(closed)
        return await self.moved(closed)

    async def _taken(self, case: int, taking: Coroutine[Any, Any, Case]) -> Case:
        """The bot is silent before an agent has the case: if this process is killed between, it says too little rather than
        too much, and not for long. Raises Redis's errors before anything is changed."""
        with closing(taking):
            before = await self.cases.one(case)
            if before.state == "waiting":
                await self.silence.begin(before.conversation, case, before.epoch + 1)
            try:
                taken = await taking
            except Taken:
                now = await self.cases.one(case)
                if now.state != "claimed":
                    await self.silence.end(now.conversation, case, max(now.epoch, before.epoch + 1))
                raise
        return await self.moved(taken)

    async def moved(self, case: Case) -> Case:
        """The bot is silent as long as an agent has the case."""
        if case.state == "claimed":
            await self.silence.begin(case.conversation, case.id, case.epoch)
        else:
            await self.silence.end(case.conversation, case.id, case.epoch)
        await self.announce(case.id)
        return case

    async def sent(self, case: Case) -> None:
        """What cannot be sent now is kept, and sent later."""
        with suppress(RedisError, OSError):
            if case.state == "claimed":
                await self.silence.begin(case.conversation, case.id, case.epoch)
            await self.tray.give(case.id, self.post)

    async def post(self, unsent: Unsent) -> None:
        reply = json.loads(unsent.reply)
        follow = outbox.post(unsent.conversation, unsent.address, outbox.unpack(reply))
        await self.out(follow.queue).put(follow.lane, follow.item, once=f"desk:{unsent.conversation}:{unsent.message}")

    async def announce(self, case: int) -> None:
        """Ring at every desk that something changed in a case."""
        await self.redis.publish(BELL, json.dumps({"case": case}))
