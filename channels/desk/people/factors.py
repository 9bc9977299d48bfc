"""A second factor: one-time codes of an authenticator app (RFC 6238), and codes to recover with when the device is lost."""

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyotp
import segno
import structlog
from sqlalchemy import Row, update
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.desk.people import guesses, sign_ins
from channels.desk.people.accounts import Accounts, Agent
from channels.desk.people.guesses import Locked
from channels.desk.people.passwords import Unfit
from channels.desk.people.trail import write
from channels.desk.seal import Unreadable
from channels.tables import agents

SECONDS = 30  # that a code is for; the one before and the one after are taken as well
DIGITS = 6
RECOVERY_CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
OFFERED = 900  # seconds to set them up in
QUIET = 4  # modules around a QR code
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret that is not in use yet, also as a QR code: a square of `size` modules, the dark ones as the path of an SVG.
    `sealed` is what its owner gives back, with a code, to turn it on."""

    secret: str
    size: int
    path: str
    sealed: str


class Factors:
    """`now` is seconds since 1970."""

    def __init__(self, accounts: Accounts, now: Callable[[], float] = time.time) -> None:
        self._accounts, self._now = accounts, now
        self._engine, self._seal = accounts.engine, accounts.seal

    def offer(self, agent: Agent) -> Offer:
        secret = pyotp.random_base32()
        uri = pyotp.TOTP(secret).provisioning_uri(name=agent.email, issuer_name="Guichet")
        sealed = self._seal.close(json.dumps({"agent": agent.id, "secret": secret, "until": self._now() + OFFERED}))
        return Offer(secret, *_drawn(uri), sealed)

    async def turn_on(self, agent: Agent, sealed: str, code: str, token: str) -> tuple[list[str], str]:
        """Ask for codes of the secret that was offered from now on: the codes to recover with, which nobody can see again,
        and the token of the sign-in that goes on. Raises Unfit."""
        offered = self._opened(sealed)
        if offered.get("agent") != agent.id or offered.get("until", 0) < self._now():
            raise Unfit("This took too long. Begin again.", "late")
        used = self._interval(offered["secret"], code, 0)
        if used is None:
            raise Unfit("This code is not right. Enter the one that the app shows now.", "code")
        recovery = _new_codes()
        async with self._engine.begin() as connection:
            row = await guesses.account(connection, agents.c.id == agent.id)
            if row is None or row.totp is not None:
                raise Unfit("One-time codes are on already.", "on")
            kept = self._sealed(offered["secret"], recovery)
            mine = update(agents).where(agents.c.id == agent.id).values(totp=kept, totp_used=used)
            now = (await connection.execute(mine.returning(agents))).one()
            await write(connection, agent.id, "codes on")
            await sign_ins.end_all(connection, agent.id, but=token)
            return recovery, await self._accounts.go_on(connection, token, now)

    async def enter(self, token: str, code: str) -> str | None:
        """The token of the sign-in that goes on with this code; None if the code is wrong. Raises Locked."""
        async with self._engine.begin() as connection:
            found = await sign_ins.find(connection, token)
            row = await guesses.account(connection, agents.c.id == found.id) if found else None
            if found is None or row is None or found.lacks != "code":
                return None
            if not row.locked:
                if not await self._right(connection, row, code):
                    return None
                await guesses.forgiven(connection, row)
                return await self._accounts.go_on(connection, token, row)
        raise Locked

    async def turn_off(self, agent: Agent, code: str) -> bool:
        """Ask for no more codes, if this one is right. Raises Locked, and Unfit where the role needs them."""
        if sign_ins.demanded(agent.role, self._accounts.demand):
            raise Unfit("Your role needs one-time codes.", "demanded")
        return await self._change(agent, code, "codes off", lambda _: None)

    async def recover_with(self, agent: Agent, code: str) -> list[str]:
        """New codes to recover with instead of those there are; none, if this code is wrong. Raises Locked."""
        recovery = _new_codes()
        done = await self._change(
            agent, code, "recovery codes made", lambda kept: self._sealed(kept["secret"], recovery)
        )
        return recovery if done else []

    async def left(self, agent: Agent) -> int | None:
        """How many codes to recover with there are still; None where one-time codes are off."""
        async with self._engine.begin() as connection:
            row = await guesses.account(connection, agents.c.id == agent.id)
        return len(self._opened(row.totp).get("recovery", ())) if row and row.totp else None

    async def _change(self, agent: Agent, code: str, did: str, made: Callable[[dict[str, Any]], str | None]) -> bool:
        async with self._engine.begin() as connection:
            row = await guesses.account(connection, agents.c.id == agent.id)
            if row is None or row.totp is None:
                return False
            if not row.locked:
                if not await self._right(connection, row, code):
                    return False
                mine = update(agents).where(agents.c.id == agent.id)
                await connection.execute(mine.values(totp=made(self._opened(row.totp))))
                await guesses.forgiven(connection, row)
                await write(connection, agent.id, did)
                return True
        raise Locked

    async def _right(self, connection: AsyncConnection, row: Row[Any], code: str) -> bool:
        """Whether it is a code of that account, which it then is no more; a wrong one counts."""
        kept, mine = self._opened(row.totp or ""), update(agents).where(agents.c.id == row.id)
        given = "".join(code.lower().replace("-", " ").split())
        recovery = kept.get("recovery", [])
        if kept and (used := self._interval(kept["secret"], given, row.totp_used)) is not None:
            await connection.execute(mine.values(totp_used=used))
            return True
        if _hashed(given) in recovery:
            rest = [each for each in recovery if each != _hashed(given)]
            await connection.execute(mine.values(totp=self._seal.close(json.dumps(kept | {"recovery": rest}))))
            await write(connection, row.id, "recovery code used", {"left": len(rest)})
            return True
        await guesses.missed(connection, row, "code refused")
        return False

    def _interval(self, secret: str, code: str, used: int) -> int | None:
        """The interval that a code is of, if it is around now and later than the last one used."""
        here, codes = int(self._now()) // SECONDS, pyotp.TOTP(secret, digits=DIGITS, interval=SECONDS)
        for interval in (here, here - 1, here + 1):
            right = codes.generate_otp(interval)
            if (
                hmac.compare_digest(right.encode(), "".join(code.split()).encode("utf-8", "replace"))
                and interval > used
            ):
                return interval
        return None

    def _sealed(self, secret: str, recovery: Sequence[str]) -> str:
        hashes = [_hashed(each.replace("-", "")) for each in recovery]
        return self._seal.close(json.dumps({"secret": secret, "recovery": hashes}))

    def _opened(self, sealed: str) -> dict[str, Any]:
        try:
            return dict(json.loads(self._seal.open(sealed))) if sealed else {}
        except (Unreadable, ValueError):
            log.error("one-time codes cannot be unsealed")
            return {}


def _drawn(text: str) -> tuple[int, str]:
    """A QR code's size, and its dark modules, row by row."""
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=QUIET)]
    path = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            run = len(row[x:]) - len(row[x:].lstrip(b"\x01"))
            if run:
                path.append(f"M{x} {y}h{run}v1h-{run}z")
            x += run + 1
    return len(rows), "".join(path)


def _new_codes() -> list[str]:
    """Of 59 bits each."""
    return [
        "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3)) for _ in range(RECOVERY_CODES)
    ]


def _hashed(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
