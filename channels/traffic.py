"""Traffic: when a channel last brought and took a message, and how much of what it was given it could not deliver."""

import time
from dataclasses import dataclass

from redis.asyncio import Redis

from channels.channel import Status

HOURS = 24
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Counts:
    """Of the last day; times are Unix seconds, None for never."""

    brought: int
    taken: int
    failed: int
    last_in: float | None
    last_out: float | None


class Traffic:
    """Counted by the hour in Redis, and forgotten after a day."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def brought(self, address: str) -> None:
        await self._count(address, "brought", "last_in")

    async def taken(self, address: str) -> None:
        await self._count(address, "taken", "last_out")

    async def failed(self, address: str) -> None:
        await self._count(address, "failed")

    async def told(self, status: Status) -> None:
        if status.state == "failed":
            await self.failed(status.address)

    async def of(self, channel: str) -> Counts:
        now = int(time.time()) // _HOUR
        async with self._redis.pipeline(transaction=False) as pipe:
            for hour in range(now - HOURS + 1, now + 1):
                pipe.hgetall(f"traffic:{channel}:{hour}")
            pipe.hgetall(f"traffic:{channel}:last")
            *hours, last = await pipe.execute()
        total = {name: sum(int(hour.get(name, 0)) for hour in hours) for name in ("brought", "taken", "failed")}
        last_in, last_out = (float(last[name]) if name in last else None for name in ("last_in", "last_out"))
        return Counts(**total, last_in=last_in, last_out=last_out)

    async def _count(self, address: str, what: str, when: str = "") -> None:
        channel, now = address.partition(":")[0], time.time()
        hour = f"traffic:{channel}:{int(now) // _HOUR}"
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hincrby(hour, what, 1)
            pipe.expire(hour, (HOURS + 1) * _HOUR)
            if when:
                pipe.hset(f"traffic:{channel}:last", when, str(now))
            await pipe.execute()
