"""The counter: what agents do, and what it sets in motion: the bot is silenced, what is said goes out, others see it."""

import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from channels import outbox
from channels.channel import Quote, Reply
from channels.desk.case import Case, Outcome, Taken, Unsent
from channels.desk.cases import Cases
from channels.desk.seal import Unreadable
from channels.lanes import Lanes
from channels.marks import claim_key
from channels.texts import texts

log = structlog.get_logger()

BELL = "desk:bell"
PRESENT = "desk:present"
PRESENT_SECONDS = 40  # after the last sign of life of an agent's page
SEEN = "desk:seen"  # when each agent last gave a sign of life
AWAY_SECONDS = 300.0  # after which what an agent has goes back to the queue
PATIENCE_SECONDS = 5.0
CLAIMED = "desk:claimed"  # conversations in which the bot is silenced

# KEYS: conversations, mark. ARGV: conversation, case
_SILENCE = """
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[2])
"""
# the same: only if it is still for that case
_UNSILENCE = """
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return end
redis.call('DEL', KEYS[2])
redis.call('SREM', KEYS[1], ARGV[1])
"""


@dataclass(frozen=True, slots=True)
class Counter:
    """`out` gives the lanes of an outbox by the name of its queue."""

    cases: Cases
    redis: Redis
    out: Callable[[str], Lanes]

    @classmethod
    def made(cls, cases: Cases, redis: Redis, consumer: str) -> Self:
        """With the lanes of that Redis; `consumer` is the name of this process there."""
        return cls(cases, redis, lambda queue: Lanes(redis, queue, consumer))

    async def claim(self, case: int, agent: str) -> Case:
        """Take a case that waits; when this returns, the bot can send its citizen nothing any more. Raises Taken."""
        await self._saw(agent)
        return await self._moved(await self.cases.claim(case, agent))

    async def take_over(self, case: int, agent: str, because: str) -> Case:
        await self._saw(agent)
        return await self._moved(await self.cases.take_over(case, agent, because))

    async def release(self, case: int, agent: str, epoch: int) -> Case:
        return await self._moved(await self.cases.release(case, agent, epoch))

    async def transfer(self, case: int, agent: str, epoch: int, *, team: str | None, to: str | None, note: str) -> Case:
        return await self._moved(await self.cases.transfer(case, agent, epoch, team=team, to=to, note=note))

    async def say(self, case: int, agent: str, epoch: int, message: str, text: str, quotes: Sequence[Quote]) -> Case:
        """Say something to the citizen, once for each `message`. Raises Taken where somebody else has the case now.

        It is kept when this returns, and sent now or, if Redis is away, as soon as it is back.
        """
        held = await self.cases.one(case)
        await self._saw(agent)
        reply = Reply(text, quotes=tuple(quotes), language=held.language, id=message, sender="desk")
        said = await self.cases.say(case, agent, epoch, message, json.dumps(outbox.pack(reply)))
        await self._sent(said)
        await self.announce(case)
        return said

    async def note(self, case: int, agent: str, message: str, text: str) -> None:
        await self.cases.note(case, agent, message, text)
        await self.announce(case)

    async def close(self, case: int, agent: str, epoch: int, outcome: Outcome) -> Case:
        """Hand the citizen back to the bot, with a word that says so."""
        held = await self.cases.one(case)
        language = held.language
        farewell = Reply(texts(language)["back_with_bot"], language=language, id=f"close:{epoch}", sender="channel")
        await self.cases.say(case, agent, epoch, farewell.id, json.dumps(outbox.pack(farewell)))
        closed = await self.cases.close(case, agent, epoch, outcome)
        await self._sent(closed)
        return await self._moved(closed)

    async def mend(self) -> None:
        """Do what a process that was killed, or for which Redis was away, has left undone."""
        for case in await self.cases.unsent():
            try:
                await self.cases.give(case, self._post)
            except Unreadable:  # and the others go out
                log.error("reply cannot be unsealed", case=case)
        conversations: list[Any] = list(await self.redis.smembers(CLAIMED))
        marks: Any = await self.redis.mget([claim_key(each) for each in conversations]) if conversations else []
        claimed = await self.cases.claimed_among(conversations)
        for conversation, mark in zip(conversations, marks, strict=True):
            if conversation not in claimed:
                await self._unsilence(conversation, mark or "")
        await self._give_back()

    async def _give_back(self) -> None:
        """Whoever has gone, their browser closed or their network lost, keeps nobody waiting."""
        for case in await self.cases.all_open():
            if case.state == "claimed" and case.agent:
                seen = await self.redis.zscore(SEEN, case.agent)
                if seen is None:
                    await self._saw(case.agent)
                elif time.time() - float(seen) > AWAY_SECONDS:
                    with suppress(Taken):  # they came back, or somebody was quicker
                        await self._moved(await self.cases.release(case.id, case.agent, case.epoch))

    async def announce(self, case: int) -> None:
        """Ring at every desk that something changed in a case."""
        await self.redis.publish(BELL, json.dumps({"case": case}))

    async def arrive(self, agent: str, page: str) -> None:
        """A sign of life from one of an agent's pages."""
        await self._saw(agent)
        await self.redis.zremrangebyscore(PRESENT, 0, time.time() - PRESENT_SECONDS)
        if await self.redis.zadd(PRESENT, {f"{agent} {page}": time.time()}):
            await self.redis.publish(BELL, json.dumps({"presence": True}))

    async def leave(self, agent: str, page: str) -> None:
        await self.redis.zrem(PRESENT, f"{agent} {page}")
        await self.redis.publish(BELL, json.dumps({"presence": True}))

    async def present(self) -> list[str]:
        """Agents of whom a page is open."""
        found: Any = await self.redis.zrangebyscore(PRESENT, time.time() - PRESENT_SECONDS, "+inf")
        return sorted({str(each).partition(" ")[0] for each in found})

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """What happens at the desk from now on, as it happens."""
        async with self.redis.pubsub() as bell:
            await bell.subscribe(BELL)
            await bell.get_message(timeout=PATIENCE_SECONDS)  # that it listens

            async def rung() -> AsyncIterator[dict[str, Any]]:
                async for message in bell.listen():
                    if message["type"] == "message":
                        yield json.loads(message["data"])

            yield rung()

    async def _saw(self, agent: str) -> None:
        with suppress(RedisError, OSError):
            await self.redis.zadd(SEEN, {agent: time.time()})

    async def _moved(self, case: Case) -> Case:
        """The bot is silent as long as an agent has the case."""
        if case.state == "claimed":
            await self._silence(case)
        else:
            await self._unsilence(case.conversation, str(case.id))
        await self.announce(case.id)
        return case

    async def _silence(self, case: Case) -> None:
        keys = [CLAIMED, claim_key(case.conversation)]
        await self.redis.eval(_SILENCE, 2, *keys, case.conversation, str(case.id))

    async def _unsilence(self, conversation: str, case: str) -> None:
        await self.redis.eval(_UNSILENCE, 2, CLAIMED, claim_key(conversation), conversation, case)

    async def _sent(self, case: Case) -> None:
        """What cannot be sent now is kept, and sent by `mend`."""
        with suppress(RedisError, OSError):
            if case.state == "claimed":
                await self._silence(case)
            await self.cases.give(case.id, self._post)

    async def _post(self, unsent: Unsent) -> None:
        reply = json.loads(unsent.reply)
        follow = outbox.post(unsent.conversation, unsent.address, outbox.unpack(reply))
        await self.out(follow.queue).put(follow.lane, follow.item, once=f"desk:{unsent.conversation}:{unsent.message}")
