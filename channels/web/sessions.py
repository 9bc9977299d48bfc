"""Web conversations: an unguessable token in the citizen's hands, its hash everywhere else."""

import hashlib
import secrets
import time
from typing import Any

from redis.asyncio import Redis


class UnknownSession(Exception):
    """The token is of no conversation that can be resumed: it was never given, or has expired."""


class TooMany(Exception):
    """More messages in this minute than a person writes; `after` is how many seconds to wait."""

    def __init__(self, after: int) -> None:
        super().__init__(f"Too many messages in a minute; wait {after} s.")
        self.after = after


class BusyAddress(TooMany):
    """More from one address of the internet than all who may share it write; `after` is how many seconds to wait."""


UNUSED_SECONDS = 600  # after which a conversation that nobody has written in is forgotten
MOST_UNUSED = 200  # of them from one address: a window begins a conversation with its first message

# KEYS: how many conversations of this address nobody has written in, the session. ARGV: most, seconds
_BEGIN = """
local unused = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
if unused > tonumber(ARGV[1]) then redis.call('DECR', KEYS[1]) return 0 end
redis.call('SET', KEYS[2], KEYS[1], 'EX', ARGV[2])
return 1
"""

# KEYS: the session, its messages in this minute, those of its address. ARGV: seconds
_WRITE = """
local from = redis.call('GETEX', KEYS[1], 'EX', ARGV[1])
if not from then return {-1, 0} end
if from ~= '1' then
  if redis.call('EXISTS', from) == 1 then redis.call('DECR', from) end
  redis.call('SET', KEYS[1], '1', 'KEEPTTL')
end
local counts = {redis.call('INCR', KEYS[2]), redis.call('INCR', KEYS[3])}
redis.call('EXPIRE', KEYS[2], 60)
redis.call('EXPIRE', KEYS[3], 60)
return counts
"""


class Sessions:
    """Forgotten after `keep_seconds` without a message; at most `messages_per_minute` are taken from each, and
    `from_address` from all of one address, which a library or a carrier may share among many.

    A rating counts as a message.
    """

    def __init__(self, redis: Redis, keep_seconds: int, messages_per_minute: int, from_address: int) -> None:
        self._redis, self._keep, self._most, self._from = redis, keep_seconds, messages_per_minute, from_address
        self._begin, self._write = redis.register_script(_BEGIN), redis.register_script(_WRITE)

    async def begin(self, origin: str) -> str:
        """A new conversation's token, 256 bits; `origin` stands for an address. Raises BusyAddress."""
        token = secrets.token_urlsafe(32)
        seconds = min(UNUSED_SECONDS, self._keep)
        if not await self._begin(keys=[f"web:unused:{origin}", _key(_hash(token))], args=[MOST_UNUSED, seconds]):
            raise BusyAddress(60)
        return token

    async def address(self, token: str) -> str:
        """The address of a conversation, "web:<hash of its token>"; raises UnknownSession."""
        hashed = _hash(token)
        if not await self._redis.getex(_key(hashed), ex=self._keep):
            raise UnknownSession
        return f"web:{hashed}"

    async def write(self, token: str, origin: str) -> str:
        """The address, for one more message; raises UnknownSession, TooMany and BusyAddress."""
        hashed = _hash(token)
        now = time.time()
        minute = int(now // 60)
        keys = [_key(hashed), f"web:rate:{hashed}:{minute}", f"web:from:{origin}:{minute}"]
        found: Any = await self._write(keys=keys, args=[self._keep])
        written, from_address = map(int, found)
        if written < 0:
            raise UnknownSession
        if written > self._most:
            raise TooMany(60 - int(now % 60))
        if from_address > self._from:
            raise BusyAddress(60 - int(now % 60))
        return f"web:{hashed}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()[:32]


def _key(hashed: str) -> str:
    return f"web:session:{hashed}"
