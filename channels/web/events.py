"""What a web conversation has heard and said, as a stream that a browser follows and takes up where it left off."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from channels.marks import BELL as DESK_BELL
from channels.worker import REDIS_AWAY_SECONDS, stop_if_cancelled

KEEP_ALIVE_SECONDS = 15.0
AGAIN_SECONDS = 1.0  # after events could not be read, should the bell not ring before
AT_ONCE = 200
MOST_FOLLOWERS = 8  # of one conversation: the tabs and devices of one person
MOST_EVENTS = 5000  # of one conversation
MOST_READING = 32  # followers that read from Redis at once, when all are woken
BELL = "web:bell"
TYPING_SECONDS = 2  # in which it is told once
BEGINNING = "0-0"

# KEYS: events, told, then a mark that forbids it
_TELL = """
if KEYS[3] and redis.call('EXISTS', KEYS[3]) == 1 then return '' end
if redis.call('SADD', KEYS[2], ARGV[1]) == 0 then return '' end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[7], '*', 'event', ARGV[2], 'data', ARGV[3])
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


@dataclass(eq=False, slots=True)
class _Follower:
    rung: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False


class Events:
    """The event streams of all web conversations; they expire after `keep_seconds` without an event.

    At most `most_followers` follow in this process: each holds a connection open.
    """

    def __init__(self, redis: Redis, keep_seconds: int, most_followers: int = 1000) -> None:
        self._redis, self._keep, self._most = redis, keep_seconds, most_followers
        self._tell = redis.register_script(_TELL)
        self._following: dict[str, list[_Follower]] = {}
        self._reading = asyncio.Semaphore(MOST_READING)
        self.followers = 0

    @property
    def full(self) -> bool:
        """Whether as many follow as this process can bear."""
        return self.followers >= self._most

    async def tell(self, address: str, kind: str, once: str, data: dict[str, Any], mark: str = "") -> None:
        """Append an event, unless the one named `once` is there already, or the `mark`, a key; whoever follows is woken."""
        await self._tell(
            keys=[f"web:events:{address}", f"web:told:{address}", *([mark] if mark else [])],
            args=[f"{kind}:{once}", kind, json.dumps(data, ensure_ascii=False), self._keep, BELL, address, MOST_EVENTS],
        )

    async def shown_typing(self, claimed: str) -> None:
        """Tell whoever has the case that the citizen is typing; `claimed` is the mark that says which it is."""
        case: Any = await self._redis.get(claimed)
        if case and await self._redis.set(f"typing:{case}", "1", nx=True, ex=TYPING_SECONDS):
            await self._redis.publish(DESK_BELL, json.dumps({"typing": int(case)}))

    async def since(self, address: str, last: str = BEGINNING) -> list[Event]:
        """The events after the one with the id `last`, at most AT_ONCE of them."""
        entries: Any = await self._redis.xrange(f"web:events:{address}", min=f"({last}", count=AT_ONCE)
        return [Event(id, fields["event"], json.loads(fields["data"])) for id, fields in entries]

    async def so_far(self, address: str) -> list[Event]:
        """All events until now."""
        found = batch = await self.since(address)
        while len(batch) == AT_ONCE:
            batch = await self.since(address, batch[-1].id)
            found = [*found, *batch]
        return found

    async def follow(self, address: str, last: str) -> AsyncGenerator[Event | None]:
        """The events after `last` as they come; None when there has been nothing for a while.

        It ends only for the sake of MOST_FOLLOWERS newer ones of the same conversation: an older connection may be a
        dead one that nobody has noticed yet.
        """
        with self._follower(address) as me:
            while not me.ended:
                me.rung.clear()
                patience, events = KEEP_ALIVE_SECONDS, list[Event]()
                try:
                    async with self._reading:
                        events = await self.since(address, last)
                except (RedisError, OSError):
                    patience = AGAIN_SECONDS
                for event in events:
                    last = event.id
                    yield event
                if len(events) == AT_ONCE:
                    continue
                stop_if_cancelled()
                try:
                    async with asyncio.timeout(patience):
                        await me.rung.wait()
                except TimeoutError:
                    yield None

    async def ring(self) -> None:
        """Wake the followers in this process when any process tells something; runs until it is cancelled."""
        while True:
            stop_if_cancelled()
            try:
                async with self._redis.pubsub() as bell:
                    await bell.subscribe(BELL)
                    async for heard in bell.listen():
                        # the first thing heard is that the bell can be heard: something may have been missed before
                        self._wake(heard["data"] if heard["type"] == "message" else None)
            except (RedisError, OSError) as error:
                log.warning("redis away", queue="web events", why=type(error).__name__)
                await asyncio.sleep(REDIS_AWAY_SECONDS)

    def _wake(self, address: str | None) -> None:
        """Those who follow one conversation, or all of them."""
        for each in [address] if address else list(self._following):
            for follower in self._following.get(each, ()):
                follower.rung.set()

    @contextmanager
    def _follower(self, address: str) -> Iterator[_Follower]:
        me = _Follower()
        mine = self._following.setdefault(address, [])
        mine.append(me)
        self.followers += 1
        for older in mine[:-MOST_FOLLOWERS]:
            older.ended = True
            older.rung.set()
        try:
            yield me
        finally:
            self.followers -= 1
            mine.remove(me)
            if not mine and self._following.get(address) is mine:
                del self._following[address]
