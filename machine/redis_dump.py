"""What is in Redis, as lines of a file: taken without stopping the service, and brought back into an empty Redis.

What moves between queues is taken at one instant, and nobody can write to Redis until what belongs to it has been taken
elsewhere: the file has what a loss of power at that instant would have left, and the service is made to bear that. What
stands alone (events of pages, sessions, menus, the dialogue's state) is taken after it, key by key.
"""

import base64
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from channels.marks import claim_key, stop_key
from machine.home import CannotStart
from machine.servers import ServerFailed
from machine.traffic import QUEUES

PATIENCE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 5.0  # in which the service waits; its own patience with Redis is 10 s
AT_ONCE = 500
TOGETHER = sorted({name.partition(":")[0] for name in (*QUEUES, stop_key(""), claim_key(""), "desk")})
"""How the keys begin that are changed together in one step."""

AGAINST_DOUBLES = (b":seen:", b":trying:")
"""In keys of marks by which nothing is done twice: for them time stands still between backup and restore."""

# ARGV: how keys begin. All of it at once: nobody else is served meanwhile
_TAKE = """
local wanted, found, cursor = {}, {}, '0'
for _, beginning in ipairs(ARGV) do wanted[beginning] = true end
repeat
  local page = redis.call('SCAN', cursor, 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    if wanted[string.match(key, '^[^:]*')] and not found[key] then
      found[key] = {key, redis.call('PTTL', key), redis.call('DUMP', key)}
    end
  end
until cursor == '0'
local taken = {}
for _, each in pairs(found) do taken[#taken + 1] = each end
return taken
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value as Redis writes it, and when it expires: Unix milliseconds, None for never."""

    key: bytes
    value: bytes
    expires: int | None


@contextmanager
def client(url: str) -> Iterator[Redis]:
    """Raises ServerFailed where Redis does not answer."""
    try:
        with Redis.from_url(url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=5) as redis:
            yield redis
    except (RedisError, OSError, ValueError) as error:
        if isinstance(error, OSError) and not isinstance(error, RedisError) and error.filename:
            raise  # it is about a file
        raise ServerFailed(f"Redis does not answer as it should: {error or type(error).__name__}") from error


@contextmanager
def standing_still(redis: Redis) -> Iterator[list[Entry]]:
    """What moves together, taken at one instant; nobody writes to this Redis until the block ends.

    Raises CannotStart where Redis refuses that, or the block takes longer than a pause may: then nothing in it counts.
    """
    began = time.monotonic()
    try:
        try:
            with redis.pipeline(transaction=True) as step:
                step.client_pause(int(LONGEST_PAUSE_SECONDS * 1000), all=False)
                step.eval(_TAKE, 0, *TOGETHER)
                _, taken = step.execute()
        except ResponseError as error:
            raise CannotStart(
                f"Redis cannot stand still for a moment, so no backup would be whole: {error}. It must be 6.2 or later, and "
                "its user must be allowed to: ACL SETUSER <user> +client|pause +client|unpause"
            ) from error
        yield [_entry(key, ttl, value) for key, ttl, value in taken]
        if (took := time.monotonic() - began) > LONGEST_PAUSE_SECONDS:
            raise CannotStart(
                f"The databases were too slow to be taken at one instant: {took:.1f} s. Nothing was kept. "
                "Try again when there is less to do, or stop Guichet for the time of the backup."
            )
    finally:
        with suppress(RedisError):
            redis.client_unpause()


def standing_alone(redis: Redis) -> Iterator[Entry]:
    """All other keys, each as it is when it is come to."""
    beginnings = {each.encode() for each in TOGETHER}
    for keys in _some(key for key in redis.scan_iter(count=AT_ONCE) if key.partition(b":")[0] not in beginnings):
        with redis.pipeline(transaction=False) as many:
            for key in keys:
                many.pttl(key)
                many.dump(key)
            answers = many.execute()
        for key, ttl, value in zip(keys, answers[::2], answers[1::2], strict=True):
            if value is not None:  # it has gone meanwhile
                yield _entry(key, ttl, value)


def write(entries: Iterable[Entry], to: Path) -> int:
    """Append them to a file, how many."""
    count = 0
    with to.open("a", encoding="ascii") as file:
        for count, entry in enumerate(entries, 1):  # noqa: B007
            line = {"key": _text(entry.key), "expires": entry.expires, "value": _text(entry.value)}
            file.write(json.dumps(line) + "\n")
    return count


def read(path: Path) -> Iterator[Entry]:
    with path.open(encoding="ascii") as file:
        for line in file:
            found = json.loads(line)
            yield Entry(base64.b64decode(found["key"]), base64.b64decode(found["value"]), found["expires"])


def load(redis: Redis, entries: Iterable[Entry], taken: float) -> int:
    """Bring back what has not expired since it was `taken` (Unix seconds); how many keys."""
    now, count = time.time(), 0
    for some in _some(entries):
        with redis.pipeline(transaction=False) as many:
            for each in some:
                expires = each.expires
                if expires is not None and any(mark in each.key for mark in AGAINST_DOUBLES):
                    expires += int((now - taken) * 1000)
                if expires is None or expires > now * 1000:
                    many.restore(each.key, expires or 0, each.value, absttl=expires is not None)
            count += len(many.execute())
    return count


def check_form(redis: Redis, path: Path, version: str) -> None:
    """Raises CannotStart where this Redis cannot read what one of that `version` wrote; it is left as it was."""
    probe = "guichet:probe"
    for entry in read(path):
        try:
            redis.restore(probe, 1000, entry.value, replace=True)
        except ResponseError as error:
            raise CannotStart(
                f"This Redis cannot read what Redis {version} has written: {error}. Nothing was changed. "
                "Name one that is as new in GUICHET_REDIS_URL."
            ) from error
        redis.delete(probe)
        return


def workers(redis: Redis) -> list[str]:
    """The names under which workers are connected."""
    connections: Any = redis.client_list(_type="normal")
    return sorted({each["name"] for each in connections if each["name"]})


def _entry(key: bytes, ttl: int, value: bytes) -> Entry:
    return Entry(key, value, None if ttl < 0 else int(time.time() * 1000) + ttl)


def _some(items: Iterable[Any]) -> Iterator[list[Any]]:
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
