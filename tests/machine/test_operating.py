"""The commands of an operator, as they are typed: what they print, what they end with, and that they name nobody."""

import json
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from channels.catalogue import ENTRIES
from channels.traffic import Traffic
from machine.ports import free_port
from machine.servers import EmbeddedRedis
from tests.machine.aside import CITIZEN, SAID, items, reply, set_aside
from tests.machine.test_errors import command, fails

TOKENS = {"GUICHET_TWILIO_TOKEN": "a-token-of-nobody", "GUICHET_TELEGRAM_TOKEN": "1:another-of-nobody"}
ALL = {
    **TOKENS,
    "GUICHET_TWILIO_ACCOUNT": f"AC{1:032}",
    "GUICHET_SMS_NUMBER": "+16135550142",
    "GUICHET_WHATSAPP_NUMBER": "+16135550143",
    "GUICHET_PUBLIC_URL": "https://www.example.ca",
}


@pytest.fixture
def service(redis: Redis, redis_server: EmbeddedRedis, tmp_path: Path) -> dict[str, str]:
    """The environment in which all channels are on, and a Redis is there."""
    return {**ALL, "GUICHET_HOME": str(tmp_path / "home"), "GUICHET_REDIS_URL": redis_server.url}


def told(*words: str, **environment: str) -> str:
    """What a command prints when all is well; of whom, and by which secrets, is never in it."""
    done = command(*words, **environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    secret = [environment["GUICHET_REDIS_URL"].split("@")[0], *TOKENS.values()]
    assert not any(each in done.stdout for each in (CITIZEN.lstrip("+"), CITIZEN[2:], *secret))
    return done.stdout


async def test_channels_are_shown_to_people_and_to_programs(redis: Redis, service: dict[str, str]) -> None:
    counted = Traffic(redis)
    await counted.brought(f"sms:{CITIZEN}")
    await counted.taken(f"sms:{CITIZEN}")
    await counted.failed(f"sms:{CITIZEN}")
    text = told("channels", **service).splitlines()
    assert [line for line in text if line.startswith("●")] and not [line for line in text if line.startswith("○")]
    assert any("SMS by Twilio" in line and "1 of 2 not delivered today (50.0%)" in line for line in text)
    lines: list[dict[str, Any]] = json.loads(told("channels", "--json", **service))
    assert [line["entry"]["name"] for line in lines] == [entry.name for entry in ENTRIES]
    (sms,) = (line for line in lines if line["entry"]["name"] == "sms")
    assert (sms["missing"], sms["webhook"]) == ([], "https://www.example.ca/sms/messages")
    assert {name: sms["counts"][name] for name in ("brought", "taken", "failed")} == {
        "brought": 1,
        "taken": 1,
        "failed": 1,
    }


def test_channels_are_shown_while_nothing_runs(tmp_path: Path) -> None:
    done = command("channels", GUICHET_HOME=str(tmp_path / "none"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "on · Nothing runs here. Start it: make up" in done.stdout
    assert "→ set GUICHET_TELEGRAM_TOKEN" in done.stdout
    assert not (tmp_path / "none").exists(), "to look changes nothing"


async def test_what_was_set_aside_is_listed_and_tried_again(redis: Redis, service: dict[str, str]) -> None:
    assert told("outbox", **service) == "Nothing was set aside in the last two days.\n"
    why = f"Gone: The 'To' number {CITIZEN} is not a valid phone number."
    numbers = [
        await set_aside(redis, "inbox", SAID, "it brought a worker down 3 times"),
        await set_aside(redis, "outbox:sms", reply(), why),
    ]
    text = told("outbox", **service)
    assert all(part in text for part in (*numbers, "it brought a"))
    listed = json.loads(told("outbox", "--json", **service))
    assert [(each["number"], each["queue"], each["why"]) for each in listed] == [
        (numbers[0], "inbox", "it brought a worker down 3 times"),
        (numbers[1], "outbox:sms", "Gone: The 'To' number [phone number] is not a valid phone number."),
    ]
    assert all(set(each) == {"number", "queue", "since", "why"} for each in listed), "nothing of what was written"
    assert told("outbox", "--again", numbers[1], **service) == "1 put back into their queues.\n"
    assert [each["number"] for each in json.loads(told("outbox", "--json", **service))] == numbers[:1]
    assert told("outbox", "--again", "all", **service) == "1 put back into their queues.\n"
    assert json.loads(told("outbox", "--json", **service)) == []
    assert await items(redis, "inbox") == [SAID]
    (sent,) = await items(redis, "outbox:sms")
    assert sent["address"] == f"sms:{CITIZEN}"


@pytest.mark.parametrize("words", [("outbox",), ("outbox", "--json"), ("outbox", "--again", "all")])
def test_without_redis_the_outbox_says_why_and_what_to_do(words: tuple[str, ...], tmp_path: Path) -> None:
    nowhere = {"GUICHET_HOME": str(tmp_path / "none")}
    fails(command(*words, **nowhere), "Nothing runs here. Start it: make up")
    away = f"redis://:hunter2@127.0.0.1:{free_port(0)}/0"
    done = command(*words, **nowhere, GUICHET_REDIS_URL=away)
    fails(done, "Redis does not answer (ConnectionError). See what is wrong: guichet doctor")
    assert (done.stdout, "hunter2" in done.stderr) == ("", False)


def test_an_address_of_no_redis_is_said() -> None:
    done = command("outbox", GUICHET_REDIS_URL="redis://:hunter2/a@127.0.0.1:6379/0")
    fails(done, "GUICHET_REDIS_URL is not the address of a Redis")
    assert "hunter2" not in done.stderr


def test_without_an_index_segments_says_what_to_run(tmp_path: Path) -> None:
    for words in (("segments",), ("segments", "--json")):
        done = command(*words, GUICHET_HOME=str(tmp_path / "none"))
        fails(done, "There is no published knowledge", "guichet index")
        assert done.stdout == ""


@pytest.mark.parametrize("words", [("channels", "sms"), ("outbox", "--agian", "all"), ("segments", "--xml")])
def test_what_is_no_command_is_refused_in_its_usage(words: tuple[str, ...]) -> None:
    done = command(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage:" in done.stderr and "Traceback" not in done.stderr
