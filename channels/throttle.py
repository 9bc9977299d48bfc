"""A throttle: each message of a sender gets the next moment in which that sender may send, whichever process sends it."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis

# The generic cell rate algorithm of ATM, without bursts: the moment that is given is the later of now and the one after
# the last that was given. KEYS: sender. ARGV: now, seconds between two messages, how much of a burst is borne
_TURN = """
local now, gap, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local at = math.max(now - burst * gap, tonumber(redis.call('GET', KEYS[1]) or '0'))
redis.call('SET', KEYS[1], string.format('%.4f', at + gap), 'EX', math.ceil(math.max(1, at + gap - now)) + 60)
return string.format('%.4f', math.max(0, at - now))
"""
BURST = 1.0  # seconds' worth of messages that may go at once after a pause: providers count by the second


class Throttle:
    def __init__(self, redis: Redis, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._turn, self._pause = redis.register_script(_TURN), pause

    async def wait(self, sender: str, per_second: float | None) -> None:
        """Until `sender` may send one more message, so that it sends no more than so many a second."""
        if per_second is None:
            return
        args = [time.time(), 1 / per_second, max(0.0, BURST * per_second - 1)]
        delay = float(await self._turn(keys=[f"throttle:{sender}"], args=args))
        if delay > 0:
            await self._pause(delay)
