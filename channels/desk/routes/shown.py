"""Cases and their lines as agents' pages get them: nothing by which a citizen could be reached."""

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from channels.desk.attached import listed
from channels.desk.case import Case, Line
from channels.desk.history import Delivery, Spoken
from channels.desk.teams import Team

TIMES = ("opened", "waiting_since", "answered", "closed", "first_due", "reply_due", "resolve_due")
UNSHOWN = ("conversation", "agent", "agent_name")
PLAIN = tuple(each.name for each in fields(Case) if each.name not in (*TIMES, *UNSHOWN))


def shown(case: Case) -> dict[str, Any]:
    """A case as pages get it: nothing by which the citizen could be reached."""
    values = {name: getattr(case, name) for name in PLAIN}
    for name in TIMES:
        at: datetime | None = getattr(case, name)
        values[name] = at.isoformat() if at else None
    return values | {"agent": {"id": case.agent, "name": case.agent_name} if case.agent else None}


def team_shown(team: Team) -> dict[str, Any]:
    """A team, whether it is open now, when it opens, and when it closes; that is None, too, for one that is always open."""
    now = datetime.now(UTC)
    opens, closes = team.calendar.opens(now), team.calendar.closes(now)
    about = {"name": team.name, "title": dict(team.title), "languages": list(team.languages)}
    hours = {"opens": opens and opens.isoformat(), "closes": closes and closes.isoformat()}
    return about | {"open": team.calendar.is_open(now)} | hours


def spoken(line: Spoken) -> dict[str, Any]:
    """What was said before the case was opened."""
    return _line(line.id, _kind(line.sender), line.at.isoformat(), line.text, quotes=line.quotes)


def said(line: Line, delivery: Delivery | None) -> dict[str, Any]:
    """Something said or done in the case, what came with it, and what became of it."""
    text, quotes, about = line.text, [], line.about
    if line.kind == "agent":
        reply = json.loads(line.text or "{}")
        text, quotes, about = reply.get("text", ""), reply.get("quotes", []), None
    agent = {"id": line.agent, "name": line.agent_name} if line.agent else None
    state = {"delivery": delivery.state, "code": delivery.code or None} if delivery else {}
    more = {"files": listed(line)} | ({"about": about} if about and "files" not in about else {})
    return _line(line.message, line.kind, line.at.isoformat(), text, quotes=quotes, agent=agent) | state | more


def _line(message: str, kind: str, at: str, text: str, **more: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {"agent": None, "quotes": [], "files": [], "delivery": None, "code": None}
    return nothing | {"message": message, "kind": kind, "at": at, "text": text} | more


def _kind(sender: str) -> str:
    return {"citizen": "citizen", "desk": "agent"}.get(sender, "bot")
