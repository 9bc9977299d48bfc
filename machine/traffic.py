"""What an operator sees of the channels of the running service, and of what they could not deliver."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from redis.asyncio import Redis
from redis.exceptions import RedisError

from channels import inbox, outbox
from channels.catalogue import ENTRIES, Entry, missing
from channels.lanes import Aside, Lanes
from channels.redact import redact
from channels.settings import Settings
from channels.traffic import Counts, Traffic
from machine.home import CannotStart, read_note

PATIENCE_SECONDS = 3.0
WAYS_OUT = tuple(outbox.queue(f"{entry.name}:") for entry in ENTRIES)
QUEUES = (inbox.QUEUE, *WAYS_OUT, outbox.RECORD_QUEUE)


@dataclass(frozen=True, slots=True)
class Line:
    """A channel: `missing` are the settings that it lacks, none if it is on; `webhook` is what its provider is told;
    `uncounted` is why there are no counts."""

    entry: Entry
    missing: list[str]
    webhook: str
    counts: Counts | None
    uncounted: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """Something set aside in a queue. Its number names the queue, too: two queues may give the same."""

    queue: str
    aside: Aside


async def channels(settings: Settings) -> list[Line]:
    """All channels of the catalogue; without counts where nothing runs, or Redis does not answer."""
    note = read_note(settings.home)
    settings = settings.model_copy(update=dict(note.settings)) if note else settings
    counts, why = dict[str, Counts](), ""
    try:
        async with _redis(settings) as redis:
            counts = {entry.name: await Traffic(redis).of(entry.name) for entry in ENTRIES}
    except CannotStart as error:
        why = str(error)
    return [
        Line(entry, missing(entry, settings), webhook(entry, settings), counts.get(entry.name), why)
        for entry in ENTRIES
    ]


def webhook(entry: Entry, settings: Settings) -> str:
    """The address to register with the provider, or what it takes to have one."""
    if not entry.webhook:
        return ""
    if settings.public_url:
        return f"{settings.public_url.rstrip('/')}/{entry.name}/{entry.webhook}"
    return "polled: needs none" if entry.polls else "set GUICHET_PUBLIC_URL"


async def left(settings: Settings) -> list[Left]:
    """What was set aside in the last two days, the oldest first. Raises CannotStart where nothing runs.

    Providers name the citizen's number in some of their reasons; it is taken out.
    """
    async with _redis(settings) as redis:
        found = [(name, each) for name in QUEUES for each in await Lanes(redis, name, "operator").aside()]
    told = [Left(name, replace(each, id=_number(name, each), why=redact(each.why))) for name, each in found]
    return sorted(told, key=lambda each: each.aside.since)


async def again(settings: Settings, which: str) -> int:
    """Try once more what has that number, or all of it; how many. Raises CannotStart where nothing runs."""
    done = 0
    async with _redis(settings) as redis:
        for name in QUEUES:
            lanes = Lanes(redis, name, "operator")
            for each in await lanes.aside():
                if which in ("all", _number(name, each)):
                    done += await lanes.again(outbox.again(each) if name in WAYS_OUT else each)
    return done


def _number(queue: str, aside: Aside) -> str:
    return f"{queue}/{aside.id}"


@asynccontextmanager
async def _redis(settings: Settings) -> AsyncIterator[Redis]:
    note = read_note(settings.home)
    url = (note.settings.get("redis_url") if note else None) or settings.redis_url
    if not url:
        raise CannotStart("Nothing runs here. Start it: make up")
    try:
        client = Redis.from_url(str(url), socket_timeout=PATIENCE_SECONDS, decode_responses=True)
    except ValueError:  # its text may have a part of the password in it
        raise CannotStart(
            "GUICHET_REDIS_URL is not the address of a Redis. Write it as redis://:password@host:6379/0"
        ) from None
    try:
        async with client as redis:
            await redis.ping()
            yield redis
    except (RedisError, OSError) as error:
        raise CannotStart(
            f"Redis does not answer ({type(error).__name__}). See what is wrong: guichet doctor"
        ) from error
