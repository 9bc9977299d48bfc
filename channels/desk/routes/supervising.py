"""What supervisors ask for and do: the board, statistics, switches."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, Field, model_validator

from channels.desk.counter import Counter
from channels.desk.people.accounts import Agent
from channels.desk.routes.access import Access, Id
from channels.desk.routes.shown import team_shown
from channels.desk.statistics import Day, Statistics, csv_of
from channels.desk.switching import Switching, Thrown
from channels.marks import BELL
from channels.texts import languages

LONGEST_PERIOD = timedelta(days=366)
FIRST_YEAR, LAST_YEAR = 2000, 2999
NOTICE_CHARACTERS = 300


class Wanted(BaseModel):
    """A switch to throw. A notice has a text in every language; its `subject` is nothing, and that of a team its name."""

    kind: Literal["closed", "to_people", "notice"]
    subject: str = Field(default="", max_length=200)
    texts: dict[str, Annotated[str, Field(min_length=1, max_length=NOTICE_CHARACTERS)]] = {}
    because: str = Field(min_length=1, max_length=1000)
    ends: AwareDatetime | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.kind == "notice" and set(self.texts) != set(languages()):
            raise ValueError(f"A notice needs a text in {', '.join(languages())}.")
        return self


def supervising(access: Access, counter: Counter, switching: Switching, statistics: Statistics) -> APIRouter:
    routes, teams = APIRouter(prefix="/api"), counter.cases.teams
    Supervisor = Annotated[Agent, Depends(access.role("supervisor", "administrator"))]

    @routes.get("/board")
    async def board(agent: Supervisor) -> dict[str, Any]:
        """Each team now and today, and the switches that are on."""
        open_cases, present = await counter.queue.all_open(), set(await counter.presence.present())
        today = {}
        for team in teams.values():
            day = datetime.now(UTC).astimezone(ZoneInfo(team.calendar.time_zone)).date()
            found = await statistics.days(day, day, team.calendar.time_zone, [team.name])
            today[team.name] = _day(found[0]) if found else None
        shown = []
        for team in teams.values():
            waiting = [case.waiting_since for case in open_cases if case.team == team.name and case.state == "waiting"]
            claimed = sum(case.team == team.name and case.state == "claimed" for case in open_cases)
            late = sum(
                case.team == team.name and case.reply_due is not None and case.reply_due < datetime.now(UTC)
                for case in open_cases
            )
            there = present & set(await counter.queue.capacities(team.name))
            now: dict[str, Any] = {"waiting": len(waiting), "longest": min(waiting).isoformat() if waiting else None}
            now |= {"claimed": claimed, "late": late, "present": len(there), "today": today[team.name]}
            shown.append(team_shown(team) | now)
        return {"teams": shown, "switches": [_thrown(each) for each in await switching.on()]}

    @routes.get("/statistics")
    async def days(agent: Supervisor, first: date, last: date) -> dict[str, Any]:
        return {"days": [_day(each) for each in await _counted(first, last)]}

    @routes.get("/statistics.csv")
    async def as_csv(agent: Supervisor, first: date, last: date, language: str = "en") -> Response:
        titles = {team.name: team.title.get(language, team.name) for team in teams.values()}
        written = csv_of(await _counted(first, last), titles)
        name = f"guichet-{first.isoformat()}-{last.isoformat()}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response("\ufeff" + written, media_type="text/csv; charset=utf-8", headers=headers)

    @routes.post("/switches", status_code=201)
    async def begin(agent: Supervisor, given: Wanted) -> dict[str, int]:
        if given.kind == "closed" and given.subject not in teams:
            raise HTTPException(422, "There is no such team.")
        subject = "" if given.kind == "notice" else given.subject
        id = await switching.begin(agent.id, given.kind, subject, given.texts, given.because, given.ends)
        await counter.redis.publish(BELL, '{"switches": true}')
        return {"id": id}

    @routes.post("/switches/{id}/end")
    async def end(agent: Supervisor, id: Id) -> dict[str, bool]:
        ended = await switching.end(agent.id, id)
        await counter.redis.publish(BELL, '{"switches": true}')
        return {"ended": ended}

    async def _counted(first: date, last: date) -> list[Day]:
        if not timedelta(0) <= last - first <= LONGEST_PERIOD or not FIRST_YEAR <= first.year <= LAST_YEAR:
            raise HTTPException(422, "Choose a period of a year at most, its first day before its last.")
        found: list[Day] = []
        for team in teams.values():
            found += await statistics.days(first, last, team.calendar.time_zone, [team.name])
        return sorted(found, key=lambda day: (day.day, list(teams).index(day.team)))

    return routes


def _day(day: Day) -> dict[str, Any]:
    return asdict(day) | {"day": day.day.isoformat()}


def _thrown(thrown: Thrown) -> Mapping[str, Any]:
    switch = thrown.switch
    about = {"id": switch.id, "kind": switch.kind, "subject": switch.subject, "texts": dict(switch.texts)}
    ends = switch.ends.isoformat() if switch.ends else None
    return about | {"ends": ends, "because": thrown.because, "began": thrown.began.isoformat(), "by": thrown.by}
