"""Copies of conversations that citizens asked for: each under an address that nobody can guess, for an hour."""

import hashlib
import secrets

from redis.asyncio import Redis

KEEP_SECONDS = 3600


class Copies:
    """`address` is where the public app is reached; where nobody said, no copy can be sent."""

    def __init__(self, redis: Redis, address: str | None) -> None:
        self._redis, self._address = redis, (address or "").rstrip("/")

    async def keep(self, text: str) -> str:
        """Where the copy is; "" where it cannot be sent."""
        if not self._address:
            return ""
        token = secrets.token_urlsafe(16)
        await self._redis.set(_key(token), text, ex=KEEP_SECONDS)
        return f"{self._address}/copy/{token}"

    async def find(self, token: str) -> str | None:
        found = await self._redis.get(_key(token))
        return None if found is None else str(found)


def _key(token: str) -> str:
    """Who reads Redis's keys learns no address."""
    return "copy:" + hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
