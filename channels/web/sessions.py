"""Web conversations: an unguessable token in the citizen's hands, its hash everywhere else."""

import hashlib
import secrets
import time
from dataclasses import dataclass

from redis.asyncio import Redis


class UnknownSession(Exception):
    """The token is of no conversation that can be resumed: it was never given, or has expired."""


class TooMany(Exception):
    """More messages in this minute than a person writes; `after` is how many seconds to wait."""

    def __init__(self, after: int) -> None:
        super().__init__(f"Too many messages in a minute; wait {after} s.")
        self.after = after


@dataclass(frozen=True, slots=True)
class Sessions:
    """`keep_seconds` without a message and a session is forgotten."""

    redis: Redis
    keep_seconds: int
    messages_per_minute: int

    async def begin(self) -> str:
        """A new conversation's token, 256 bits."""
        token = secrets.token_urlsafe(32)
        await self.redis.set(_key(_hash(token)), "1", ex=self.keep_seconds)
        return token

    async def address(self, token: str) -> str:
        """The address of a conversation, "web:<hash of its token>"; raises UnknownSession."""
        hashed = _hash(token)
        if not await self.redis.getex(_key(hashed), ex=self.keep_seconds):
            raise UnknownSession
        return f"web:{hashed}"

    async def write(self, token: str) -> str:
        """The address, for one more message; raises UnknownSession and TooMany."""
        hashed = _hash(token)
        now = time.time()
        rate = f"web:rate:{hashed}:{int(now // 60)}"
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.getex(_key(hashed), ex=self.keep_seconds)
            pipe.incr(rate)
            pipe.expire(rate, 60)
            known, written, _ = await pipe.execute()
        if not known:
            raise UnknownSession
        if written > self.messages_per_minute:
            raise TooMany(60 - int(now % 60))
        return f"web:{hashed}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()[:32]


def _key(hashed: str) -> str:
    return f"web:session:{hashed}"
