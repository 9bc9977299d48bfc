"""What pages hear: each change once, as much of it as they may know, from one ear for each process."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from channels.desk.accounts import Agent
from channels.desk.live import MOST_BEHIND, Live
from channels.marks import claim_key
from channels.web.events import Events
from tests.channels.desk.conftest import Stage


class Page:
    def __init__(self, live: Live, agent: Agent) -> None:
        self.stream = live.follow(agent)

    async def next(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(3):
            while True:
                event, _, data = (await anext(self.stream)).partition("\n")
                if event == f"event: {kind}":
                    found: dict[str, Any] = json.loads(data.removeprefix("data: "))
                    return found


@pytest.fixture
async def live(stage: Stage) -> AsyncIterator[Live]:
    live = Live(stage.counter)
    listening = asyncio.create_task(live.listen())
    await asyncio.sleep(0.1)
    yield live
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


@asynccontextmanager
async def page(live: Live, agent: Agent) -> AsyncIterator[Page]:
    opened = Page(live, agent)
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
        assert await theirs.next("gone") == {"id": id}
        held = await stage.counter.claim(id, here.id)
        assert (await mine.next("case"))["case"]["agent"]["name"] == "Here"
        await stage.counter.transfer(id, here.id, held.epoch, team="housing", to=None, note="")
        assert (await theirs.next("case"))["case"]["team"] == "housing"
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
        assert [each async for each in mine.stream], "what it has not read yet, and then no more"
    assert live._followers == set()
