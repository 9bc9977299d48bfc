"""Rows of cases and lines: how they are read, and how a line is added, within a transaction of whoever needs it."""

from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.desk.case import Case, NoCase, Taken
from channels.tables import agents, case_lines, cases

_BEFORE = ("id", "conversation", "channel", "language", "place", "team", "because", "topic", "urgent", "state", "agent")
_AFTER = ("epoch", "opened", "waiting_since", "answered", "closed", "first_due", "reply_due", "resolve_due", "asks")
_LAST = ("wants", "outcome", "tags", "reopened")
CASE = select(
    *(cases.c[name] for name in _BEFORE),
    agents.c.name.label("agent_name"),
    *(cases.c[name] for name in (*_AFTER, *_LAST)),
).outerjoin(agents, agents.c.id == cases.c.agent)


def case_of(row: Row[*tuple[Any, ...]]) -> Case:
    return Case(**row._mapping)


async def one(connection: AsyncConnection, case: int) -> Case:
    """Raises NoCase."""
    row = (await connection.execute(CASE.where(cases.c.id == case))).one_or_none()
    if row is None:
        raise NoCase
    return case_of(row)


async def refusal(connection: AsyncConnection, case: int) -> Taken:
    """Why an agent cannot do what they wanted with a case. Raises NoCase."""
    found = await one(connection, case)
    return Taken(found.agent_name if found.state == "claimed" else None)


async def add_line(
    connection: AsyncConnection, case: int, message: str, kind: str, text: str = "", **about: Any
) -> None:
    """The same `message` again adds nothing."""
    line = insert(case_lines).values(case=case, message=message, kind=kind, text=text, **about)
    await connection.execute(line.on_conflict_do_nothing())


def open_of(conversation: str) -> ColumnElement[bool]:
    return and_(cases.c.conversation == conversation, cases.c.state != "closed")


def held(agent: str, epoch: int) -> ColumnElement[bool]:
    return and_(cases.c.state == "claimed", cases.c.agent == agent, cases.c.epoch == epoch)
