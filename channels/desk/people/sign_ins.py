"""Sign-ins: a random token in the browser, its hash in the table; they end after a while, or when nobody asks any more."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.tables import agents, sign_ins

Lack = Literal["code", "password", "factor"]
"""What is still to be done: enter a one-time code, choose another password, set one-time codes up."""
Demand = Literal["none", "privileged", "all"]
"""Who must have one-time codes: nobody, supervisors and administrators, or everybody."""

SIGNED_IN = timedelta(hours=12)
IDLE = timedelta(minutes=60)  # without a request, an open page's own included
UNFINISHED = timedelta(minutes=15)  # for who still has to enter a code or to choose a password
NOTICED = timedelta(minutes=1)  # how exactly it is known when somebody last asked
KEPT = timedelta(days=30)  # after its end, to know when somebody was last there


async def begin(connection: AsyncConnection, agent: str, lacks: Lack | None) -> str:
    """A new sign-in's token."""
    await connection.execute(delete(sign_ins).where(sign_ins.c.ends < func.now() - KEPT))
    token, lasts = secrets.token_urlsafe(32), UNFINISHED if lacks else SIGNED_IN
    signed = {"token": hashed(token), "agent": agent, "ends": func.now() + lasts, "lacks": lacks}
    await connection.execute(sign_ins.insert().values(**signed))
    return token


async def find(connection: AsyncConnection, token: str) -> Row[Any] | None:
    """The account of a sign-in that goes on, and what it `lacks`; that somebody asks is noticed."""
    stale = (sign_ins.c.seen < func.now() - NOTICED).label("stale")
    wanted = select(agents, sign_ins.c.lacks, stale).join(agents, agents.c.id == sign_ins.c.agent)
    wanted = wanted.where(sign_ins.c.token == hashed(token), going_on(), agents.c.active)
    found = (await connection.execute(wanted)).one_or_none()
    if found and found.stale:
        mine = update(sign_ins).where(sign_ins.c.token == hashed(token))
        await connection.execute(mine.values(seen=func.now()))
    return found


async def find_all(connection: AsyncConnection, tokens: Collection[str]) -> dict[str, Row[Any]]:
    """The accounts of those of many sign-ins that go on and lack nothing, by token; that they ask is noticed."""
    names = {hashed(token): token for token in tokens}
    mine = and_(sign_ins.c.token.in_(names), going_on(), sign_ins.c.lacks.is_(None))
    wanted = select(agents, sign_ins.c.token).join(agents, agents.c.id == sign_ins.c.agent)
    found = (await connection.execute(wanted.where(mine, agents.c.active))).all()
    stale = update(sign_ins).where(mine, sign_ins.c.seen < func.now() - NOTICED)
    await connection.execute(stale.values(seen=func.now()))
    return {names[row.token]: row for row in found}


async def end(connection: AsyncConnection, token: str) -> None:
    mine = and_(sign_ins.c.token == hashed(token), going_on())
    await connection.execute(update(sign_ins).where(mine).values(ends=func.now()))


async def end_all(connection: AsyncConnection, agent: str, but: str = "") -> None:
    """End all sign-ins of somebody, but the one of this token."""
    mine = and_(sign_ins.c.agent == agent, sign_ins.c.token != hashed(but), going_on())
    await connection.execute(update(sign_ins).where(mine).values(ends=func.now()))


def going_on() -> ColumnElement[bool]:
    return and_(sign_ins.c.ends > func.now(), sign_ins.c.seen > func.now() - IDLE)


def lacking(account: Row[Any], demand: Demand, *, proven: bool) -> Lack | None:
    """What somebody lacks who has given their password, and, if `proven`, all codes that they were asked for."""
    if account.totp is not None and not proven:
        return "code"
    if account.must_change:
        return "password"
    if account.totp is None and demanded(account.role, demand):
        return "factor"
    return None


def demanded(role: str, demand: Demand) -> bool:
    """Whether somebody of this role must have one-time codes."""
    return demand == "all" or (demand == "privileged" and role in ("supervisor", "administrator"))


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
