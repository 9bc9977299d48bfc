"""Traffic on a real Redis: what a channel brought, took and could not deliver in the last day."""

from types import SimpleNamespace

import pytest
from redis.asyncio import Redis

from channels import traffic
from channels.channel import STATES, Status
from channels.traffic import Counts, Traffic

HOUR = 3600.0
SMS = "sms:+16135550142"


class Clock:
    now = 1_774_958_400.0 + 1.5  # just after an hour has begun


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(traffic, "time", SimpleNamespace(time=lambda: clock.now))
    return clock


async def test_each_channel_is_counted_by_itself(redis: Redis, clock: Clock) -> None:
    counted = Traffic(redis)
    assert await counted.of("sms") == Counts(0, 0, 0, None, None)
    for _ in range(3):
        await counted.brought(SMS)
    await counted.brought("telegram:5")
    began = clock.now
    clock.now += 60
    await counted.taken(SMS)
    await counted.failed(SMS)
    assert await counted.of("sms") == Counts(3, 1, 1, last_in=began, last_out=clock.now)
    assert await counted.of("telegram") == Counts(1, 0, 0, last_in=began, last_out=None)
    assert await counted.of("web") == Counts(0, 0, 0, None, None)


async def test_hours_are_added_up_and_drop_out_after_a_day_but_the_last_time_is_known(
    redis: Redis, clock: Clock
) -> None:
    counted, first = Traffic(redis), clock.now
    await counted.brought(SMS)
    clock.now = first + 5 * HOUR
    await counted.brought(SMS)
    clock.now = first + 23 * HOUR
    assert (await counted.of("sms")).brought == 2
    clock.now = first + 24 * HOUR
    assert (await counted.of("sms")).brought == 1
    clock.now = first + 29 * HOUR
    assert await counted.of("sms") == Counts(0, 0, 0, last_in=first + 5 * HOUR, last_out=None)


async def test_only_what_failed_of_what_providers_tell_is_counted(redis: Redis) -> None:
    counted = Traffic(redis)
    for state in STATES:
        await counted.told(Status(SMS, "m1/1", state))
    found = await counted.of("sms")
    assert found == Counts(0, 0, 1, None, None), "to have failed is no sign of life"


async def test_counts_are_forgotten_and_name_nobody(redis: Redis, clock: Clock) -> None:
    await Traffic(redis).brought(SMS)
    keys = {key: await redis.ttl(key) async for key in redis.scan_iter()}
    hour, last = sorted(keys)
    assert 25 * HOUR - 5 < keys[hour] <= 25 * HOUR, "an hour longer than it is looked at"
    assert await redis.hgetall(hour) == {"brought": "1"}
    assert (last, await redis.hgetall(last)) == ("traffic:sms:last", {"last_in": str(clock.now)})
