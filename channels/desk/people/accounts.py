"""Accounts of the desk: who may sign in, with what role; passwords by argon2id, sign-ins by a random token."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from argon2 import PasswordHasher
from sqlalchemy import Row, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from channels.clean import clean
from channels.desk.people import guesses, sign_ins
from channels.desk.people.guesses import Locked
from channels.desk.people.passwords import NONE, Passwords, Unfit, check
from channels.desk.people.sign_ins import Demand, Lack
from channels.desk.people.trail import write
from channels.desk.seal import Seal
from channels.tables import agents, invitations

Role = Literal["agent", "supervisor", "publisher", "administrator"]


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who works at the desk: for all teams, if `teams` names none; `capacity` is how many cases they may have at
    a time, None for what the team says."""

    id: str
    name: str
    email: str
    role: Role
    languages: Sequence[str]
    teams: Sequence[str] = ()
    capacity: int | None = None

    @property
    def supervises(self) -> bool:
        return self.role in ("supervisor", "administrator")

    def works_for(self, team: str) -> bool:
        return not self.teams or team in self.teams


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose sign-in it is, and what it lacks: it opens nothing else before that is done."""

    agent: Agent
    lacks: Lack | None


class Accounts:
    """All methods raise `sqlalchemy.exc.SQLAlchemyError` or `OSError` while the database is away."""

    def __init__(
        self, engine: AsyncEngine, seal: Seal, hasher: PasswordHasher | None = None, demand: Demand = "none"
    ) -> None:
        """`demand` is who must have one-time codes besides a password."""
        self.engine, self.seal, self.passwords, self.demand = engine, seal, Passwords(hasher), demand

    async def add(
        self,
        email: str,
        name: str,
        role: Role,
        languages: Sequence[str],
        password: str,
        teams: Sequence[str] = (),
        *,
        must_change: bool = False,
    ) -> Agent:
        """A new account. Raises Unfit."""
        agent = new_agent(email, name, role, languages, teams)
        check(password, agent.name, agent.email)
        hashed = await self.passwords.hashed(password)
        async with self.engine.begin() as connection:
            await insert_new(connection, agent, hashed, must_change=must_change)
            await write(connection, None, "account added", {"agent": agent.id})
        return agent

    async def sign_in(self, email: str, password: str) -> str | None:
        """The token of a new sign-in; None if address or password are wrong. Raises Locked."""
        mine = agents.c.email == address(email)
        async with self.engine.connect() as connection:
            wanted = select(agents.c.password).where(mine, agents.c.active)
            hashed = (await connection.execute(wanted)).scalar_one_or_none() or NONE
        right = await self.passwords.fit(hashed, password)  # while no connection is held
        async with self.engine.begin() as connection:
            row = await guesses.account(connection, mine)
            if row is None:
                await write(connection, None, "sign-in refused")
                return None
            if not row.locked:
                if right and row.password == hashed:
                    return await self._entered(connection, row)
                await guesses.missed(connection, row, "sign-in refused")
                return None
        raise Locked

    async def _entered(self, connection: AsyncConnection, row: Row[Any]) -> str:
        lacks = sign_ins.lacking(row, self.demand, proven=False)
        if lacks != "code":  # else somebody who knows the password could guess codes for ever
            await guesses.forgiven(connection, row)
        await write(connection, row.id, "signed in" if lacks is None else "password accepted")
        return await sign_ins.begin(connection, row.id, lacks)

    async def go_on(self, connection: AsyncConnection, token: str, row: Row[Any]) -> str:
        """The token of the sign-in that comes after one, now that what that one lacked is done."""
        lacks = sign_ins.lacking(row, self.demand, proven=True)
        await sign_ins.end(connection, token)
        if lacks is None:
            await write(connection, row.id, "signed in")
        return await sign_ins.begin(connection, row.id, lacks)

    async def sign_in_by(self, subject: str, email: str | None) -> str | None:
        """The token of a new sign-in of somebody whom a provider knows as `subject`, and whose address, if any, it has
        verified; None if they have no account. From the first time on, it is the subject that counts."""
        async with self.engine.begin() as connection:
            row = await guesses.account(connection, agents.c.subject == subject)
            if row is None and email:
                row = await guesses.account(connection, agents.c.email == address(email), agents.c.subject.is_(None))
                if row is not None:
                    bound = update(agents).where(agents.c.id == row.id).values(subject=subject)
                    await connection.execute(bound)
                    await write(connection, row.id, "single sign-on bound", {"subject": subject})
            if row is None:
                return None
            await write(connection, row.id, "signed in", {"by": "single sign-on"})
            return await sign_ins.begin(connection, row.id, None)

    async def signed_in(self, token: str) -> SignedIn | None:
        """Whose sign-in a token is; None if it has ended, or the account is closed."""
        async with self.engine.begin() as connection:
            row = await sign_ins.find(connection, token)
        return SignedIn(agent_of(row), row.lacks) if row else None

    async def whose(self, tokens: Collection[str]) -> Mapping[str, Agent]:
        """Whose sign-ins these are, of those that go on and lack nothing: the same as `who`, for many at once."""
        async with self.engine.begin() as connection:
            rows = await sign_ins.find_all(connection, tokens)
        return {token: agent_of(row) for token, row in rows.items()}

    async def who(self, token: str) -> Agent | None:
        """Whose sign-in a token is, if it lacks nothing."""
        found = await self.signed_in(token)
        return found.agent if found and found.lacks is None else None

    async def sign_out(self, token: str) -> None:
        async with self.engine.begin() as connection:
            row = await sign_ins.find(connection, token)
            await sign_ins.end(connection, token)
            if row:
                await write(connection, row.id, "signed out")

    async def set_password(self, email: str, password: str) -> None:
        """Give somebody else's account a password, which they must change when they next sign in; it is locked no more,
        and all its sign-ins end. Raises Unfit."""
        email = address(email)
        check(password, email)
        change = {"password": await self.passwords.hashed(password), "must_change": True}
        change |= {"failures": 0, "locked_until": None}
        mine = update(agents).where(agents.c.email == email).values(**change)
        async with self.engine.begin() as connection:
            id = (await connection.execute(mine.returning(agents.c.id))).scalar_one_or_none()
            if id is None:
                raise Unfit(f"There is no account of {email}.", "nobody")
            await connection.execute(delete(invitations).where(invitations.c.agent == id))
            await sign_ins.end_all(connection, id)
            await write(connection, None, "password set", {"agent": id})

    async def change_password(self, token: str, new: str, old: str | None = None) -> str | None:
        """Change one's own password; None if the old one is wrong, or the sign-in has ended. The old one is not asked of
        those who have just given it, and must change it. All other sign-ins end; the token of this one from now on comes
        back. Raises Unfit and Locked."""
        async with self.engine.begin() as connection:
            found = await sign_ins.find(connection, token)
        if found is None or found.lacks not in (None, "password") or (old is None and found.lacks is None):
            return None
        check(new, found.name, found.email)
        if await self.passwords.fit(found.password, new):
            raise Unfit("This is the password that you have now.", "same")
        right = old is None or await self.passwords.fit(found.password, old)
        hashed = await self.passwords.hashed(new)
        async with self.engine.begin() as connection:
            row = await guesses.account(connection, agents.c.id == found.id)
            if row is None or row.password != found.password:
                return None
            if not row.locked:
                if not right:
                    await guesses.missed(connection, row, "password refused")
                    return None
                return await self.changed(connection, row, hashed, token)
        raise Locked

    async def changed(self, connection: AsyncConnection, row: Row[Any], hashed: str, token: str) -> str:
        """Keep the password that somebody chose; the token of the one sign-in that goes on."""
        change = {"password": hashed, "must_change": False}
        mine = update(agents).where(agents.c.id == row.id).values(**change).returning(agents)
        now = (await connection.execute(mine)).one()
        await guesses.forgiven(connection, row)
        await connection.execute(delete(invitations).where(invitations.c.agent == row.id))
        await write(connection, row.id, "password changed")
        await sign_ins.end_all(connection, row.id, but=token)
        return await self.go_on(connection, token, now)

    async def has_password(self, agent: str) -> bool:
        """Whether somebody can sign in with a password, and not only by a provider."""
        async with self.engine.connect() as connection:
            return (await connection.execute(select(agents.c.password).where(agents.c.id == agent))).scalar() != NONE

    async def everybody(self) -> list[Agent]:
        """All who can have cases."""
        arrived = or_(agents.c.password != NONE, agents.c.subject.is_not(None))
        wanted = select(agents).where(agents.c.active, agents.c.role != "publisher", arrived)
        async with self.engine.connect() as connection:
            return [agent_of(row) for row in await connection.execute(wanted.order_by(agents.c.name))]


def new_agent(email: str, name: str, role: Role, languages: Sequence[str], teams: Sequence[str]) -> Agent:
    """Raises Unfit where there is no address or name."""
    email, name = address(email), clean(name)
    if not 0 < email.find("@") < len(email) - 1 or not name:
        raise Unfit("An account needs an e-mail address and a name.", "unfit")
    return Agent(secrets.token_hex(8), name, email, role, list(languages), list(teams))


async def insert_new(connection: AsyncConnection, agent: Agent, hashed: str, **more: Any) -> None:
    """Raises Unfit where there is an account of this address."""
    values = {name: getattr(agent, name) for name in ("id", "email", "name", "role", "languages", "teams", "capacity")}
    new = insert(agents).values(**values, password=hashed, **more).on_conflict_do_nothing()
    if (await connection.execute(new)).rowcount == 0:
        raise Unfit(f"There is an account of {agent.email} already.", "taken")


def agent_of(row: Row[Any]) -> Agent:
    return Agent(row.id, row.name, row.email, row.role, row.languages, row.teams, row.capacity)


def address(given: str) -> str:
    return clean(given).lower()
