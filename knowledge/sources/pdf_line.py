"""A line of a PDF's page, and lines put together to a text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# what French sets after a hyphen, "a-t-il", "celui-ci": such a hyphen stays
_AFTER_HYPHEN = frozenset(
    "ce ci elle elles en eux il ils je là le les leur lui moi nous on t toi tu vous y même".split()
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line, or a piece of one; edges in points from the page's upper left corner, as `size` is.

    `cells` is how many cells a row of a table has, 0 if it is none; they stand apart by " | ".
    """

    left: float
    top: float
    right: float
    bottom: float
    size: float
    bold: bool
    text: str
    page: int = 0
    cells: int = 0

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Rule:
    left: float
    top: float
    right: float


@dataclass(frozen=True, slots=True)
class Page:
    width: float
    height: float
    lines: tuple[Line, ...]
    rules: tuple[Rule, ...]


def joined(lines: Iterable[str], kept: frozenset[str] = frozenset()) -> str:
    """Lines as one text; a word that was broken at a line's end is whole again, unless it is `kept`, "well-known"."""
    whole = ""
    for line in lines:
        broken = re.search(r"(\w+)\s?[-‐\u00ad]$", whole)
        goes_on = re.match(r"[^\W\d_]+", line)
        if broken and goes_on and goes_on[0].islower():
            with_hyphen = f"{broken[1]}-{goes_on[0]}"
            mark = "-" if with_hyphen.lower() in kept or goes_on[0] in _AFTER_HYPHEN else ""
            whole = whole[: broken.end(1)] + mark + line
        else:
            whole = f"{whole} {line}" if whole else line
    return whole
