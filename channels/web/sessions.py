"""Web conversations: an unguessable token in the citizen's hands, its hash everywhere else."""

import hashlib
import secrets
import time

from redis.asyncio import Redis


class UnknownSession(Exception):
    """The token is of no conversation that can be resumed: it was never given, or has expired."""


class TooMany(Exception):
    """More messages in this minute than a person writes; `after` is how many seconds to wait."""

    def __init__(self, after: int) -> None:
        super().__init__(f"Too many messages in a minute; wait {after} s.")
        self.after = after


UNUSED_SECONDS = 600  # after which a conversation that nobody has written in is forgotten

_WRITE = """
if not redis.call('GETEX', KEYS[1], 'EX', ARGV[1]) then return -1 end
local written = redis.call('INCR', KEYS[2])
redis.call('EXPIRE', KEYS[2], 60)
return written
"""


class Sessions:
    """Forgotten after `keep_seconds` without a message; at most `messages_per_minute` are taken from each.

    A rating counts as a message.
    """

    def __init__(self, redis: Redis, keep_seconds: int, messages_per_minute: int) -> None:
        self._redis, self._keep, self._most = redis, keep_seconds, messages_per_minute
        self._write = redis.register_script(_WRITE)

    async def begin(self) -> str:
        """A new conversation's token, 256 bits."""
        token = secrets.token_urlsafe(32)
        await self._redis.set(_key(_hash(token)), "1", ex=min(UNUSED_SECONDS, self._keep))
        return token

    async def address(self, token: str) -> str:
        """The address of a conversation, "web:<hash of its token>"; raises UnknownSession."""
        hashed = _hash(token)
        if not await self._redis.getex(_key(hashed), ex=self._keep):
            raise UnknownSession
        return f"web:{hashed}"

    async def write(self, token: str) -> str:
        """The address, for one more message; raises UnknownSession and TooMany."""
        hashed = _hash(token)
        now = time.time()
        keys = [_key(hashed), f"web:rate:{hashed}:{int(now // 60)}"]
        written = int(await self._write(keys=keys, args=[self._keep]))
        if written < 0:
            raise UnknownSession
        if written > self._most:
            raise TooMany(60 - int(now % 60))
        return f"web:{hashed}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()[:32]


def _key(hashed: str) -> str:
    return f"web:session:{hashed}"
