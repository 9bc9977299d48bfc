"""When a team is open: its hours in its own time zone, without the statutory holidays and the days it is closed."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
YEAR = 366  # days
KEYS = ("time_zone", "hours", "holidays", "closed", "special")
_SHAPE = re.compile("([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
_NOTHING = timedelta(0)

Span = tuple[datetime, datetime]
Minutes = tuple[tuple[int, int], ...]  # of a day, from when to when, in order


@dataclass(frozen=True)
class Calendar:
    """`hours` has, for a day of `DAYS`, what is open in it: "08:30-12:00", to "24:00" at the latest; other days are closed.

    `holidays` is "ca" for the general holidays of the Canada Labour Code, "ca-on" for those of Ontario's law, and so on
    (by the library `holidays`, with the days on which they are observed), or None; what a collective agreement adds to
    them, such as Easter Monday, belongs in `closed`. `special` has dates whose intervals replace all of this.

    Hours are what the clock on the wall says. When it is put forward, what would be open in the hour that is left out is
    not; when it is put back, it is as if it stood still for that hour, so that nothing is open twice.

    All times must be aware, and come back in UTC. Raises ValueError, with a way out, for what cannot be meant.
    """

    time_zone: str
    hours: Mapping[str, Sequence[str]]
    holidays: str | None = None
    closed: frozenset[date] = frozenset()
    special: Mapping[date, Sequence[str]] = field(default_factory=dict)
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)
    _weekly: tuple[Minutes, ...] = field(init=False, repr=False, compare=False)
    _special: Mapping[int, Minutes] = field(init=False, repr=False, compare=False)
    _known: dict[int, tuple[Span, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        if unknown := set(self.hours) - set(DAYS):
            raise ValueError(f"{min(unknown)!r} is no day of the week. Write {', '.join(DAYS)}.")
        if both := self.closed & set(self.special):
            raise ValueError(f"{min(both)} is closed and special: have it in one of the two.")
        _statutory(self.holidays)
        object.__setattr__(self, "_zone", _time_zone(self.time_zone))
        object.__setattr__(self, "_weekly", tuple(_minutes(day, self.hours.get(day, ())) for day in DAYS))
        special = {day.toordinal(): _minutes(str(day), intervals) for day, intervals in self.special.items()}
        object.__setattr__(self, "_special", special)

    def is_open(self, at: datetime) -> bool:
        at = _utc(at)
        return any(start <= at for start, _ in self._spans(at, 2))

    def opens(self, at: datetime) -> datetime | None:
        """The first moment from `at` on that is open: `at` itself, if it is. None if none is for a year."""
        at = _utc(at)
        for start, _ in self._spans(at, YEAR):
            return max(start, at)
        return None

    def closes(self, at: datetime) -> datetime | None:
        """When what is open at `at` closes. None if nothing is open then, or if it stays open for a year."""
        at = until = _utc(at)
        for start, end in self._spans(at, YEAR):
            if start > until:
                break
            until = end
        return until if at < until < at + timedelta(days=YEAR - 1) else None

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time from `start` to `end` is open; nothing if `end` is not after `start`."""
        start, end = _utc(start), _utc(end)
        total = _NOTHING
        for opened, closed in self._spans(start, (end - start).days + 3):
            if opened >= end:
                break
            total += min(closed, end) - max(opened, start)
        return max(total, _NOTHING)

    def due(self, start: datetime, working: timedelta) -> datetime | None:
        """The first moment at which `working` of open time has passed since `start`. None if not within two years.

        Raises ValueError if `working` is negative.
        """
        if working < _NOTHING:
            raise ValueError(f"Nothing is due in {working}: give a time that is not negative.")
        start = _utc(start)
        if not working:
            return start
        for opened, closed in self._spans(start, 2 * YEAR):
            begun = max(opened, start)
            if closed - begun >= working:
                return begun + working
            working -= closed - begun
        return None

    def _spans(self, at: datetime, days: int) -> Iterator[Span]:
        """What is open in so many days from that of `at`, in UTC, on; in order, but for what has closed by then."""
        first = at.astimezone(self._zone).toordinal()
        for day in range(first, first + days):
            spans = self._known.get(day)
            if spans is None:
                spans = self._known[day] = self._of_day(day)
            for span in spans:
                if span[1] > at:
                    yield span

    def _of_day(self, day: int) -> tuple[Span, ...]:
        here = date.fromordinal(day)
        if day in self._special:
            open_ = self._special[day]
        elif here in self.closed or here in _statutory(self.holidays):
            open_ = ()
        else:
            open_ = self._weekly[here.weekday()]
        spans = [(_instant(here, start, self._zone), _instant(here, end, self._zone)) for start, end in open_]
        return tuple(span for span in spans if span[0] < span[1])


def calendar(values: Mapping[str, Any]) -> Calendar:
    """A calendar from what a YAML file says: days of the week also as "mon-fri", `hours: always`, `holidays: none`.

    Raises ValueError for what is missing, unknown or cannot be meant.
    """
    if unknown := [key for key in values if key not in KEYS]:
        raise ValueError(f"A calendar has no {unknown[0]!r}. It has {', '.join(KEYS)}.")
    if not isinstance(zone := values.get("time_zone"), str):
        raise ValueError("A calendar has a time_zone, written like America/Toronto.")
    always = values.get("hours") == "always"
    hours = {day: ["00:00-24:00"] for day in DAYS} if always else _weekdays(values.get("hours"))
    holidays = values.get("holidays", "none" if always else None)
    if not isinstance(holidays, str):
        raise ValueError("Say which holidays a calendar has: ca for federal ones, ca-on for Ontario's …, or none.")
    closed = values.get("closed") or ()
    if not isinstance(closed, Sequence) or isinstance(closed, str):
        raise ValueError(f"closed is a list of dates, like [2026-12-24], not {closed!r}.")
    special = values.get("special") or {}
    if not isinstance(special, Mapping):
        raise ValueError(f'special has intervals for dates, like {{2026-12-31: ["08:30-12:00"]}}, not {special!r}.')
    return Calendar(
        zone,
        hours,
        None if holidays == "none" else holidays,
        frozenset(map(_date, closed)),
        {_date(day): intervals for day, intervals in special.items()},
    )


def _weekdays(hours: Any) -> dict[str, Any]:
    """Each day's intervals, from those of "mon-fri"."""
    if not isinstance(hours, Mapping) or not hours:
        raise ValueError('A calendar has hours, like {mon-fri: ["08:30-12:00", "13:00-16:30"]}, or always.')
    found: dict[str, Any] = {}
    for days, intervals in hours.items():
        first, _, last = str(days).partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f"{days!r} is no day of the week. Write {', '.join(DAYS)}, or several as mon-fri.")
        start, end = DAYS.index(first), DAYS.index(last or first)
        for number in range(start, end + 1 if end >= start else end + 8):
            day = DAYS[number % 7]
            if day in found:
                raise ValueError(f"{day} has hours twice, once by {days!r}: write all its intervals in one place.")
            found[day] = intervals
    return found


def _date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{value!r} is no date. Write it like 2026-12-24.") from error


def _minutes(day: str, intervals: Sequence[str]) -> Minutes:
    if isinstance(intervals, str) or not isinstance(intervals, Sequence):
        raise ValueError(f'The hours of {day} are a list, like ["08:30-12:00"], or [] when closed; not {intervals!r}.')
    found = sorted(_interval(day, interval) for interval in intervals)
    for (_, end), (start, _) in pairwise(found):
        if start < end:
            raise ValueError(f"The hours of {day}, {', '.join(intervals)}, overlap: write each hour once.")
    return tuple(found)


def _interval(day: str, text: str) -> tuple[int, int]:
    if not isinstance(text, str) or not (found := _SHAPE.fullmatch(text)):
        raise ValueError(f"{text!r} on {day} is not written like 08:30-12:00.")
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if end > 24 * 60:
        raise ValueError(f"{text!r} on {day} goes beyond 24:00: write the rest on the day after.")
    if end <= start:
        raise ValueError(
            f"{text!r} on {day} ends before it has begun: over midnight, write to 24:00, and the rest on the day after."
        )
    return start, end


def _time_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone. Write it like America/Toronto.") from error


@cache
def _statutory(which: str | None) -> Mapping[date, str]:
    """The days that a law sets free; a year is worked out when it is first asked for."""
    if which is None:
        return {}
    from holidays import GOVERNMENT, country_holidays, list_supported_countries

    known = {f"ca-{place.lower()}": place for place in list_supported_countries()["CA"]}
    if which in known:
        return country_holidays("CA", subdiv=known[which])
    if which == "ca":
        return country_holidays("CA", categories=GOVERNMENT)
    raise ValueError(f"{which!r} has no holidays here. Write ca for federal ones, {', '.join(known)}, or none.")


def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """When a clock on the wall shows so many minutes of the day for the first time, or is put past them."""
    wall = datetime.combine(day, time(), zone) + timedelta(minutes=minutes)
    first, second = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    if first <= second:
        return first
    # A time that is left out: the clock is put forward somewhere from `second` to `first`.
    before = second.astimezone(zone).utcoffset()
    seconds = range(int((first - second).total_seconds()))
    passed = bisect_left(
        seconds, True, key=lambda after: (second + timedelta(seconds=after)).astimezone(zone).utcoffset() != before
    )
    return second + timedelta(seconds=passed)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} could be meant in any time zone: give a time that says its own.")
    return at.astimezone(UTC)
