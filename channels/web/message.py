"""Reads what a browser sends: bytes in, a clean message or a named error out."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from channels.clean import MOST_CHARACTERS, clean

MOST_BYTES = 32_768  # the longest message with each character escaped, in JSON or in a form: 12 bytes each
MOST_BYTES_OF_PROVIDERS = 262_144  # they send along what is answered or forwarded, each character escaped
MOST_SECONDS = 20.0  # for a body to arrive
MOST_ID = 64
LONGEST_SUFFIX = 16  # of a reply's id over that of the message it answers


class Unacceptable(Exception):
    """A message that cannot be taken. `code` names the reason in the web protocol, `status` is the HTTP status."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code, self.status = code, status


async def body(stream: AsyncIterator[bytes], most: int = MOST_BYTES) -> bytes:
    """A request's body; raises Unacceptable as soon as it has more than so many bytes, or takes too long."""
    read = bytearray()
    try:
        async with asyncio.timeout(MOST_SECONDS):
            async for chunk in stream:
                read += chunk
                if len(read) > most:
                    raise Unacceptable("too_long", 413)
    except TimeoutError:
        raise Unacceptable("malformed", 408) from None
    return bytes(read)


def fields(body: bytes) -> dict[str, Any]:
    """The JSON object in a request's body."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise Unacceptable("malformed", 400) from None
    if not isinstance(values, dict):
        raise Unacceptable("malformed", 400)
    return values


def text(value: object) -> str:
    """What the citizen wrote: valid Unicode (NFC), without control characters, not empty, not too long."""
    if not isinstance(value, str):
        raise Unacceptable("malformed", 400)
    kept = clean(value)
    if not kept:
        raise Unacceptable("empty", 422)
    if len(kept) > MOST_CHARACTERS:
        raise Unacceptable("too_long", 413)
    return kept


def name(value: object) -> str:
    """An id made by the browser: ASCII letters, digits and any of "-_:"."""
    return _named(value, "-_:", MOST_ID)


def reply(value: object) -> str:
    """The id of a reply: that of the message it answers, "/" and what tells it from others."""
    return _named(value, "-_:/", MOST_ID + LONGEST_SUFFIX)


def _named(value: object, marks: str, longest: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise Unacceptable("malformed", 400)
    if not all(c.isascii() and (c.isalnum() or c in marks) for c in value):
        raise Unacceptable("malformed", 400)
    return value


def code(value: object) -> str | None:
    """A language or jurisdiction code, or nothing."""
    if value is None or value == "":
        return None
    if (
        not isinstance(value, str)
        or len(value) > 40
        or not all(c.isascii() and (c.isalnum() or c == "-") for c in value)
    ):
        raise Unacceptable("malformed", 400)
    return value.lower()
