"""The staff, as administrators see and change it; there is always an administrator who can sign in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.clean import clean
from channels.desk.people import sign_ins
from channels.desk.people.accounts import Accounts, Agent, Role, agent_of
from channels.desk.people.passwords import NONE, Unfit
from channels.desk.people.trail import write
from channels.tables import agents, invitations
from channels.tables import sign_ins as signed


@dataclass(frozen=True, slots=True)
class Member:
    """`codes` is whether they sign in with one-time codes, `arrived` whether they have a way to sign in, `invited` until
    when their link is good, `seen` when they were last there, as far as that is remembered."""

    agent: Agent
    active: bool
    codes: bool
    single: bool
    arrived: bool
    locked: bool
    invited: datetime | None
    seen: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    name: str
    role: Role
    languages: Sequence[str]
    teams: Sequence[str]
    capacity: int | None


class Staff:
    """`by` is the administrator who does it."""

    def __init__(self, accounts: Accounts) -> None:
        self._engine = accounts.engine

    async def everybody(self) -> list[Member]:
        """Those whose account is closed, too, at the end."""
        last = select(func.max(signed.c.seen)).where(signed.c.agent == agents.c.id, signed.c.lacks.is_(None))
        link = select(func.max(invitations.c.ends))
        link = link.where(invitations.c.agent == agents.c.id, invitations.c.ends > func.now())
        locked = func.coalesce(agents.c.locked_until > func.now(), False)
        wanted = select(
            agents,
            locked.label("locked"),
            last.scalar_subquery().label("seen"),
            link.scalar_subquery().label("invited"),
        ).order_by(agents.c.active.desc(), agents.c.name, agents.c.id)
        async with self._engine.connect() as connection:
            return [_member(row) for row in await connection.execute(wanted)]

    async def change(self, id: str, to: Change, by: str) -> None:
        """Somebody with another role has to sign in again. Raises Unfit."""
        name = clean(to.name)
        if not name:
            raise Unfit("An account needs a name.", "unfit")
        async with self._engine.begin() as connection:
            row = await _one(connection, id, keeps=to.role == "administrator")
            works = {"languages": list(to.languages), "teams": list(to.teams), "capacity": to.capacity}
            values = {"name": name, "role": to.role, **works}
            changed = {key: [getattr(row, key), value] for key, value in values.items() if getattr(row, key) != value}
            if not changed:
                return
            await connection.execute(update(agents).where(agents.c.id == id).values(**values))
            await write(connection, by, "account changed", {"agent": id, **changed})
            if "role" in changed:
                await sign_ins.end_all(connection, id)

    async def close(self, id: str, by: str) -> None:
        """Nobody signs in with the account any more, and what it did stays known. Raises Unfit."""
        async with self._engine.begin() as connection:
            await _one(connection, id, keeps=False)
            await connection.execute(update(agents).where(agents.c.id == id).values(active=False))
            await connection.execute(delete(invitations).where(invitations.c.agent == id))
            await sign_ins.end_all(connection, id)
            await write(connection, by, "account closed", {"agent": id})

    async def reopen(self, id: str, by: str) -> None:
        """With the password that it had. Raises Unfit."""
        async with self._engine.begin() as connection:
            await _one(connection, id, keeps=True)
            await connection.execute(update(agents).where(agents.c.id == id).values(active=True))
            await write(connection, by, "account opened", {"agent": id})

    async def codes_off(self, id: str, by: str) -> None:
        """For somebody who lost the device that shows them. Raises Unfit."""
        async with self._engine.begin() as connection:
            await _one(connection, id, keeps=True)
            await connection.execute(update(agents).where(agents.c.id == id).values(totp=None))
            await sign_ins.end_all(connection, id)
            await write(connection, by, "codes off", {"agent": id})


async def _one(connection: AsyncConnection, id: str, *, keeps: bool) -> Any:
    """An account, for this transaction alone; unless it keeps an administrator's rights, there is another who has them."""
    arrived = or_(agents.c.password != NONE, agents.c.subject.is_not(None))
    others = select(agents.c.id).where(agents.c.role == "administrator", agents.c.active, arrived)
    able = set((await connection.execute(others.order_by(agents.c.id).with_for_update())).scalars())
    row = (await connection.execute(select(agents).where(agents.c.id == id).with_for_update())).one_or_none()
    if row is None:
        raise Unfit("There is no such account.", "nobody")
    if not keeps and able == {id}:
        raise Unfit("This is the only administrator who can sign in. Make somebody else one first.", "last")
    return row


def _member(row: Any) -> Member:
    arrived = row.password != NONE or row.subject is not None
    codes, single = row.totp is not None, row.subject is not None
    return Member(agent_of(row), row.active, codes, single, arrived, row.locked, row.invited, row.seen)
