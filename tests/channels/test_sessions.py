"""Web sessions on a real Redis: tokens, their expiry and their rate."""

import pytest
from redis.asyncio import Redis

from channels.web import sessions as module
from channels.web.sessions import BusyAddress, Sessions, TooMany, UnknownSession


async def test_a_token_leads_to_an_address_that_does_not_lead_back(redis: Redis) -> None:
    sessions = Sessions(redis, 3600, 30, 1000)
    token, other = await sessions.begin("home"), await sessions.begin("home")
    address = await sessions.address(token)
    assert address == await sessions.write(token, "home")
    assert address != await sessions.address(other)
    assert len(token) >= 43, "256 bits"
    kept = [key async for key in redis.scan_iter()]
    assert not [key for key in kept if token in key], "whoever reads Redis cannot speak for a citizen"


@pytest.mark.parametrize("token", ["", "nonsense", "é\ud800", "x" * 10_000, "*"])
async def test_any_other_token_is_unknown(redis: Redis, token: str) -> None:
    sessions = Sessions(redis, 3600, 30, 1000)
    await sessions.begin("home")
    with pytest.raises(UnknownSession):
        await sessions.address(token)
    with pytest.raises(UnknownSession):
        await sessions.write(token, "home")


async def test_a_conversation_that_is_only_begun_is_soon_forgotten(redis: Redis) -> None:
    sessions = Sessions(redis, 3600, 30, 1000)
    token = await sessions.begin("home")
    (key,) = [key async for key in redis.scan_iter("web:session:*")]
    assert await redis.ttl(key) <= 600
    await sessions.write(token, "home")
    assert await redis.ttl(key) > 3500


async def test_a_conversation_lives_on_while_it_is_used_and_everything_expires(redis: Redis) -> None:
    sessions = Sessions(redis, 100, 30, 1000)
    token = await sessions.begin("home")
    (key,) = [key async for key in redis.scan_iter("web:session:*")]
    await redis.expire(key, 5)
    await sessions.address(token)
    assert await redis.ttl(key) > 90
    await sessions.write(token, "home")
    assert not [key async for key in redis.scan_iter() if await redis.ttl(key) == -1]


async def test_too_many_messages_in_a_minute_are_refused_with_the_time_to_wait(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_000_050.0)
    sessions = Sessions(redis, 3600, 2, 1000)
    token = await sessions.begin("home")
    for _ in range(2):
        await sessions.write(token, "home")
    with pytest.raises(TooMany) as refused:
        await sessions.write(token, "home")
    assert refused.value.after == 30
    monkeypatch.setattr("time.time", lambda: 1_000_080.0)
    await sessions.write(token, "home")


async def test_conversations_that_nobody_writes_in_are_limited_by_address(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_UNUSED", 3)
    sessions = Sessions(redis, 3600, 30, 1000)
    tokens = [await sessions.begin("library") for _ in range(3)]
    with pytest.raises(BusyAddress):
        await sessions.begin("library")
    await sessions.begin("home")
    for token in (tokens[0], tokens[0], tokens[1]):
        await sessions.write(token, "library")
    for _ in range(2):
        await sessions.begin("library")
    with pytest.raises(BusyAddress):
        await sessions.begin("library")


async def test_a_shared_address_may_write_as_much_as_many_people_do(redis: Redis) -> None:
    sessions = Sessions(redis, 3600, 30, 60)
    tokens = [await sessions.begin("library") for _ in range(3)]
    for token in tokens * 20:
        await sessions.write(token, "library")
    with pytest.raises(BusyAddress) as refused:
        await sessions.write(tokens[0], "library")
    assert 0 < refused.value.after <= 60
    await sessions.write(await sessions.begin("home"), "home")
