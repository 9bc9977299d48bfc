"""Silence: as long as an agent has a conversation, a mark keeps the bot from sending anything there."""

from typing import Any

from redis.asyncio import Redis

from channels.marks import claim_key

CLAIMED = "desk:claimed"  # conversations in which the bot is silenced

# KEYS: conversations, mark. ARGV: conversation, case
_SILENCE = """
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[2])
"""
# the same: only if it is still for that case
_UNSILENCE = """
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return end
redis.call('DEL', KEYS[2])
redis.call('SREM', KEYS[1], ARGV[1])
"""


class Silence:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def begin(self, conversation: str, case: int) -> None:
        keys = [CLAIMED, claim_key(conversation)]
        await self._redis.eval(_SILENCE, 2, *keys, conversation, str(case))

    async def end(self, conversation: str, case: str) -> None:
        await self._redis.eval(_UNSILENCE, 2, CLAIMED, claim_key(conversation), conversation, case)

    async def all(self) -> dict[str, str]:
        """The case of each conversation that is silenced, by its key; "" where the mark itself is gone."""
        conversations: list[Any] = list(await self._redis.smembers(CLAIMED))
        marks: Any = await self._redis.mget([claim_key(each) for each in conversations]) if conversations else []
        return {each: mark or "" for each, mark in zip(conversations, marks, strict=True)}
