"""Accounts: who may sign in, and for how long; guessing is slow and ends; somebody else's password is changed first."""

import asyncio
import time

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, text

from channels.desk.people.accounts import Accounts
from channels.desk.people.guesses import MOST_FAILURES, Locked
from channels.desk.people.passwords import Unfit, check
from channels.desk.seal import Seal
from channels.tables import agents, audit, sign_ins
from tests.channels.desk.conftest import PASSWORD, SECRET, Stage


async def test_who_gives_the_right_password_is_signed_in_until_they_sign_out(stage: Stage) -> None:
    agent = await stage.agent("Zoé")
    token = await stage.accounts.sign_in(f" {agent.email.upper()} ", PASSWORD)
    assert token is not None and await stage.accounts.who(token) == agent
    assert await stage.accounts.who(token[:-1]) is None
    await stage.accounts.sign_out(token)
    assert await stage.accounts.who(token) is None


@pytest.mark.parametrize(
    "given", [("nobody@town.example", PASSWORD), ("", ""), ("\udc80", "\udc80"), ("a@b", "x" * 10**5)]
)
async def test_who_has_no_account_is_not(stage: Stage, given: tuple[str, str]) -> None:
    assert await stage.accounts.sign_in(*given) is None


async def test_guessing_locks_an_account_for_a_while(stage: Stage) -> None:
    agent = await stage.agent()
    for _ in range(MOST_FAILURES):
        assert await stage.accounts.sign_in(agent.email, "a wrong password") is None
    with pytest.raises(Locked):
        await stage.accounts.sign_in(agent.email, PASSWORD)
    async with stage.engine.begin() as connection:
        await connection.execute(
            text("UPDATE agents SET locked_until = now() - interval '1 s' WHERE id = :id"), {"id": agent.id}
        )
    assert await stage.accounts.sign_in(agent.email, PASSWORD)


async def test_a_right_password_forgives_the_wrong_ones_before_it(stage: Stage) -> None:
    agent = await stage.agent()
    for _ in range(2):
        for _ in range(MOST_FAILURES - 1):
            await stage.accounts.sign_in(agent.email, "a wrong password")
        assert await stage.accounts.sign_in(agent.email, PASSWORD)


async def test_another_password_ends_every_sign_in_and_unlocks(stage: Stage) -> None:
    agent = await stage.agent()
    token = await stage.accounts.sign_in(agent.email, PASSWORD)
    for _ in range(MOST_FAILURES):
        await stage.accounts.sign_in(agent.email, "a wrong password")
    await stage.accounts.set_password(agent.email.upper(), "another long word")
    assert await stage.accounts.who(token or "") is None
    assert await stage.accounts.sign_in(agent.email, PASSWORD) is None
    assert await stage.accounts.sign_in(agent.email, "another long word")
    with pytest.raises(Unfit, match="12 to 256"):
        await stage.accounts.set_password(agent.email, "short")
    with pytest.raises(Unfit, match="no account"):
        await stage.accounts.set_password("nobody@town.example", "another long word")


async def test_a_sign_in_ends_by_itself_and_with_the_account(stage: Stage) -> None:
    agent = await stage.agent()
    first, second = [await stage.accounts.sign_in(agent.email, PASSWORD) or "" for _ in range(2)]
    async with stage.engine.begin() as connection:
        await connection.execute(text("UPDATE sign_ins SET ends = now() WHERE agent = :id"), {"id": agent.id})
    assert await stage.accounts.who(first) is None
    third = await stage.accounts.sign_in(agent.email, PASSWORD) or ""
    async with stage.engine.begin() as connection:
        await connection.execute(agents.update().where(agents.c.id == agent.id).values(active=False))
    assert [await stage.accounts.who(each) for each in (second, third)] == [None, None]
    assert await stage.accounts.sign_in(agent.email, PASSWORD) is None
    assert agent not in await stage.accounts.everybody()


@pytest.mark.parametrize(
    ("email", "name", "password", "why"),
    [
        ("nobody", "Sam", PASSWORD, "e-mail"),
        ("a@b.example", " ", PASSWORD, "name"),
        ("a@b.example", "Sam", "short", "12 to 256"),
        ("a@b.example", "Sam", "x" * 257, "12 to 256"),
    ],
)
async def test_an_account_that_is_unfit_is_not_made(
    stage: Stage, email: str, name: str, password: str, why: str
) -> None:
    with pytest.raises(Unfit, match=why):
        await stage.accounts.add(email, name, "agent", ["en"], password)


async def test_there_is_one_account_of_an_address(stage: Stage) -> None:
    agent = await stage.agent()
    with pytest.raises(Unfit, match="already"):
        await stage.accounts.add(agent.email.upper(), "Another", "agent", ["en"], PASSWORD)


async def test_passwords_and_tokens_cannot_be_read(stage: Stage) -> None:
    agent = await stage.agent()
    token = await Accounts(stage.engine, Seal(SECRET), PasswordHasher(1, 8, 1)).sign_in(agent.email, PASSWORD)
    async with stage.engine.connect() as connection:
        dump = repr(
            [(await connection.execute(text(f"SELECT * FROM {name}"))).all() for name in ("agents", "sign_ins")]
        )
    assert PASSWORD not in dump and token and token not in dump
    assert "$argon2id$" in dump


OTHER = "seven grey herons"


async def seen_ago(stage: Stage, agent: str, minutes: float) -> None:
    async with stage.engine.begin() as connection:
        change = text("UPDATE sign_ins SET seen = now() - :m * interval '1 minute' WHERE agent = :id")
        await connection.execute(change, {"m": minutes, "id": agent})


async def seen(stage: Stage, agent: str) -> float:
    """Seconds since the last request that was noticed."""
    ago = func.extract("epoch", func.now() - func.max(sign_ins.c.seen))
    async with stage.engine.connect() as connection:
        return float((await connection.execute(select(ago).where(sign_ins.c.agent == agent))).scalar_one())


async def done(stage: Stage, agent: str) -> list[str]:
    """What the trail says that somebody did."""
    async with stage.engine.connect() as connection:
        wanted = select(audit.c.did).where(audit.c.agent == agent).order_by(audit.c.id)
        return list((await connection.execute(wanted)).scalars())


async def test_a_sign_in_ends_when_nobody_asks_for_an_hour(stage: Stage) -> None:
    agent = await stage.agent()
    token = await stage.accounts.sign_in(agent.email, PASSWORD) or ""
    await seen_ago(stage, agent.id, 59)
    assert await stage.accounts.who(token) == agent
    assert await seen(stage, agent.id) < 5, "and the hour begins anew"
    await seen_ago(stage, agent.id, 0.5)
    assert await stage.accounts.who(token) == agent
    assert await seen(stage, agent.id) >= 30, "it is written at most once a minute"
    await seen_ago(stage, agent.id, 61)
    assert await stage.accounts.who(token) is None
    assert await seen(stage, agent.id) > 3600, "who comes too late does not bring it back"


async def test_a_password_of_somebody_else_is_changed_before_anything(stage: Stage) -> None:
    email = f"fay.{time.monotonic_ns()}@town.example"
    agent = await stage.accounts.add(email, "Fay", "agent", ["en"], PASSWORD, must_change=True)
    first = await stage.accounts.sign_in(agent.email, PASSWORD) or ""
    signed = await stage.accounts.signed_in(first)
    assert signed and signed.lacks == "password"
    assert await stage.accounts.who(first) is None, "it opens nothing else"
    for unfit, why in ((PASSWORD, "now"), ("fay fay fay fay", "guessed"), ("short", "12 to 256")):
        with pytest.raises(Unfit, match=why):
            await stage.accounts.change_password(first, unfit)
    second = await stage.accounts.change_password(first, OTHER) or ""
    assert await stage.accounts.who(second) == agent
    assert await stage.accounts.signed_in(first) is None, "the token is another one now"
    third = await stage.accounts.sign_in(agent.email, OTHER) or ""
    assert await stage.accounts.who(third) == agent, "and it is changed once"
    assert await stage.accounts.change_password(third, "three blue kettles") is None, "without the old one"
    await stage.accounts.set_password(agent.email, PASSWORD)
    fourth = await stage.accounts.signed_in(await stage.accounts.sign_in(agent.email, PASSWORD) or "")
    assert fourth and fourth.lacks == "password"


async def test_changing_a_password_ends_all_other_sign_ins(stage: Stage) -> None:
    agent = await stage.agent()
    here, there = [await stage.accounts.sign_in(agent.email, PASSWORD) or "" for _ in range(2)]
    assert await stage.accounts.change_password(here, OTHER, "not the old one") is None
    assert await stage.accounts.who(there) == agent
    now = await stage.accounts.change_password(here, OTHER, PASSWORD) or ""
    assert [await stage.accounts.who(each) for each in (here, there, now)] == [None, None, agent]
    assert await done(stage, agent.id) == ["signed in"] * 2 + ["password refused", "password changed", "signed in"]


async def test_guessing_the_old_password_locks_as_well(stage: Stage) -> None:
    agent = await stage.agent()
    here = await stage.accounts.sign_in(agent.email, PASSWORD) or ""
    for _ in range(MOST_FAILURES):
        assert await stage.accounts.change_password(here, OTHER, "not the old one") is None
    with pytest.raises(Locked):
        await stage.accounts.change_password(here, OTHER, PASSWORD)
    assert (await done(stage, agent.id))[-1] == "account locked"


async def test_many_guesses_at_once_are_no_more_than_one_after_the_other(stage: Stage) -> None:
    agent = await stage.agent()
    guesses = [stage.accounts.sign_in(agent.email, f"guess number {number}") for number in range(20)]
    found = await asyncio.gather(*guesses, return_exceptions=True)
    assert found.count(None) == MOST_FAILURES
    assert all(isinstance(each, Locked) for each in found if each is not None)
    with pytest.raises(Locked):
        await stage.accounts.sign_in(agent.email, PASSWORD)


class Slow(PasswordHasher):
    """Takes a while, and counts."""

    def __init__(self) -> None:
        super().__init__(1, 8, 1)
        self.verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        self.verified += 1
        time.sleep(0.2)
        return super().verify(hash, password)  # type: ignore[arg-type]


async def test_a_hash_is_compared_whoever_asks_and_nobody_waits_for_it(stage: Stage) -> None:
    hasher, agent = Slow(), await stage.agent()
    accounts = Accounts(stage.engine, Seal(SECRET), hasher)
    for _ in range(MOST_FAILURES):
        await stage.accounts.sign_in(agent.email, "a wrong password")
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    ticking = asyncio.create_task(tick())
    assert await accounts.sign_in("nobody@town.example", PASSWORD) is None
    ticking.cancel()
    assert ticks > 5, "others were served meanwhile"
    with pytest.raises(Locked):
        await accounts.sign_in(agent.email, PASSWORD)
    assert hasher.verified == 2


async def test_a_password_that_was_changed_meanwhile_is_the_old_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, fit = await stage.agent(), stage.accounts.passwords.fit

    async def slowly(hashed: str, password: str) -> bool:
        right = await fit(hashed, password)
        await stage.accounts.set_password(agent.email, OTHER)
        return right

    monkeypatch.setattr(stage.accounts.passwords, "fit", slowly)
    assert await stage.accounts.sign_in(agent.email, PASSWORD) is None


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "aaaaaaaaaaaaaaaa",
        "123456789123456789",
        "Guichet-Guichet-1",
        "chantal.tremblay1",
        "ChantalTremblay!!",
        "abababababababab",
    ],
)
def test_a_password_that_is_easily_guessed_is_refused(password: str) -> None:
    with pytest.raises(Unfit, match="guessed"):
        check(password, "Chantal Tremblay", "chantal.tremblay@town.example")


@pytest.mark.parametrize("password", [OTHER, PASSWORD, "my password has wings", "été comme hiver", "🗳 votez dimanche"])
def test_a_few_words_are_a_good_password(password: str) -> None:
    check(password, "Chantal Tremblay", "chantal.tremblay@town.example")


async def test_an_accent_is_the_same_on_every_keyboard(stage: Stage) -> None:
    agent = await stage.agent()
    await stage.accounts.set_password(agent.email, "été comme hiver")
    assert await stage.accounts.sign_in(agent.email, "e\u0301te\u0301 comme hiver")


async def test_a_publisher_has_no_cases_and_is_not_among_those_who_do(stage: Stage) -> None:
    publisher, agent = await stage.agent("Pia", "publisher"), await stage.agent()
    everybody = await stage.accounts.everybody()
    assert agent in everybody and publisher not in everybody
    token = await stage.accounts.sign_in(publisher.email, PASSWORD) or ""
    assert await stage.accounts.who(token) == publisher
