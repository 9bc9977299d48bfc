"""Accounts: who may sign in, and for how long; guessing is slow and ends."""

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from channels.desk.accounts import Accounts
from channels.desk.guesses import MOST_FAILURES, Locked
from channels.desk.passwords import Unfit
from channels.desk.seal import Seal
from channels.tables import agents
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
