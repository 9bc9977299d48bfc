"""The queue: which cases are open, who comes before whom, what was last said, and how fast cases were taken lately."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from channels.desk.case import Case
from channels.desk.rows import CASE, case_of
from channels.desk.seal import Seal
from channels.desk.waits import Taken
from channels.tables import agents, case_lines, cases, transcript

ORDER = (cases.c.urgent.desc(), cases.c.waiting_since, cases.c.id)
LONGEST_GLANCE = 200  # characters of what was last said


@dataclass(frozen=True, slots=True)
class Held:
    """A case that an agent has, in short."""

    id: int
    conversation: str
    agent: str
    epoch: int


class Queue:
    """All methods raise `sqlalchemy.exc.SQLAlchemyError` or `OSError` while the database is away."""

    def __init__(self, engine: AsyncEngine, seal: Seal) -> None:
        self._engine, self._seal = engine, seal

    async def staffed(self) -> bool:
        """Whether there is anybody who could answer, present or not."""
        works = exists().where(agents.c.active, agents.c.role != "publisher")
        async with self._engine.connect() as connection:
            return bool((await connection.execute(select(works))).scalar_one())

    async def all_open(self, teams: Sequence[str] = (), agent: str = "") -> list[Case]:
        """The open cases of some teams, and those that an agent has; all of them, where no team is named. Urgent ones come
        first, then who has waited longest."""
        wanted = CASE.where(cases.c.state != "closed").order_by(*ORDER)
        if teams:
            wanted = wanted.where(or_(cases.c.team.in_(teams), cases.c.agent == agent))
        async with self._engine.connect() as connection:
            rows = await connection.execute(wanted)
            return [case_of(row) for row in rows]

    async def some(self, ids: Sequence[int]) -> list[Case]:
        """Those of the cases that there are, open or not."""
        async with self._engine.connect() as connection:
            return [case_of(row) for row in await connection.execute(CASE.where(cases.c.id.in_(ids)))]

    async def latest(self, conversation: str) -> Case | None:
        """The open case of a conversation, or else its last one."""
        newest = CASE.where(cases.c.conversation == conversation).order_by(cases.c.state == "closed", cases.c.id.desc())
        async with self._engine.connect() as connection:
            row = (await connection.execute(newest.limit(1))).one_or_none()
        return case_of(row) if row else None

    async def earlier(self, case: Case, most: int = 20) -> list[Case]:
        """Other cases of the same citizen, the newest first."""
        others = CASE.where(cases.c.conversation == case.conversation, cases.c.id != case.id)
        async with self._engine.connect() as connection:
            rows = await connection.execute(others.order_by(cases.c.id.desc()).limit(most))
            return [case_of(row) for row in rows]

    async def lately(self, conversation: str, most: int = 6) -> str:
        """The last of what was said in a conversation, as it was recorded, with titles and publishers of what was quoted."""
        wanted = select(transcript.c.text, transcript.c.reply).where(transcript.c.conversation == conversation)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(wanted.order_by(transcript.c.at.desc()).limit(most))).all()
        quotes = [quote for row in rows for quote in (row.reply or {}).get("quotes", ())]
        return " ".join([*(row.text for row in rows), *(f"{each['title']} {each['publisher']}" for each in quotes)])

    async def held(self) -> list[Held]:
        """The cases that agents have."""
        wanted = select(*(cases.c[each.name] for each in fields(Held))).where(cases.c.state == "claimed")
        async with self._engine.connect() as connection:
            return [Held(*row) for row in await connection.execute(wanted)]

    async def waiting(self, since: Mapping[str, datetime], first: str) -> list[Case]:
        """The cases that wait since before a time that each team has; those of teams that are no more are of the `first`."""
        others = cases.c.team.not_in([name for name in since if name != first])
        late = (
            and_(others if team == first else cases.c.team == team, cases.c.waiting_since < at)
            for team, at in since.items()
        )
        async with self._engine.connect() as connection:
            rows = await connection.execute(CASE.where(cases.c.state == "waiting", or_(*late)).order_by(*ORDER))
            return [case_of(row) for row in rows]

    async def last_lines(self, ids: Sequence[int] | None = None) -> dict[int, dict[str, Any]]:
        """What was last said in each of the cases, or in each open one, for a list of them."""
        said = case_lines.c.kind.in_(("citizen", "agent"))
        columns = (case_lines.c[name] for name in ("case", "kind", "at", "text"))
        wanted = select(*columns).distinct(case_lines.c.case).where(said)
        if ids is None:
            wanted = wanted.join(cases, cases.c.id == case_lines.c.case).where(cases.c.state != "closed")
        else:
            wanted = wanted.where(case_lines.c.case.in_(ids))
        async with self._engine.connect() as connection:
            rows = (await connection.execute(wanted.order_by(case_lines.c.case, case_lines.c.id.desc()))).all()
        return {
            row.case: {"kind": row.kind, "at": row.at.isoformat(), "text": _plain(row.kind, self._seal.read(row.text))}
            for row in rows
        }

    async def ahead(self, case: Case) -> int:
        """How many cases of the same team come before it."""
        before = or_(
            and_(cases.c.urgent == case.urgent, cases.c.waiting_since < case.waiting_since),
            and_(cases.c.urgent, literal(not case.urgent)),
        )
        waiting = select(func.count()).where(cases.c.state == "waiting", cases.c.team == case.team, before)
        async with self._engine.connect() as connection:
            return int((await connection.execute(waiting)).scalar_one())

    async def taken(self, team: str, within: timedelta) -> list[Taken]:
        """The cases of a team that were first claimed in the last while, in that order."""
        wanted = select(cases.c.claimed, cases.c.claimed - cases.c.opened, cases.c.closed).order_by(cases.c.claimed)
        lately = (cases.c.team == team, cases.c.claimed > func.now() - within)
        async with self._engine.connect() as connection:
            return [Taken(*row) for row in await connection.execute(wanted.where(*lately))]

    async def capacities(self, team: str) -> dict[str, int | None]:
        """Whoever works for a team, and how many cases they may have at a time, where their account says so."""
        names = agents.c.teams
        works = (agents.c.active, agents.c.role != "publisher", or_(names == [], names.contains([team])))
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(agents.c.id, agents.c.capacity).where(*works))
            return {row.id: row.capacity for row in rows}

    async def loads(self) -> dict[str, int]:
        """How many cases each agent has now."""
        wanted = select(cases.c.agent, func.count()).where(cases.c.state == "claimed").group_by(cases.c.agent)
        async with self._engine.connect() as connection:
            return {row[0]: row[1] for row in await connection.execute(wanted)}


def _plain(kind: str, text: str) -> str:
    """What was said, in short; what an agent says is kept as a reply."""
    return str(json.loads(text or "{}").get("text", "") if kind == "agent" else text)[:LONGEST_GLANCE]
