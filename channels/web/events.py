"""What a web conversation has heard and said, as a stream that a browser follows and takes up again where it left off."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from channels.worker import stop_if_cancelled

KEEP_ALIVE_SECONDS = 15.0
AT_ONCE = 200
BELL = "web:bell"

_TELL = """
if redis.call('SADD', KEYS[2], ARGV[1]) == 0 then return '' end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', 5000, '*', 'event', ARGV[2], 'data', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[4])
redis.call('PUBLISH', ARGV[5], ARGV[6])
return id
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Event:
    """`id` orders the events of a conversation; `kind` is "said", "reply" or "language"."""

    id: str
    kind: str
    data: dict[str, Any]


class Events:
    """The event streams of all web conversations; they expire after `keep_seconds` without an event."""

    def __init__(self, redis: Redis, keep_seconds: int) -> None:
        self._redis, self._keep = redis, keep_seconds
        self._tell = redis.register_script(_TELL)
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)

    async def tell(self, address: str, kind: str, once: str, data: dict[str, Any]) -> None:
        """Append an event, unless the one named `once` is there already; whoever follows is woken."""
        await self._tell(
            keys=[f"web:events:{address}", f"web:told:{address}"],
            args=[f"{kind}:{once}", kind, json.dumps(data, ensure_ascii=False), self._keep, BELL, address],
        )

    async def since(self, address: str, last: str = "0-0") -> list[Event]:
        """The events after the one with the id `last`."""
        entries: Any = await self._redis.xrange(f"web:events:{address}", min=f"({last}", count=AT_ONCE)
        return [Event(id, fields["event"], json.loads(fields["data"])) for id, fields in entries]

    async def follow(self, address: str, last: str) -> AsyncIterator[Event | None]:
        """The events after `last` as they come; None when there has been nothing for a while. It does not end by itself."""
        with self._woken(address) as rung:
            while True:
                rung.clear()
                events = await self.since(address, last)
                for event in events:
                    last = event.id
                    yield event
                if len(events) == AT_ONCE:
                    continue
                try:
                    await asyncio.wait_for(rung.wait(), KEEP_ALIVE_SECONDS)
                except TimeoutError:
                    yield None

    async def ring(self) -> None:
        """Wake the followers in this process when any process tells something; runs until it is cancelled."""
        while True:
            stop_if_cancelled()
            try:
                async with self._redis.pubsub() as bell:
                    await bell.subscribe(BELL)
                    self._wake_all()
                    async for message in bell.listen():
                        for rung in self._waiting.get(message["data"], ()) if message["type"] == "message" else ():
                            rung.set()
            except (RedisError, OSError) as error:
                log.warning("redis away", queue="web events", why=type(error).__name__)
                await asyncio.sleep(0.3)

    def _wake_all(self) -> None:
        """After a time without a bell: there may be something that was missed."""
        for rungs in self._waiting.values():
            for rung in rungs:
                rung.set()

    @contextmanager
    def _woken(self, address: str) -> Iterator[asyncio.Event]:
        rung = asyncio.Event()
        self._waiting[address].add(rung)
        try:
            yield rung
        finally:
            self._waiting[address].discard(rung)
            if not self._waiting[address]:
                del self._waiting[address]
