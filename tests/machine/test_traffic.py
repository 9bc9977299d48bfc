"""What an operator sees of channels, and of what was set aside: from a real Redis, or why there is nothing to see."""

import asyncio
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from channels import inbox, outbox
from channels.catalogue import ENTRIES
from channels.settings import Settings
from channels.traffic import Counts, Traffic
from machine import traffic
from machine.home import CannotStart, Note, write_note
from machine.phone.settings import telephones, with_telephones
from machine.ports import free_port
from machine.servers import EmbeddedRedis
from tests.machine.aside import CITIZEN, LINE, SAID, items, reply, set_aside

SMS = f"sms:{CITIZEN}"
TWILIO = {"twilio_account": f"AC{1:032}", "twilio_token": SecretStr("of nobody")}


@pytest.fixture
def settings(tmp_path: Path, redis_server: EmbeddedRedis) -> Settings:
    return Settings(_env_file=None, home=tmp_path, redis_url=redis_server.url)


@pytest.mark.parametrize(
    ("given", "on"),
    [
        ({}, {"web"}),
        ({**TWILIO}, {"web"}),
        ({**TWILIO, "sms_number": "+16135550142"}, {"web", "sms"}),
        ({**TWILIO, "whatsapp_number": "+16135550143"}, {"web", "whatsapp"}),
        ({"telegram_token": SecretStr("1:of-nobody")}, {"web", "telegram"}),
    ],
)
async def test_a_channel_is_on_or_names_what_it_lacks(given: dict[str, Any], on: set[str], tmp_path: Path) -> None:
    lines = await traffic.channels(Settings(_env_file=None, home=tmp_path, **given))
    assert [line.entry for line in lines] == list(ENTRIES)
    assert {line.entry.name for line in lines if not line.missing} == on
    for line in lines:
        wanted = {f"GUICHET_{name.upper()}" for name in line.entry.needs}
        assert set(line.missing) <= wanted
        assert set(line.missing) == {name for name in wanted if name.removeprefix("GUICHET_").lower() not in given}


@pytest.mark.parametrize("public_url", ["https://www.example.ca", "https://www.example.ca/"])
async def test_the_webhook_is_the_address_that_a_provider_reaches(public_url: str, tmp_path: Path) -> None:
    lines = await traffic.channels(Settings(_env_file=None, home=tmp_path, public_url=public_url))
    assert {line.entry.name: line.webhook for line in lines} == {
        "web": "",
        "sms": "https://www.example.ca/sms/messages",
        "whatsapp": "https://www.example.ca/whatsapp/messages",
        "telegram": "https://www.example.ca/telegram/updates",
    }


async def test_without_a_public_address_it_says_what_that_takes(tmp_path: Path) -> None:
    lines = await traffic.channels(Settings(_env_file=None, home=tmp_path))
    assert [line.webhook for line in lines] == [
        "",
        "set GUICHET_PUBLIC_URL",
        "set GUICHET_PUBLIC_URL",
        "polled: needs none",
    ]


async def test_each_channel_has_its_own_counts(redis: Redis, settings: Settings) -> None:
    counted, began = Traffic(redis), time.time()
    await counted.brought(SMS)
    for _ in range(3):
        await counted.taken(SMS)
    await counted.failed(SMS)
    await counted.brought("telegram:5")
    counts = {line.entry.name: line.counts for line in await traffic.channels(settings)}
    sms, telegram, web = counts["sms"], counts["telegram"], counts["web"]
    assert sms and telegram
    assert (sms.brought, sms.taken, sms.failed) == (1, 3, 1)
    assert all(began <= (at or 0) <= time.time() for at in (sms.last_in, sms.last_out, telegram.last_in))
    assert (telegram.brought, telegram.last_out) == (1, None)
    assert web == Counts(0, 0, 0, None, None)


async def test_what_runs_counts_not_what_the_settings_say_now(
    redis: Redis, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    """`guichet up` chose its Redis and its telephones; whoever looks from another terminal knows of neither."""
    running = with_telephones(Settings(_env_file=None, home=tmp_path, public_port=free_port(0)))
    (tmp_path / "run").mkdir()
    write_note(tmp_path, Note(os.getpid(), {}, {"redis_url": redis_server.url} | telephones(running)))
    await Traffic(redis).taken(SMS)
    elsewhere = Settings(_env_file=None, home=tmp_path, redis_url=f"redis://127.0.0.1:{free_port(0)}/0")
    lines = {line.entry.name: line for line in await traffic.channels(elsewhere)}
    assert not any(line.missing for line in lines.values())
    assert lines["telegram"].webhook == f"{running.public_url}/telegram/updates"
    counts = lines["sms"].counts
    assert counts and counts.taken == 1
    await set_aside(redis, "outbox:sms", reply())
    assert len(await traffic.left(elsewhere)) == 1
    assert await traffic.again(elsewhere, "all") == 1


async def test_everything_that_was_set_aside_is_listed_the_oldest_first(redis: Redis, settings: Settings) -> None:
    queues = ["outbox:telegram", "inbox", "record", "outbox:web", "outbox:whatsapp", "outbox:sms"]
    numbers = []
    for queue in queues:
        numbers.append(await set_aside(redis, queue, {}, f"because of {queue}"))
        await asyncio.sleep(0.002)  # numbers are milliseconds
    found = await traffic.left(settings)
    assert [(each.queue, each.aside.id, each.aside.why) for each in found] == [
        (queue, number, f"because of {queue}") for queue, number in zip(queues, numbers, strict=True)
    ]
    assert all(abs(each.aside.since - time.time()) < 5 for each in found)


def test_no_queue_in_which_something_may_be_set_aside_is_left_out() -> None:
    ways_out = {outbox.queue(f"{entry.name}:") for entry in ENTRIES}
    assert set(traffic.QUEUES) == {inbox.QUEUE, outbox.RECORD_QUEUE} | ways_out


@pytest.mark.parametrize(
    ("why", "says"),
    [
        (
            f"Gone: The 'To' number {CITIZEN} is not a valid phone number.",
            "Gone: The 'To' number [phone number] is not a valid phone number.",
        ),
        (
            f"Refused: whatsapp:{CITIZEN} has not joined the sandbox",
            "Refused: whatsapp:[phone number] has not joined the sandbox",
        ),
        (
            "Refused: The message From/To pair violates a blacklist rule.",
            "Refused: The message From/To pair violates a blacklist rule.",
        ),
        (outbox.UNCERTAIN, outbox.UNCERTAIN),
    ],
)
async def test_a_reason_names_no_citizen(redis: Redis, settings: Settings, why: str, says: str) -> None:
    await set_aside(redis, "outbox:sms", reply(), why)
    (left,) = await traffic.left(settings)
    assert left.aside.why == says


async def test_one_is_tried_again_by_its_number_and_the_others_stay(redis: Redis, settings: Settings) -> None:
    first = await set_aside(redis, "outbox:sms", reply())
    second = await set_aside(redis, "outbox:sms", reply(text="It costs $163.50."))
    assert await traffic.again(settings, "outbox:sms/0-1") == 0
    assert await traffic.again(settings, second) == 1
    assert await traffic.again(settings, second) == 0, "once"
    assert [each.aside.id for each in await traffic.left(settings)] == [first]
    (item,) = await items(redis, "outbox:sms")
    assert item["reply"]["text"] == "It costs $163.50."


async def test_what_another_queue_numbers_alike_stays(redis: Redis, settings: Settings) -> None:
    for queue in ("outbox:sms", "outbox:web"):
        await redis.xadd(f"{queue}:aside", {"lane": "k", "item": json.dumps(reply()), "why": ""}, id="1790000000000-0")
    assert await traffic.again(settings, "outbox:web/1790000000000-0") == 1
    (left,) = await traffic.left(settings)
    assert left.queue == "outbox:sms"


async def test_all_are_tried_again_replies_as_new_ones_and_the_rest_as_it_was(redis: Redis, settings: Settings) -> None:
    """What became of a reply is on record by its id, and a message is known by its own: only the first needs another."""
    await set_aside(redis, "inbox", SAID)
    await set_aside(redis, "record", LINE)
    await set_aside(redis, "outbox:sms", reply())
    await set_aside(redis, "outbox:web", reply("web:0a"))
    began = time.time()
    assert await traffic.again(settings, "all") == 4
    assert await traffic.left(settings) == []
    assert await items(redis, "inbox") == [SAID]
    assert await items(redis, "record") == [LINE]
    for queue, address in (("outbox:sms", SMS), ("outbox:web", "web:0a")):
        (item,) = await items(redis, queue)
        assert item["address"] == address
        assert outbox.unpack(item["reply"]) == outbox.unpack(reply()["reply"] | {"id": "SM1/1~"})
        assert item["at"] >= began, "it is not given up for having waited"


async def test_where_nothing_runs_channels_are_still_told_and_the_rest_says_how_to_start(tmp_path: Path) -> None:
    await fails(Settings(_env_file=None, home=tmp_path), "Nothing runs here. Start it: make up")


async def test_a_redis_that_is_away_is_said(tmp_path: Path) -> None:
    away = Settings(_env_file=None, home=tmp_path, redis_url=f"redis://127.0.0.1:{free_port(0)}/0")
    await fails(away, "Redis does not answer (ConnectionError). See what is wrong: guichet doctor")


async def test_a_redis_that_wants_another_password_is_said(redis_server: EmbeddedRedis, tmp_path: Path) -> None:
    wrong = Settings(_env_file=None, home=tmp_path, redis_url=f"redis://:hunter2@127.0.0.1:{redis_server.port}/0")
    await fails(wrong, "Redis does not answer (AuthenticationError). See what is wrong: guichet doctor")


async def test_a_redis_that_is_silent_is_not_waited_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "PATIENCE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Settings(_env_file=None, home=tmp_path, redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        with pytest.raises(CannotStart, match="Redis does not answer"):
            await traffic.left(settings)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("url", ["nonsense", "redis://:hunter2/a@127.0.0.1:6379/0"])
async def test_an_address_that_is_none_is_said_without_its_password(url: str, tmp_path: Path) -> None:
    await fails(
        Settings(_env_file=None, home=tmp_path, redis_url=url),
        "GUICHET_REDIS_URL is not the address of a Redis. Write it as redis://:password@host:6379/0",
    )


async def fails(settings: Settings, says: str) -> None:
    for asking in (traffic.left(settings), traffic.again(settings, "all")):
        with pytest.raises(CannotStart) as raised:
            await asking
        assert str(raised.value) == says
    for line in await traffic.channels(settings):
        assert (line.counts, line.uncounted) == (None, says)
