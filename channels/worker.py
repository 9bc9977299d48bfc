"""The worker: does what waits in the inbox, the outbox and the record, lanes side by side, until it is cancelled."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from channels.away import redis_away
from channels.lanes import Follow, Lanes, Task

WAIT_MS = 1000
ABANDONED_MS = 15_000  # a worker that has given no sign of life for so long is taken for dead
LOOK_SECONDS = 5.0  # how often abandoned tasks are looked for
SIGN_SECONDS = 5.0
FINISHING_SECONDS = 0.5  # that the answer to what just ended may take
MOST_TRIES = 3  # of a task that brings its worker down
REDIS_AWAY_SECONDS = 0.3

log = structlog.get_logger()

Do = Callable[[Task], Awaitable[None]]
DoMany = Callable[[list[Task]], Awaitable[None]]
Doing = dict[str, tuple[Task, asyncio.Task[None]]]  # by entry


async def work(lanes: Lanes, do: Do, side_by_side: int) -> None:
    """Do tasks as they come, at most so many at once. A task that raises is tried again once it counts as abandoned.

    One that may have brought workers down has its last try alone: it is not blamed for what others do, nor they for it.
    """
    doing: Doing = {}
    signs = asyncio.create_task(_signs_of_life(lanes, doing))
    try:
        async for tasks in _taken(lanes, lambda: side_by_side - len(doing)):
            for task in sorted(tasks, key=lambda task: task.tries):
                if task.entry not in doing:
                    others = [running for _, running in doing.values()] if task.tries >= MOST_TRIES else []
                    running = asyncio.create_task(_guarded(lanes, task, do, others))
                    doing[task.entry] = task, running
                    running.add_done_callback(lambda _, entry=task.entry: doing.pop(entry, None))  # type: ignore[misc]
            await asyncio.sleep(0)  # what was taken begins before more is asked for
            while len(doing) >= side_by_side or any(task.tries >= MOST_TRIES for task, _ in doing.values()):
                await asyncio.wait([running for _, running in doing.values()], return_when=asyncio.FIRST_COMPLETED)
    finally:
        left = [signs, *(running for _, running in doing.values())]
        for running in left:
            running.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def work_together(lanes: Lanes, do: DoMany, most: int, gather_seconds: float = 0.0) -> None:
    """Do tasks many at a time, for work that is cheaper so; `gather_seconds` is how long to wait for more of them."""
    async for tasks in _taken(lanes, lambda: most):
        if tasks:
            try:
                await do(tasks)
            except Exception as error:
                log.warning("left for later", queue=lanes.queue, tasks=len(tasks), why=type(error).__name__)
                await asyncio.sleep(REDIS_AWAY_SECONDS)
        await asyncio.sleep(gather_seconds)


@asynccontextmanager
async def only_one(redis: Redis, what: str, seconds: float = 15.0) -> AsyncIterator[None]:
    """Wait until no other process does `what`, and keep others from it. Who has not said for a while that it still does
    it, does it no more: what is done so must bear to be done twice for a moment."""
    name, me = f"only:{what}", secrets.token_hex(8)

    async def hold() -> bool:
        with suppress(RedisError, OSError):
            if await redis.set(name, me, nx=True, px=int(seconds * 1000)):
                return True
            if await redis.get(name) == me:
                return bool(await redis.pexpire(name, int(seconds * 1000)))
        return False

    async def go_on() -> None:
        while True:
            await asyncio.sleep(seconds / 3)
            await hold()

    while not await hold():
        stop_if_cancelled()
        await asyncio.sleep(seconds / 3)
    holding = asyncio.create_task(go_on())
    try:
        yield
    finally:
        holding.cancel()
        with suppress(RedisError, OSError):
            if await redis.get(name) == me:
                await redis.delete(name)


async def put_off(lanes: Lanes, every_seconds: float = 1.0) -> None:
    """Bring back what was put off, when its time has come; runs until it is cancelled."""
    while True:
        stop_if_cancelled()
        with suppress(RedisError, OSError):
            await lanes.due(time.time())
        await asyncio.sleep(every_seconds)


async def finish(
    lanes: Lanes, task: Task, follow: Sequence[Follow] = (), *, aside: str = "", at: float | None = None
) -> bool:
    """Finish a task; while Redis is away it waits, since what is not finished is done a second time."""
    while True:
        stop_if_cancelled()
        try:
            return await lanes.finish(task, follow, aside=aside, at=at)
        except (RedisError, OSError) as error:
            if not redis_away(error):
                raise
            log.warning("redis away", queue=lanes.queue, conversation=task.lane, why=type(error).__name__)
            await asyncio.sleep(REDIS_AWAY_SECONDS)


def stop_if_cancelled() -> None:
    """End here what was cancelled: `asyncio.wait_for` of Python 3.11, with which redis-py sends, may swallow that."""
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError


async def _taken(lanes: Lanes, room: Callable[[], int]) -> AsyncIterator[list[Task]]:
    """First what this worker had left undone, then what comes, now and then what another one has abandoned."""
    opened, looked = False, time.monotonic()
    while True:
        stop_if_cancelled()
        try:
            if not opened:
                await lanes.open()
                tasks = await lanes.resume()
                opened = True
            elif time.monotonic() - looked > LOOK_SECONDS:
                tasks = await lanes.take_over(ABANDONED_MS, max(1, room()))
                looked = time.monotonic()
            else:
                tasks = await lanes.take(max(1, room()), WAIT_MS)
        except (RedisError, OSError) as error:
            log.warning("redis away", queue=lanes.queue, why=type(error).__name__)
            opened = False
            await asyncio.sleep(REDIS_AWAY_SECONDS)
            continue
        yield tasks


async def _guarded(lanes: Lanes, task: Task, do: Do, others: Sequence[asyncio.Task[None]]) -> None:
    try:
        if others:
            await lanes.keep(task, tries=task.tries - 1)
            await asyncio.wait(others)
            await lanes.keep(task, tries=task.tries)
        await do(task)
    except (RedisError, OSError) as error:
        log.warning("left for later", queue=lanes.queue, conversation=task.lane, why=type(error).__name__)
    except Exception:
        log.exception("task failed", queue=lanes.queue, conversation=task.lane)


async def _signs_of_life(lanes: Lanes, doing: Doing) -> None:
    """Every few seconds for each task that is being done; what another worker has taken over is done no further."""
    while True:
        await asyncio.sleep(SIGN_SECONDS)
        lost = []
        for task, running in list(doing.values()):
            with suppress(RedisError, OSError):  # the next sign says it
                if not await lanes.keep(task):
                    lost.append((task, running))
        if lost:  # or just finished: the answer to that may be on its way
            await asyncio.wait([running for _, running in lost], timeout=FINISHING_SECONDS)
        for task, running in lost:
            if not running.done():
                log.warning("taken over by another worker", queue=lanes.queue, conversation=task.lane)
                running.cancel()
