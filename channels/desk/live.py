"""What agents' pages hear as it happens: one ear for each process reads what changed once and tells all who may know."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from channels.desk.access import may_see
from channels.desk.accounts import Agent
from channels.desk.counter import Counter
from channels.desk.shown import shown
from channels.marks import BELL

KEEP_ALIVE_SECONDS = 15.0
PATIENCE_SECONDS = 5.0
GATHER_SECONDS = 0.02  # in which what happens is told together
MOST_BEHIND = 1000  # events that a page may not have read before it is told to begin anew

log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class Follower:
    """A page of an agent. `behind` is set when it does not keep up: it then asks for everything anew."""

    agent: Agent
    page: str
    coming: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(MOST_BEHIND))
    behind: bool = False

    def tell(self, told: str) -> None:
        try:
            self.coming.put_nowait(told)
        except asyncio.QueueFull:
            self.behind = True


class Live:
    """`listen` runs as long as the app does."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._followers: set[Follower] = set()

    async def follow(self, agent: Agent) -> AsyncIterator[str]:
        """Server-sent events for one page. The agent is at the desk as long as one of their pages follows."""
        follower, presence = Follower(agent, secrets.token_hex(4)), self._counter.presence
        self._followers.add(follower)
        try:
            await presence.arrive(agent.id, follower.page)
            yield event("presence", page=follower.page, **await self._presence())
            while not follower.behind:
                try:
                    yield await asyncio.wait_for(follower.coming.get(), KEEP_ALIVE_SECONDS)
                except TimeoutError:
                    await presence.arrive(agent.id, follower.page)
                    yield ":\n\n"
        finally:
            self._followers.discard(follower)
            with suppress(RedisError, OSError):
                await presence.leave(agent.id, follower.page)

    async def listen(self) -> None:
        """Hear what happens at any desk, until cancelled. While Redis is away it is tried again, and pages begin anew."""
        while True:
            try:
                async with self._counter.redis.pubsub() as bell:
                    await bell.subscribe(BELL)
                    await bell.get_message(timeout=PATIENCE_SECONDS)  # that it listens
                    await self._hear(bell)
            except (RedisError, OSError) as error:
                log.warning("desk unavailable", why=type(error).__name__)
            for follower in self._followers:  # what happened meanwhile was not heard
                follower.behind = True
                follower.tell(":\n\n")
            await asyncio.sleep(1)

    async def _hear(self, bell: Any) -> None:
        while True:
            rung = await bell.get_message(ignore_subscribe_messages=True, timeout=KEEP_ALIVE_SECONDS)
            heard = [rung]
            await asyncio.sleep(GATHER_SECONDS)
            while rung and (rung := await bell.get_message(ignore_subscribe_messages=True, timeout=0)):
                heard.append(rung)
            if self._followers:
                try:
                    await self._tell([json.loads(each["data"]) for each in heard if each])
                except SQLAlchemyError as error:  # the pages hear of the next change
                    log.warning("desk unavailable", why=type(error).__name__)

    async def _tell(self, heard: list[dict[str, Any]]) -> None:
        if any("presence" in each for each in heard):
            self._all(event("presence", **await self._presence()))
        if any("switches" in each for each in heard):
            self._all(event("switches"))
        await self._cases(sorted({each["case"] for each in heard if "case" in each}))
        for id in {each["typing"] for each in heard if "typing" in each}:
            self._all(event("typing", id=id))

    async def _cases(self, ids: list[int]) -> None:
        if not ids:
            return
        last = await self._counter.queue.last_lines(ids)
        for case in await self._counter.queue.some(ids):
            told = event("case", case=shown(case) | {"last": last.get(case.id)})
            gone = event("gone", id=case.id)
            for follower in self._followers:
                follower.tell(told if may_see(follower.agent, case) else gone)

    def _all(self, told: str) -> None:
        for follower in self._followers:
            follower.tell(told)

    async def _presence(self) -> dict[str, Any]:
        presence = self._counter.presence
        looking = {str(case): agents for case, agents in (await presence.looking()).items()}
        return {"present": await presence.present(), "looking": looking}


def event(kind: str, **data: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n"
