"""What the desk does by itself: cases that wait too long move on, and teams that work in turns are given theirs."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from channels.desk.mending import assign
from channels.desk.teams import Teams
from tests.channels.desk.conftest import TEAMS, Stage


@pytest.fixture
def teams(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passports work in turns, two cases each, and housing overflows after a minute."""
    changed = {
        "passports": {"assign": "turns", "capacity": 2, "overflow": None},
        "housing": {"overflow": (timedelta(minutes=1), "general")},
    }
    monkeypatch.setattr(
        stage.cases, "teams", Teams(replace(team, **changed.get(team.name, {})) for team in TEAMS.values())
    )


async def test_who_waits_too_long_goes_to_the_other_team(stage: Stage, teams: None) -> None:
    soon, _ = await stage.case(team="housing")
    late, _ = await stage.case(team="housing")
    async with stage.engine.begin() as connection:
        moved = text("UPDATE cases SET waiting_since = now() - interval '2 minutes' WHERE id = :id")
        await connection.execute(moved, {"id": late})
    await stage.mend()
    assert [(await stage.cases.one(each)).team for each in (soon, late)] == ["housing", "general"]
    assert [line.kind for line in await stage.cases.lines(late)] == ["opened", "overflowed"]


async def test_in_turns_each_gets_as_many_as_they_have_room_for(stage: Stage, teams: None) -> None:
    names = ("Ana", "Bo", "Cleo")
    crew = [await stage.agent(name, teams=["passports"]) for name in names]
    away = await stage.agent("Away", teams=["passports"])
    other = await stage.agent("Other", teams=["taxes"])
    for each in (*crew, other):
        await stage.counter.presence.arrive(each.id, each.name)
    ids = [(await stage.case(team="passports"))[0] for _ in range(8)]

    async def give() -> None:
        ours = [await stage.cases.one(id) for id in ids]
        waiting = [case for case in ours if case.state == "waiting"]
        await assign(stage.counter, waiting, await stage.accounts.everybody())

    await give()
    held = [(await stage.cases.one(id)).agent for id in ids]
    assert held[6:] == [None, None], "everybody has two"
    assert sorted(str(each) for each in held[:6]) == sorted([each.id for each in crew] * 2)
    assert len(set(held[:3])) == 3, "one after the other"
    assert away.id not in held and other.id not in held
    first = await stage.cases.one(ids[0])
    await stage.counter.close(first.id, first.agent or "", first.epoch, "answered")
    await give()
    assert (await stage.cases.one(ids[6])).agent == first.agent, "who has room gets the next"


async def test_nobody_is_given_a_case_in_a_language_that_they_do_not_have(stage: Stage, teams: None) -> None:
    agent = await stage.agent("Ana", teams=["passports"])
    await stage.counter.presence.arrive(agent.id, "one")
    conversation, address = await stage.citizen(language="fr")
    about = {"team": "passports", "because": "asked_for_person", "urgent": False}
    id = await stage.cases.open(conversation, address, **about)  # type: ignore[arg-type]
    waiting = [await stage.cases.one(id)]
    await assign(stage.counter, waiting, [replace(agent, languages=["en"])])
    assert (await stage.cases.one(id)).state == "waiting"
    await assign(stage.counter, waiting, [agent])
    assert (await stage.cases.one(id)).agent == agent.id
    assert [line.kind for line in await stage.cases.lines(id)] == ["opened", "assigned"]
