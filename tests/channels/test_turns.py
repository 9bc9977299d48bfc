"""What becomes of a message when parts are away, refuse, or fail."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import BusyLoadingError, OutOfMemoryError, ResponseError
from redis.exceptions import ConnectionError as RedisGone

from channels import inbox, outbox, turns
from channels.channel import CannotTell, Gone, Incoming, Receipt, Reply, SlowDown, Unreachable
from channels.lanes import Follow, Lanes, Task
from channels.marks import BELL, claim_key
from channels.outbox import Outbox
from channels.quiet import hours
from channels.texts import texts
from channels.throttle import Throttle
from channels.traffic import Traffic
from channels.turns import MOST_TRIES, answering, recording, sending
from tests.channels.test_away import refused
from tests.channels.test_lanes import opened

SAID = Incoming("m1", "web:1", "comment renouveler mon passeport", hint="en")


@dataclass
class Board:
    """A switchboard that raises what it is given, once each, and then answers."""

    errors: list[Exception] = field(default_factory=list)
    turns: int = 0

    async def turn(self, said: Incoming) -> list[Follow]:
        self.turns += 1
        if self.errors:
            raise self.errors.pop(0)
        return [outbox.post("a", said.address, Reply(f"answer to {said.text}", id=f"{said.id}/1"))]


async def taken(redis: Redis, item: dict[str, Any], tries: int = 1) -> tuple[Lanes, Lanes, Task]:
    lanes, out = await opened(redis), await opened(redis, "outbox:web")
    await lanes.put("a", item)
    (task,) = await lanes.take(1, 100)
    return lanes, out, replace(task, tries=tries)


async def said(out: Lanes) -> list[str]:
    texts = []
    while tasks := await out.take(1, 10):
        texts.append(tasks[0].item["reply"]["text"])
        await out.finish(tasks[0])
    return texts


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PAUSES", (0.01,))


async def test_while_the_database_is_away_a_message_is_held_and_its_citizen_told_once(redis: Redis) -> None:
    lanes, out, task = await taken(redis, inbox.pack(SAID))
    board = Board([ConnectionRefusedError(), refused("57P03"), refused("57P01", gone=True), TimeoutError()])
    await answering(lanes, lambda _: out, board)(task)  # type: ignore[arg-type]
    assert await said(out) == [texts("fr")["held"], f"answer to {SAID.text}"], "told in the language they write"
    assert await lanes.waiting() == 0


async def test_a_database_that_is_back_at_once_is_not_mentioned(redis: Redis) -> None:
    lanes, out, task = await taken(redis, inbox.pack(SAID))
    await answering(lanes, lambda _: out, Board([ConnectionResetError()]))(task)  # type: ignore[arg-type]
    assert await said(out) == [f"answer to {SAID.text}"]


async def test_while_redis_is_away_a_turn_waits(redis: Redis) -> None:
    lanes, out, task = await taken(redis, inbox.pack(SAID))
    board = Board([RedisGone(), BusyLoadingError(), OutOfMemoryError(), ResponseError("MISCONF the disk is full")])
    await answering(lanes, lambda _: out, board)(task)  # type: ignore[arg-type]
    assert (await said(out))[-1] == f"answer to {SAID.text}"
    assert await lanes.waiting() == 0


async def test_to_be_held_is_no_fault_of_the_message(redis: Redis) -> None:
    """A worker that is restarted again and again while the database is away must not give the message up."""
    lanes, out, task = await taken(redis, inbox.pack(replace(SAID, language="fr")))
    for _ in range(MOST_TRIES + 2):
        board = Board([ConnectionRefusedError()] * 1000)
        holding = asyncio.create_task(answering(lanes, lambda _: out, board)(task))  # type: ignore[arg-type]
        async with asyncio.timeout(5):
            while board.turns < 4:  # noqa: ASYNC110 — what it waits for has no event
                await asyncio.sleep(0.01)
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
        (task,) = await lanes.resume()
    await answering(lanes, lambda _: out, Board())(task)  # type: ignore[arg-type]
    assert await said(out) == [texts("fr")["held"], f"answer to {SAID.text}"]


@pytest.mark.parametrize("error", [KeyError("x"), refused("22001"), ValueError("my secret")])
async def test_a_turn_that_fails_is_told_and_over(redis: Redis, error: Exception) -> None:
    lanes, out, task = await taken(redis, inbox.pack(SAID))
    await answering(lanes, lambda _: out, Board([error]))(task)  # type: ignore[arg-type]
    assert await said(out) == [texts("en")["failed"]]
    assert await lanes.waiting() == 0


async def test_a_message_that_brings_its_worker_down_is_set_aside_and_told(redis: Redis) -> None:
    lanes, out, task = await taken(redis, inbox.pack(SAID), tries=MOST_TRIES + 1)
    board = Board()
    await answering(lanes, lambda _: out, board)(task)  # type: ignore[arg-type]
    assert board.turns == 0
    assert await said(out) == [texts("en")["failed"]]
    assert (len(await lanes.aside()), await lanes.waiting()) == (1, 0)


@pytest.mark.parametrize("item", [{}, {"unheard": "of"}, inbox.pack(SAID) | {"more": 1}, inbox.pack(SAID) | {"at": ""}])
async def test_a_message_that_cannot_be_read_does_not_stop_its_conversation(redis: Redis, item: dict[str, Any]) -> None:
    lanes, out, task = await taken(redis, item)
    await lanes.put("a", inbox.pack(SAID))
    answer = answering(lanes, lambda _: out, Board())  # type: ignore[arg-type]
    await answer(task)
    (following,) = await lanes.take(1, 100)
    await answer(following)
    assert await said(out) == [f"answer to {SAID.text}"]
    assert len(await lanes.aside()) == 1


@dataclass
class Provider:
    """A channel that raises what it is given, once each, and then takes what it is sent."""

    errors: list[Exception] = field(default_factory=list)
    took: list[str] = field(default_factory=list)
    name: str = "web"
    repeatable: bool = True
    per_second: float | None = None

    def routes(self, deliver: Callable[..., Any], tell: Callable[..., Any]) -> Any: ...

    async def sent(self, address: str, reply: Reply, since: datetime) -> Receipt | None:
        raise CannotTell

    async def send(self, address: str, reply: Reply) -> Receipt:
        if self.errors:
            raise self.errors.pop(0)
        self.took.append(reply.text)
        return Receipt("1")


def way_out(redis: Redis, lanes: Lanes, provider: Provider) -> Outbox:
    day = hours("21:00-08:00", "America/Toronto")
    return Outbox(lanes, provider, Throttle(redis), day, Traffic(redis), lambda: datetime.now(UTC))


async def sent_by(redis: Redis, provider: Provider, tries: int = 1) -> Lanes:
    lanes = await opened(redis, "outbox:web")
    for text in ("one", "two"):
        await lanes.put("a", outbox.post("a", "web:1", Reply(text, id=text)).item)
    send = sending(lanes, way_out(redis, lanes, provider))
    while tasks := await lanes.take(1, 10):
        await send(replace(tasks[0], tries=tries))
        tries = 1
    return lanes


async def test_a_reply_is_sent_again_as_long_as_that_can_help_and_in_order(redis: Redis) -> None:
    provider = Provider([Unreachable(), SlowDown(0.02), Unreachable(), RedisGone(), Unreachable(), Unreachable()])
    lanes = await sent_by(redis, provider)
    assert provider.took == ["one", "two"]
    assert await lanes.aside() == []


async def test_a_reply_that_nobody_will_take_is_given_up(redis: Redis) -> None:
    provider = Provider([Gone()])
    lanes = await sent_by(redis, provider)
    assert (provider.took, [each.why for each in await lanes.aside()]) == (["two"], ["Gone: "])


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("x")])
async def test_a_reply_that_cannot_be_sent_does_not_stop_those_after_it(redis: Redis, error: Exception) -> None:
    provider = Provider([error])
    lanes = await sent_by(redis, provider)
    assert (provider.took, len(await lanes.aside())) == (["two"], 1)


async def test_a_reply_that_brings_its_worker_down_is_set_aside(redis: Redis) -> None:
    provider = Provider()
    lanes = await sent_by(redis, provider, tries=MOST_TRIES + 1)
    assert (provider.took, len(await lanes.aside())) == (["two"], 1)


@dataclass
class Paper:
    """A record that refuses a batch with a bad line in it."""

    written: list[str] = field(default_factory=list)
    away: bool = False

    async def write(self, rows: dict[str, list[Any]]) -> None:
        entries = rows["entries"]
        if self.away:
            raise ConnectionRefusedError
        if "bad" in entries:
            raise refused("22001")
        self.written += entries


async def test_what_the_database_refuses_is_set_aside_alone(redis: Redis) -> None:
    lanes, paper = await opened(redis, "record"), Paper()
    for entry in ("good", "bad", "also good"):
        await lanes.put(entry, {"entries": [entry]})
    await recording(lanes, paper)(await lanes.take(10, 100))  # type: ignore[arg-type]
    assert paper.written == ["good", "also good"]
    assert (len(await lanes.aside()), await lanes.waiting()) == (1, 0)


async def test_what_cannot_be_written_yet_is_left_for_later(redis: Redis) -> None:
    lanes, paper = await opened(redis, "record"), Paper(away=True)
    await lanes.put("a", {"entries": ["good"]})
    with pytest.raises(ConnectionRefusedError):
        await recording(lanes, paper)(await lanes.take(10, 100))  # type: ignore[arg-type]
    assert (await lanes.aside(), await lanes.waiting()) == ([], 1)


async def test_the_desk_hears_what_became_of_a_reply_where_an_agent_has_the_case(redis: Redis) -> None:
    lanes, paper = await opened(redis, "record"), Paper()
    states = [{"conversation": key, "reply": "r1", "state": "delivered"} for key in ("a" * 32, "b" * 32)]
    await redis.set(claim_key("a" * 32), "7")
    async with redis.pubsub() as bell:
        await bell.subscribe(BELL)
        await bell.get_message(timeout=1)
        for number, state in enumerate(states):
            await lanes.put(f"lane {number}", {"statuses": [state]})
        await recording(lanes, paper)(await lanes.take(10, 100))  # type: ignore[arg-type]
        rung = await bell.get_message(timeout=1)
        assert rung is not None and rung["data"] == '{"case": 7}'
        assert await bell.get_message(timeout=0.2) is None
    await redis.delete(claim_key("a" * 32))
