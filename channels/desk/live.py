"""What agents' pages hear as it happens, and what the desk's app does by itself."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from channels.desk.counter import Counter

KEEP_ALIVE_SECONDS = 15.0
MEND_SECONDS = 5.0
log = structlog.get_logger()


async def events(counter: Counter, agent: str) -> AsyncIterator[str]:
    """The agent is at the desk as long as somebody follows."""
    await counter.arrive(agent)
    rung = counter.rung()
    coming = asyncio.ensure_future(anext(rung))
    try:
        yield f"event: presence\ndata: {json.dumps({'present': await counter.present()})}\n\n"
        while True:
            done, _ = await asyncio.wait({coming}, timeout=KEEP_ALIVE_SECONDS)
            if not done:
                await counter.arrive(agent)
                yield ":\n\n"
                continue
            what = coming.result()
            coming = asyncio.ensure_future(anext(rung))
            if "case" in what:
                yield f"event: case\ndata: {json.dumps({'id': what['case']})}\n\n"
            else:
                yield f"event: presence\ndata: {json.dumps({'present': await counter.present()})}\n\n"
    finally:
        coming.cancel()
        with suppress(RedisError, OSError):
            await counter.leave(agent)


async def mend(counter: Counter) -> None:
    """Every few seconds do what was left undone."""
    while True:
        try:
            await counter.mend()
        except (SQLAlchemyError, RedisError, OSError) as error:
            log.warning("desk cannot mend yet", why=type(error).__name__)
        await asyncio.sleep(MEND_SECONDS)
