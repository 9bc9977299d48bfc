"""Invitations: a link that is good once, and for 72 hours, with which somebody chooses the password of their account."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.desk.people import guesses, sign_ins
from channels.desk.people.accounts import Accounts, Agent, Role, address, agent_of, insert_new, new_agent
from channels.desk.people.passwords import NONE, Unfit, check
from channels.desk.people.trail import write
from channels.tables import agents, invitations

LASTS = timedelta(hours=72)
PAGE = "/welcome"


@dataclass(frozen=True, slots=True)
class Invitation:
    """`link` is relative to the desk. The token stands in its fragment, which browsers send to nobody."""

    agent: Agent
    token: str
    ends: datetime

    @property
    def link(self) -> str:
        return f"{PAGE}#{self.token}"


class Invitations:
    """`by` is the administrator who does it, or None at the command line."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts, self._engine = accounts, accounts.engine

    async def invite(
        self,
        email: str,
        name: str,
        role: Role,
        languages: Sequence[str],
        teams: Sequence[str] = (),
        *,
        capacity: int | None = None,
        by: str | None = None,
    ) -> Invitation:
        """A new account, without a password as yet. Raises Unfit."""
        agent = new_agent(email, name, role, languages, teams)
        async with self._engine.begin() as connection:
            await insert_new(connection, agent, NONE)
            await connection.execute(update(agents).where(agents.c.id == agent.id).values(capacity=capacity))
            await write(connection, by, "account invited", {"agent": agent.id, "role": role})
            return await self._made(connection, agent)

    async def reset(self, email: str) -> Invitation:
        """The same as `reset_one`, at the command line."""
        return await self._reset(agents.c.email == address(email), None)

    async def reset_one(self, id: str, by: str) -> Invitation:
        """A new link for an account: its password, one-time codes and provider's subject are forgotten, it is unlocked, and
        all its sign-ins end. Raises Unfit."""
        return await self._reset(agents.c.id == id, by)

    async def _reset(self, which: ColumnElement[bool], by: str | None) -> Invitation:
        async with self._engine.begin() as connection:
            row = await guesses.account(connection, which)
            if row is None:
                raise Unfit("There is no such account, or it is closed.", "nobody")
            change = {"password": NONE, "must_change": False, "totp": None, "subject": None}
            change |= {"failures": 0, "locked_until": None}
            await connection.execute(update(agents).where(agents.c.id == row.id).values(**change))
            await sign_ins.end_all(connection, row.id)
            await write(connection, by, "account reset", {"agent": row.id})
            return await self._made(connection, agent_of(row))

    async def _made(self, connection: AsyncConnection, agent: Agent) -> Invitation:
        """The one before it is good no more."""
        await connection.execute(
            delete(invitations).where((invitations.c.agent == agent.id) | (invitations.c.ends < func.now()))
        )
        token = secrets.token_urlsafe(32)
        new = insert(invitations).values(token=sign_ins.hashed(token), agent=agent.id, ends=func.now() + LASTS)
        ends = (await connection.execute(new.returning(invitations.c.ends))).scalar_one()
        return Invitation(agent, token, ends)

    async def who(self, token: str) -> Agent | None:
        """Who is invited with this link; None if it is good no more."""
        wanted = select(agents).join(invitations, invitations.c.agent == agents.c.id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(wanted.where(_good(token), agents.c.active))).one_or_none()
        return agent_of(row) if row else None

    async def accept(self, token: str, password: str) -> str | None:
        """The token of the sign-in of who chose a password; None if the link is good no more. Raises Unfit."""
        agent = await self.who(token)
        if agent is None:
            await self._refused()
            return None
        check(password, agent.name, agent.email)
        hashed = await self._accounts.passwords.hashed(password)
        async with self._engine.begin() as connection:
            row = await guesses.account(connection, agents.c.id == agent.id)
            used = delete(invitations).where(_good(token), invitations.c.agent == agent.id)
            if row is None or (await connection.execute(used)).rowcount == 0:
                return None
            await write(connection, row.id, "invitation used")
            return await self._accounts.changed(connection, row, hashed, "")

    async def _refused(self) -> None:
        async with self._engine.begin() as connection:
            await write(connection, None, "invitation refused")


def _good(token: str) -> ColumnElement[bool]:
    return (invitations.c.token == sign_ins.hashed(token)) & (invitations.c.ends > func.now())
