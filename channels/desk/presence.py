"""Who is at the desk: agents of whom a page is open, and which case they look at."""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from channels.marks import BELL

PRESENT = "desk:present"  # "<agent> <page>", by its last sign of life
LOOKING = "desk:looking"  # page → case
SEEN = "desk:seen"  # agent, by their last sign of life
PRESENT_SECONDS = 40.0  # after the last sign of life of an agent's page


class Presence:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def stay(self, pages: Sequence[tuple[str, str]]) -> None:
        """A sign of life from many pages at once; those that have given none for long are forgotten."""
        now = time.time()
        lost: Any = await self._redis.zrangebyscore(PRESENT, 0, now - PRESENT_SECONDS)
        new: Any = 0
        if pages:
            await self._redis.zadd(SEEN, {agent: now for agent, _ in pages})
            new = await self._redis.zadd(PRESENT, {f"{agent} {page}": now for agent, page in pages})
        if lost := set(map(str, lost)) - {f"{agent} {page}" for agent, page in pages}:
            await self._redis.zrem(PRESENT, *lost)
            await self._redis.hdel(LOOKING, *(each.partition(" ")[2] for each in lost))
        if new or lost:
            await self._redis.publish(BELL, json.dumps({"presence": True}))

    async def arrive(self, agent: str, page: str) -> None:
        """A sign of life from one of an agent's pages."""
        await self.sign(agent)
        if await self._redis.zadd(PRESENT, {f"{agent} {page}": time.time()}):
            await self._redis.publish(BELL, json.dumps({"presence": True}))

    async def leave(self, agent: str, page: str) -> None:
        await self._redis.zrem(PRESENT, f"{agent} {page}")
        await self._redis.hdel(LOOKING, page)
        await self._redis.publish(BELL, json.dumps({"presence": True}))

    async def present(self) -> list[str]:
        """Agents of whom a page is open."""
        return sorted({agent for agent, _ in await self._pages()})

    async def look(self, page: str, case: int | None) -> None:
        """An agent looks at a case on a page, or at none."""
        if case is None:
            await self._redis.hdel(LOOKING, page)
        else:
            await self._redis.hset(LOOKING, page, str(case))
        await self._redis.publish(BELL, json.dumps({"presence": True}))

    async def looking(self) -> Mapping[int, list[str]]:
        """Which agents look at which case."""
        at: Any = await self._redis.hgetall(LOOKING)
        found: dict[int, set[str]] = {}
        for agent, page in await self._pages():
            if page in at:
                found.setdefault(int(at[page]), set()).add(agent)
        return {case: sorted(agents) for case, agents in found.items()}

    async def sign(self, agent: str) -> None:
        """What an agent does is a sign of life, too."""
        with suppress(RedisError, OSError):
            await self._redis.zadd(SEEN, {agent: time.time()})

    async def away(self, agents: Sequence[str]) -> dict[str, float | None]:
        """For how many seconds agents have given no sign of life; None if they never did."""
        seen: Any = await self._redis.zmscore(SEEN, list(agents)) if agents else []
        now = time.time()
        return {agent: None if at is None else now - float(at) for agent, at in zip(agents, seen, strict=True)}

    async def _pages(self) -> list[tuple[str, str]]:
        found: Any = await self._redis.zrangebyscore(PRESENT, time.time() - PRESENT_SECONDS, "+inf")
        pages = [str(each).partition(" ") for each in found]
        return [(agent, page) for agent, _, page in pages]
