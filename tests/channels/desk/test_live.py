"""What pages hear: each change once, as much of it as they may know, from one ear for each process."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from channels.desk.live import MOST_BEHIND, Live
from channels.desk.people.accounts import Agent
from channels.marks import claim_key
from channels.web.events import Events
from tests.channels.desk.conftest import PASSWORD, Stage


class Page:
    def __init__(self, live: Live, agent: Agent, token: str = "") -> None:
        self.stream = live.follow(agent, token)
        self.heard: list[str] = []

    async def next(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(3):
            while True:
                self.heard.append(await anext(self.stream))
                event, _, data = self.heard[-1].partition("\n")
                if event == f"event: {kind}":
                    found: dict[str, Any] = json.loads(data.removeprefix("data: "))
                    return found


@pytest.fixture
async def live(stage: Stage) -> AsyncIterator[Live]:
    live = Live(stage.counter, stage.accounts.whose)
    listening = asyncio.create_task(live.listen())
    await asyncio.sleep(0.1)
    yield live
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


@asynccontextmanager
async def page(live: Live, agent: Agent, token: str = "") -> AsyncIterator[Page]:
    opened = Page(live, agent, token)
    try:
        yield opened
    finally:
        with suppress(RuntimeError):
            await opened.stream.aclose()  # type: ignore[attr-defined]


async def test_a_change_is_told_whole_to_those_who_may_see_it_and_as_gone_to_others(stage: Stage, live: Live) -> None:
    here, there = await stage.agent("Here", teams=["taxes"]), await stage.agent("There", teams=["housing"])
    async with page(live, here) as mine, page(live, there) as theirs:
        first = await mine.next("presence")
        assert here.id in first["present"] and len(first["page"]) == 8
        await theirs.next("presence")
        id, _ = await stage.case(team="taxes")
        await stage.counter.announce(id)
        told = await mine.next("case")
        assert (told["case"]["id"], told["case"]["state"], told["case"]["last"]) == (id, "waiting", None)
        assert "address" not in str(told) and "conversation" not in told["case"]
        held = await stage.counter.claim(id, here.id)
        assert (await mine.next("case"))["case"]["agent"]["name"] == "Here"
        await stage.counter.transfer(id, here.id, held.epoch, team="housing", to=None, note="")
        assert (await theirs.next("case"))["case"]["team"] == "housing"
        assert len([each for each in theirs.heard if "presence" not in each]) == 1, (
            "of cases of others one hears nothing"
        )
        assert await mine.next("gone") == {"id": id}


async def test_who_looks_at_what_and_that_somebody_types_is_told(stage: Stage, live: Live) -> None:
    agent, (id, conversation) = await stage.agent(), await stage.case()
    async with page(live, agent) as mine:
        name = (await mine.next("presence"))["page"]
        await stage.counter.presence.look(name, id)
        assert (await mine.next("presence"))["looking"] == {str(id): [agent.id]}
        await stage.counter.claim(id, agent.id)
        events = Events(stage.redis, 60)
        for _ in range(3):
            await events.shown_typing(claim_key(conversation.key))
        assert await mine.next("typing") == {"id": id}
        await stage.counter.presence.look(name, None)
        assert (await mine.next("presence"))["looking"] == {}


async def test_nobody_hears_of_typing_where_no_person_answers(stage: Stage, live: Live) -> None:
    agent, (_, conversation) = await stage.agent(), await stage.case()
    async with page(live, agent) as mine:
        await mine.next("presence")
        await Events(stage.redis, 60).shown_typing(claim_key(conversation.key))
        with pytest.raises(TimeoutError):
            await mine.next("typing")


async def test_a_page_that_goes_is_present_no_more(stage: Stage, live: Live) -> None:
    agent = await stage.agent()
    async with page(live, agent) as mine:
        await mine.next("presence")
        assert agent.id in await stage.counter.presence.present()
    assert agent.id not in await stage.counter.presence.present()


async def test_a_page_that_does_not_keep_up_begins_anew(stage: Stage, live: Live) -> None:
    agent = await stage.agent()
    async with page(live, agent) as mine:
        await mine.next("presence")
        (follower,) = live._followers
        for _ in range(MOST_BEHIND + 5):
            follower.tell("event: case\ndata: {}\n\n")
        assert follower.behind
        async with asyncio.timeout(3):
            assert len([each async for each in mine.stream]) <= MOST_BEHIND, "and then no more"
    assert live._followers == set()


async def test_of_who_looks_and_who_types_only_those_hear_who_may_see_the_case(stage: Stage, live: Live) -> None:
    here, there = await stage.agent("Here", teams=["taxes"]), await stage.agent("There", teams=["housing"])
    id, conversation = await stage.case(team="taxes")
    await stage.counter.claim(id, here.id)
    async with page(live, here) as mine, page(live, there) as theirs:
        name = (await mine.next("presence"))["page"]
        await theirs.next("presence")
        await asyncio.sleep(1.1)  # who is there is told once a second
        await Events(stage.redis, 60).shown_typing(claim_key(conversation.key))
        assert await mine.next("typing") == {"id": id}
        await stage.counter.presence.look(name, id)
        assert (await mine.next("presence"))["looking"] == {str(id): [here.id]}
        await theirs.next("presence")
        assert not [each for each in theirs.heard if "typing" in each or f'"{id}"' in each]


async def test_what_cannot_be_read_at_first_is_told_when_it_can(
    stage: Stage, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, (id, _) = await stage.agent(), await stage.case()
    read, away = stage.counter.queue.some, 2

    async def some(ids: Any) -> Any:
        nonlocal away
        if away:
            away -= 1
            raise ConnectionRefusedError
        return await read(ids)

    async with page(live, agent) as mine:
        await mine.next("presence")
        monkeypatch.setattr(stage.counter.queue, "some", some)
        await stage.counter.claim(id, agent.id)
        async with asyncio.timeout(5):
            assert (await mine.next("case"))["case"]["state"] == "claimed"
        assert away == 0


async def test_pages_are_there_as_long_as_they_follow_and_those_of_nobody_end(stage: Stage, live: Live) -> None:
    agent, other = await stage.agent("Here"), await stage.agent("There")
    tokens = [await stage.accounts.sign_in(each.email, PASSWORD) or "" for each in (agent, other)]
    async with page(live, agent, tokens[0]) as mine, page(live, other, tokens[1]) as theirs:
        await mine.next("presence")
        await theirs.next("presence")
        await stage.redis.flushall()
        await stage.redis.zadd("desk:present", {"ghost 00000000": 1})
        await live.beat()
        assert await stage.counter.presence.present() == sorted([agent.id, other.id])
        assert not await stage.redis.zscore("desk:present", "ghost 00000000")
        await stage.accounts.sign_out(tokens[1])
        await live.beat()
        assert not [each async for each in theirs.stream if each.startswith("event: case")], "and it ends"
        assert await stage.counter.presence.present() == [agent.id]
        follower = next(iter(live._followers))
        assert (follower.agent, follower.behind) == (agent, False)
