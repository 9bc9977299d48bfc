"""Facts are what a text states in figures, in either language: amounts, percentages, days, telephones, spans of time."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache

from knowledge.reviewed import reviewed
from knowledge.text import fold

KINDS = ("amount", "percentage", "date", "phone", "duration")

_SPACES = r"[ \u00a0\u202f]"
_FIGURE = {
    "en": r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?",
    "fr": rf"\d{{1,3}}(?:{_SPACES}\d{{3}}(?!\d))+(?:,\d+)?|\d+(?:,\d+)?",
}
_PHONE = re.compile(
    r"(?<![\d.,$-])(?:\+?1[ \u00a0\u202f.-]{0,2})?\(?[2-9]\d\d\)?[ \u00a0\u202f.-]{1,2}"
    r"(?:\d{3}[ \u00a0\u202f.-]\d{4}|[A-Z0-9](?:-?[A-Z][a-zA-Z]{3,6}))(?![\w])"
)
_KEYS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999", strict=True))
_ISO = re.compile(r"(?<![\d-])(20\d\d|19\d\d)-(\d\d)-(\d\d)(?![\d-])")
_DAY = {"en": r"(\d{1,2})(?:st|nd|rd|th)?", "fr": r"(\d{1,2})(?:er)?"}
_YEAR = r"((?:19|20)\d\d)(?!\d)"


_DIGIT = re.compile(r"\d")
_FOLDED = {
    number: folded for number in range(0xC0, 0x180) if len(folded := fold(chr(number))) == 1
}  # character by character, so that places in a folded text are places in the text


@dataclass(frozen=True, slots=True)
class Fact:
    """`value` is the same however and in whichever language it is written: dollars, per cent, a day as "2026-10-10",
    "--10-10" or "2026-10", the ten digits of a telephone number, or minutes, days, working days or months.

    `written` is as it stands in the text, `tokens` the figures and months that it is made of; `at` is where it begins.
    """

    kind: str
    value: str
    written: str
    tokens: frozenset[str]
    at: int


@lru_cache(maxsize=1 << 14)
def facts(text: str, language: str) -> tuple[Fact, ...]:
    """What `text` states in figures, in its order; nothing is taken twice. Of other languages only telephones are known."""
    left, found = text, list[Fact]()
    for finder in (_phones, _dates, _amounts, _percentages, _durations) if _DIGIT.search(text) else (_durations,):
        mine = list(finder(left, language))
        found += mine
        for fact in mine:  # "10 October 2026" is no number of days
            end = fact.at + len(fact.written)
            left = left[: fact.at] + "\x00" * (end - fact.at) + left[end:]
    return tuple(sorted(found, key=lambda fact: fact.at))


def tokens(text: str, language: str) -> frozenset[str]:
    """Every figure of `text`, in digits or in a word, and every month: whether something is said in it at all."""
    plain = _folded(text)
    found = {_number(match.group(), language) for match in re.finditer(_FIGURE.get(language, r"\d+"), text)}
    found |= {str(int(match.group())) for match in re.finditer(r"\d+", text) if len(match.group()) < 19}
    words = set(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", plain)) | set(re.findall(r"[^\W\d_]+", plain))
    found |= {_plain(Decimal(str(value))) for word, value in _about("numbers", language).items() if word in words}
    found |= {f"month {number}" for word, number in _months(language).items() if word in words}
    return frozenset(found)


def passed(text: str, language: str, today: date) -> Iterator[Fact]:
    """The days until which something holds by the words before them, and that lie before `today`."""
    words = sorted(_about("until", language), key=len, reverse=True)
    plain = _folded(text)
    if not any(word in plain for word in words):
        return
    before = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?:\s+(?:the|le|la|les))?\s*$")
    for fact in facts(text, language):
        day = last_day(fact.value) if fact.kind == "date" else None
        if day and day < today and before.search(plain[max(0, fact.at - 30) : fact.at]):
            yield fact


def last_day(value: str) -> date | None:
    """The day that a fact names, or the last one of its month; None where it names no year."""
    parts = value.split("-")
    if not parts[0]:
        return None
    year, month = int(parts[0]), int(parts[1])
    try:
        return date(year, month, int(parts[2]) if len(parts) > 2 else monthrange(year, month)[1])
    except ValueError:
        return None


def _phones(text: str, language: str) -> Iterator[Fact]:
    for match in _PHONE.finditer(text):
        digits = "".join(_KEYS.get(c, c) for c in match.group().upper() if c.isalnum())
        digits = digits.removeprefix("1")
        if len(digits) >= 10:
            yield Fact("phone", digits[:10], match.group(), frozenset({digits[:10]}), match.start())


def _dates(text: str, language: str) -> Iterator[Fact]:
    plain = _folded(text)
    for match in _ISO.finditer(text):
        yield _day_of(match, text, match[1], int(match[2]), int(match[3]))
    known = _months(language)
    if not known:
        return
    names, day = "|".join(sorted(known, key=len, reverse=True)), _DAY.get(language, r"(\d{1,2})")
    of = r"(?:\s+(?:of|de)?\s*|-)"
    forms = [rf"(?<![\w.,$-]){day}{of}(?P<month>{names})\b\.?(?:,?\s+{_YEAR})?"]
    if language == "en":
        forms.insert(0, rf"\b(?P<month>{names})\b\.?\s+{day}(?![\d:]|,\d)(?:,?\s+{_YEAR})?")
    taken: list[tuple[int, int]] = []
    for form in forms:
        for match in re.finditer(form, plain):
            if not _overlaps(match, taken) and 1 <= int(match[_group(form, "day")]) <= 31:
                taken.append(match.span())
                year, number = match[_group(form, "year")], match[_group(form, "day")]
                yield _day_of(match, text, year, known[match["month"]], int(number))
    for match in re.finditer(rf"\b(?P<month>{names})\b\.?,?\s+(?:de\s+)?{_YEAR}", plain):
        if not _overlaps(match, taken):
            month = known[match["month"]]
            value = f"{match[2]}-{month:02}"
            parts = frozenset({match[2], f"month {month}"})
            yield Fact("date", value, text[match.start() : match.end()], parts, match.start())


def _group(form: str, what: str) -> int:
    """Which group of a form is the day, and which the year: the month stands before or after the day."""
    month_first = form.startswith(r"\b(?P<month>")
    return {"day": 2 if month_first else 1, "year": 3}[what]


def _overlaps(match: re.Match[str], taken: list[tuple[int, int]]) -> bool:
    return any(match.start() < end and start < match.end() for start, end in taken)


def _day_of(match: re.Match[str], text: str, year: str | None, month: int, day: int) -> Fact:
    value = f"{year or '-'}-{month:02}-{day:02}"
    parts = frozenset({str(day), f"month {month}"} | ({year} if year else set()))
    return Fact("date", value, text[match.start() : match.end()], parts, match.start())


def _amounts(text: str, language: str) -> Iterator[Fact]:
    figure = _FIGURE.get(language)
    if figure is None:
        return
    scales = _about("scales", language)
    scale = rf"(?:{_SPACES}(?P<scale>{'|'.join(sorted(scales, key=len, reverse=True))})\b)?"
    forms = {
        "en": (rf"\$\s?(?P<figure>{figure}){scale}", rf"(?<![\d.,$])(?P<figure>{figure}){scale}\s(?:dollars|cents)\b"),
        "fr": (
            rf"(?<![\d.,])(?P<figure>{figure}){scale}(?:{_SPACES}?\$|{_SPACES}(?:de )?(?:dollars|cents)\b)",
            rf"(?<!\d)\$\s?(?P<figure>{figure}){scale}",
        ),
    }[language]
    taken: list[tuple[int, int]] = []
    for form in forms:
        for match in re.finditer(form, text, re.IGNORECASE):
            if _overlaps(match, taken):
                continue
            taken.append(match.span())
            value = Decimal(_number(match["figure"], language)) * Decimal(scales.get(_folded(match["scale"] or ""), 1))
            if match.group().lower().endswith("cents"):
                value /= 100
            yield _fact("amount", _plain(value), match, _number(match["figure"], language))


def _percentages(text: str, language: str) -> Iterator[Fact]:
    figure = _FIGURE.get(language)
    if figure:
        for match in re.finditer(
            rf"(?<![\d.,])(?P<figure>{figure})\s?(?:%|per ?cent\b|p\. 100|pour cent\b)", text, re.IGNORECASE
        ):
            value = _number(match["figure"], language)
            yield _fact("percentage", value, match, value)


def _durations(text: str, language: str) -> Iterator[Fact]:
    """Without those of one: "a year" and "one year" are both "un an"."""
    figure = _FIGURE.get(language)
    units: dict[str, tuple[str, int]] = reviewed("publishing/facts")["units"].get(language, {})
    if figure is None:
        return
    words, working = _about("numbers", language), "|".join(_about("working", language))
    names = "|".join(sorted(units, key=len, reverse=True))
    spelt, between = "|".join(sorted(words, key=len, reverse=True)), "|".join(_about("between", language))
    form = (
        rf"(?<![\w.,$-])(?P<figure>{figure}|{spelt})(?:\s|-)(?:(?:{between})\s)?(?P<before>(?:{working})\s)?"
        rf"(?P<unit>{names})(?:s|es)?\b(?P<after>\s(?:{working})\b)?"
    )
    for match in re.finditer(form, _folded(text)):
        said = match["figure"]
        number = Decimal(str(words[said])) if said in words else Decimal(_number(said, language))
        unit, each = units[match["unit"]]
        counted = number * each
        if number == 1 or (unit == "month" and counted == 12):
            continue
        kind = "working day" if unit == "day" and (match["before"] or match["after"]) else unit
        written = text[match.start() : match.end()]
        yield Fact("duration", f"{_plain(counted)} {kind}", written, frozenset({_plain(number)}), match.start())


def _fact(kind: str, value: str, match: re.Match[str], token: str) -> Fact:
    return Fact(kind, value, match.group(), frozenset({token}), match.start())


def _number(figure: str, language: str) -> str:
    """The digits of a figure as one plain number: "1 200,50" and "1,200.50" are "1200.5"."""
    bare = re.sub(_SPACES, "", figure)
    bare = bare.replace(",", "") if language == "en" else bare.replace(",", ".")
    return _plain(Decimal(bare))


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _months(language: str) -> dict[str, int]:
    names: list[str] = reviewed("publishing/facts")["months"].get(language, [])
    return {name: number for number, name in enumerate(names, start=1)} | _about("short_months", language)


@cache
def _about(what: str, language: str) -> dict[str, int]:
    found: dict[str, int] = reviewed("publishing/facts")[what].get(language, {})
    return found


def _folded(text: str) -> str:
    return text.lower().replace("\u2019", "'").translate(_FOLDED)
