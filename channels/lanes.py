"""Lanes: a queue on Redis in which the items of one lane are worked in order, one at a time, and lanes side by side.

A lane is a list; while it is not empty, exactly one entry of the `ready` stream announces its head. A worker takes an
entry through a consumer group and finishes it in one script, which also puts what follows from it into other lanes: an
item is either still to do or wholly done. A script refuses the worker whose entry was taken over by another one (it is
fenced off).
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from channels import scripts

GROUP = "workers"
REMEMBER_SECONDS = 48 * 3600  # providers repeat a webhook for a day at most
Mark = tuple[str, Literal["set", "del", ""]]
"""A key, and what becomes of it."""
MOST_ASIDE = 1000  # items set aside are kept for whoever looks into it, not for ever: they are what citizens wrote


@dataclass(frozen=True, slots=True)
class Task:
    """The head of a lane, taken by a worker. `tries` counts how often it was taken, this time included."""

    entry: str
    lane: str
    item: dict[str, Any]
    tries: int = 1


class Forbidden(str):
    """The key of a mark that forbids what was to begin."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Aside:
    """An item that was given up: its number, why, and since when (Unix seconds)."""

    id: str
    lane: str
    item: dict[str, Any]
    why: str
    since: float


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
        self._put = redis.register_script(scripts.PUT)
        self._finish = redis.register_script(scripts.FINISH)
        self._keep = redis.register_script(scripts.KEEP)
        self._begin = redis.register_script(scripts.BEGIN)
        self._due = redis.register_script(scripts.DUE)
        self._again = redis.register_script(scripts.AGAIN)
        self._looked_at = "0-0"  # how far the search for abandoned entries has come

    async def open(self) -> None:
        try:
            await self.redis.xgroup_create(_ready(self.queue), GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def put(
        self,
        lane: str,
        item: dict[str, Any],
        once: str = "",
        seconds: int = REMEMBER_SECONDS,
        mark: Mark = ("", ""),
    ) -> bool:
        """Append an item; with `once`, an id, only if that id was not put within `seconds`. False if it had been.

        `mark` is a key and what becomes of it in the same step if the item is new.
        """
        key, change = mark
        keys = [f"{self.queue}:seen:{once}", _lane(self.queue, lane), _ready(self.queue), key or self.queue]
        return bool(await self._put(keys=keys, args=[once, seconds, lane, json.dumps(item), change]))

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

    async def keep(self, task: Task, *, tries: int | None = None) -> bool:
        """A sign of life: the task is still being worked on. False if another worker has it now.

        `tries` is how often it counts as taken from now on: who only waits has brought nobody down.
        """
        args = [GROUP, task.entry, self.worker, "" if tries is None else str(tries)]
        return bool(await self._keep(keys=[_ready(self.queue)], args=args))

    async def begin(self, task: Task, *marks: str) -> Literal["begun", "lost"] | Forbidden | float:
        """Say that the part of a task begins that must not happen twice; "begun" if it may.

        A number, the Unix time of it, if that part was begun before and nobody knows how it ended. "lost" if another
        worker has the task now; the first of the `marks`, keys, that there is. `end` says that it ended in nothing.
        """
        args = [GROUP, task.entry, self.worker, str(time.time()), str(REMEMBER_SECONDS)]
        keys = [_ready(self.queue), _trying(self.queue, task), *marks]
        found: Any = await self._begin(keys=keys, args=args)
        if found in marks:
            return Forbidden(found)
        return found if found in ("begun", "lost") else float(found)

    async def end(self, task: Task) -> None:
        """What was begun ended in nothing, and may be begun again."""
        await self.redis.delete(_trying(self.queue, task))

    async def finish(
        self, task: Task, follow: Sequence[Follow] = (), *, aside: str = "", at: float | None = None
    ) -> bool:
        """End the task and put what follows from it, at once; False, and nothing happens, if another worker has it now.

        With `aside`, the reason, its item is kept for two days for whoever looks into it. With `at`, a Unix time, it is
        put again then, behind what its lane has by that time.
        """
        keys, args = self._ending(task, follow, aside, at)
        return bool(await self._finish(keys=keys, args=args))

    async def finish_all(self, tasks: Sequence[Task]) -> None:
        """End many tasks from which nothing follows, in one go."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for task in tasks:
                keys, args = self._ending(task, (), "", None)
                await self._finish(keys=keys, args=args, client=pipe)
            await pipe.execute()

    async def due(self, now: float, most: int = 100) -> int:
        """Put what was put off until now; how many items."""
        keys, args = [_later(self.queue), _ready(self.queue)], [str(now), _lane(self.queue, ""), str(most)]
        return int(await self._due(keys=keys, args=args))

    async def waiting(self) -> int:
        """Lanes that have something to do."""
        return int(await self.redis.xlen(_ready(self.queue)))

    async def put_off(self) -> int:
        """Items that wait for their time."""
        return int(await self.redis.zcard(_later(self.queue)))

    async def aside(self) -> list[Aside]:
        """What was set aside in the last two days, the oldest first."""
        entries: Any = await self.redis.xrange(_aside(self.queue))
        return [
            Aside(id, about["lane"], json.loads(about["item"]), about.get("why", ""), int(id.split("-")[0]) / 1000)
            for id, about in entries
        ]

    async def again(self, aside: Aside) -> bool:
        """Put an item that was set aside once more, as it is now; False if it is not set aside any more."""
        keys = [_aside(self.queue), _ready(self.queue)]
        return bool(await self._again(keys=keys, args=[aside.id, _lane(self.queue, ""), json.dumps(aside.item)]))

    def _ending(
        self, task: Task, follow: Sequence[Follow], aside: str, at: float | None
    ) -> tuple[list[str], list[str]]:
        queue, item = self.queue, json.dumps(task.item)
        keys = [_ready(queue), _lane(queue, task.lane), _aside(queue), _trying(queue, task), _later(queue)]
        args = [GROUP, task.entry, self.worker, task.lane, item if aside else "", aside]
        args += [str(MOST_ASIDE), str(REMEMBER_SECONDS), "" if at is None else str(at), "" if at is None else item]
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


def _later(queue: str) -> str:
    return f"{queue}:later"


def _trying(queue: str, task: Task) -> str:
    return f"{queue}:trying:{task.entry}"


def _entries(answer: Any) -> list[tuple[str, dict[str, str]]]:
    return [entry for _, entries in answer or () for entry in entries]


def _task(entry: str, fields: dict[str, str]) -> Task:
    return Task(entry, fields["lane"], json.loads(fields["item"]))
