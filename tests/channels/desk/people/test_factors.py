"""One-time codes: asked after the password, good once, for a minute and a half; guessing ends; recovery codes help out."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pyotp
import pytest
import segno
from argon2 import PasswordHasher
from sqlalchemy import select, text

from channels.desk.people.accounts import Accounts, Agent
from channels.desk.people.factors import QUIET, RECOVERY_CODES, SECONDS, Factors
from channels.desk.people.guesses import MOST_FAILURES, Locked
from channels.desk.people.passwords import Unfit
from channels.desk.seal import Seal
from channels.tables import agents
from tests.channels.desk.conftest import PASSWORD, Stage
from tests.channels.desk.people.test_accounts import done

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B: "12345678901234567890"


@dataclass
class Clock:
    now: float = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def factors(stage: Stage, clock: Clock) -> Iterator[Factors]:
    yield Factors(stage.accounts, clock)
    stage.accounts.demand = "none"


@dataclass
class Device:
    """Somebody's authenticator app."""

    agent: Agent
    secret: str
    recovery: list[str]
    clock: Clock

    def shows(self, later: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(int(self.clock.now) + later * SECONDS)

    def wrong(self) -> str:
        """A code that it shows at none of the times that count."""
        shown = {self.shows(later) for later in (-2, -1, 0, 1, 2)}
        return next(code for code in map("{:06}".format, range(10)) if code not in shown)


async def set_up(stage: Stage, factors: Factors, clock: Clock, role: str = "agent") -> tuple[Device, str]:
    """Somebody who has turned codes on, and their sign-in."""
    agent = await stage.agent(role=role)
    token = await stage.accounts.sign_in(agent.email, PASSWORD) or ""
    offer = factors.offer(agent)
    recovery, token = await factors.turn_on(agent, offer.sealed, pyotp.TOTP(offer.secret).at(int(clock.now)), token)
    clock.now += SECONDS
    return Device(agent, offer.secret, recovery, clock), token


async def code_of(stage: Stage, device: Device) -> str:
    """The token of somebody who has given their password and is asked for a code."""
    token = await stage.accounts.sign_in(device.agent.email, PASSWORD) or ""
    signed = await stage.accounts.signed_in(token)
    assert signed and signed.lacks == "code"
    assert await stage.accounts.who(token) is None, "a password alone opens nothing"
    return token


async def test_a_code_is_asked_after_the_password(stage: Stage, factors: Factors, clock: Clock) -> None:
    device, here = await set_up(stage, factors, clock)
    assert await stage.accounts.who(here) == device.agent, "who turned them on goes on"
    token = await code_of(stage, device)
    assert await factors.enter(token, device.wrong()) is None
    assert await stage.accounts.who(token) is None
    code = device.shows()
    now = await factors.enter(token, f" {code[:3]} {code[3:]} ") or ""
    assert await stage.accounts.who(now) == device.agent
    assert await stage.accounts.signed_in(token) is None, "the token is another one now"
    assert (await done(stage, device.agent.id))[-3:] == ["password accepted", "code refused", "signed in"]


async def test_no_code_is_used_twice_nor_one_before_it(stage: Stage, factors: Factors, clock: Clock) -> None:
    device, _ = await set_up(stage, factors, clock)
    before, code = device.shows(), device.shows(1)
    assert await factors.enter(await code_of(stage, device), code)
    for used in (code, before):
        assert await factors.enter(await code_of(stage, device), used) is None
    clock.now += 2 * SECONDS
    assert await factors.enter(await code_of(stage, device), device.shows())


@pytest.mark.parametrize(("later", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_a_clock_may_be_off_by_half_a_minute(
    stage: Stage, factors: Factors, clock: Clock, later: int, good: bool
) -> None:
    device, _ = await set_up(stage, factors, clock)
    clock.now += 10 * SECONDS
    found = await factors.enter(await code_of(stage, device), device.shows(later))
    assert (found is not None) == good


async def test_codes_are_those_of_the_standard(stage: Stage) -> None:
    factors, agent = Factors(stage.accounts, lambda: 59.0), await stage.agent()
    token = await stage.accounts.sign_in(agent.email, PASSWORD) or ""
    offered = {"agent": agent.id, "secret": RFC_SECRET, "until": 1000}
    sealed = stage.accounts.seal.close(json.dumps(offered))
    assert (await factors.turn_on(agent, sealed, "287082", token))[0]


async def test_guessing_codes_locks_however_often_the_password_is_right(
    stage: Stage, factors: Factors, clock: Clock
) -> None:
    device, _ = await set_up(stage, factors, clock)
    for _ in range(MOST_FAILURES):
        assert await factors.enter(await code_of(stage, device), device.wrong()) is None
    with pytest.raises(Locked):
        await stage.accounts.sign_in(device.agent.email, PASSWORD)
    async with stage.engine.begin() as connection:
        await connection.execute(text("UPDATE agents SET locked_until = now() WHERE id = :id"), {"id": device.agent.id})
    token = await code_of(stage, device)
    for _ in range(MOST_FAILURES):
        await factors.enter(token, device.wrong())
    with pytest.raises(Locked):
        await factors.enter(token, device.shows())


async def test_a_recovery_code_is_good_once(stage: Stage, factors: Factors, clock: Clock) -> None:
    device, _ = await set_up(stage, factors, clock)
    assert len(set(device.recovery)) == RECOVERY_CODES == await factors.left(device.agent)
    first, second = device.recovery[:2]
    assert await factors.enter(await code_of(stage, device), first)
    assert await factors.enter(await code_of(stage, device), first) is None
    assert await factors.enter(await code_of(stage, device), f" {second.upper().replace('-', ' ')} ")
    assert await factors.left(device.agent) == RECOVERY_CODES - 2
    assert (await done(stage, device.agent.id)).count("recovery code used") == 2


async def test_what_opens_an_account_cannot_be_read(stage: Stage, factors: Factors, clock: Clock) -> None:
    device, _ = await set_up(stage, factors, clock)
    async with stage.engine.connect() as connection:
        kept = (await connection.execute(select(agents.c.totp).where(agents.c.id == device.agent.id))).scalar_one()
    opened = stage.accounts.seal.open(kept)
    assert device.secret in opened and device.secret not in kept
    assert not [code for code in device.recovery if code in opened or code.replace("-", "") in opened]
    other = Accounts(stage.engine, Seal(b"another secret" * 3), PasswordHasher(1, 8, 1))
    token = await code_of(stage, device)
    assert await Factors(other, clock).enter(token, device.shows()) is None, "with another secret nothing is right"
    assert await Factors(other, clock).enter(token, "") is None


async def test_an_offer_is_for_one_person_and_a_quarter_of_an_hour(
    stage: Stage, factors: Factors, clock: Clock
) -> None:
    agent, other = await stage.agent(), await stage.agent()
    token = await stage.accounts.sign_in(agent.email, PASSWORD) or ""
    offer = factors.offer(agent)
    code = pyotp.TOTP(offer.secret).at(int(clock.now))
    for who, sealed in ((other, offer.sealed), (agent, "nonsense"), (agent, "")):
        with pytest.raises(Unfit, match="too long"):
            await factors.turn_on(who, sealed, code, token)
    with pytest.raises(Unfit, match="not right"):
        await factors.turn_on(agent, offer.sealed, "", token)
    clock.now += 901
    with pytest.raises(Unfit, match="too long"):
        await factors.turn_on(agent, offer.sealed, pyotp.TOTP(offer.secret).at(int(clock.now)), token)
    assert await factors.left(agent) is None


async def test_they_are_turned_on_once_and_end_other_sign_ins(stage: Stage, factors: Factors, clock: Clock) -> None:
    agent = await stage.agent()
    here, there = [await stage.accounts.sign_in(agent.email, PASSWORD) or "" for _ in range(2)]
    offer = factors.offer(agent)
    code = pyotp.TOTP(offer.secret).at(int(clock.now))
    _, now = await factors.turn_on(agent, offer.sealed, code, here)
    assert [await stage.accounts.who(each) for each in (here, there, now)] == [None, None, agent]
    with pytest.raises(Unfit, match="already"):
        await factors.turn_on(agent, offer.sealed, code, now)


async def test_turning_them_off_takes_a_code(stage: Stage, factors: Factors, clock: Clock) -> None:
    device, _ = await set_up(stage, factors, clock)
    assert not await factors.turn_off(device.agent, device.wrong())
    assert await factors.left(device.agent) == RECOVERY_CODES
    assert await factors.turn_off(device.agent, device.recovery[0])
    assert await factors.left(device.agent) is None
    signed = await stage.accounts.signed_in(await stage.accounts.sign_in(device.agent.email, PASSWORD) or "")
    assert signed and signed.lacks is None


async def test_new_recovery_codes_take_the_place_of_the_old_ones(stage: Stage, factors: Factors, clock: Clock) -> None:
    device, _ = await set_up(stage, factors, clock)
    assert await factors.recover_with(device.agent, device.wrong()) == []
    new = await factors.recover_with(device.agent, device.shows())
    assert len(new) == RECOVERY_CODES and not set(new) & set(device.recovery)
    assert await factors.enter(await code_of(stage, device), device.recovery[0]) is None
    assert await factors.enter(await code_of(stage, device), new[0])


async def test_who_guesses_in_the_settings_is_locked_out_as_well(stage: Stage, factors: Factors, clock: Clock) -> None:
    device, _ = await set_up(stage, factors, clock)
    for _ in range(MOST_FAILURES):
        assert not await factors.turn_off(device.agent, device.wrong())
    with pytest.raises(Locked):
        await factors.turn_off(device.agent, device.shows())


@pytest.mark.parametrize(
    ("demand", "role", "lacks"),
    [
        ("privileged", "agent", None),
        ("privileged", "publisher", None),
        ("privileged", "supervisor", "factor"),
        ("privileged", "administrator", "factor"),
        ("all", "agent", "factor"),
        ("none", "administrator", None),
    ],
)
async def test_who_must_have_codes_sets_them_up_first(
    stage: Stage, factors: Factors, clock: Clock, demand: str, role: str, lacks: str | None
) -> None:
    stage.accounts.demand = demand  # type: ignore[assignment]
    agent = await stage.agent(role=role)
    token = await stage.accounts.sign_in(agent.email, PASSWORD) or ""
    signed = await stage.accounts.signed_in(token)
    assert signed and signed.lacks == lacks
    if lacks is None:
        return
    assert await stage.accounts.who(token) is None
    offer = factors.offer(agent)
    code = pyotp.TOTP(offer.secret).at(int(clock.now))
    recovery, token = await factors.turn_on(agent, offer.sealed, code, token)
    assert await stage.accounts.who(token) == agent
    with pytest.raises(Unfit, match="needs"):
        await factors.turn_off(agent, recovery[0])


async def test_a_code_comes_before_another_password(stage: Stage, factors: Factors, clock: Clock) -> None:
    device, _ = await set_up(stage, factors, clock)
    await stage.accounts.set_password(device.agent.email, "seven grey herons")
    token = await stage.accounts.sign_in(device.agent.email, "seven grey herons") or ""
    assert await stage.accounts.change_password(token, "three blue kettles") is None, "the code first"
    token = await factors.enter(token, device.shows()) or ""
    signed = await stage.accounts.signed_in(token)
    assert signed and signed.lacks == "password"
    token = await stage.accounts.change_password(token, "three blue kettles") or ""
    assert await stage.accounts.who(token) == device.agent


async def test_the_image_is_the_qr_code_of_the_key(stage: Stage, factors: Factors) -> None:
    agent = await stage.agent()
    offer = factors.offer(agent)
    uri = pyotp.TOTP(offer.secret).provisioning_uri(name=agent.email, issuer_name="Guichet")
    rows = [list(row) for row in segno.make(uri, error="m", micro=False).matrix_iter(border=QUIET)]
    drawn = [[0] * offer.size for _ in range(offer.size)]
    for x, y, run, back in re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", offer.path):
        assert run == back
        for column in range(int(x), int(x) + int(run)):
            drawn[int(y)][column] = 1
    assert drawn == rows
