"""Invitations: a link is good once and for three days; with it, and it alone, somebody chooses their password."""

import asyncio
import secrets

import pytest
from sqlalchemy import select, text, update

from channels.desk.people.accounts import Agent
from channels.desk.people.invitations import Invitation, Invitations
from channels.desk.people.passwords import Unfit
from channels.tables import agents, audit
from tests.channels.desk.conftest import PASSWORD, Stage

CHOSEN = "seven grey herons"


@pytest.fixture
def invitations(stage: Stage) -> Invitations:
    return Invitations(stage.accounts)


async def invited(invitations: Invitations, role: str = "agent") -> Invitation:
    email = f"noa.{secrets.token_hex(4)}@town.example"
    return await invitations.invite(email, "Noa Lafontaine", role, ["fr"], ["benefits"], capacity=3)  # type: ignore[arg-type]


async def test_who_is_invited_chooses_a_password_and_is_signed_in(stage: Stage, invitations: Invitations) -> None:
    made = await invited(invitations)
    assert made.link == f"/welcome#{made.token}", "in the fragment, so that it is in no log"
    assert await stage.accounts.sign_in(made.agent.email, "") is None, "there is no password yet"
    assert made.agent.id not in {each.id for each in await stage.accounts.everybody()}
    found = await invitations.who(made.token)
    assert found == Agent(made.agent.id, "Noa Lafontaine", made.agent.email, "agent", ["fr"], ["benefits"], 3)
    token = await invitations.accept(made.token, CHOSEN) or ""
    assert await stage.accounts.who(token) == found
    assert await stage.accounts.who(await stage.accounts.sign_in(made.agent.email, CHOSEN) or "") == found
    assert found in await stage.accounts.everybody()


async def test_a_link_is_good_once(stage: Stage, invitations: Invitations) -> None:
    made = await invited(invitations)
    twice = await asyncio.gather(*(invitations.accept(made.token, f"{CHOSEN} {n}") for n in range(4)))
    assert len([token for token in twice if token]) == 1
    assert await invitations.accept(made.token, CHOSEN) is None
    assert await invitations.who(made.token) is None


async def test_a_link_is_good_for_three_days(stage: Stage, invitations: Invitations) -> None:
    made = await invited(invitations)
    for ends, good in (("interval '1 minute'", True), ("interval '-1 second'", False)):
        async with stage.engine.begin() as connection:
            change = text(f"UPDATE invitations SET ends = now() + {ends} WHERE agent = :id")
            await connection.execute(change, {"id": made.agent.id})
        assert (await invitations.who(made.token) is not None) == good
    assert await invitations.accept(made.token, CHOSEN) is None
    async with stage.engine.connect() as connection:
        hours = text("SELECT extract(epoch FROM ends - began) / 3600 FROM invitations WHERE agent = :id")
        fresh = await invited(invitations)
        assert (await connection.execute(hours, {"id": fresh.agent.id})).scalar_one() == 72


async def test_a_password_that_is_no_good_does_not_use_it_up(stage: Stage, invitations: Invitations) -> None:
    made = await invited(invitations)
    for unfit in ("short", "Lafontaine-2026", "passwordpassword"):
        with pytest.raises(Unfit):
            await invitations.accept(made.token, unfit)
    assert await invitations.accept(made.token, CHOSEN)


async def test_a_new_link_ends_the_one_before(stage: Stage, invitations: Invitations) -> None:
    made = await invited(invitations)
    again = await invitations.reset(made.agent.email.upper())
    assert await invitations.who(made.token) is None
    assert await invitations.accept(again.token, CHOSEN)


@pytest.mark.parametrize("token", ["", "x" * 43, "é\udc80", "' OR 1=1"])
async def test_no_other_link_is_good(stage: Stage, invitations: Invitations, token: str) -> None:
    await invited(invitations)
    assert await invitations.who(token) is None
    assert await invitations.accept(token, CHOSEN) is None
    async with stage.engine.connect() as connection:
        last = (await connection.execute(select(audit.c.did).order_by(audit.c.id.desc()).limit(1))).scalar_one()
    assert last == "invitation refused"


async def test_a_reset_forgets_how_somebody_signed_in(stage: Stage, invitations: Invitations) -> None:
    agent, by = await stage.agent(), await stage.agent("Ada", "administrator")
    token = await stage.accounts.sign_in(agent.email, PASSWORD) or ""
    async with stage.engine.begin() as connection:
        mine = update(agents).where(agents.c.id == agent.id)
        await connection.execute(mine.values(totp="sealed", subject=f"issuer {agent.id}", must_change=True, failures=4))
    made = await invitations.reset_one(agent.id, by.id)
    assert await stage.accounts.who(token) is None
    assert await stage.accounts.sign_in(agent.email, PASSWORD) is None
    assert await stage.accounts.sign_in_by(f"issuer {agent.id}", None) is None
    assert await stage.accounts.who(await invitations.accept(made.token, CHOSEN) or "") == agent


async def test_another_password_ends_the_link(stage: Stage, invitations: Invitations) -> None:
    made = await invited(invitations)
    await stage.accounts.set_password(made.agent.email, PASSWORD)
    assert await invitations.who(made.token) is None


async def test_nobody_is_invited_twice_and_nobody_reset_who_is_not_there(
    stage: Stage, invitations: Invitations
) -> None:
    made = await invited(invitations)
    with pytest.raises(Unfit, match="already"):
        await invitations.invite(made.agent.email.upper(), "Noa", "agent", ["en"])
    with pytest.raises(Unfit, match="no such"):
        await invitations.reset("nobody@town.example")
    async with stage.engine.begin() as connection:
        await connection.execute(update(agents).where(agents.c.id == made.agent.id).values(active=False))
    assert await invitations.who(made.token) is None
    with pytest.raises(Unfit, match="closed"):
        await invitations.reset(made.agent.email)


async def test_a_link_cannot_be_read_out_of_the_database(stage: Stage, invitations: Invitations) -> None:
    made = await invited(invitations)
    async with stage.engine.connect() as connection:
        tables = ("agents", "invitations", "audit")
        dump = repr([(await connection.execute(text(f"SELECT * FROM {name}"))).all() for name in tables])
    assert made.agent.id in dump and made.token not in dump
