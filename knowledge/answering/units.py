"""Units are what a passage is quoted in: its sentences, list items and table rows, and which cannot stand without others."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from knowledge.reviewed import reviewed
from knowledge.text import plain, sentences

HEADING = 120  # characters: a longer line is no heading
WHOLE = 1.5  # of the longest quote: up to which a list or a table is quoted whole rather than cut after an item
BEGINNING = 60  # characters in which a unit says how it is tied to the one before

_MARK = re.compile(r"[ \t]*(?:[-•*–]|\d{1,2}[.)])[ \t]+")
_ENDED = re.compile(r"[.!:;,|…][)»”\"']*$")
_AMOUNT = re.compile(r"\d|[$€£%]")


@dataclass(frozen=True, slots=True)
class Units:
    """`spans` are (start, end) in the text; they touch. `begins[i]` is whether a quote may begin with unit i, and `ends[i]`
    whether it may end with it. `heading` is the lines above the first, which tell what the text is about and nothing more.
    """

    spans: list[tuple[int, int]]
    begins: list[bool]
    ends: list[bool]
    heading: str = ""


def units(text: str, language: str, longest: int) -> Units:
    """The units of `text`. A list or a table of more than WHOLE times `longest` characters may end after any item."""
    start = _under_headings(text)
    spans = list(_with_marks(text, [(max(a, start), b) for a, b in sentences(text) if b > start]))
    begins, ends = [True] * len(spans), [True] * len(spans)

    def tie(before: int, after: int, back: bool = True, forth: bool = True) -> None:
        """`back`: the unit `after` is not quoted without the unit `before`; `forth`: nor that without this."""
        begins[after] = begins[after] and not back
        ends[before] = ends[before] and not forth

    for i in range(1, len(spans)):
        before, after = text[slice(*spans[i - 1])], text[slice(*spans[i])]
        announced = _announces(before)
        tie(
            i - 1,
            i,
            back=announced or refers(after, language),
            forth=announced or tied(before, after, language),
        )
    for first, last in _runs(text, spans):
        lead = first - 1 if first and _announces(text[slice(*spans[first - 1])]) else first
        whole = spans[last][1] - spans[lead][0] <= WHOLE * longest
        for i in range(first + 1, last + 1):
            same_item = "\n" not in text[slice(*spans[i - 1])].rstrip(" \t")
            tie(i - 1, i, forth=whole or same_item)
    return Units(spans, begins, ends, text[:start])


def tied(before: str, after: str, language: str) -> bool:
    """Whether `after` takes something of the unit `before` back, or sets a condition for its amount, date or refusal."""
    if _opens(after, "exceptions", language):
        return True
    return _opens(after, "conditions", language) and _limited(before, language)


def refers(unit: str, language: str) -> bool:
    """Whether a unit says nothing without the one before it."""
    if _opens(unit, "exceptions", language):
        return True
    return _opens(unit, "referring", language) and not _opens(unit, "impersonal", language)


def _with_marks(text: str, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans, with a number that stands in a line before an item taken as the beginning of that item."""
    marked = None
    for start, end in spans:
        start = start if marked is None else marked
        marked = start if _MARK.fullmatch(text, start, end) else None
        if marked is None:
            yield start, end
    if marked is not None:
        yield marked, len(text)


def _under_headings(text: str) -> int:
    """Where the lines that stand above the text like headings end; 0 where there are none, or nothing else."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        line, below = text[start:end].strip(), text[end + 1 :]
        is_heading = 0 < len(line) <= HEADING and not (_ENDED.search(line) or _MARK.match(line + " ") or " | " in line)
        if not is_heading or not below.strip() or below.lstrip(" \t").startswith("\n"):
            break
        start = end + 1 + len(below) - len(below.lstrip())
    return start


def _runs(text: str, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The first and the last unit of each list and each table."""
    first, kind = 0, ""
    for i, (start, _) in enumerate(spans):
        now = _kind(text, start)
        if now != kind:
            if kind:
                yield first, i - 1
            first, kind = i, now
    if kind:
        yield first, len(spans) - 1


def _kind(text: str, at: int) -> str:
    """What the line at `at` is part of: "list", "table", or "" for neither."""
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[start : end if end >= 0 else len(text)]
    return "list" if _MARK.match(line) else "table" if " | " in line else ""


def _announces(sentence: str) -> bool:
    return sentence.rstrip().endswith(":")


def _limited(sentence: str, language: str) -> bool:
    """Whether it has an amount, a date or a refusal, for which a condition may hold."""
    return bool(_AMOUNT.search(sentence) or _refusals(language).search(sentence))


def _opens(unit: str, words: str, language: str) -> bool:
    """Whether a unit begins with one of these words of quoting.yml."""
    said = plain(_MARK.sub("", unit[:BEGINNING], count=1))
    return bool(_beginnings(words, language).match(said))


@cache
def _beginnings(words: str, language: str) -> re.Pattern[str]:
    phrases = sorted(
        (p.strip() for p in reviewed("answering/quoting")[language][words].split(",")), key=len, reverse=True
    )
    return re.compile(rf"(?:{'|'.join(map(re.escape, phrases))})\b")


@cache
def _refusals(language: str) -> re.Pattern[str]:
    return re.compile(reviewed("answering/quoting")[language]["refusals"], re.IGNORECASE)
