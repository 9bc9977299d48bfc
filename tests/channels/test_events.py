"""Event streams on a real Redis: in order, resumed, bounded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisAway

from channels.web import events as module
from channels.web.events import BEGINNING, MOST_FOLLOWERS, Event, Events
from machine.servers import EmbeddedRedis


@pytest.fixture
async def events(redis: Redis) -> AsyncIterator[Events]:
    made = Events(redis, 3600)
    ringing = asyncio.create_task(made.ring())
    yield made
    ringing.cancel()
    await asyncio.gather(ringing, return_exceptions=True)


async def first(events: Events, most: int, last: str = BEGINNING, address: str = "web:1") -> list[Event]:
    found: list[Event] = []
    async with asyncio.timeout(5), aclosing(events.follow(address, last)) as followed:
        async for event in followed:
            found += [event] if event else []
            if len(found) == most:
                break
    return found


async def tell(events: Events, *names: str, address: str = "web:1") -> None:
    for name in names:
        await events.tell(address, "reply", name, {"id": name})


def ids(found: list[Event]) -> list[str]:
    return [event.data["id"] for event in found]


async def test_what_is_told_is_followed_in_order_and_taken_up_again(events: Events) -> None:
    await tell(events, "a", "b", "c")
    found = await first(events, 3)
    assert ids(found) == ["a", "b", "c"]
    assert ids(await first(events, 1, last=found[1].id)) == ["c"]


async def test_what_is_told_twice_is_heard_once_and_kinds_have_their_own_names(events: Events) -> None:
    await tell(events, "a", "a")
    await events.tell("web:1", "said", "a", {"id": "said a"})
    await tell(events, "a", "end")
    assert ids(await first(events, 3)) == ["a", "said a", "end"]


async def test_a_follower_is_woken_by_another_process(events: Events, redis: Redis) -> None:
    following = asyncio.create_task(first(events, 1))
    await asyncio.sleep(0.1)
    await tell(Events(redis, 3600), "a")
    assert ids(await asyncio.wait_for(following, 3)) == ["a"]


async def test_more_events_than_are_read_at_once(events: Events, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 3)
    names = [str(number) for number in range(10)]
    await tell(events, *names)
    assert ids(await events.so_far("web:1")) == names
    assert ids(await first(events, 10)) == names


async def test_everything_expires(events: Events, redis: Redis) -> None:
    await tell(events, "a")
    keys = [key async for key in redis.scan_iter()]
    assert len(keys) == 2
    assert all([3500 < await redis.ttl(key) <= 3600 for key in keys])


async def test_newer_followers_of_a_conversation_end_the_oldest(events: Events) -> None:
    """A browser that came back must be heard although its dead connections have not been noticed."""
    following = [asyncio.create_task(first(events, 1)) for _ in range(MOST_FOLLOWERS + 2)]
    async with asyncio.timeout(5):
        await asyncio.gather(*following[:2])
    assert [task.result() for task in following[:2]] == [[], []]
    assert events.followers == MOST_FOLLOWERS
    await tell(events, "a")
    async with asyncio.timeout(5):
        assert await asyncio.gather(*following[2:]) == [await first(events, 1)] * MOST_FOLLOWERS


async def test_a_follower_that_goes_is_forgotten(events: Events) -> None:
    following = asyncio.create_task(first(events, 1))
    await asyncio.sleep(0.05)
    assert events.followers == 1
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert (events.followers, events._following) == (0, {})


async def test_when_all_places_are_taken_it_says_so(redis: Redis) -> None:
    events = Events(redis, 3600, most_followers=1)
    assert not events.full
    following = asyncio.create_task(first(events, 1))
    await asyncio.sleep(0.05)
    assert events.full
    following.cancel()


async def test_a_follower_outlives_redis_being_away(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where nobody rings when it is back."""
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.05)
    events = Events(redis, 3600)
    since, times = events.since, 2

    async def sometimes(address: str, last: str = BEGINNING) -> list[Event]:
        nonlocal times
        times -= 1
        if times >= 0:
            raise RedisAway("gone")
        return await since(address, last)

    monkeypatch.setattr(events, "since", sometimes)
    await tell(events, "a")
    assert ids(await first(events, 1)) == ["a"]
    assert times == -1


async def test_more_followers_woken_at_once_than_connections_are_all_served(
    redis: Redis, redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_READING", 3)
    async with Redis.from_url(redis_server.url, decode_responses=True, max_connections=3) as narrow:
        events = Events(narrow, 3600)
        following = [asyncio.create_task(first(events, 1, address=f"web:{number}")) for number in range(30)]
        await asyncio.sleep(0.1)
        for number in range(30):
            await tell(Events(redis, 3600), str(number), address=f"web:{number}")
        events._wake(None)
        heard = await asyncio.wait_for(asyncio.gather(*following), 3)
    assert [ids(found) for found in heard] == [[str(number)] for number in range(30)]


async def test_when_the_bell_is_heard_again_what_was_missed_is_fetched(redis: Redis) -> None:
    events = Events(redis, 3600)
    following = asyncio.create_task(first(events, 1))
    await asyncio.sleep(0.05)
    await tell(events, "a")
    await asyncio.sleep(0.05)
    assert not following.done(), "nobody rang yet"
    ringing = asyncio.create_task(events.ring())
    assert ids(await asyncio.wait_for(following, 3)) == ["a"]
    ringing.cancel()
    await asyncio.gather(ringing, return_exceptions=True)
