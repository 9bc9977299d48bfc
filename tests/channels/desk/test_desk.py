"""What somebody who is handed over is told: who is there, when, where they stand, how long it takes, what else there is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from channels.channel import Incoming
from channels.desk.calendar import calendar
from channels.desk.desk import Desk
from channels.desk.teams import Teams
from channels.texts import texts
from tests.channels.desk.conftest import TEAMS, Stage

SUNDAY = datetime(2026, 11, 29, 15, tzinfo=UTC)
OFFICE = calendar({"time_zone": "America/Toronto", "hours": {"mon-fri": ["08:30-16:30"]}, "holidays": "ca"})


async def begun(stage: Stage, desk: Desk, said: str = "a person please", channel: str = "sms", language: str = "en"):  # type: ignore[no-untyped-def]
    conversation, address = await stage.citizen(channel, language)
    turn = await desk.begin(conversation, "asked_for_person", Incoming("m1", address, said), "")
    case = await stage.counter.queue.latest(conversation.key)
    return turn.replies[0], case


@pytest.mark.parametrize(
    ("language", "when"), [("en", "Monday, November 30, 8:30\u00a0a.m."), ("fr", "lundi 30 novembre, 8\u00a0h\u00a030")]
)
async def test_out_of_hours_it_is_said_when_somebody_is_there_and_a_message_can_be_left(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, language: str, when: str
) -> None:
    monkeypatch.setattr(stage.cases, "teams", Teams(replace(team, calendar=OFFICE) for team in TEAMS.values()))
    await stage.agent()
    reply, case = await begun(stage, Desk(stage.counter, stage.switches, clock=lambda: SUNDAY), language=language)
    own = texts(language)
    assert when in reply.text
    assert [each.say for each in reply.choices] == [own["offer_message"], own["offer_callback"], own["offer_stop"]]
    assert case.state == "waiting"


async def test_where_nobody_is_there_nobody_waits_for_nothing(stage: Stage) -> None:
    await stage.agent("Gone", teams=["taxes"])
    reply, _ = await begun(stage, Desk(stage.counter, stage.switches), "my tax refund")
    assert reply.text == texts("en")["desk_nobody"]
    assert texts("en")["offer_message"] in [each.say for each in reply.choices]


async def test_the_wait_is_told_once_enough_was_seen(stage: Stage) -> None:
    agent = await stage.agent("Ana", teams=["benefits"])
    await stage.counter.presence.arrive(agent.id, "one")
    desk = Desk(stage.counter, stage.switches)
    reply, _ = await begun(stage, desk, "my pension")
    assert "min" not in reply.text, "nothing was seen yet"
    ids = [(await stage.case(team="benefits"))[0] for _ in range(12)]
    now = datetime.now(UTC)
    async with stage.engine.begin() as connection:
        for number, id in enumerate(ids):
            began = now - timedelta(minutes=10 * (13 - number))
            done = (
                "UPDATE cases SET state = 'closed', opened = :o, claimed = :c, closed = :e, agent = :a WHERE id = :id"
            )
            times = {"o": began, "c": began + timedelta(minutes=4), "e": began + timedelta(minutes=14)}
            await connection.execute(text(done), times | {"a": agent.id, "id": id})
    reply, _ = await begun(stage, desk, "my pension")
    assert "The wait is usually about" in reply.text, reply.text


async def test_a_case_goes_to_the_team_of_what_was_asked_or_answered(stage: Stage) -> None:
    await stage.agent()
    desk = Desk(stage.counter, stage.switches)
    _, asked = await begun(stage, desk, "mon loyer a augmenté", language="fr")
    assert asked.team == "housing"
    conversation, address = await stage.citizen()
    await desk.begin(conversation, "asked_for_person", Incoming("m1", address, "a person"), "Renew an adult passport")
    answered = await stage.counter.queue.latest(conversation.key)
    assert answered is not None
    assert (answered.team, answered.topic) == ("passports", "Renew an adult passport")
    assert answered.first_due == answered.reply_due
    assert answered.resolve_due and answered.first_due and answered.resolve_due > answered.first_due


async def test_a_team_that_nobody_works_for_gets_no_case(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(team: str) -> dict[str, int | None]:
        return {} if team == "housing" else {"somebody": None}

    await stage.agent()
    desk = Desk(stage.counter, stage.switches)
    monkeypatch.setattr(type(stage.counter.queue), "capacities", lambda _, team: nobody(team))
    _, case = await begun(stage, desk, "mon loyer", language="fr")
    assert case.team == "general"


async def test_who_chats_may_go_on_by_text_where_there_is_a_number(stage: Stage) -> None:
    await stage.agent()
    for pages, offered in ((frozenset(), False), (frozenset({"web"}), True)):
        reply, _ = await begun(stage, Desk(stage.counter, stage.switches, pages), channel="web")
        assert (texts("en")["offer_text"] in [each.say for each in reply.choices]) is offered


async def test_a_reply_that_comes_late_is_counted(stage: Stage) -> None:
    agent, (id, conversation) = await stage.agent(), await stage.case()
    held = await stage.counter.claim(id, agent.id)
    await stage.counter.say(id, agent.id, held.epoch, "r1", "hello", ())
    assert (await stage.cases.one(id)).reply_due is None, "nothing waits for an answer"
    await stage.cases.heard(conversation.key, "m2", "and?", datetime.now(UTC))
    due = (await stage.cases.one(id)).reply_due
    assert due is not None
    await stage.cases.heard(conversation.key, "m3", "hello?", datetime.now(UTC))
    assert (await stage.cases.one(id)).reply_due == due, "it counts from the first that waits"
    late = text("UPDATE cases SET reply_due = now() - interval '1 second' WHERE id = :id RETURNING late_replies")
    async with stage.engine.begin() as connection:
        assert (await connection.execute(late, {"id": id})).scalar_one() == 0
    await stage.counter.say(id, agent.id, held.epoch, "r2", "yes", ())
    async with stage.engine.connect() as connection:
        counted = text("SELECT late_replies FROM cases WHERE id = :id")
        assert (await connection.execute(counted, {"id": id})).scalar_one() == 1


async def test_a_farewell_is_no_answer(stage: Stage) -> None:
    agent, (id, _) = await stage.agent(), await stage.case()
    held = await stage.counter.claim(id, agent.id)
    closed = await stage.counter.close(id, agent.id, held.epoch, "no_answer")
    assert (closed.answered, closed.state) == (None, "closed")
    assert texts("en")["rate_ask"] in str((await stage.posted())[-1]["reply"])


async def test_what_was_asked_before_says_which_team_it_is_for(stage: Stage) -> None:
    await stage.agent()
    conversation, address = await stage.citizen(language="fr")
    said = {"conversation": conversation.key, "sender": "citizen", "reply": None, "at": datetime.now(UTC).isoformat()}
    question = said | {"id": f"{conversation.key}:m0", "text": "quand vais-je recevoir mon remboursement d'impôt?"}
    await stage.record.write({"entries": [question]})
    asked = Incoming("m1", address, "je veux parler à une personne")
    title = "Produire sa déclaration de revenus des particuliers"
    await Desk(stage.counter, stage.switches).begin(conversation, "asked_for_person", asked, title)
    case = await stage.counter.queue.latest(conversation.key)
    assert case is not None and (case.team, case.topic) == ("taxes", title)
