"""Cutting: where a text may end when it is too long, so that nobody reads half a link, half a number or half a letter."""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import accumulate

from channels.sms.segments import graphemes
from knowledge import sentences

LEAST = 0.4  # of what would fit: where a sentence ends sooner it says too little, and a clause or a word is better
AHEAD = 80  # characters after the last that could fit, which tell whether something ends or goes on there

_CLAUSE = re.compile(r"[,;:][ \n]+")
_SPACE = "[ \u00a0\u202f]"
_SPACES = r"[^\S\u00a0\u202f]+"  # but no-break spaces
_WHOLE = re.compile(
    # what begins with any letter is tried where a word begins, so that a long word costs time in proportion
    r"https?://\S+|www\.\S+|(?<!\S)\S+@\S+"
    # "31 mars 2026", "March 31, 2026", "30 sept. 2026"
    rf"|\d{{1,2}}(?:er)?{_SPACE}[^\W\d_]+\.?{_SPACE}\d{{4}}"
    rf"|(?<![^\W\d_])[^\W\d_]+\.?{_SPACE}\d{{1,2}},{_SPACE}\d{{4}}"
    # a number with what groups it, before it and after it: "$1,234.50", "(613) 555-0142", "13 h 30", "12 $"
    rf"|(?:[$€]{_SPACE}?|(?:\+?1{_SPACE})?\(\d{{3}}\){_SPACE}?)?"
    rf"\+?\d+(?:[.,:/'-]\d+|{_SPACE}\d{{3,4}}(?!\d)|{_SPACE}?h{_SPACE}?\d\d)*"
    rf"(?:{_SPACE}?(?:[$€%]|h(?!\w)|[ap]\.?m\b\.?))?"
)


def cut(text: str, fits: Callable[[str], bool]) -> tuple[str, str]:
    """A beginning that fits, as long as can be and ending with a sentence where that does not make it much shorter, and
    the rest. Together they are all of `text` but for the space between.

    `fits` must hold for whatever is shorter than something that it holds for, and for any one character.
    """
    if fits(text):
        return text, ""

    def last(ends: Sequence[int]) -> int:
        """The last of `ends` up to which the text fits; 0 where it is none."""
        at = bisect_left(ends, True, key=lambda end: not fits(text[:end].rstrip()))
        return ends[at - 1] if at else 0

    letters = list(accumulate(map(len, graphemes(text))))
    reach = last(letters)
    if not reach:  # it begins with a letter that is too long by itself
        return _parted(text, last(range(1, len(text) + 1)) or 1)
    near = text[: len(text[:reach].rstrip()) + AHEAD]
    free = {end for end in letters if end <= reach}
    unbroken = free - {at for match in _WHOLE.finditer(near) for at in range(match.start() + 1, match.end())}
    furthest = last(sorted(unbroken))
    if not furthest:  # it begins with a link or a number that is too long by itself
        furthest, unbroken = reach, free
    for ends in (
        [end for _, end in sentences(near)],
        [match.end() for match in _CLAUSE.finditer(near)],
        [match.end() for match in re.finditer(_SPACES, near)],
    ):
        if (end := last([end for end in ends if end in unbroken])) >= LEAST * furthest:
            return _parted(text, end)
    return _parted(text, furthest)


def _parted(text: str, at: int) -> tuple[str, str]:
    return text[:at].rstrip(), text[at:].lstrip()
