"""Health: whether one part of the service does its work, seen from outside of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from channels.settings import Settings
from machine.answers import unanswered
from machine.parts import ready_url
from machine.servers import ServerFailed, postgres_version, redis_version
from machine.watch import is_watched

SILENT_SECONDS = 15
"""A worker looks for work every second; after so long without a sign of life its work is given to others, too."""


async def ailment(name: str, settings: Settings, age: float = float("inf")) -> str | None:
    """Why the part or server of that name does not work; None where it does.

    `age`, in seconds, is how long ago it was started: signs of one that was there before do not count.
    """
    if name == "worker":
        return await _silent_worker(settings, age)
    if name == "watch":
        return None if is_watched(settings.home) else "nothing watches the sources"
    if name in SERVERS:
        try:
            await version(name, settings)
        except ServerFailed as error:
            return str(error)
        return None
    return await asyncio.to_thread(unanswered, ready_url(name, settings))


async def version(name: str, settings: Settings) -> str:
    """The version of the server of that name. Raises ServerFailed."""
    url, ask = SERVERS[name]
    return await ask(url(settings) or "")


SERVERS: Mapping[str, tuple[Callable[[Settings], str | None], Callable[[str], Awaitable[str]]]] = {
    "redis": (lambda settings: settings.redis_url, redis_version),
    "postgres": (lambda settings: settings.database_url, postgres_version),
}


async def _silent_worker(settings: Settings, age: float) -> str | None:
    """Redis knows: the connections of a worker have its name, and are used every second."""
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    try:
        async with Redis.from_url(settings.redis_url or "", socket_timeout=2, decode_responses=True) as client:
            connections = await client.client_list(_type="normal")
    except (RedisError, OSError, ValueError) as error:
        return f"Redis, which knows of the worker, does not answer: {error}"
    mine = [each for each in connections if each["name"] == settings.consumer and int(each["age"]) <= age]
    if not mine:
        return f"no worker {settings.consumer} is connected to Redis"
    silent = min(int(each["idle"]) for each in mine)
    return f"the worker {settings.consumer} has not looked for work for {silent} s" if silent > SILENT_SECONDS else None
