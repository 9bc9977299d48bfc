"""Continuation: a code by which somebody takes a conversation from the web to their telephone."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another
LENGTH = 8  # 31^8 less what has no digit: 39 bits
SECONDS = 600
MOST_WRONG = 5  # codes that one telephone may try in an hour
WRONG_SECONDS = 3600

_CODE = re.compile(rf"(?:guichet[ :]*)?([{LETTERS}]{{4}})[ -]?([{LETTERS}]{{4}})[.! ]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a conversation comes from: its address and its key; `again` if this turn has taken it before."""

    address: str
    key: str
    again: bool = False


class Codes:
    """Each works once, for ten minutes. Redis has them hashed: who reads it can take over no conversation."""

    def __init__(self, redis: Redis, secret: bytes) -> None:
        self._redis, self._secret = redis, secret

    async def make(self, origin: Origin) -> str:
        """A new code, as it is shown: "7KQ4-M2XP". The one before of the same conversation works no more."""
        code = ""
        while not any(letter.isdigit() for letter in code):  # so that a word of eight letters is never taken for one
            code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        name = self._name(code)
        before: Any = await self._redis.set(f"continue:of:{origin.key}", name, ex=SECONDS, get=True)
        async with self._redis.pipeline(transaction=True) as pipe:
            if before:
                pipe.delete(before)
            pipe.set(name, f"{origin.key} {origin.address}", ex=SECONDS)
            await pipe.execute()
        return f"{code[:4]}-{code[4:]}"

    async def redeem(self, text: str, key: str, id: str) -> Origin | None:
        """The conversation that a message is the code of; None if it is no code, a wrong or used one, or one too many.

        The message `id` of the conversation `key` may be looked at again: a turn may run twice.
        """
        found = _CODE.fullmatch(text.strip())
        if not found or not any(letter.isdigit() for letter in found[0]):
            return None
        took, tried = f"continue:took:{key}:{id}", f"continue:tried:{key}"
        before, wrong = await self._redis.mget(took, tried)
        if before is None and int(wrong or 0) >= MOST_WRONG:
            return None
        kept: Any = before or await self._redis.getdel(self._name("".join(found.groups()).upper()))
        if kept:
            await self._redis.set(took, kept, ex=SECONDS)
            origin, _, address = kept.partition(" ")
            return Origin(address, origin, before is not None)
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.incr(tried)
            pipe.expire(tried, WRONG_SECONDS)
            await pipe.execute()
        return None

    def _name(self, code: str) -> str:
        return "continue:" + hmac.new(self._secret, f"code:{code}".encode(), hashlib.sha256).hexdigest()
