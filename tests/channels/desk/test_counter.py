"""The counter on real servers: the bot is silent while an agent has a case, and what is said goes out once, in order."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import update

from channels import outbox
from channels.channel import Incoming, Quote, Receipt, Reply
from channels.conversation import Conversation
from channels.desk.case import Taken
from channels.desk.desk import Desk
from channels.desk.mending import AWAY_SECONDS
from channels.desk.presence import SEEN
from channels.desk.routes import shown
from channels.marks import claim_key
from channels.outbox import Outbox
from channels.quiet import hours
from channels.responder import Turn
from channels.tables import case_lines, cases
from channels.texts import texts
from channels.throttle import Throttle
from channels.traffic import Traffic
from channels.web.events import Events
from tests.channels.desk.conftest import Stage

QUOTE = Quote("A licence costs a little.", "Dog licence", "Cost", "https://town.example", "Town", "2026-03-31", "en")


class Texts:
    """A provider that takes what it is given."""

    name, repeatable, per_second = "sms", False, None

    def __init__(self) -> None:
        self.took: list[str] = []

    def routes(self, *_: Any) -> Any: ...

    async def send(self, address: str, reply: Reply) -> Receipt:
        self.took.append(reply.text)
        return Receipt(str(len(self.took)))

    async def sent(self, *_: Any) -> Receipt | None:
        return None


async def delivered(stage: Stage) -> list[str]:
    """What goes out of what waits in the outbox for texts."""
    lanes, provider = stage.counter.out("outbox:sms"), Texts()
    way = Outbox(
        lanes,
        provider,
        Throttle(stage.redis),
        hours("21:00-08:00", "America/Toronto"),
        Traffic(stage.redis),
        lambda: datetime.now(UTC),
    )
    while tasks := await lanes.take(10, 20):
        for task in tasks:
            await way.deliver(task)
    return provider.took


async def says(stage: Stage, conversation: Conversation, *replies: Reply) -> None:
    """What the bot says now, on its way."""
    for reply in replies:
        follow = outbox.post(conversation.key, "sms:+16135550142", reply)
        await stage.counter.out(follow.queue).put(follow.lane, follow.item)


async def test_after_a_claim_no_message_of_the_bot_leaves_not_even_one_under_way(stage: Stage) -> None:
    id, conversation = await stage.case()
    agent = await stage.agent()
    await says(stage, conversation, Reply("from the bot", id="m1/1"))
    held = await stage.counter.claim(id, agent.id)
    await stage.counter.say(id, agent.id, held.epoch, "r1", "from a person", ())
    assert await delivered(stage) == ["from a person"]
    await stage.counter.close(id, agent.id, held.epoch, "answered")
    await says(stage, conversation, Reply("the bot is back", id="m2/1"))
    own = texts("en")
    assert await delivered(stage) == [f"{own['back_with_bot']} {own['rate_ask']}", "the bot is back"]


async def test_what_the_channel_says_itself_and_the_rest_of_what_an_agent_said_still_leave(stage: Stage) -> None:
    """STOP is confirmed, and MORE brings the rest, to whom a person answers, too."""
    id, conversation = await stage.case()
    agent = await stage.agent()
    held = await stage.counter.claim(id, agent.id)
    await stage.counter.say(id, agent.id, held.epoch, "r1", "a long answer", ())
    rest = Reply("and its rest", id="m1/1", sender="desk", continues=True)
    stopped = Reply("You will get no more.", id="m2/1", sender="channel", regardless=True)
    await says(stage, conversation, rest, Reply("from the bot", id="m1/2"), stopped)
    assert await delivered(stage) == ["a long answer", "and its rest", "You will get no more."]


async def test_nor_does_one_reach_a_page(stage: Stage) -> None:
    id, conversation = await stage.case()
    events, key = Events(stage.redis, 60), claim_key(conversation.key)
    await events.tell("web:1", "reply", "m1/1", {"text": "before"}, key)
    held = await stage.counter.claim(id, (await stage.agent()).id)
    await events.tell("web:1", "reply", "m2/1", {"text": "under way"}, key)
    await events.tell("web:1", "reply", "r1", {"text": "from a person"})
    assert [each.data["text"] for each in await events.so_far("web:1")] == ["before", "from a person"]
    await stage.counter.release(id, held.agent or "", held.epoch)
    await events.tell("web:1", "reply", "m3/1", {"text": "back"}, key)
    assert [each.data["text"] for each in await events.so_far("web:1")][-1] == "back"


async def test_what_is_said_twice_goes_out_once_with_its_quotes(stage: Stage) -> None:
    id, conversation = await stage.case()
    agent = await stage.agent()
    held = await stage.counter.claim(id, agent.id)
    for _ in range(3):
        await stage.counter.say(id, agent.id, held.epoch, "r1", "Here:", (QUOTE,))
    ((item),) = await stage.posted()
    reply = outbox.unpack(item["reply"])  # type: ignore[arg-type]
    assert (reply.text, reply.quotes, reply.sender, reply.id) == ("Here:", (QUOTE,), "desk", "r1")
    assert str(item["address"]).startswith("sms:+1613")
    assert conversation.key not in str(item)


async def test_what_people_quoted_is_found_by_its_page_and_expires_with_the_case(stage: Stage) -> None:
    id, conversation = await stage.case()
    agent = await stage.agent()
    held = await stage.counter.claim(id, agent.id)
    address = f"https://Town.example/{id}"
    of_page = replace(QUOTE, url=f"{address}/#cost")
    for _ in range(2):
        await stage.counter.say(id, agent.id, held.epoch, "r1", "Here:", (of_page, replace(QUOTE, url=None), QUOTE))
    await stage.counter.say(id, agent.id, held.epoch, "r2", f"I write of {address} myself.", ())
    (told,) = await stage.record.quoted(f"town.example/{id}")
    assert (told.case, told.conversation, told.channel) == (id, conversation.key, "sms")
    assert (told.url, told.text) == (of_page.url, QUOTE.text)
    assert not await stage.record.quoted(f"town.example/{id}", since=told.at + timedelta(seconds=1))
    said = [line for line in await stage.cases.lines(id) if line.kind == "agent"]
    assert "about" not in shown.said(said[0], None) and len(shown.said(said[0], None)["quotes"]) == 3
    await stage.counter.close(id, agent.id, held.epoch, "answered")
    async with stage.engine.begin() as connection:
        long_ago = datetime.now(UTC) - timedelta(days=40)
        await connection.execute(update(cases).where(cases.c.id == id).values(closed=long_ago))
    await stage.record.expire()
    assert not await stage.record.quoted(f"town.example/{id}")


async def test_what_is_said_while_redis_is_away_goes_out_when_it_is_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.mend()
    await delivered(stage)
    id, _ = await stage.case()
    agent = await stage.agent()
    held = await stage.counter.claim(id, agent.id)
    lanes = stage.counter.out("outbox:sms")

    async def away(*_: object, **__: object) -> bool:
        raise RedisAway

    with monkeypatch.context() as without:
        without.setattr(lanes, "put", away)
        for number in (1, 2):
            await stage.counter.say(id, agent.id, held.epoch, f"r{number}", f"part {number}", ())
    assert await delivered(stage) == []
    await stage.mend()
    assert await delivered(stage) == ["part 1", "part 2"]


async def test_a_process_killed_between_closing_and_giving_back_leaves_nobody_without_answers(stage: Stage) -> None:
    id, conversation = await stage.case()
    agent = await stage.agent()
    held = await stage.counter.claim(id, agent.id)
    await stage.cases.close(id, agent.id, held.epoch, "answered")  # and no more
    assert await stage.redis.exists(claim_key(conversation.key))
    other, claimed = await stage.case()
    await stage.counter.claim(other, agent.id)
    await stage.mend()
    assert not await stage.redis.exists(claim_key(conversation.key))
    assert await stage.redis.exists(claim_key(claimed.key)), "the bot stays silent where an agent has the case"


async def test_who_has_gone_keeps_nobody_waiting(stage: Stage) -> None:
    gone, there = await stage.agent("Gone"), await stage.agent("There")
    left, conversation = await stage.case()
    kept, _ = await stage.case()
    await stage.counter.claim(left, gone.id)
    await stage.counter.claim(kept, there.id)
    await stage.mend()
    assert (await stage.cases.one(left)).state == "claimed"
    await stage.redis.zincrby(SEEN, -AWAY_SECONDS - 1, gone.id)
    await stage.mend()
    assert [(await stage.cases.one(each)).state for each in (left, kept)] == ["waiting", "claimed"]
    assert not await stage.redis.exists(claim_key(conversation.key)), "the bot answers meanwhile"
    assert (await stage.record.find(conversation.key) or conversation).answered_by == "line"


async def test_a_note_has_no_way_out(stage: Stage) -> None:
    id, _ = await stage.case()
    agent = await stage.agent()
    await stage.counter.claim(id, agent.id)
    await stage.counter.note(id, agent.id, "n1", "looks like fraud")
    await stage.mend()
    assert await stage.posted() == []


async def test_somebody_is_there_as_long_as_one_of_their_pages_is_open(stage: Stage) -> None:
    agent = await stage.agent()
    for page in ("one", "two", "one"):
        await stage.counter.presence.arrive(agent.id, page)
    await stage.counter.presence.leave(agent.id, "one")
    assert await stage.counter.presence.present() == [agent.id]
    await stage.counter.presence.leave(agent.id, "two")
    assert await stage.counter.presence.present() == []


async def test_one_reply_that_cannot_be_unsealed_holds_up_no_other(stage: Stage) -> None:
    await stage.mend()
    await delivered(stage)
    agent, said = await stage.agent(), []
    for number in range(2):
        id, _ = await stage.case()
        held = await stage.cases.claim(id, agent.id)
        words = json.dumps(outbox.pack(Reply(f"from {number}", id=f"r{id}", sender="desk")))
        await stage.cases.say(id, agent.id, held.epoch, f"r{id}", words)
        said.append(id)
    spoil = update(case_lines).where(case_lines.c.case == said[0], case_lines.c.kind == "agent")
    async with stage.engine.begin() as connection:
        await connection.execute(spoil.values(text="sealed with another secret"))
    await stage.mend()
    assert await delivered(stage) == ["from 1"]
    assert [line.text for line in await stage.cases.lines(said[0]) if line.kind == "agent"] == [""]
    async with stage.engine.begin() as connection:
        await connection.execute(spoil.values(to_send=False))


SAID = Incoming("m1", "sms:+16135550142", "a person please")


async def test_a_citizen_is_told_honestly_who_is_there_and_where_they_stand(stage: Stage) -> None:
    desk, own = Desk(stage.counter, stage.switches), texts("fr")
    agent = await stage.agent()

    async def told() -> str:
        conversation, address = await stage.citizen(language="fr")
        turn = await desk.begin(conversation, "asked_for_person", replace(SAID, address=address))
        assert turn.hand_to == "line", "the bot goes on until somebody claims the case"
        return turn.replies[0].text

    assert await told() == own["desk_nobody"]
    await stage.counter.presence.arrive(agent.id, "one")
    place = len(
        [each for each in await stage.counter.queue.all_open() if (each.state, each.team) == ("waiting", "general")]
    )
    assert (await told()).startswith(own["desk_in_line"].format(place=place + 1))
    await stage.counter.presence.leave(agent.id, "one")
    assert await told() == own["desk_nobody"]


async def test_what_a_citizen_says_goes_to_the_agent_and_else_to_the_bot(stage: Stage) -> None:
    desk = Desk(stage.counter, stage.switches)
    id, conversation = await stage.case()
    to_bot = Turn(hand_to="bot", because="nobody_has_it")
    assert await desk.answer(conversation, SAID) == to_bot
    held = await stage.counter.claim(id, (await stage.agent()).id)
    assert await desk.answer(conversation, SAID) == Turn()
    assert [line.text for line in await stage.cases.lines(id) if line.kind == "citizen"] == [SAID.text]
    await stage.counter.release(id, held.agent or "", held.epoch)
    assert await desk.answer(conversation, replace(SAID, id="m2")) == to_bot
    with pytest.raises(Taken):
        await stage.counter.say(id, held.agent or "", held.epoch, "r1", "too late", ())
