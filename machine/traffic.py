"""What an operator sees of the channels of the running service, and of what they could not deliver."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from channels import inbox, outbox
from channels.catalogue import ENTRIES, Entry, missing
from channels.lanes import Aside, Lanes
from channels.settings import Settings
from channels.traffic import Counts, Traffic
from machine.home import CannotStart, read_note


@dataclass(frozen=True, slots=True)
class Line:
    """A channel: `missing` are the settings that it lacks, none if it is on; `webhook` is what its provider is told."""

    entry: Entry
    missing: list[str]
    webhook: str
    counts: Counts | None


@dataclass(frozen=True, slots=True)
class Left:
    """Something set aside in a queue."""

    queue: str
    aside: Aside


async def channels(settings: Settings) -> list[Line]:
    """All channels of the catalogue; without counts while nothing runs."""
    note = read_note(settings.home)
    settings = settings.model_copy(update=dict(note.settings)) if note else settings
    try:
        async with _redis(settings) as redis:
            counts = {entry.name: await Traffic(redis).of(entry.name) for entry in ENTRIES}
    except CannotStart:
        counts = {}
    return [
        Line(entry, missing(entry, settings), webhook(entry, settings), counts.get(entry.name)) for entry in ENTRIES
    ]


def webhook(entry: Entry, settings: Settings) -> str:
    """The address to register with the provider, or what it takes to have one."""
    if not entry.webhook:
        return ""
    if settings.public_url:
        return f"{settings.public_url.rstrip('/')}/{entry.name}/{entry.webhook}"
    return "polled: needs none" if entry.name == "telegram" else "set GUICHET_PUBLIC_URL"


async def left(settings: Settings) -> list[Left]:
    """What was set aside in the last two days, the oldest first. Raises CannotStart where nothing runs."""
    async with _redis(settings) as redis:
        return [Left(name, each) for name in _queues() for each in await Lanes(redis, name, "operator").aside()]


async def again(settings: Settings, which: str) -> int:
    """Try once more what has that number, or all of it; how many. Raises CannotStart where nothing runs."""
    done = 0
    async with _redis(settings) as redis:
        for name in _queues():
            lanes = Lanes(redis, name, "operator")
            for each in await lanes.aside():
                if which in ("all", each.id):
                    done += await lanes.again(each if name == inbox.QUEUE else outbox.again(each))
    return done


def _queues() -> tuple[str, ...]:
    return (inbox.QUEUE, *(outbox.queue(f"{entry.name}:") for entry in ENTRIES))


@asynccontextmanager
async def _redis(settings: Settings) -> AsyncIterator[Redis]:
    note = read_note(settings.home)
    url = (note.settings.get("redis_url") if note else None) or settings.redis_url
    if not url:
        raise CannotStart("Nothing runs here. Start it: make up")
    try:
        async with Redis.from_url(str(url), socket_timeout=3, decode_responses=True) as redis:
            await redis.ping()
            yield redis
    except (RedisError, OSError) as error:
        raise CannotStart(
            f"Redis does not answer ({type(error).__name__}). See what is wrong: guichet doctor"
        ) from error
