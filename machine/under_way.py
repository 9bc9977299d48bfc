"""What was on its way when a backup was made, after it was restored: what may have arrived since then is set aside."""

import math
from dataclasses import dataclass, field
from functools import partial

from redis.asyncio import Redis

from channels import inbox
from channels.desk.counter import Counter
from channels.desk.seal import Seal, Unreadable
from channels.desk.teams import read
from channels.lanes import MOST_ASIDE, Lanes, Task
from channels.outbox import queue
from channels.record import engine
from machine.traffic import WAYS_OUT

RESTORER = "restore"
AT_ONCE = 500
MOST_CASES = 1_000_000
REPEATABLE = "web:"
"""How addresses begin to which a reply may be sent twice, because it is shown once."""


@dataclass(slots=True)
class Done:
    count: int = 0
    warnings: list[str] = field(default_factory=list)


async def set_aside(redis_url: str, database_url: str, secret: bytes | None, why: str) -> Done:
    """Set aside what telephones were to be sent, and what came from them and was not answered, with the reason `why`.

    What agents had said, and was not in the outbox yet, is put there first. Nobody else may work on these servers.
    """
    done = Done()
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        if database_url and secret is not None:
            await _post_what_agents_said(redis, database_url, secret, done)
        for name in (inbox.QUEUE, *(each for each in WAYS_OUT if each != queue(REPEATABLE))):
            count = await _set_aside(Lanes(redis, name, RESTORER), why)
            done.count += count
            if count > MOST_ASIDE:
                done.warnings.append(
                    f"{name} had {count} items; the last {MOST_ASIDE} are kept, the others were dropped."
                )
    return done


async def _post_what_agents_said(redis: Redis, database_url: str, secret: bytes, done: Done) -> None:
    pool, sealed = engine(database_url), 0
    try:
        counter = Counter.made(pool, Seal(secret), read(), redis, lambda queue: Lanes(redis, queue, RESTORER))
        for case in await counter.tray.unsent(most=MOST_CASES):
            try:
                await counter.tray.give(case, counter.post)
            except Unreadable:
                sealed += 1
    finally:
        await pool.dispose()
    if sealed:
        done.warnings.append(f"In {sealed} cases there is something to send that cannot be unsealed with this secret.")


async def _set_aside(lanes: Lanes, why: str) -> int:
    """How many items of one queue. What may go on by itself is left as if its worker had just ended."""
    count, left = 0, dict[str, Task]()
    await lanes.open()
    while await lanes.due(math.inf):  # all that was put off
        pass
    held, free = partial(lanes.take_over, 0, AT_ONCE), partial(lanes.take, AT_ONCE, 1)
    for heads in (held, free):
        while tasks := [task for task in await heads() if task.entry not in left]:
            for task in tasks:
                if task.item.get("address", "").startswith(REPEATABLE):
                    left[task.entry] = task
                else:
                    count += await lanes.finish(task, aside=why)
    for task in left.values():
        await lanes.keep(task, tries=task.tries - 1)  # to have been looked at here brought nobody down
    return count
