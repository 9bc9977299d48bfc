"""A throttle: each message of a sender gets the next moment in which that sender may send, whichever process sends it."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis

# A window that slides: a message goes when the one that many before it is a window old, and never before the last.
# KEYS: the moments given last, the latest first. ARGV: now, how many go in a window, its seconds
_TURN = """
local now, most, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local before, last = redis.call('LINDEX', KEYS[1], most - 1), redis.call('LINDEX', KEYS[1], 0)
local at = math.max(now, tonumber(last or '0'), before and tonumber(before) + window or 0)
redis.call('LPUSH', KEYS[1], string.format('%.4f', at))
redis.call('LTRIM', KEYS[1], 0, most - 1)
redis.call('EXPIRE', KEYS[1], math.ceil(at - now + window) + 60)
return string.format('%.4f', at - now)
"""


class Throttle:
    def __init__(self, redis: Redis, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._turn, self._pause = redis.register_script(_TURN), pause

    async def wait(self, sender: str, per_second: float | None) -> None:
        """Until `sender` may send one more message, so that it sends no more than so many in any second; after a pause
        as many may go at once, since providers count by the second."""
        if per_second is None:
            return
        most = max(1, int(per_second))
        args = [time.time(), most, most / per_second]
        delay = float(await self._turn(keys=[f"throttle:{sender}"], args=args))
        if delay > 0:
            await self._pause(delay)
