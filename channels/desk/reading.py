"""What agents' pages ask for: who is there, the cases they may see, one of them, what is published, what happens."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from channels.desk.access import Access, Seen, may_see
from channels.desk.accounts import Accounts, Agent
from channels.desk.counter import Counter
from channels.desk.history import History
from channels.desk.library import Library
from channels.desk.live import events as happening
from channels.desk.shown import said, shown, spoken

TEAMS = [{"name": "general", "title": {"en": "General", "fr": "Général"}}]


def reading(access: Access, counter: Counter, accounts: Accounts, history: History, library: Library) -> APIRouter:
    routes, cases, canned = APIRouter(prefix="/api"), counter.cases, _canned()
    Me = Annotated[Agent, Depends(access.at_desk)]
    Opened = Annotated[Seen, Depends(access.case)]

    @routes.get("/me")
    async def me(agent: Me) -> dict[str, Any]:
        return {"id": agent.id, "name": agent.name, "role": agent.role, "languages": list(agent.languages)} | {
            "present": await counter.present()
        }

    @routes.get("/desk")
    async def about(agent: Me) -> dict[str, Any]:
        present = set(await counter.present())
        everybody = [
            {"id": each.id, "name": each.name, "present": each.id in present} for each in await accounts.everybody()
        ]
        return {"teams": TEAMS, "agents": everybody, "canned": canned}

    @routes.get("/cases")
    async def all_open(agent: Me) -> dict[str, Any]:
        last = await cases.last_lines()
        mine = [each for each in await cases.all_open() if may_see(agent, each)]
        return {"cases": [shown(each) | {"last": last.get(each.id)} for each in mine]}

    @routes.get("/cases/{id}")
    async def one(seen: Opened) -> dict[str, Any]:
        case = seen.case
        await cases.saw(seen.agent.id, "read", case.id)
        lines, told = await cases.lines(case.id), await history.deliveries(case.conversation)
        since = {line.message for line in lines}
        before = [spoken(each) for each in await history.before(case.conversation) if each.id not in since]
        asked = [each["text"] for each in before if each["kind"] == "citizen"]
        asked += [line.text for line in lines if line.kind == "citizen"]
        suggestions = await library.suggest(asked, case.language, case.place)
        after = [said(line, told.get(line.message)) for line in lines]
        return shown(case) | {"before": before, "lines": after, "suggestions": list(map(asdict, suggestions))}

    @routes.get("/search")
    async def look_up(agent: Me, q: str, language: str = "en") -> dict[str, Any]:
        return {"hits": list(map(asdict, await library.search(q[:500], language))) if q.strip() else []}

    @routes.get("/events")
    async def events(agent: Me, request: Request) -> StreamingResponse:
        heard = access.following(request, agent, happening(counter, agent.id))
        return StreamingResponse(heard, media_type="text/event-stream")

    return routes


def _canned() -> list[dict[str, Any]]:
    found = yaml.safe_load((Path(__file__).parent / "canned.yml").read_text("utf-8"))
    return [{"name": name, "text": texts} for name, texts in found.items()]
