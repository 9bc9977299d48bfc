"""What agents' pages hear as it happens, and what the desk's app does by itself."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from channels.desk.counter import Counter

KEEP_ALIVE_SECONDS = 15.0
MEND_SECONDS = 5.0
log = structlog.get_logger()


async def events(counter: Counter, agent: str) -> AsyncIterator[str]:
    """The agent is at the desk as long as one of their pages follows."""
    page = secrets.token_hex(4)
    async with counter.listening() as rung:
        await counter.arrive(agent, page)
        coming = asyncio.ensure_future(anext(rung))
        try:
            yield event("presence", present=await counter.present())
            while True:
                done, _ = await asyncio.wait({coming}, timeout=KEEP_ALIVE_SECONDS)
                if not done:
                    await counter.arrive(agent, page)
                    yield ":\n\n"
                    continue
                what = coming.result()
                coming = asyncio.ensure_future(anext(rung))
                if "case" in what:
                    yield event("case", id=what["case"])
                else:
                    yield event("presence", present=await counter.present())
        finally:
            coming.cancel()
            with suppress(RedisError, OSError):
                await counter.leave(agent, page)


def event(kind: str, **data: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n"


async def mend(counter: Counter) -> None:
    """Every few seconds do what was left undone."""
    while True:
        try:
            await counter.mend()
        except (SQLAlchemyError, RedisError, OSError) as error:
            log.warning("desk unavailable", why=type(error).__name__)
        await asyncio.sleep(MEND_SECONDS)
