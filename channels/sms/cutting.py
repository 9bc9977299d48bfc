"""Cutting: where a text may end when it is too long, so that nobody reads half a link, half a number or half a letter."""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import accumulate

from channels.sms.segments import graphemes
from knowledge import sentences

LEAST = (
    0.4  # of what would fit: a sentence that ends sooner says too little, and the end of a clause or a word is better
)

_CLAUSE = re.compile(r"[,;:][ \n]+")
_SPACE = "[ \u00a0\u202f]"
_WHOLE = re.compile(
    r"https?://\S+|www\.\S+|\S+@\S+"
    # "31 mars 2026", "March 31, 2026"
    rf"|\d{{1,2}}(?:er)?{_SPACE}[^\W\d_]+{_SPACE}\d{{4}}|[^\W\d_]+{_SPACE}\d{{1,2}},{_SPACE}\d{{4}}"
    # a number with what groups it, before it and after it: "$1,234.50", "1 800 622-6232", "13 h 30", "12 $"
    rf"|(?:[$€]{_SPACE}?)?\+?\d+(?:[.,:/'-]\d+|{_SPACE}\d{{3}}(?!\d)|{_SPACE}?h{_SPACE}?\d\d)*"
    rf"(?:{_SPACE}?(?:[$€%]|h(?!\w)|[ap]\.?m\b\.?))?"
)


def cut(text: str, fits: Callable[[str], bool]) -> tuple[str, str]:
    """A beginning that fits, as long as can be and ending with a sentence where that does not make it much shorter, and
    the rest. Together they are all of `text` but for the space between.

    `fits` must hold for whatever is shorter than something that it holds for, and for any one character.
    """
    if fits(text):
        return text, ""
    whole = [match.span() for match in _WHOLE.finditer(text)]

    def last(ends: Sequence[int]) -> int:
        """The last of `ends` up to which the text fits; 0 where it is none."""
        allowed = [end for end in ends if not any(a < end < b for a, b in whole)]
        at = bisect_left(allowed, True, key=lambda end: not fits(text[:end].rstrip()))
        return allowed[at - 1] if at else 0

    letters = list(accumulate(map(len, graphemes(text))))
    furthest = last(letters)
    if not furthest:  # it begins with a link or a number that is too long by itself
        whole = []
        furthest = last(letters) or 1
    for ends in (
        [end for _, end in sentences(text)],
        [match.end() for match in _CLAUSE.finditer(text)],
        [match.end() for match in re.finditer(r"\s+", text)],
    ):
        if (end := last(ends)) >= LEAST * furthest:
            return text[:end].rstrip(), text[end:].lstrip()
    return text[:furthest].rstrip(), text[furthest:].lstrip()
