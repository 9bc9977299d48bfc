"""Segments: the parts in which a text message is carried and paid for, as GSM-7 where its alphabet allows, else as UCS-2.

Sizes and alphabet are those of 3GPP TS 23.038 and 23.040. A letter with its accents, or an emoji with its parts, is
carried in one part, as Twilio does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import regex

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("^{}\\[~]|€\f")  # carried as two septets each
ALPHABET = BASIC | EXTENSION
_SINGLE = re.compile("[\n\x20-\u02ff\u2010-\u2027\u202f\u20ac]*")  # characters none of which joins another


@dataclass(frozen=True, slots=True)
class Encoding:
    """How many units, septets or UTF-16 code units, a message of one part holds, and each part of several."""

    name: str
    alone: int
    of_several: int

    def size(self, text: str) -> int:
        """In units."""
        if self is GSM7:
            return len(text) + sum(map(text.count, EXTENSION))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2


GSM7 = Encoding("GSM-7", 160, 153)
UCS2 = Encoding("UCS-2", 70, 67)


def encoding(text: str) -> Encoding:
    """GSM-7 if every character is in its alphabet; one other makes all of the message UCS-2."""
    return GSM7 if ALPHABET.issuperset(text) else UCS2


def segments(text: str) -> list[str]:
    """The parts in which `text` is carried; together they are `text`. Nothing is carried in no part."""
    by = encoding(text)
    if by.size(text) <= by.alone:
        return [text] if text else []
    parts: list[str] = []
    part, left = "", by.of_several
    for piece in _pieces(text, by):
        size = by.size(piece)
        if size > left:
            parts.append(part)
            part, left = "", by.of_several
        part += piece
        left -= size
    return [*parts, part]


def count(text: str) -> int:
    """How many segments `text` costs."""
    by = encoding(text)
    size = by.size(text)
    if size <= by.alone:
        return min(1, size)
    if size == len(text) and _SINGLE.fullmatch(text):
        return -(-size // by.of_several)
    return len(segments(text))


def graphemes(text: str) -> list[str]:
    """What a reader takes for one character each: "é" of two code points, an emoji of seven."""
    return regex.findall(r"\X", text)  # type: ignore[no-any-return]


def _pieces(text: str, by: Encoding) -> Iterator[str]:
    """Graphemes; those that no part could hold as their code points."""
    for grapheme in _graphemes(text):
        if by.size(grapheme) <= by.of_several:
            yield grapheme
        else:
            yield from grapheme


@lru_cache(maxsize=64)
def _graphemes(text: str) -> tuple[str, ...]:
    return tuple(text) if text.isascii() and "\r" not in text else tuple(graphemes(text))
