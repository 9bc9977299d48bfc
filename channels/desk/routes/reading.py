"""What agents' pages ask for: who is there, the cases they may see, one of them, what is published, what happens."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from channels.desk.counter import Counter
from channels.desk.history import History
from channels.desk.library import Library
from channels.desk.live import Live
from channels.desk.people.accounts import Accounts, Agent
from channels.desk.routes.access import COOKIE, Access, Seen, may_see
from channels.desk.routes.shown import said, shown, spoken, team_shown
from channels.desk.translation import Away, Translation

DESK = Path(__file__).parents[1]


class Looking(BaseModel):
    page: str = Field(pattern=r"^[0-9a-f]{8}$")
    case: int | None = Field(default=None, ge=1, le=2**63 - 1)


class Foreign(BaseModel):
    text: str = Field(min_length=1, max_length=4000)
    to: str = Field(pattern=r"^[a-z]{2}$")


def reading(
    access: Access,
    counter: Counter,
    accounts: Accounts,
    history: History,
    library: Library,
    live: Live,
    translation: Translation | None,
) -> APIRouter:
    routes, cases, queue = APIRouter(prefix="/api"), counter.cases, counter.queue
    canned, tags = _canned(), _tags()
    Me = Annotated[Agent, Depends(access.at_desk)]
    Opened = Annotated[Seen, Depends(access.case)]

    @routes.get("/me")
    async def me(agent: Me) -> dict[str, Any]:
        about = {name: getattr(agent, name) for name in ("id", "name", "role", "languages", "teams")}
        return about | {"present": await counter.presence.present()}

    @routes.get("/desk")
    async def about(agent: Me) -> dict[str, Any]:
        present = set(await counter.presence.present())
        everybody = [
            {"id": each.id, "name": each.name, "teams": each.teams, "languages": each.languages}
            | {"present": each.id in present}
            for each in await accounts.everybody()
            if each.role != "publisher"
        ]
        teams = [team_shown(team) for team in cases.teams.values()]
        extras = {"canned": canned, "tags": tags, "translates": translation is not None}
        return {"teams": teams, "agents": everybody} | extras

    @routes.get("/cases")
    async def all_open(agent: Me) -> JSONResponse:
        some = [] if agent.supervises else agent.teams
        mine = [each for each in await queue.all_open(some, agent.id) if may_see(agent, each)]
        last = await queue.last_lines([each.id for each in mine] if some else None)
        return JSONResponse({"cases": [shown(each) | {"last": last.get(each.id)} for each in mine]})

    @routes.get("/cases/{id}")
    async def one(seen: Opened) -> dict[str, Any]:
        case = seen.case
        listens = case.state == "claimed" and case.agent != seen.agent.id
        await cases.saw(seen.agent.id, "listened in" if listens else "read", case.id)
        lines, told = await cases.lines(case.id), await history.deliveries(case.conversation)
        since = {line.message for line in lines}
        before = [spoken(each) for each in await history.before(case.conversation) if each.id not in since]
        asked = [each["text"] for each in before if each["kind"] == "citizen"]
        asked += [line.text for line in lines if line.kind == "citizen"]
        suggestions = await library.suggest(list(filter(None, asked)), case.language, case.place)
        after = [said(line, told.get(line.message)) for line in lines]
        about: dict[str, Any] = {"callback": await cases.callback(case.id) or None}
        about |= {"earlier": [shown(each) for each in await queue.earlier(case) if may_see(seen.agent, each)]}
        return shown(case) | about | {"before": before, "lines": after, "suggestions": list(map(asdict, suggestions))}

    @routes.get("/search")
    async def look_up(agent: Me, q: str, language: str = "en") -> dict[str, Any]:
        return {"hits": list(map(asdict, await library.search(q[:500], language))) if q.strip() else []}

    @routes.get("/events")
    async def events(agent: Me, request: Request) -> StreamingResponse:
        heard = live.follow(agent, request.cookies.get(COOKIE, ""))
        return StreamingResponse(heard, media_type="text/event-stream")

    @routes.post("/looking", status_code=204)
    async def look(agent: Me, given: Looking) -> None:
        await counter.presence.look(given.page, given.case)

    @routes.post("/translate")
    async def translate(agent: Me, given: Foreign) -> dict[str, str]:
        if translation is None:
            raise HTTPException(404, "No translation service is set.")
        try:
            return {"text": await translation.translate(given.text, given.to)}
        except Away as error:
            raise HTTPException(502, str(error)) from error

    return routes


def _canned() -> list[dict[str, Any]]:
    found = yaml.safe_load((DESK / "canned.yml").read_text("utf-8"))
    return [{"name": name, "text": texts} for name, texts in found.items()]


def _tags() -> list[dict[str, Any]]:
    found = yaml.safe_load((DESK / "tags.yml").read_text("utf-8"))
    return [{"name": name, "title": title} for name, title in found.items()]
