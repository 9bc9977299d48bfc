"""The honest wait: how long somebody in a line waits until a person takes their case, by how cases went lately."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from math import ceil, log, sqrt
from statistics import NormalDist

HALF_LIFE = 5400.0  # seconds, after which what was seen counts half
LEAST = 3.0  # cases that must have been seen, each counted by its age
MOST = 60.0  # cases' worth of evidence that counts at most: no team stays as it was
USUAL = (25.0, 2.0)  # seconds until who has room takes the next case; believed as if seen so often
NOTICING = 0.7  # how such times spread, as the squared coefficient of variation
OVER_MEDIAN = 1.3  # and their mean over their median, which a few odd ones do not move
SPREAD = 4.0  # cases' worth of belief that the times which cases take spread as exponential ones do
WIDEST = 4.0  # that they are believed to spread, however odd one of them was
STEPS = (1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120)  # minutes that are said; then whole hours
MEDIAN, NINE_OF_TEN = 0.0, NormalDist().inv_cdf(0.9)


@dataclass(frozen=True, slots=True)
class Taken:
    """A case that was taken from the line: when, how long it had waited, and when it was closed, if it is."""

    at: datetime
    waited: timedelta
    closed: datetime | None


@dataclass(frozen=True, slots=True)
class Wait:
    """Half of all wait no longer than `median`, and nine of ten no longer than `most`."""

    median: timedelta
    most: timedelta


@dataclass(frozen=True, slots=True)
class Pace:
    """Events, of which so many were `seen`, at a mean `gap` in seconds; each of so many `sources` brings them forth one
    by one, at intervals whose squared coefficient of variation is `spread`.
    """

    seen: float
    gap: float
    spread: float
    sources: int = 1

    def after(self, events: float, z: float) -> float:
        """Seconds until so many more events, at the quantile of the normal deviate `z`.

        Sums of gaps are taken for gamma distributed, as is what was seen of their mean, so that this is a quantile of an
        F distribution, by E. Paulson, "An Approximate Normalization of the Analysis of Variance Distribution",
        Annals of Mathematical Statistics 13 (1942). The first events of many sources come like independent ones; one
        source's interval is partly over when somebody asks.
        """
        others = self.sources - 1
        spread = self.spread + (1 - self.spread) * others / (others + events)
        a, b = spread / (9 * events), self.spread / (9 * min(self.seen, MOST))
        root = sqrt(a * (1 - b) ** 2 + b * (1 - a) ** 2 - a * b * z * z)
        mean = (events - (1 - spread) / 2) * self.gap
        return mean * (((1 - a) * (1 - b) + z * root) / ((1 - b) ** 2 - b * z * z)) ** 3


@dataclass(frozen=True, slots=True)
class Forecast:
    """`noticed` is how cases are taken by agents who have room, for so many more as `free`; `ended`, how cases end and
    make room, or None where too little of it was seen; `jumped`, which share of those taken went past somebody.
    """

    free: int
    noticed: Pace
    ended: Pace | None
    jumped: float

    def wait(self, place: int) -> Wait | None:
        """The wait of who is in this place, 1 for the next; None where nothing can be said honestly."""
        if place > self.free and self.ended is None:
            return None
        return Wait(*(timedelta(seconds=self._seconds(place, z)) for z in (MEDIAN, NINE_OF_TEN)))

    def _seconds(self, place: int, z: float) -> float:
        near = min(place, self.free)
        soon = self.noticed.after(near, z) if near else 0.0
        if place == near or self.ended is None:
            return soon
        return max(soon, self.ended.after((place - near) / (1 - self.jumped), z))


def forecast(record: Sequence[Taken], busy: int, free: int, now: datetime) -> Forecast | None:
    """What can be said at `now` of a line, by its cases that were taken since it opened, in order; hours of them suffice.

    `busy` is how many cases those agents have who are present, and `free` for how many more they have room. None where
    nobody is present, or too little was seen. A break that is to come makes waits longer than is said, and people who
    leave the line make them shorter.
    """
    if busy + free <= 0 or sum(_count(now, case.at) for case in record) < LEAST:
        return None
    noticed = _noticed(record, busy + free, now)
    return Forecast(free, noticed, _ended(record, busy + free, noticed.gap, now), _jumped(record))


def _noticed(record: Sequence[Taken], room: int, now: datetime) -> Pace:
    """By the cases for which there was room when they came, or when the one before them was taken."""
    starts, ends = [case.at for case in record], sorted(case.closed for case in record if case.closed)
    took = [USUAL]  # and how much it counts
    for before, case in pairwise(record):
        since = max(case.at - case.waited, before.at)
        if bisect_right(starts, since) - bisect_right(ends, since) < room:
            took.append(((case.at - since).total_seconds(), _count(now, case.at)))
    took.sort()
    seen = list(accumulate(count for _, count in took))
    median, _ = took[bisect_right(seen, seen[-1] / 2)]
    return Pace(seen[-1], OVER_MEDIAN * median, NOTICING)


def _ended(record: Sequence[Taken], room: int, noticing: float, now: datetime) -> Pace | None:
    """By the time that agents have spent on cases, those they still have included, for each that ended."""
    ended = [(_count(now, case.closed), (case.closed - case.at).total_seconds()) for case in record if case.closed]
    seen = sum(count for count, _ in ended)
    if seen < LEAST:
        return None
    spent = sum(_count(now, case.closed or now) - _count(now, case.at) for case in record) * HALF_LIFE / log(2)
    mean = sum(count * took for count, took in ended) / seen
    squares = sum(count * (took - mean) ** 2 for count, took in ended)
    spread = min((SPREAD + squares / max(mean, 1.0) ** 2) / (SPREAD + seen), WIDEST)
    evidence = seen**2 / sum(count * count for count, _ in ended)
    return Pace(evidence, (spent / seen + noticing) / room, spread, room)


def _jumped(record: Sequence[Taken]) -> float:
    """The share of cases that were taken before one that had come earlier, such as urgent ones."""
    came = [case.at - case.waited for case in record]
    earliest = list(accumulate(reversed(came), min))[::-1]
    return sum(mine > first for mine, first in zip(came, earliest, strict=True)) / (len(came) + 1)


def _count(now: datetime, at: datetime) -> float:
    """What something of that time still counts."""
    return float(0.5 ** ((now - at).total_seconds() / HALF_LIFE))


def rounded(wait: Wait) -> tuple[int, int]:
    """The median and the most of a wait in whole minutes such as people say, never less than they are."""
    return _rounded(wait.median), _rounded(wait.most)


def _rounded(wait: timedelta) -> int:
    minutes = wait.total_seconds() / 60
    return next((step for step in STEPS if minutes <= step), ceil(minutes / 60) * 60)
