"""Cases on a real PostgreSQL: one holder at any time, whoever tries; nothing said is lost; what was written is sealed."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text

from channels import outbox
from channels.channel import Reply
from channels.desk.case import NoCase, Taken, Unsent
from channels.desk.cases import Cases
from channels.desk.seal import Seal, Unreadable
from channels.desk.tray import Tray
from channels.tables import audit, case_lines, cases, conversations
from tests.channels.desk.conftest import TEAMS, Stage

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def reply(words: str, id: str = "r1") -> str:
    return json.dumps(outbox.pack(Reply(words, id=id, sender="desk")))


async def test_a_conversation_has_one_open_case(stage: Stage) -> None:
    conversation, address = await stage.citizen()
    about = {"team": "general", "because": "asked_for_person", "urgent": False}
    first = await stage.cases.open(conversation, address, **about)  # type: ignore[arg-type]
    assert await stage.cases.open(conversation, address, **about) == first, "a turn may run twice"  # type: ignore[arg-type]
    agent = await stage.agent()
    claimed = await stage.cases.claim(first, agent.id)
    await stage.cases.close(first, agent.id, claimed.epoch, "answered")
    assert await stage.cases.open(conversation, address, **about) == first, "it goes on"  # type: ignore[arg-type]
    assert [line.kind for line in await stage.cases.lines(first)] == ["opened", "claimed", "closed", "reopened"]
    again = await stage.cases.one(first)
    assert (again.state, again.agent, again.reopened, again.closed, again.outcome) == ("waiting", None, 1, None, None)
    assert again.waiting_since > claimed.waiting_since and again.opened == claimed.opened
    held = await stage.cases.claim(first, agent.id)
    await stage.cases.close(first, agent.id, held.epoch, "answered")
    async with stage.engine.begin() as connection:
        long_ago = text("UPDATE cases SET closed = now() - interval '73 hours' WHERE id = :id")
        await connection.execute(long_ago, {"id": first})
    assert await stage.cases.open(conversation, address, **about) != first, "that was long ago"  # type: ignore[arg-type]


async def test_of_all_who_claim_at_once_one_has_it_and_the_others_are_told_who(stage: Stage) -> None:
    crew = [await stage.agent(f"Agent{n}") for n in range(12)]
    for _ in range(5):
        id, _ = await stage.case()
        tried = await asyncio.gather(*(stage.cases.claim(id, each.id) for each in crew), return_exceptions=True)
        (won,) = [each for each in tried if not isinstance(each, BaseException)]
        assert {str(each) for each in tried if isinstance(each, Taken)} == {f"{won.agent_name} has this case."}
        assert len([each for each in tried if isinstance(each, Taken)]) == len(crew) - 1


async def test_who_has_lost_a_case_can_do_nothing_in_it(stage: Stage) -> None:
    ana, ben, boss = await stage.agent("Ana"), await stage.agent("Ben"), await stage.agent("Bo", "supervisor")
    id, _ = await stage.case()
    held = await stage.cases.claim(id, ana.id)
    taken = await stage.cases.take_over(id, boss.id, "Ana is ill")
    for lost in (
        stage.cases.say(id, ana.id, held.epoch, "m1", reply("hi")),
        stage.cases.release(id, ana.id, held.epoch),
        stage.cases.close(id, ana.id, held.epoch, "answered"),
        stage.cases.transfer(id, ana.id, held.epoch, to=ben.id),
        stage.cases.claim(id, ben.id),
        stage.cases.say(id, boss.id, held.epoch, "m1", reply("an old epoch")),
    ):
        with pytest.raises(Taken, match="Bo has this case"):
            await lost
    assert (taken.epoch, taken.agent) == (held.epoch + 1, boss.id)
    again = await stage.cases.transfer(id, boss.id, taken.epoch, to=ben.id, note="over to you")
    assert (again.agent, again.state) == (ben.id, "claimed")
    freed = await stage.cases.release(id, ben.id, again.epoch)
    assert (freed.agent, freed.state) == (None, "waiting")
    with pytest.raises(Taken, match="Nobody has this case now"):
        await stage.cases.say(id, ben.id, again.epoch, "m2", reply("hi"))
    kinds = [line.kind for line in await stage.cases.lines(id)]
    assert kinds == ["opened", "claimed", "taken_over", "transferred", "released"]
    with pytest.raises(NoCase):
        await stage.cases.claim(10**12, ben.id)


async def test_what_a_citizen_says_is_kept_once_and_in_order(stage: Stage) -> None:
    id, conversation = await stage.case()
    assert await stage.cases.heard(conversation.key, "m1", "before", NOW) is None, "the bot answers while they wait"
    await stage.cases.claim(id, (await stage.agent()).id)
    for message, words in (("m2", "hello?"), ("m3", "still there?"), ("m2", "hello?")):
        assert await stage.cases.heard(conversation.key, message, words, NOW) == id
    assert [line.text for line in await stage.cases.lines(id) if line.kind == "citizen"] == ["hello?", "still there?"]
    assert await stage.cases.heard("0" * 32, "m1", "hello", NOW) is None


async def test_nothing_that_was_written_and_no_address_can_be_read_without_the_secret(stage: Stage) -> None:
    id, conversation = await stage.case()
    agent = await stage.agent()
    held = await stage.cases.claim(id, agent.id)
    await stage.cases.heard(conversation.key, "m2", "my secret trouble", NOW)
    await stage.cases.say(id, agent.id, held.epoch, "r1", reply("a confidential answer"))
    await stage.cases.note(id, agent.id, "n1", "a delicate note")
    async with stage.engine.connect() as connection:
        rows = [*(await connection.execute(select(case_lines).where(case_lines.c.case == id)))]
        rows += [*(await connection.execute(select(cases).where(cases.c.id == id)))]
    dump = repr(rows)
    assert not any(word in dump for word in ("secret trouble", "confidential", "delicate", "+1613"))
    other = Cases(stage.engine, Seal(b"another secret of thirty-two chars"), TEAMS)
    assert not any(line.text for line in await other.lines(id))

    async def post(unsent: Unsent) -> None:
        raise AssertionError(unsent)

    with pytest.raises(Unreadable):
        await Tray(stage.engine, Seal(b"another secret of thirty-two chars")).give(id, post)


async def test_closing_gives_the_citizen_back_to_the_bot_and_forgets_where_they_are(stage: Stage) -> None:
    id, conversation = await stage.case()
    agent = await stage.agent()
    held = await stage.cases.claim(id, agent.id)
    await stage.cases.say(id, agent.id, held.epoch, "r1", reply("goodbye"))
    await stage.cases.close(id, agent.id, held.epoch, "answered")
    assert await stage.record.find(conversation.key) == replace(conversation, answered_by="line")
    sent: list[Unsent] = []

    async def post(unsent: Unsent) -> None:
        sent.append(unsent)

    assert await stage.counter.tray.give(id, post) == 1
    assert [json.loads(each.reply)["text"] for each in sent] == ["goodbye"]
    async with stage.engine.connect() as connection:
        assert (await connection.execute(select(cases.c.address).where(cases.c.id == id))).scalar_one() == ""


async def test_what_could_not_be_posted_is_given_again_in_order(stage: Stage) -> None:
    id, _ = await stage.case()
    agent = await stage.agent()
    held = await stage.cases.claim(id, agent.id)
    for number in (1, 2, 3):
        await stage.cases.say(id, agent.id, held.epoch, f"r{number}", reply(f"part {number}", f"r{number}"))
    given: list[str] = []

    async def post(unsent: Unsent) -> None:
        given.append(unsent.message)
        if given == ["r1", "r2"]:
            raise OSError("Redis is away")

    with pytest.raises(OSError, match="away"):
        await stage.counter.tray.give(id, post)
    assert id in await stage.counter.tray.unsent()
    assert await stage.counter.tray.give(id, post) == 3
    assert given == ["r1", "r2", "r1", "r2", "r3"]
    assert await stage.counter.tray.give(id, post) == 0


async def test_the_line_is_by_urgency_and_waiting_time(stage: Stage) -> None:
    async with stage.engine.begin() as connection:
        await connection.execute(text("UPDATE cases SET state = 'closed' WHERE state <> 'closed'"))
    first, _ = await stage.case()
    second, _ = await stage.case()
    urgent, _ = await stage.case(urgent=True)
    assert [each.id for each in await stage.counter.queue.all_open()] == [urgent, first, second]
    ahead = [await stage.counter.queue.ahead(await stage.cases.one(each)) for each in (urgent, first, second)]
    assert ahead == [0, 1, 2]
    agent = await stage.agent()
    held = await stage.cases.claim(first, agent.id)
    assert await stage.counter.queue.ahead(await stage.cases.one(second)) == 1
    await stage.cases.release(first, agent.id, held.epoch)
    assert await stage.counter.queue.ahead(await stage.cases.one(second)) == 2, "back in the place that it had"


async def test_who_did_what_is_written_down(stage: Stage) -> None:
    id, _ = await stage.case()
    agent = await stage.agent()
    held = await stage.cases.claim(id, agent.id)
    await stage.cases.saw(agent.id, "read", id)
    await stage.cases.close(id, agent.id, held.epoch, "spam")
    async with stage.engine.connect() as connection:
        found = (await connection.execute(select(audit.c.did, audit.c.agent).where(audit.c.case == id))).all()
    assert [tuple(each) for each in found] == [(did, agent.id) for did in ("claimed", "read", "closed")]


async def test_a_conversation_with_an_open_case_does_not_expire_and_a_closed_case_does(stage: Stage) -> None:
    id, conversation = await stage.case()
    old = text("UPDATE conversations SET began = now() - interval '40 days' WHERE key = :key")
    async with stage.engine.begin() as connection:
        await connection.execute(old, {"key": conversation.key})
    await stage.record.expire()
    assert await stage.record.find(conversation.key) == replace(conversation, answered_by="line")
    async with stage.engine.begin() as connection:
        await connection.execute(
            text("UPDATE cases SET state = 'closed' WHERE conversation = :c"), {"c": conversation.key}
        )
    await stage.record.expire()
    assert await stage.cases.one(id), "it was closed just now"
    async with stage.engine.begin() as connection:
        await connection.execute(text("UPDATE cases SET closed = now() - interval '31 days' WHERE id = :i"), {"i": id})
    await stage.record.expire()
    counted = await stage.cases.one(id)
    assert (counted.team, counted.conversation, await stage.cases.lines(id)) == ("general", "", [])
    async with stage.engine.connect() as connection:
        left = await connection.execute(select(conversations.c.key).where(conversations.c.key == conversation.key))
        assert left.all() == []
