"""Limits on how often one address of the internet may try to sign in, whichever accounts it tries."""

import hashlib
import time
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from channels.desk.people.guesses import LOCKED, MOST_FAILURES

TRIES_PER_MINUTE = 30  # from one address, which an office may share


class Limits:
    """What cannot be counted refuses nobody: each account counts wrong guesses by itself."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def busy(self, origin: str) -> bool:
        """Whether there were too many tries from an address of the internet in this minute, with this one."""
        return await self._counted(f"from:{origin}:{int(time.time() // 60)}", 60) > TRIES_PER_MINUTE

    async def missed(self, email: str) -> bool:
        """Whether so many tries failed that an account of this address would be locked: where there is none, one cannot
        tell."""
        return await self._counted(f"missed:{email}", int(LOCKED.total_seconds())) > MOST_FAILURES

    async def _counted(self, what: str, seconds: int) -> int:
        key = f"desk:tries:{hashlib.sha256(what.encode('utf-8', 'replace')).hexdigest()}"
        with suppress(RedisError, OSError):
            async with self._redis.pipeline() as pipe:
                pipe.set(key, 0, ex=seconds, nx=True)
                pipe.incr(key)
                _, counted = await pipe.execute()
            return int(counted)
        return 0
