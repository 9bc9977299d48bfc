"""Who is at the desk: agents of whom a page is open, and which case they look at."""

import json
import time
from collections.abc import Mapping
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

    async def arrive(self, agent: str, page: str) -> None:
        """A sign of life from one of an agent's pages."""
        await self.sign(agent)
        await self._redis.zremrangebyscore(PRESENT, 0, time.time() - PRESENT_SECONDS)
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

    async def away(self, agent: str) -> float | None:
        """For how many seconds an agent has given no sign of life; None if they never did."""
        seen = await self._redis.zscore(SEEN, agent)
        return None if seen is None else time.time() - float(seen)

    async def _pages(self) -> list[tuple[str, str]]:
        found: Any = await self._redis.zrangebyscore(PRESENT, time.time() - PRESENT_SECONDS, "+inf")
        pages = [str(each).partition(" ") for each in found]
        return [(agent, page) for agent, _, page in pages]
