"""The trail: who saw and did what, and when. It is only ever added to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from channels.tables import agents, audit

PAGE = 50


async def write(
    connection: AsyncConnection,
    agent: str | None,
    did: str,
    about: dict[str, Any] | None = None,
    case: int | None = None,
) -> None:
    """What `agent` did, or somebody at the command line; it is kept only if all else in the transaction is."""
    await connection.execute(insert(audit).values(agent=agent, did=did, about=about or None, case=case))


@dataclass(frozen=True, slots=True)
class Step:
    """`name` is whose step it is, `of` whom it was about, if it was about one of the staff."""

    id: int
    at: datetime
    agent: str | None
    name: str | None
    did: str
    case: int | None
    of: str | None
    about: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which steps: all of them where nothing is said. `agent` did it or it was done to them; `before` is a step's id."""

    agent: str | None = None
    case: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    cases_only: bool = False


class Trail:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def read(self, wanted: Wanted, by: str) -> Sequence[Step]:
        """So many as fit a page, newest first. That somebody reads it is part of it."""
        other, whose = agents.alias(), audit.c.about["agent"].astext
        columns = (audit.c.id, audit.c.at, audit.c.agent, agents.c.name, audit.c.did, audit.c.case)
        steps = select(*columns, other.c.name.label("of"), audit.c.about)
        steps = steps.outerjoin(agents, agents.c.id == audit.c.agent)
        steps = steps.outerjoin(other, other.c.id == whose)
        steps = steps.where(*_conditions(wanted, whose))
        looked = {"agent": wanted.agent, "of_case": wanted.case, "day": wanted.since and wanted.since.isoformat()}
        async with self._engine.begin() as connection:
            found = (await connection.execute(steps.order_by(audit.c.id.desc()).limit(PAGE))).all()
            if wanted.before is None:  # the further pages of it are the same look
                await write(connection, by, "audit read", {name: value for name, value in looked.items() if value})
        return [Step(*row) for row in found]

    async def note(self, agent: str | None, did: str, about: dict[str, Any] | None = None) -> None:
        async with self._engine.begin() as connection:
            await write(connection, agent, did, about)


def _conditions(wanted: Wanted, whose: ColumnElement[str]) -> Iterator[ColumnElement[bool]]:
    if wanted.agent is not None:
        yield or_(audit.c.agent == wanted.agent, whose == wanted.agent)
    if wanted.case is not None:
        yield audit.c.case == wanted.case
    if wanted.since is not None:
        yield audit.c.at >= wanted.since
    if wanted.until is not None:
        yield audit.c.at < wanted.until
    if wanted.before is not None:
        yield audit.c.id < wanted.before
    if wanted.cases_only:
        yield audit.c.case.is_not(None)
