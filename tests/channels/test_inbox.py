"""The inbox on a real Redis: the one door in, and what is done at the door itself."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from channels.channel import File, Incoming, Status
from channels.conversation import Addresses
from channels.inbox import AGAIN_SECONDS, Inbox, pack, unpack
from channels.lanes import Lanes
from channels.traffic import Traffic
from tests.channels.test_lanes import opened

ADDRESSES = Addresses(b"k" * 32)
SMS = "sms:+16135550142"
KEY = ADDRESSES.key(SMS)
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


def texted(id: str, text: str, seconds: float = 0, **about: Any) -> Incoming:
    return Incoming(id, SMS, text, at=NOON + timedelta(seconds=seconds), **about)


def door_of(redis: Redis, counted: Redis | None = None) -> Inbox:
    lanes = (Lanes(redis, queue, "web") for queue in ("inbox", "record"))
    return Inbox(*lanes, ADDRESSES, Traffic(counted or redis))


def away() -> Redis:
    return Redis.from_url("redis://127.0.0.1:1")


async def items(redis: Redis, queue: str = "inbox") -> list[tuple[str, dict[str, Any]]]:
    """What waits in a queue, as (lane, item)."""
    lanes, found = await opened(redis, queue), []
    while tasks := await lanes.take(10, 10):
        for task in tasks:
            found.append((task.lane, task.item))
            await lanes.finish(task)
    return found


async def test_a_message_is_kept_whole_in_the_lane_of_its_conversation(redis: Redis) -> None:
    full = Incoming(
        "m1",
        SMS,
        "é\n😀",
        language="fr",
        hint="en",
        place="ca-on",
        command="more",
        choice=("m0/1", 2),
        media=3,
        files=(File("image/jpeg", "https://api.twilio.com/1"), File("", "2")),
        answered=True,
        at=NOON,
    )
    assert await door_of(redis).accept(full)
    ((lane, item),) = await items(redis)
    assert (lane, unpack(item)) == (KEY, full)
    assert unpack(json.loads(json.dumps(pack(texted("m2", "x"))))) == texted("m2", "x")


def test_a_version_that_knows_no_files_reads_what_this_one_keeps_and_this_one_what_it_kept() -> None:
    before = {"id", "address", "text", "language", "hint", "place", "command", "choice", "media", "answered", "at"}
    packed = pack(texted("m1", "x", media=1))
    assert set(packed) == before
    assert unpack(packed) == texted("m1", "x", media=1)


async def test_the_same_id_is_accepted_once_in_each_conversation(redis: Redis) -> None:
    door, other = door_of(redis), replace(texted("m1", "hello"), address="sms:+16135550143")
    assert [await door.accept(said) for said in (texted("m1", "hello"), texted("m1", "other"), other)] == [
        True,
        False,
        True,
    ]
    assert [item["text"] for _, item in await items(redis)] == ["hello", "hello"]
    assert not await door.accept(texted("m1", "hello", 3600)), "also after it was answered"
    assert (await Traffic(redis).of("sms")).brought == 2, "and only what is new is counted"


async def test_stop_forbids_from_the_moment_it_is_accepted_and_start_allows_again(redis: Redis) -> None:
    door, marked = door_of(redis), []
    for id, text in enumerate(("hello", "Arrêt.", "help", "what now?", "START", "stop", "Oui", "yes")):
        await door.accept(texted(f"m{id}", text))
        marked.append(bool(await redis.exists(f"stopped:{KEY}")))
    assert marked == [False, True, True, True, False, True, False, False]
    assert not await redis.exists(f"stopped:{ADDRESSES.key('sms:+16135550143')}")


async def test_a_stop_that_is_repeated_after_start_changes_nothing(redis: Redis) -> None:
    door = door_of(redis)
    for id, text in (("m1", "STOP"), ("m2", "START"), ("m1", "STOP")):
        await door.accept(texted(id, text))
    assert not await redis.exists(f"stopped:{KEY}")
    await door.accept(texted("m3", "STOP"))
    await door.accept(texted("m2", "START"))
    assert await redis.exists(f"stopped:{KEY}"), "nor does a repeated START after STOP"


@pytest.mark.parametrize("said", [Incoming("m1", "web:a", "STOP"), Incoming("m1", "web:a", "", command="stop")])
async def test_the_web_is_never_forbidden(redis: Redis, said: Incoming) -> None:
    assert await door_of(redis).accept(said)
    assert not [key async for key in redis.scan_iter("stopped:*")]


@pytest.mark.parametrize(
    ("again", "new"),
    [
        ({"text": "Renew my passport"}, False),
        ({"text": "  renew  my PASSPORT?! "}, False),
        ({"text": "Renew my passport", "seconds": 9}, False),
        ({"text": "Renew my passports"}, True),
        ({"text": "Renew my passport", "media": 1}, True),
        ({"text": "Renew my passport", "command": "help"}, True),
        ({"text": "Renew my passport", "choice": ("m0/1", 1)}, True),
    ],
)
async def test_without_ids_the_same_text_within_ten_seconds_is_one_message(
    redis: Redis, again: dict[str, Any], new: bool
) -> None:
    door = door_of(redis)
    assert await door.accept(texted("", "Renew my passport"))
    assert await door.accept(texted("", **again)) == new


@pytest.mark.parametrize(("one", "two"), [("🙂", "🙁"), ("ናሽናል", "ፓስፖርት"), ("?", "!"), ("", "?")])
async def test_without_ids_and_letters_that_are_compared_it_is_told_apart(redis: Redis, one: str, two: str) -> None:
    door = door_of(redis)
    assert [await door.accept(texted("", text)) for text in (one, two, one)] == [True, True, False]


async def test_without_ids_one_is_made_that_differs_later(redis: Redis) -> None:
    door = door_of(redis)
    assert await door.accept(texted("", "yes"))
    (seen,) = [key async for key in redis.scan_iter("inbox:seen:*")]
    assert AGAIN_SECONDS - 2 <= await redis.ttl(seen) <= AGAIN_SECONDS == 10
    await redis.delete(seen)
    assert await door.accept(texted("", "yes", 10.001))
    first, second = [item["id"] for _, item in await items(redis)]
    assert first != second
    assert first.startswith("made-") and second.startswith("made-")
    assert "yes" not in first


async def test_what_cannot_be_kept_raises_and_what_cannot_be_counted_does_not(redis: Redis) -> None:
    with pytest.raises(RedisError):
        await door_of(away()).accept(texted("m1", "hello"))
    with pytest.raises(RedisError):
        await door_of(away()).tell(Status(SMS, "m1/1", "failed"))
    uncounted = door_of(redis, counted=away())
    assert await uncounted.accept(texted("m1", "hello"))
    await uncounted.tell(Status(SMS, "m1/1", "failed"))
    assert (len(await items(redis)), len(await items(redis, "record"))) == (1, 1)


async def test_what_became_of_a_reply_goes_to_the_record_without_the_address(redis: Redis) -> None:
    door = door_of(redis)
    await door.tell(Status(SMS, "m1/1", "delivered", "SM1"))
    await door.tell(Status(SMS, "m1/1", "failed", "SM1", "30003"))
    told = [item for _, item in await items(redis, "record")]
    about = {"conversation": KEY, "channel": "sms", "reply": "m1/1", "provider_id": "SM1"}
    assert told == [
        {"statuses": [about | {"state": "delivered", "code": ""}]},
        {"statuses": [about | {"state": "failed", "code": "30003"}]},
    ]
    assert not await redis.exists(f"stopped:{KEY}")
    assert (await Traffic(redis).of("sms")).failed == 1


async def test_whoever_said_stop_to_the_provider_is_sent_nothing_and_that_is_remembered(redis: Redis) -> None:
    await door_of(redis).tell(Status(SMS, "m1/1", "failed", "SM1", "21610", opted_out=True))
    assert await redis.exists(f"stopped:{KEY}")
    ((_, item),) = await items(redis, "record")
    (consent,) = item["consents"]
    assert abs(datetime.now(UTC) - datetime.fromisoformat(consent.pop("at"))) < timedelta(seconds=5)
    about = {"id": f"{KEY}:m1/1", "conversation": KEY, "channel": "sms"}
    assert consent == about | {"kind": "stop", "word": "", "by": "sms 21610"}
    assert [status["code"] for status in item["statuses"]] == ["21610"]


async def test_a_provider_that_says_so_again_stops_nobody_who_has_said_start_since(redis: Redis) -> None:
    door, stopped = door_of(redis), Status(SMS, "m1/1", "failed", "SM1", "21610", opted_out=True)
    await door.tell(stopped)
    await door.accept(texted("m2", "START"))
    await door.tell(stopped)
    assert not await redis.exists(f"stopped:{KEY}")
    assert len(await items(redis, "record")) == 1
    await door.tell(replace(stopped, reply="m2/1"))
    assert await redis.exists(f"stopped:{KEY}"), "of another reply it is news"
