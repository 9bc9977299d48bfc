"""Guessing is slow and ends: after some wrong passwords or codes an account is locked for a while."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.desk.people.trail import write
from channels.tables import agents

MOST_FAILURES = 5
LOCKED = timedelta(minutes=15)


class Locked(Exception):
    """Too many wrong passwords or codes; it opens by itself after LOCKED."""


async def account(connection: AsyncConnection, *where: ColumnElement[bool]) -> Row[Any] | None:
    """An active account, for this transaction alone, and whether it is `locked` at the moment."""
    locked = func.coalesce(agents.c.locked_until > func.now(), False).label("locked")
    mine = select(agents, locked).where(agents.c.active, *where).with_for_update()
    return (await connection.execute(mine)).one_or_none()


async def missed(connection: AsyncConnection, row: Row[Any], did: str) -> None:
    """Count a wrong guess at an account."""
    locks = row.failures + 1 >= MOST_FAILURES
    change: dict[str, Any] = {"failures": 0 if locks else row.failures + 1}
    if locks:
        change["locked_until"] = func.now() + LOCKED
    await connection.execute(update(agents).where(agents.c.id == row.id).values(**change))
    await write(connection, row.id, did)
    if locks:
        await write(connection, row.id, "account locked")


async def forgiven(connection: AsyncConnection, row: Row[Any]) -> None:
    """All that was asked for was right: wrong guesses before it count no more."""
    change = {"failures": 0, "locked_until": None}
    await connection.execute(update(agents).where(agents.c.id == row.id).values(**change))
