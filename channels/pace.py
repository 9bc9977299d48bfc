"""Pace: whether a person writes, or a machine that answers ours; a loop is answered less and less, until it ends."""

import hashlib
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from redis.asyncio import Redis

from knowledge import plain

REMEMBER_SECONDS = 1800  # of silence, after which nothing is held against anybody
QUICK_SECONDS = 2.5  # from our reply to the next message: too short to read it
SAME = 3  # times that the same message is answered as if it were the first
QUICK = 6  # messages in a row that come too quickly
MOST_TEXTS = 100  # different messages that are told apart

# What machines say. Somebody who drives, or is on vacation, may ask about it: only how a machine says it counts.
_MACHINE = re.compile(
    r"\b(?:auto(?:matic)? ?(?:reply|response)|out of (?:the )?office|(?:currently|away) on vacation|on vacation until"
    r"|do not reply|don t reply|noreply|(?:cannot|can t) receive (?:replies|messages|texts)|not monitored|unmonitored"
    r"|driving right now|i m driving with (?:focus|do not disturb)"
    r"|reponse automatique|absente? du bureau|(?:actuellement|presentement) en vacances|en vacances jusqu"
    r"|ne pas repondre|ne repondez pas|messagerie non surveillee|(?:suis|actuellement|presentement) au volant"
    r"|je conduis (?:en ce moment|actuellement|presentement|avec (?:une )?concentration))\b"
)

# KEYS: pace. ARGV: now, fingerprint, whether it is a machine's, how long to remember, minute, quick, most texts, id
_HEARD = """
local now, last = tonumber(ARGV[1]), tonumber(redis.call('HGET', KEYS[1], 'replied') or '0')
if redis.call('HGET', KEYS[1], 'id') == ARGV[8] then return cjson.decode(redis.call('HGET', KEYS[1], 'seen')) end
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[7]) then
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if string.sub(field, 1, 5) == 'text:' then redis.call('HDEL', KEYS[1], field) end
  end
end
local same = redis.call('HINCRBY', KEYS[1], 'text:' .. ARGV[2], 1)
local echo = redis.call('HGET', KEYS[1], 'said') == ARGV[2]
local machine = 0
if ARGV[3] == '1' or echo then machine = redis.call('HINCRBY', KEYS[1], 'machine', 1) end
local quick = 0
if now - last >= tonumber(ARGV[6]) then redis.call('HSET', KEYS[1], 'quick', 0)
elseif now >= last then quick = redis.call('HINCRBY', KEYS[1], 'quick', 1) end
if redis.call('HGET', KEYS[1], 'minute') ~= ARGV[5] then redis.call('HSET', KEYS[1], 'minute', ARGV[5], 'written', 0) end
local written = redis.call('HINCRBY', KEYS[1], 'written', 1)
redis.call('HSET', KEYS[1], 'id', ARGV[8], 'seen', cjson.encode({same, machine, quick, written}))
redis.call('EXPIRE', KEYS[1], ARGV[4])
return {same, machine, quick, written}
"""


class Verdict(Enum):
    ANSWER = auto()
    ASK_FOR_PATIENCE = auto()  # once: somebody writes faster than anyone reads
    SILENT = auto()


@dataclass(frozen=True, slots=True)
class Seen:
    """How often the same text came, one that a machine wrote or that we had written, one too quick to be typed after
    reading, and how many in this minute; each this one included."""

    same: int
    machine: int
    quick: int
    written: int


class Pace:
    """`most` is how many messages of one conversation are answered in a minute."""

    def __init__(self, redis: Redis, most: int) -> None:
        self._redis, self._most = redis, most
        self._heard = redis.register_script(_HEARD)

    async def heard(self, key: str, id: str, text: str, now: float) -> Verdict:
        """What to do about one more message, which was written at `now`: one that waited before our reply answers none.

        The last one may be looked at again: a turn may run twice.
        """
        machine = int(bool(_MACHINE.search(plain(text))))
        about = (now, _fingerprint(text), machine, REMEMBER_SECONDS, int(now // 60), QUICK_SECONDS, MOST_TEXTS, id)
        found: Any = await self._heard(keys=[_key(key)], args=list(map(str, about)))
        return judge(Seen(*map(int, found)), self._most)

    async def replied(self, key: str, text: str, now: float) -> None:
        """Remember what was said back, and when."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hset(_key(key), mapping={"replied": now, "said": _fingerprint(text)})
            pipe.expire(_key(key), REMEMBER_SECONDS)
            await pipe.execute()


def judge(seen: Seen, most: int) -> Verdict:
    """A loop is answered at its 1st, 2nd, 4th, 8th … turn: less and less, and never not at all, should it be a person."""
    if seen.written > most:
        return Verdict.ASK_FOR_PATIENCE if seen.written == most + 1 else Verdict.SILENT
    turns = max(seen.same - SAME + 1, seen.machine + 1 if seen.machine else 0, seen.quick - QUICK + 1)
    return Verdict.ANSWER if turns <= 1 or turns & (turns - 1) == 0 else Verdict.SILENT


def _fingerprint(text: str) -> str:
    return hashlib.blake2b((plain(text) or text).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _key(key: str) -> str:
    return f"pace:{key}"
