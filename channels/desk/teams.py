"""The teams of the desk, from a reviewed file: what each answers, in which languages, when, and how soon it should."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import yaml

from channels.desk.calendar import KEYS, Calendar, calendar
from channels.texts import languages
from knowledge import plain

BUNDLED = Path(__file__).parent / "desk.yml"
KNOWN = frozenset(("title", "languages", "topics", "places", "targets", "overflow", "assign", "capacity", *KEYS))
TARGETS = ("first", "next", "resolve")


class TeamsUnfit(ValueError):
    """The file of the teams cannot be used; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Team:
    """`first`, `next` and `resolve` are open time. `overflow` is after which time of waiting a case goes to which team."""

    name: str
    title: Mapping[str, str]
    languages: tuple[str, ...]
    calendar: Calendar
    topics: frozenset[str]
    places: tuple[str, ...]
    first: timedelta
    next: timedelta
    resolve: timedelta
    overflow: tuple[timedelta, str] | None
    assign: Literal["pick", "turns"]
    capacity: int

    def due(self, target: Literal["first", "next", "resolve"], since: datetime) -> datetime | None:
        """Until when something should be done that is to be done within a target; None if the team never opens."""
        within: timedelta = getattr(self, target)
        return self.calendar.due(since, within)

    def fits(self, language: str, place: str | None) -> bool:
        """Whether the team answers in that language for somebody who lives there, as far as that is known."""
        return language in self.languages and (
            not self.places or place is None or any(map(place.startswith, self.places))
        )


class Teams(Mapping[str, Team]):
    """By name. One that is not there any more, as of an old case, is taken for the first."""

    def __init__(self, teams: Iterable[Team]) -> None:
        self._teams = {team.name: team for team in teams}
        self.first = next(iter(self._teams.values()))

    def __getitem__(self, name: str) -> Team:
        return self._teams.get(name, self.first)

    def __contains__(self, name: object) -> bool:
        return name in self._teams

    def __iter__(self) -> Iterator[str]:
        return iter(self._teams)

    def __len__(self) -> int:
        return len(self._teams)

    def route(self, about: str, language: str, place: str | None) -> Team:
        """The team that most of the words of what was asked and answered belong to, and among equals the one for the
        narrowest place; the first, where none fits."""
        words = f" {plain(about)} "
        fitting = [team for team in self._teams.values() if team.topics and team.fits(language, place)]

        def fitness(team: Team) -> tuple[int, int]:
            where = max((len(each) for each in team.places if place and place.startswith(each)), default=0)
            return sum(words.count(f" {topic} ") for topic in team.topics), where

        best = max(fitting, key=fitness, default=self.first)
        return best if best is not self.first and fitness(best)[0] else self.first


def read(path: Path | None = None) -> Teams:
    """The teams of a file, the bundled one where none is named. Raises TeamsUnfit."""
    path = path or BUNDLED
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        return teams(found)
    except (OSError, yaml.YAMLError, TeamsUnfit) as error:
        raise TeamsUnfit(f"The teams in {path} cannot be read: {error}") from error


def teams(found: Any) -> Teams:
    """The teams that a file describes. Raises TeamsUnfit."""
    if not isinstance(found, Mapping) or not found:
        raise TeamsUnfit("it names no team. Begin with the one that takes what belongs to no other.")
    made = Teams(_team(str(name), about) for name, about in found.items())
    for team in made.values():
        if team.overflow and (team.overflow[1] not in made or team.overflow[1] == team.name):
            raise TeamsUnfit(f"{team.name} overflows to {team.overflow[1]!r}, which is no other team.")
    return made


def _team(name: str, about: Any) -> Team:
    if not isinstance(about, Mapping):
        raise TeamsUnfit(f"{name} says nothing of the team.")
    if unknown := set(about) - KNOWN:
        raise TeamsUnfit(f"{name} has {min(map(str, unknown))!r}, which means nothing here.")
    title, targets = about.get("title", {}), about.get("targets", {})
    if missing := set(languages()) - set(title):
        raise TeamsUnfit(f"{name} has no title in {', '.join(sorted(missing))}.")
    if unknown := set(targets) - set(TARGETS):
        raise TeamsUnfit(f"{name} has a target {min(map(str, unknown))!r}. Targets are {', '.join(TARGETS)}.")
    within = {"first": 10, "next": 10, "resolve": 480} | dict(targets)
    over = about.get("overflow")
    try:
        return Team(
            name=name,
            title=dict(title),
            languages=tuple(about.get("languages", languages())),
            calendar=calendar({key: about[key] for key in KEYS if key in about}),
            topics=frozenset(plain(str(topic)) for topic in about.get("topics", ())),
            places=tuple(about.get("places", ())),
            **{target: timedelta(minutes=float(minutes)) for target, minutes in within.items()},  # type: ignore[arg-type]
            overflow=(timedelta(minutes=float(over["after"])), str(over["to"])) if over else None,
            assign="turns" if about.get("assign", "pick") == "turns" else "pick",
            capacity=int(about.get("capacity", 5)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TeamsUnfit(f"{name}: {error}") from error
