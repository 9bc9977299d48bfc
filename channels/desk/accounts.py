"""Accounts of the desk: who may sign in, with what role; passwords by argon2id, sign-ins by a random token."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from channels.clean import clean
from channels.tables import agents, audit, sign_ins

Role = Literal["agent", "supervisor", "publisher", "administrator"]
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 256  # characters; long ones cost time to hash
MOST_FAILURES = 5
LOCKED = timedelta(minutes=15)
SIGNED_IN = timedelta(hours=12)
_AGENT = ("id", "name", "email", "role", "languages", "teams", "capacity")


class Locked(Exception):
    """Too many wrong passwords; it opens by itself after LOCKED."""


class Unfit(Exception):
    """An account that cannot be made; the message says why and what to do."""


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


class Accounts:
    """All methods raise `sqlalchemy.exc.SQLAlchemyError` or `OSError` while the database is away."""

    def __init__(self, engine: AsyncEngine, hasher: PasswordHasher | None = None) -> None:
        self._engine, self._hasher = engine, hasher or PasswordHasher()
        self._nobody = self._hasher.hash(
            secrets.token_hex()
        )  # so that an unknown address takes as long as a wrong password

    async def add(
        self, email: str, name: str, role: Role, languages: Sequence[str], password: str, teams: Sequence[str] = ()
    ) -> Agent:
        """A new account. Raises Unfit."""
        email = _address(email)
        if "@" not in email or not name.strip():
            raise Unfit("An account needs an e-mail address and a name.")
        check(password)
        values = {"id": secrets.token_hex(8), "email": email, "name": name.strip(), "role": role}
        works = {"languages": list(languages), "teams": list(teams)}
        new = insert(agents).values(**values, **works, password=self._hasher.hash(password))
        async with self._engine.begin() as connection:
            if (await connection.execute(new.on_conflict_do_nothing())).rowcount == 0:
                raise Unfit(f"There is an account of {email} already.")
            await connection.execute(insert(audit).values(did="account added", about={"agent": values["id"]}))
        return Agent(values["id"], values["name"], email, role, works["languages"], works["teams"])

    async def sign_in(self, email: str, password: str) -> str | None:
        """The token of a new sign-in; None if address or password are wrong. Raises Locked."""
        mine = select(agents).where(agents.c.email == _address(email), agents.c.active).with_for_update()
        async with self._engine.begin() as connection:
            row = (await connection.execute(mine)).one_or_none()
            if (
                row
                and row.locked_until
                and row.locked_until > (await connection.execute(select(func.now()))).scalar_one()
            ):
                raise Locked
            right = (
                self._verified(row.password if row else self._nobody, password[:LONGEST_PASSWORD]) and row is not None
            )
            if row:
                failures = 0 if right else row.failures + 1
                locked = func.now() + LOCKED if failures >= MOST_FAILURES else None
                change = {"failures": 0 if locked is not None else failures, "locked_until": locked}
                await connection.execute(update(agents).where(agents.c.id == row.id).values(**change))
            did = "signed in" if right else "sign-in refused"
            await connection.execute(insert(audit).values(agent=row.id if row else None, did=did))
            if not right or row is None:
                return None
            token = secrets.token_urlsafe(32)
            signed = {"token": _hashed(token), "agent": row.id, "ends": func.now() + SIGNED_IN}
            await connection.execute(insert(sign_ins).values(**signed))
        return token

    async def who(self, token: str) -> Agent | None:
        """Whose sign-in a token is; None if it has ended, or the account is closed."""
        columns = (agents.c[name] for name in _AGENT)
        signed = select(*columns).join(sign_ins, sign_ins.c.agent == agents.c.id)
        valid = (sign_ins.c.token == _hashed(token), sign_ins.c.ends > func.now(), agents.c.active)
        async with self._engine.connect() as connection:
            row = (await connection.execute(signed.where(*valid))).one_or_none()
        return Agent(*row) if row else None

    async def sign_out(self, token: str) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(delete(sign_ins).where(sign_ins.c.token == _hashed(token)))
            await connection.execute(delete(sign_ins).where(sign_ins.c.ends < func.now()))

    async def set_password(self, email: str, password: str) -> None:
        """Give an account another password; it is locked no more, and all its sign-ins end. Raises Unfit."""
        check(password)
        change = {"password": self._hasher.hash(password), "failures": 0, "locked_until": None}
        mine = update(agents).where(agents.c.email == _address(email)).values(**change)
        async with self._engine.begin() as connection:
            id = (await connection.execute(mine.returning(agents.c.id))).scalar_one_or_none()
            if id is None:
                raise Unfit(f"There is no account of {email}.")
            await connection.execute(delete(sign_ins).where(sign_ins.c.agent == id))
            await connection.execute(insert(audit).values(did="password set", about={"agent": id}))

    async def everybody(self) -> list[Agent]:
        columns = (agents.c[name] for name in _AGENT)
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(*columns).where(agents.c.active).order_by(agents.c.name))
            return [Agent(*row) for row in rows]

    def _verified(self, hashed: str, password: str) -> bool:
        try:
            return bool(self._hasher.verify(hashed, password.encode("utf-8", "replace")))
        except (Argon2Error, InvalidHashError):
            return False


def check(password: str) -> None:
    """Raises Unfit where a password is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Unfit(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")


def _address(given: str) -> str:
    return clean(given).lower()


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
