"""The worker's ways with Redis, other workers, and its own end."""

import asyncio
from collections.abc import Callable

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisAway

from channels import worker
from channels.lanes import Follow, Lanes, Task
from channels.worker import finish, work, work_together
from tests.channels.test_lanes import opened


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 — what it waits for has no event
            await asyncio.sleep(0.01)


async def stop(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_no_more_is_done_side_by_side_than_it_may(redis: Redis) -> None:
    lanes, now, most = await opened(redis), 0, 0
    for number in range(9):
        await lanes.put(str(number), {})
    done: list[str] = []

    async def do(task: Task) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        now -= 1
        await lanes.finish(task)
        done.append(task.lane)

    working = asyncio.create_task(work(lanes, do, 3))
    await until(lambda: len(done) == 9)
    await stop(working)
    assert most == 3


async def test_what_was_taken_over_is_not_done_any_further(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "SIGN_SECONDS", 0.1)
    first, second = await opened(redis), await opened(redis, worker="two")
    began, ended = asyncio.Event(), []

    async def do(task: Task) -> None:
        began.set()
        try:
            await asyncio.sleep(10)
        finally:
            ended.append(task.entry)

    await first.put("a", {})
    working = asyncio.create_task(work(first, do, 3))
    await began.wait()
    await second.take_over(0, 10)
    await until(lambda: bool(ended))
    assert not working.done(), "the worker goes on with other things"
    await stop(working)


async def test_who_is_stopped_leaves_nothing_running(redis: Redis) -> None:
    lanes, began, ended = await opened(redis), asyncio.Event(), []

    async def do(task: Task) -> None:
        began.set()
        try:
            await asyncio.sleep(10)
        finally:
            ended.append(task.entry)

    await lanes.put("a", {})
    working = asyncio.create_task(work(lanes, do, 3))
    await began.wait()
    await stop(working)
    assert len(ended) == 1


async def test_a_task_that_raises_disturbs_no_other(redis: Redis) -> None:
    lanes, done = await opened(redis), []

    async def do(task: Task) -> None:
        if task.lane == "bad":
            raise RuntimeError("bad")
        await lanes.finish(task)
        done.append(task.lane)

    await lanes.put("bad", {})
    working = asyncio.create_task(work(lanes, do, 1))
    await lanes.put("good", {})
    await until(lambda: done == ["good"])
    await stop(working)
    assert await lanes.waiting() == 1


async def test_many_are_done_together_and_gathered_before(redis: Redis) -> None:
    lanes, batches = await opened(redis), []

    async def do(tasks: list[Task]) -> None:
        batches.append(len(tasks))
        await lanes.finish_all(tasks)

    await lanes.put("0", {})
    working = asyncio.create_task(work_together(lanes, do, 50, gather_seconds=0.3))
    await until(lambda: bool(batches))
    for number in range(1, 20):
        await lanes.put(str(number), {})
    await until(lambda: sum(batches) == 20)
    await stop(working)
    assert batches == [1, 19]


class Away(Lanes):
    """Lanes whose Redis is away for the first few times."""

    times = 2

    async def finish(self, task: Task, follow: object = (), **how: object) -> bool:
        if self.times:
            self.times -= 1
            raise RedisAway("gone")
        return await super().finish(task, follow, **how)  # type: ignore[arg-type]


async def test_what_is_done_waits_for_redis_instead_of_being_done_again(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "REDIS_AWAY_SECONDS", 0.01)
    lanes = Away(redis, "inbox", "one")
    await lanes.open()
    await lanes.put("a", {})
    (task,) = await lanes.take(1, 100)
    assert await finish(lanes, task, [Follow("outbox", "a", {})])
    assert await redis.xlen("outbox:ready") == 1


async def test_who_waits_for_redis_can_be_stopped(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "REDIS_AWAY_SECONDS", 0.01)
    lanes = Away(redis, "inbox", "one")
    lanes.times = 10**9
    waiting = asyncio.create_task(finish(lanes, Task("1-1", "a", {})))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_what_may_have_brought_workers_down_has_its_last_try_alone(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "ABANDONED_MS", 50)
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.1)
    lanes, dead = await opened(redis), await opened(redis, worker="two")
    await lanes.put("suspect", {})
    await dead.take(1, 100)
    await dead.take_over(0, 1)
    now: set[str] = set()
    beside: dict[str, set[str]] = {}
    tries: list[int] = []

    async def do(task: Task) -> None:
        beside[task.lane] = set(now)
        now.add(task.lane)
        if task.lane == "suspect":
            tries.append(task.tries)
        await asyncio.sleep(0.2)
        now.discard(task.lane)
        await lanes.finish(task)

    for number in range(3):
        await lanes.put(str(number), {})
    working = asyncio.create_task(work(lanes, do, 3))
    await until(lambda: "suspect" in now)
    await lanes.put("later", {})
    await until(lambda: "later" in beside)
    await stop(working)
    assert tries == [3]
    assert beside["1"] | beside["2"], "others are done side by side"
    assert beside["suspect"] == set()
    assert "suspect" not in beside["later"]
