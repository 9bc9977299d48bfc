"""Silence: as long as an agent has a conversation, a mark keeps the bot from sending anything there."""

from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from channels.marks import claim_key

SILENCED = "desk:silenced"  # conversations in which the bot is silenced → "<case>:<epoch>"

# who claims, releases and closes is ordered by the epoch of the case: what comes late from before changes nothing.
# KEYS: conversations, mark. ARGV: conversation, case, epoch
_LATER = """
local case, epoch = string.match(redis.call('HGET', KEYS[1], ARGV[1]) or '', '^(%d+):(%d+)$')
if case == ARGV[2] and tonumber(epoch) > tonumber(ARGV[3]) then return end
"""
_SILENCE = (
    _LATER
    + """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ':' .. ARGV[3])
redis.call('SET', KEYS[2], ARGV[2])
"""
)
_UNSILENCE = (
    _LATER
    + """
local mark = redis.call('GET', KEYS[2])
if mark and mark ~= ARGV[2] then return end
redis.call('DEL', KEYS[2])
redis.call('HDEL', KEYS[1], ARGV[1])
"""
)


@dataclass(frozen=True, slots=True)
class Silenced:
    """For which case, at which epoch of it, and whether the mark itself is there."""

    case: int
    epoch: int
    marked: bool


class Silence:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def begin(self, conversation: str, case: int, epoch: int) -> None:
        await self._redis.eval(_SILENCE, 2, SILENCED, claim_key(conversation), conversation, str(case), str(epoch))

    async def end(self, conversation: str, case: int, epoch: int) -> None:
        """The bot may speak again, unless the case was claimed at a later epoch."""
        await self._redis.eval(_UNSILENCE, 2, SILENCED, claim_key(conversation), conversation, str(case), str(epoch))

    async def all(self) -> dict[str, Silenced]:
        """By conversation."""
        kept: Any = await self._redis.hgetall(SILENCED)
        marks: Any = await self._redis.mget([claim_key(each) for each in kept]) if kept else []
        found = {}
        for (conversation, about), mark in zip(kept.items(), marks, strict=True):
            case, _, epoch = about.partition(":")
            found[conversation] = Silenced(int(case), int(epoch), mark == case)
        return found
