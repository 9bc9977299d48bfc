"""Passwords: which are good enough, and their hashes by argon2id, made in a thread because it takes a while on purpose."""

import asyncio
import re
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

SHORTEST, LONGEST = 12, 256  # characters; long ones cost time to hash
FEWEST_DIFFERENT = 6  # characters, besides words that everybody tries first
TRIED_FIRST = ("password", "motdepasse", "passwort", "guichet", "welcome", "bienvenue", "qwerty", "azerty", "123456789")
NONE = ""  # instead of a hash: nobody signs in with it


class Unfit(Exception):
    """What cannot be: the message says why and what to do, `code` is for those who say it in another language."""

    def __init__(self, message: str, code: str = "unfit") -> None:
        super().__init__(message)
        self.code = code


class Passwords:
    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobodys = self._hasher.hash(secrets.token_hex())

    async def hashed(self, password: str) -> str:
        return await asyncio.to_thread(self._hasher.hash, _typed(password))

    async def fit(self, hashed: str, password: str) -> bool:
        """Whether it is the password; where there is none to compare with, to find that out takes as long."""
        right = await asyncio.to_thread(self._verified, hashed or self._nobodys, _typed(password[:LONGEST]))
        return right and hashed != NONE

    def _verified(self, hashed: str, password: bytes) -> bool:
        try:
            return bool(self._hasher.verify(hashed, password))
        except (Argon2Error, InvalidHashError):
            return False


def check(password: str, *about: str) -> None:
    """Raises Unfit where a password is too short, too long, or easily guessed from what is known of its owner."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Unfit(f"A password has {SHORTEST} to {LONGEST} characters.", "length")
    rest = password.casefold()
    known = {word for each in about for word in re.split(r"\W+", each.casefold()) if len(word) > 2}
    for word in sorted({*TRIED_FIRST, *known}, key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(set(rest)) < FEWEST_DIFFERENT:
        raise Unfit("This password is easily guessed. A few words that do not belong together are better.", "guessed")


def _typed(password: str) -> bytes:
    """The same for an é of one character and one of two, as keyboards of different systems write it."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "replace")
