"""The one door out: replies packed whole, sent once, not to who said stop, and not at night unasked."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from channels import outbox
from channels.channel import (
    CannotTell,
    Choice,
    Closed,
    Gone,
    Link,
    OptedOut,
    Quote,
    Receipt,
    Refused,
    Reply,
    Uncertain,
    Unreachable,
)
from channels.lanes import Lanes, Task
from channels.marks import stop_key
from channels.outbox import RECORD_QUEUE, Outbox, pack, unpack
from channels.quiet import hours
from channels.throttle import Throttle
from channels.traffic import Traffic
from tests.channels.test_lanes import opened

FULL = Reply(
    text="Here:",
    quotes=(Quote("It costs…", "Passport", "Cost", "https://www.example.ca", "A department", "2026-03-31", "en"),),
    links=(Link("More", None, "A department"),),
    choices=(Choice("How long?", "how long does it take"),),
    language="fr",
    outcome="answered",
    confidence=0.5,
    snapshot="s1",
    passages=("p1", "p2"),
    asks_feedback=True,
    changes_language=True,
    degraded=True,
    assumes=True,
    continues=True,
    unasked=True,
    regardless=True,
    id="m1/1",
    in_reply_to="m1",
    sender="desk",
)
ADDRESS = "sms:+16135550142"
NIGHT, MORNING = datetime(2026, 11, 28, 3, 0, tzinfo=UTC), datetime(2026, 11, 28, 13, 0, tzinfo=UTC)


def test_a_reply_comes_out_as_it_went_in() -> None:
    assert unpack(json.loads(json.dumps(pack(FULL)))) == FULL
    assert unpack(json.loads(json.dumps(pack(Reply())))) == Reply()


def test_every_value_of_a_reply_is_packed_but_for_its_basis() -> None:
    assert json.dumps(pack(FULL)) == json.dumps({k: v for k, v in asdict(FULL).items() if k != "basis"})
    unsaid = {field.name for field in fields(Reply) if getattr(FULL, field.name) == getattr(Reply(), field.name)}
    assert unsaid == {"basis"}


@dataclass
class Provider:
    """Raises what it is given when something is sent, once each; `knows` is what it says it was given, or raises."""

    errors: list[Exception] = field(default_factory=list)
    knows: Receipt | Exception | None = None
    took: list[str] = field(default_factory=list)
    asked: int = 0
    name: str = "sms"
    repeatable: bool = False
    per_second: float | None = None

    def routes(self, deliver: Callable[..., Any], tell: Callable[..., Any]) -> Any: ...

    async def send(self, address: str, reply: Reply) -> Receipt:
        if self.errors:
            raise self.errors.pop(0)
        self.took.append(reply.text)
        return Receipt(f"SM{len(self.took)}")

    async def sent(self, address: str, reply: Reply, since: datetime) -> Receipt | None:
        self.asked += 1
        if isinstance(self.knows, Exception):
            raise self.knows
        return self.knows


@dataclass
class Way:
    """The way out of one channel, with one reply in it."""

    redis: Redis
    lanes: Lanes
    record: Lanes
    provider: Provider
    now: datetime = MORNING

    @property
    def out(self) -> Outbox:
        day = hours("21:00-08:00", "America/Toronto")
        return Outbox(self.lanes, self.provider, Throttle(self.redis), day, Traffic(self.redis), lambda: self.now)

    async def task(self, reply: Reply) -> Task:
        follow = outbox.post("a", ADDRESS, reply)
        assert follow.queue == "outbox:sms"
        await self.lanes.put(follow.lane, follow.item)
        (task,) = await self.lanes.take(1, 100)
        return task

    async def recorded(self, kind: str = "statuses") -> list[dict[str, Any]]:
        tasks = await self.record.take(10, 10)
        return [row for task in tasks for row in task.item.get(kind, ())]


SAID = Reply("It costs $160.", id="m1/1", in_reply_to="m1")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "SETTLE_SECONDS", 0.0)


@pytest.fixture
async def way(redis: Redis) -> Way:
    return Way(redis, await opened(redis, "outbox:sms"), await opened(redis, RECORD_QUEUE), Provider())


async def test_what_is_sent_is_on_record_and_counted(way: Way) -> None:
    await way.out.deliver(await way.task(SAID))
    (row,) = await way.recorded()
    assert (row["reply"], row["state"], row["provider_id"]) == ("m1/1", "queued", "SM1")
    assert (row["conversation"], row["channel"]) == ("a", "sms")
    assert (await Traffic(way.redis).of("sms")).taken == 1
    assert await way.lanes.waiting() == 0


async def test_what_was_not_taken_is_sent_again_without_asking(way: Way) -> None:
    way.provider.errors = [Unreachable()]
    task = await way.task(SAID)
    with pytest.raises(Unreachable):
        await way.out.deliver(task)
    await way.out.deliver(task)
    assert (way.provider.took, way.provider.asked) == ([SAID.text], 0)


@pytest.mark.parametrize(("knows", "took"), [(Receipt("SM7"), []), (None, [SAID.text])])
async def test_what_nobody_heard_of_again_is_asked_after(way: Way, knows: Receipt | None, took: list[str]) -> None:
    way.provider.errors, way.provider.knows = [Uncertain()], knows
    task = await way.task(SAID)
    with pytest.raises(Uncertain):
        await way.out.deliver(task)
    await way.out.deliver(task)
    assert (way.provider.took, way.provider.asked) == (took, 1)
    (row,) = await way.recorded()
    assert row["provider_id"] == ("SM7" if knows else "SM1")


async def test_what_a_worker_had_begun_when_it_died_is_asked_after(way: Way) -> None:
    way.provider.knows = Receipt("SM7")
    await way.lanes.begin(await way.task(SAID))
    (resumed,) = await way.lanes.resume()
    await way.out.deliver(resumed)
    assert (way.provider.took, way.provider.asked) == ([], 1)


async def test_a_provider_that_cannot_be_asked_now_is_asked_later(way: Way) -> None:
    way.provider.errors, way.provider.knows = [Uncertain()], Unreachable()
    task = await way.task(SAID)
    with pytest.raises(Uncertain):
        await way.out.deliver(task)
    with pytest.raises(Unreachable):
        await way.out.deliver(task)
    way.provider.knows = Receipt("SM7")
    await way.out.deliver(task)
    assert (way.provider.took, way.provider.asked) == ([], 2), "it was not sent in between"


async def test_where_nobody_can_tell_it_is_set_aside_rather_than_said_twice(way: Way) -> None:
    way.provider.errors, way.provider.knows = [Uncertain()], CannotTell()
    task = await way.task(SAID)
    with pytest.raises(Uncertain):
        await way.out.deliver(task)
    await way.out.deliver(task)
    assert way.provider.took == []
    assert [each.why for each in await way.lanes.aside()] == [outbox.UNCERTAIN]
    (row,) = await way.recorded()
    assert (row["state"], row["code"]) == ("failed", "uncertain")
    assert (await Traffic(way.redis).of("sms")).failed == 1


async def test_a_channel_that_shows_a_repetition_once_is_asked_nothing(way: Way) -> None:
    way.provider.repeatable = True
    await way.lanes.begin(await way.task(SAID))
    (resumed,) = await way.lanes.resume()
    await way.out.deliver(resumed)
    assert (way.provider.took, way.provider.asked) == ([SAID.text], 0)
    assert await way.recorded() == [], "what a page was shown needs no delivery report"


async def test_nothing_goes_to_who_said_stop_but_the_confirmation(way: Way) -> None:
    await way.redis.set(stop_key("a"), "1")
    await way.out.deliver(await way.task(SAID))
    await way.out.deliver(await way.task(replace(SAID, text="You will get no more.", id="m2/1", regardless=True)))
    assert way.provider.took == ["You will get no more."]
    assert [(row["reply"], row["state"], row["code"]) for row in await way.recorded()] == [
        ("m1/1", "failed", "stopped"),
        ("m2/1", "queued", ""),
    ]
    assert await way.lanes.aside() == [], "there is nothing for the operator to do"
    assert (await Traffic(way.redis).of("sms")).failed == 0


async def test_stop_counts_up_to_the_moment_of_sending(way: Way) -> None:
    way.provider.per_second = 1.5
    task = await way.task(SAID)
    await Throttle(way.redis).wait("sms", 1.5)
    delivering = asyncio.create_task(way.out.deliver(task))
    await asyncio.sleep(0.1)
    await way.redis.set(stop_key("a"), "1")
    await delivering
    assert way.provider.took == []


async def test_who_said_stop_to_the_provider_is_sent_nothing_any_more(way: Way) -> None:
    way.provider.errors = [OptedOut("unsubscribed recipient", "21610")]
    await way.out.deliver(await way.task(SAID))
    assert await way.redis.exists(stop_key("a"))
    tasks = await way.record.take(10, 100)
    (entry,) = tasks[0].item["consents"]
    assert (entry["kind"], entry["by"], entry["conversation"]) == ("stop", "sms 21610", "a")
    assert await way.lanes.aside() == []


@pytest.mark.parametrize(
    "error", [Gone("no such number", "21211"), Refused("no", "21617"), Closed("24 hours", "63016")]
)
async def test_what_a_provider_refuses_is_set_aside_with_its_reason(way: Way, error: Gone | Refused | Closed) -> None:
    way.provider.errors = [error]
    await way.out.deliver(await way.task(SAID))
    (aside,) = await way.lanes.aside()
    assert aside.why == f"{type(error).__name__}: {error}"
    (row,) = await way.recorded()
    assert (row["state"], row["code"]) == ("failed", error.code)


async def test_nobody_is_written_to_at_night_unasked(way: Way) -> None:
    way.now = NIGHT
    await way.out.deliver(await way.task(replace(SAID, unasked=True)))
    await way.out.deliver(await way.task(replace(SAID, text="An answer.", id="m2/1")))
    assert way.provider.took == ["An answer."], "who just asked is answered at any time"
    assert await way.lanes.put_off() == 1
    assert await way.lanes.due((MORNING - timedelta(minutes=1)).timestamp()) == 0
    assert await way.lanes.due(MORNING.timestamp()) == 1, "eight o'clock in Toronto"
    way.now = MORNING
    (task,) = await way.lanes.take(1, 100)
    await way.out.deliver(task)
    assert way.provider.took == ["An answer.", SAID.text]


async def test_what_was_set_aside_can_be_sent_again_as_a_new_reply(way: Way) -> None:
    way.provider.errors = [Gone("no such number", "21211")]
    await way.out.deliver(await way.task(SAID))
    (aside,) = await way.lanes.aside()
    assert await way.lanes.again(outbox.again(aside))
    (task,) = await way.lanes.take(1, 100)
    await way.out.deliver(task)
    assert [(row["reply"], row["state"]) for row in await way.recorded()] == [("m1/1", "failed"), ("m1/1~", "queued")]
    assert await way.lanes.aside() == []
