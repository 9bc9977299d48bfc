"""Lanes: a queue on Redis in which the items of one lane are worked in order, one at a time, and lanes side by side.

A lane is a list; while it is not empty, exactly one entry of the `ready` stream announces its head. A worker takes an
entry through a consumer group and finishes it in one script, which also puts what follows from it into other lanes: an
item is either still to do or wholly done. A script refuses the worker whose entry was taken over by another one (it is
fenced off).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

GROUP = "workers"
REMEMBER_SECONDS = 48 * 3600  # providers repeat a webhook for a day at most
MOST_ASIDE = 1000  # items set aside are kept for whoever looks into it, not for ever: they are what citizens wrote

_PUT = """
if ARGV[1] ~= '' and not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[2]) then return 0 end
if redis.call('RPUSH', KEYS[2], ARGV[4]) == 1 then
  redis.call('XADD', KEYS[3], '*', 'lane', ARGV[3], 'item', ARGV[4])
end
return 1
"""

# KEYS: ready, lane, aside, then lane and ready of each that follows
# ARGV: group, entry, worker, lane, item to set aside or '', most aside, seconds aside, then lane and item of each
_FINISH = """
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
if #pending == 0 or pending[1][2] ~= ARGV[3] then return 0 end
redis.call('LPOP', KEYS[2])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
local head = redis.call('LINDEX', KEYS[2], 0)
if head then redis.call('XADD', KEYS[1], '*', 'lane', ARGV[4], 'item', head) end
if ARGV[5] ~= '' then
  redis.call('XADD', KEYS[3], 'MAXLEN', ARGV[6], '*', 'lane', ARGV[4], 'item', ARGV[5])
  redis.call('EXPIRE', KEYS[3], ARGV[7])
end
local argument = 8
for key = 4, #KEYS, 2 do
  if redis.call('RPUSH', KEYS[key], ARGV[argument + 1]) == 1 then
    redis.call('XADD', KEYS[key + 1], '*', 'lane', ARGV[argument], 'item', ARGV[argument + 1])
  end
  argument = argument + 2
end
return 1
"""

# ARGV[4]: how often it counts as taken, '' as it stands
_KEEP = """
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
if #pending == 0 or pending[1][2] ~= ARGV[3] then return 0 end
local tries = ARGV[4] == '' and pending[1][4] or ARGV[4]
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[3], 0, ARGV[2], 'IDLE', 0, 'RETRYCOUNT', tries, 'JUSTID')
return 1
"""


@dataclass(frozen=True, slots=True)
class Task:
    """The head of a lane, taken by a worker. `tries` counts how often it was taken, this time included."""

    entry: str
    lane: str
    item: dict[str, Any]
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Follow:
    """What is to be put into another queue at the moment a task is finished."""

    queue: str
    lane: str
    item: dict[str, Any]


class Lanes:
    """One queue of lanes. `worker` names the consumer; a worker that comes back under its name resumes what it held."""

    def __init__(self, redis: Redis, queue: str, worker: str) -> None:
        self.redis, self.queue, self.worker = redis, queue, worker
        self._put = redis.register_script(_PUT)
        self._finish = redis.register_script(_FINISH)
        self._keep = redis.register_script(_KEEP)
        self._looked_at = "0-0"  # how far the search for abandoned entries has come

    async def open(self) -> None:
        try:
            await self.redis.xgroup_create(_ready(self.queue), GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def put(self, lane: str, item: dict[str, Any], once: str = "") -> bool:
        """Append an item; with `once`, an id, only if that id was not put within 48 hours. False if it had been."""
        keys = [f"{self.queue}:seen:{once}", _lane(self.queue, lane), _ready(self.queue)]
        return bool(await self._put(keys=keys, args=[once, REMEMBER_SECONDS, lane, json.dumps(item)]))

    async def take(self, most: int, wait_ms: int) -> list[Task]:
        """Up to `most` heads of lanes nobody works on, as soon as there are any; none after `wait_ms`."""
        answer = await self.redis.xreadgroup(GROUP, self.worker, {_ready(self.queue): ">"}, count=most, block=wait_ms)
        return [_task(entry, fields) for entry, fields in _entries(answer)]

    async def resume(self) -> list[Task]:
        """What this worker held when it stopped without finishing it."""
        answer = await self.redis.xreadgroup(GROUP, self.worker, {_ready(self.queue): "0"})
        return await self._with_tries([_task(entry, fields) for entry, fields in _entries(answer) if fields])

    async def take_over(self, idle_ms: int, most: int) -> list[Task]:
        """What another worker has held for `idle_ms` without a sign of life; a search that goes on at the next call."""
        self._looked_at, entries, *_ = await self.redis.xautoclaim(
            _ready(self.queue), GROUP, self.worker, idle_ms, self._looked_at, count=most
        )
        return await self._with_tries([_task(entry, fields) for entry, fields in entries if fields])

    async def keep(self, task: Task, *, blameless: bool = False) -> bool:
        """A sign of life: the task is still being worked on. False if another worker has it now.

        `blameless` forgets how often it was taken: it waits for a part that is away, and has brought nobody down.
        """
        args = [GROUP, task.entry, self.worker, "0" if blameless else ""]
        return bool(await self._keep(keys=[_ready(self.queue)], args=args))

    async def finish(self, task: Task, follow: Sequence[Follow] = (), *, aside: bool = False) -> bool:
        """End the task and put what follows from it, at once; False, and nothing happens, if another worker has it now.

        With `aside` its item is kept for two days for whoever looks into it.
        """
        keys, args = self._ending(task, follow, aside)
        return bool(await self._finish(keys=keys, args=args))

    async def finish_all(self, tasks: Sequence[Task]) -> None:
        """End many tasks from which nothing follows, in one go."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for task in tasks:
                keys, args = self._ending(task, (), aside=False)
                await self._finish(keys=keys, args=args, client=pipe)
            await pipe.execute()

    async def waiting(self) -> int:
        """Lanes that have something to do."""
        return int(await self.redis.xlen(_ready(self.queue)))

    async def aside(self) -> int:
        """Items that were set aside in the last two days."""
        return int(await self.redis.xlen(_aside(self.queue)))

    def _ending(self, task: Task, follow: Sequence[Follow], aside: bool) -> tuple[list[str], list[str]]:
        keys = [_ready(self.queue), _lane(self.queue, task.lane), _aside(self.queue)]
        args = [GROUP, task.entry, self.worker, task.lane, json.dumps(task.item) if aside else ""]
        args += [str(MOST_ASIDE), str(REMEMBER_SECONDS)]
        for each in follow:
            keys += [_lane(each.queue, each.lane), _ready(each.queue)]
            args += [each.lane, json.dumps(each.item)]
        return keys, args

    async def _with_tries(self, tasks: list[Task]) -> list[Task]:
        counted = []
        for task in tasks:
            held = await self.redis.xpending_range(_ready(self.queue), GROUP, task.entry, task.entry, 1)
            counted.append(replace(task, tries=int(held[0]["times_delivered"])) if held else task)
        return counted


def _ready(queue: str) -> str:
    return f"{queue}:ready"


def _lane(queue: str, lane: str) -> str:
    return f"{queue}:lane:{lane}"


def _aside(queue: str) -> str:
    return f"{queue}:aside"


def _entries(answer: Any) -> list[tuple[str, dict[str, str]]]:
    return [entry for _, entries in answer or () for entry in entries]


def _task(entry: str, fields: dict[str, str]) -> Task:
    return Task(entry, fields["lane"], json.loads(fields["item"]))
