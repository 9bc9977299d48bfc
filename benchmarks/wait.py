"""Measures whether the wait that citizens are told holds: simulated days of a team, and how often the real wait was within.

    python benchmarks/wait.py [--days 40] [--json] [--plot docs/wait.svg]

Who comes is told a wait from what the desk has seen by then. A day is simulated event by event: citizens come at random,
agents come and go, notice a case after a while, and have several at a time, each for a log-normal time.
"""

import argparse
import heapq
import json
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count, pairwise
from math import exp
from pathlib import Path
from statistics import mean, median

from rich.console import Console
from rich.progress import track
from rich.table import Table

from channels.desk.waits import Taken, Wait, forecast, rounded

HOUR = 3600.0
OPEN, CLOSE = 8.5 * HOUR, 16.5 * HOUR
PLACES = (1, 2, 4, 8, 16, 1000)


@dataclass(frozen=True, slots=True)
class Agent:
    """Present from and until these seconds of the day, but for breaks; so many cases at a time."""

    capacity: int
    present: tuple[tuple[float, float], ...] = ((OPEN, CLOSE),)

    def is_present(self, at: float) -> bool:
        return any(start <= at < end for start, end in self.present)


@dataclass(frozen=True, slots=True)
class Scenario:
    """`per_hour` is how many come an hour, by the hour of the day; services take `minutes` in the median."""

    title: str
    per_hour: Callable[[float], float]
    agents: tuple[Agent, ...]
    minutes: float
    sigma: float = 0.7
    notice_seconds: float = 20.0
    urgent: float = 0.0  # share of those who come
    patience_minutes: float = 1e9  # in the mean, after which people leave the line


@dataclass(slots=True)
class Case:
    came: float
    urgent: bool
    taken: float = 0.0
    closed: float = float("inf")
    place: int = 0
    told: Wait | None = None


@dataclass(slots=True)
class Day:
    """Runs a day; `cases` are those who came, with what they were told and when they were taken."""

    scenario: Scenario
    chance: random.Random
    now: float = 0.0
    number: Iterator[int] = field(default_factory=count)
    line: deque[Case] = field(default_factory=deque)
    cases: list[Case] = field(default_factory=list)
    served: list[Case] = field(default_factory=list)
    load: list[int] = field(default_factory=list)
    looking: list[bool] = field(default_factory=list)
    events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)

    def run(self) -> list[Case]:
        self.load = [0] * len(self.scenario.agents)
        self.looking = [False] * len(self.scenario.agents)
        for at, urgent in self.arrivals():
            self.at(at, partial(self.come, urgent))
        for number, agent in enumerate(self.scenario.agents):
            for start, _ in agent.present:
                self.at(start, partial(self.look, number))
        while self.events:
            self.now, _, happens = heapq.heappop(self.events)
            happens()
        return [case for case in self.cases if case.taken]

    def arrivals(self) -> Iterator[tuple[float, bool]]:
        """A Poisson process, by thinning one of `most` an hour."""
        most, at = 100.0, OPEN - HOUR
        while (at := at + self.chance.expovariate(most / HOUR)) < CLOSE - 0.5 * HOUR:
            if self.chance.random() < self.scenario.per_hour(at / HOUR) / most:
                yield at, self.chance.random() < self.scenario.urgent

    def at(self, when: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self.events, (when, next(self.number), happens))

    def come(self, urgent: bool) -> None:
        case = Case(self.now, urgent)
        ahead = sum(other.urgent for other in self.line) if urgent else len(self.line)
        self.line.insert(ahead, case)
        case.place = ahead + 1
        case.told = self.tell(case.place)
        self.cases.append(case)
        patience = 60 * self.scenario.patience_minutes
        self.at(self.now + self.chance.expovariate(1 / patience), partial(self.leave, case))
        for number in range(len(self.load)):
            self.look(number)

    def leave(self, case: Case) -> None:
        if case in self.line:
            self.line.remove(case)

    def tell(self, place: int) -> Wait | None:
        present = [n for n, agent in enumerate(self.scenario.agents) if agent.is_present(min(self.now, CLOSE - 1))]
        free = sum(max(0, self.scenario.agents[n].capacity - self.load[n]) for n in present)
        record = [
            Taken(when(c.taken), when(c.taken) - when(c.came), when(c.closed) if c.closed <= self.now else None)
            for c in self.served
        ]
        pace = forecast(record, sum(self.load[n] for n in present), free, when(self.now))
        return pace.wait(place) if pace else None

    def look(self, number: int) -> None:
        """An agent who has room notices, after a while, that somebody waits."""
        if self.looking[number] or not self.line or not self.has_room(number):
            return
        self.looking[number] = True
        after = self.scenario.notice_seconds * exp(self.chance.gauss(0, 0.8))
        self.at(self.now + after, partial(self.take, number))

    def take(self, number: int) -> None:
        self.looking[number] = False
        if not self.line or not self.has_room(number):
            return
        case = self.line.popleft()
        case.taken = self.now
        self.served.append(case)
        self.load[number] += 1
        took = 60 * self.scenario.minutes * exp(self.chance.gauss(0, self.scenario.sigma))
        self.at(self.now + took, partial(self.close, number, case))
        self.look(number)

    def close(self, number: int, case: Case) -> None:
        case.closed = self.now
        self.load[number] -= 1
        self.look(number)

    def has_room(self, number: int) -> bool:
        agent = self.scenario.agents[number]
        return self.load[number] < agent.capacity and agent.is_present(min(self.now, CLOSE - 1))


def when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def flat(per_hour: float) -> Callable[[float], float]:
    return lambda hour: per_hour if hour >= OPEN / HOUR else 0.0


def away(capacity: int, *parts: float) -> Agent:
    """Present from hour to hour."""
    hours = [part * HOUR for part in parts]
    return Agent(capacity, tuple(zip(hours[::2], hours[1::2], strict=True)))


THREE = (Agent(2),) * 3
LUNCH = (away(2, 8.5, 11.5, 12.5, 16.5), *(away(2, 8.5, 12, 13, 16.5),) * 2, Agent(2))
SHIFTS = (away(3, 8.5, 12.5), away(1, 9.5, 16.5), away(2, 8.5, 10, 10.5, 16.5), away(3, 13, 16.5), away(1, 11, 14.5))
SCENARIOS = (
    Scenario("steady", flat(34), THREE, 8),
    Scenario("lunch dip", flat(36), LUNCH, 8),
    Scenario("morning rush", lambda hour: 22 + 45 * exp(-(((hour - 8.75) / 0.6) ** 2)), (Agent(2),) * 4, 8),
    Scenario("short cases", flat(50), (Agent(1),) * 3, 2.5, 0.6),
    Scenario("long cases", flat(15), THREE, 17, 0.8),
    Scenario("one agent", flat(6.2), (Agent(1),), 8),
    Scenario("capacity 1 to 3", flat(50), (Agent(1), Agent(2), Agent(3), Agent(3)), 8),
    Scenario("shifts", flat(30), SHIFTS, 8),
    Scenario("urgent ones first", flat(34), THREE, 8, urgent=0.1),
    Scenario("some leave", flat(38), THREE, 8, patience_minutes=60),
)


@dataclass(frozen=True, slots=True)
class Result:
    """`cases` are those of all days who were taken."""

    title: str
    days: int
    cases: list[Case]

    @property
    def told(self) -> list[tuple[float, Wait]]:
        """The real wait in minutes, and what was told."""
        return [((case.taken - case.came) / 60, case.told) for case in self.cases if case.told]

    def figures(self) -> dict[str, float]:
        real = sorted(wait for wait, _ in self.told)
        most = [minutes(told.most) for _, told in self.told]
        return {
            "a_day": round(len(self.cases) / self.days),
            "told": share(case.told is not None for case in self.cases),
            "real_median_min": round(median(real), 1),
            "real_p90_min": round(real[int(0.9 * len(real))], 1),
            "told_most_min": round(median(most), 1),
            "width": round(median(minutes(told.most) / minutes(told.median) for _, told in self.told), 2),
            "within_median": share(wait <= minutes(told.median) for wait, told in self.told),
            "within_most": share(wait <= minutes(told.most) for wait, told in self.told),
            "within_said": share(wait <= rounded(told)[1] for wait, told in self.told),
        }


def minutes(wait: timedelta) -> float:
    return wait.total_seconds() / 60


def share(held: Iterable[bool]) -> float:
    return round(mean(held), 3)


def measure(days: int, console: Console) -> list[Result]:
    """Days of a scenario differ by their seed alone, which is their number."""
    found = []
    for scenario in track(SCENARIOS, "days", console=console):
        ran = [Day(scenario, random.Random(f"{scenario.title} {number}")).run() for number in range(days)]
        found.append(Result(scenario.title, days, [case for cases in ran for case in cases]))
    return [*found, Result("all", days * len(found), [case for result in found for case in result.cases])]


def show(results: list[Result], console: Console) -> None:
    columns = ("a day", "told", "real p50", "real p90", "told p90", "p90/p50", "in p50", "in p90", "as said")
    table = Table("team", *columns, title="Waits in minutes, and the share of the real ones within what was told")
    for result in results:
        table.add_row(result.title, *(f"{value:g}" for value in result.figures().values()))
    console.print(table)
    places = Table("place in line", "cases", "in p50", "in p90")
    for first, last in pairwise(PLACES):
        here = Result("", 1, [case for case in results[-1].cases if first <= case.place < last])
        figures = here.figures()
        places.add_row(f"from {first}", *(f"{figures[name]:g}" for name in ("a_day", "within_median", "within_most")))
    console.print(places)


def draw(results: list[Result], path: Path) -> None:
    """How often each scenario's waits were within what was told, and a day's morning rush as it was told and as it was."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams["svg.hashsalt"] = "guichet"  # the same picture from the same figures
    figure, (held, rush) = plt.subplots(1, 2, figsize=(10, 4.2), width_ratios=(1, 1.2))
    titles = [result.title for result in results]
    held.axvspan(0.85, 0.95, color="tab:blue", alpha=0.12, linewidth=0)
    for name, marker in (("most", "o"), ("median", "D")):
        held.plot([result.figures()[f"within_{name}"] for result in results], titles, marker, label=f"told {name}")
    held.axvline(0.5, color="tab:orange", alpha=0.5, linewidth=1)
    held.invert_yaxis()
    held.set(xlim=(0, 1), xlabel="share of real waits within it", title="Does it hold?")
    cases = Day(SCENARIOS[2], random.Random("drawn")).run()
    told = [(case.came / HOUR, minutes(case.told.median), minutes(case.told.most)) for case in cases if case.told]
    rush.fill_between(*zip(*told, strict=True), alpha=0.3, linewidth=0, label="told, median to most")
    real = [(case.came / HOUR, (case.taken - case.came) / 60) for case in cases]
    rush.plot(*zip(*real, strict=True), "k.", markersize=3, label="real")
    rush.set(xlabel="hour at which they came", ylabel="minutes", title="A morning rush", ylim=(0, None))
    for axes in (held, rush):
        axes.legend()
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=40, help="of each team")
    parser.add_argument("--plot", type=Path, help="where to draw it, as SVG")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    given = parser.parse_args()
    results = measure(given.days, Console(stderr=True))
    if given.plot:
        draw(results, given.plot)
    if given.json:
        print(json.dumps({result.title: result.figures() for result in results}, indent=2))
    else:
        show(results, Console(width=120))


if __name__ == "__main__":
    main()
