"""The phone simulator's Twilio: it brings, answers, takes and reports as Twilio does, and our adapters cannot tell."""

import asyncio
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from fastapi import FastAPI
from redis.asyncio import Redis
from twilio.request_validator import RequestValidator

from channels.channel import OptedOut, Receipt, Reply, Status
from machine.phone.picture import picture
from machine.phone.twilio import SAID, Twilio
from tests.channels.adapters.twilio_side import ACCOUNT, API, CITIZEN, SMS, TOKEN, URL, WHATSAPP, connected


@dataclass
class Telephone:
    """The simulator with what it shows, how long it paused, and what it brings to the public app."""

    answer: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(200)
    shown: list[dict[str, Any]] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)
    brought: list[httpx.Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._bring))
        numbers = {"sms": SMS, "whatsapp": WHATSAPP}
        self.twilio = Twilio(ACCOUNT, TOKEN, numbers, URL, http, self.shown.append, self._pause)
        routes = FastAPI()
        routes.include_router(self.twilio.routes())
        self.api = httpx.AsyncClient(transport=httpx.ASGITransport(routes))

    async def take(self, **form: str) -> httpx.Response:
        """Create a message, and wait until its states are reported."""
        answer = await self.api.post(API, data=form)
        await asyncio.gather(*self.twilio.reporting)
        return answer

    def forms(self) -> list[tuple[str, dict[str, str]]]:
        """What was brought, as address and form, if it was signed."""
        found = [(str(each.url), dict(parse_qsl(each.content.decode(), True)), each.headers) for each in self.brought]
        validator = RequestValidator(TOKEN)
        assert all(validator.validate(url, form, headers["x-twilio-signature"]) for url, form, headers in found)
        assert all(headers["content-type"] == "application/x-www-form-urlencoded" for _, _, headers in found)
        return [(url, form) for url, form, _ in found]

    async def _pause(self, seconds: float) -> None:
        self.paused.append(seconds)

    def _bring(self, request: httpx.Request) -> httpx.Response:
        self.brought.append(request)
        return self.answer(request)


@pytest.mark.parametrize(("channel", "mark", "ours"), [("sms", "", SMS), ("whatsapp", "whatsapp:", WHATSAPP)])
async def test_what_a_citizen_writes_is_brought_signed(channel: str, mark: str, ours: str) -> None:
    telephone = Telephone()
    assert await telephone.twilio.say(channel, CITIZEN, "Où voter ? 🗳", media=1, sid="SM1") == 200
    form = {"MessageSid": "SM1", "AccountSid": ACCOUNT, "Body": "Où voter ? 🗳", "NumMedia": "1"}
    numbers = {"From": mark + CITIZEN, "To": mark + ours}
    ((url, brought),) = telephone.forms()
    picture = {"MediaContentType0": "image/png", "MediaUrl0": brought.get("MediaUrl0", "")}
    assert (url, brought) == (f"{URL}/{channel}/messages", form | numbers | picture)
    assert picture["MediaUrl0"].startswith(API.replace("Messages.json", "Messages/SM1/Media/ME"))


async def test_a_picture_is_given_to_whoever_has_the_token() -> None:
    telephone = Telephone()
    await telephone.twilio.say("sms", CITIZEN, "", media=1)
    ((_, form),) = telephone.forms()
    answer = await telephone.api.get(form["MediaUrl0"], auth=(ACCOUNT, TOKEN))
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "image/png", picture())
    for refused in (None, (ACCOUNT, "another"), ("another", TOKEN)):
        assert (await telephone.api.get(form["MediaUrl0"], auth=refused)).status_code == 401


def test_the_picture_is_one() -> None:
    """Each part of it has the sum that its reader expects, and its content is as long as its header says."""
    signature, rest, parts = picture()[:8], picture()[8:], {}
    while rest:
        length = int.from_bytes(rest[:4])
        parts[rest[4:8]] = rest[8 : 8 + length]
        assert int.from_bytes(rest[8 + length : 12 + length]) == zlib.crc32(rest[4 : 8 + length])
        rest = rest[12 + length :]
    wide, high = struct.unpack(">II", parts[b"IHDR"][:8])
    assert (signature, list(parts)) == (b"\x89PNG\r\n\x1a\n", [b"IHDR", b"IDAT", b"IEND"])
    assert len(zlib.decompress(parts[b"IDAT"])) == high * (1 + 3 * wide)


async def test_every_message_has_another_id() -> None:
    telephone = Telephone()
    for _ in range(2):
        await telephone.twilio.say("sms", CITIZEN, "hello")
    first, second = (form["MessageSid"] for _, form in telephone.forms())
    assert first != second and len(first) == len(second) == 34 and first[:2] == second[:2] == "SM"


async def test_it_says_what_the_public_app_answered_or_that_it_did_not() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("away")

    assert await Telephone(lambda _: httpx.Response(503)).twilio.say("sms", CITIZEN, "hello") == 503
    assert await Telephone(away).twilio.say("sms", CITIZEN, "hello") == 0


@pytest.mark.parametrize(
    ("channel", "texts", "answers", "stopped"),
    [
        ("sms", ["hello", "stop it please", "yes", "START"], [], False),
        ("sms", [" Stop\n"], ["stop"], True),
        ("sms", ["STOP", "HELP", "hello"], ["stop"], True),
        ("sms", ["UNSUBSCRIBE", "Yes", "yes"], ["stop", "start"], False),
        ("sms", ["help", "INFO"], ["help", "help"], False),
        ("whatsapp", ["STOP", "HELP", "START"], [], False),
    ],
)
async def test_twilio_answers_the_words_that_it_answers_itself(
    channel: str, texts: list[str], answers: list[str], stopped: bool
) -> None:
    telephone = Telephone()
    for text in texts:
        await telephone.twilio.say(channel, CITIZEN, text)
    about = {"kind": "message", "channel": "sms", "to": CITIZEN}
    shown = [{name: value for name, value in each.items() if name != "sid"} for each in telephone.shown]
    assert shown == [about | {"text": SAID[answer]} for answer in answers]
    assert telephone.twilio.stopped == ({CITIZEN} if stopped else set())
    assert [form["Body"] for _, form in telephone.forms()] == texts, "and brings them as well"


@pytest.mark.parametrize(
    ("form", "channel", "text"),
    [
        ({"To": CITIZEN, "From": SMS, "Body": "Hello"}, "sms", "Hello"),
        ({"To": CITIZEN, "MessagingServiceSid": "MG1", "Body": "Hello"}, "sms", "Hello"),
        ({"To": f"whatsapp:{CITIZEN}", "From": f"whatsapp:{WHATSAPP}", "Body": "*Hi*"}, "whatsapp", "*Hi*"),
        (
            {"To": f"whatsapp:{CITIZEN}", "From": f"whatsapp:{WHATSAPP}", "ContentSid": "HX", "ContentVariables": "{}"},
            "whatsapp",
            "{}",
        ),
    ],
    ids=["SMS", "messaging service", "WhatsApp", "template"],
)
async def test_what_is_sent_is_taken_shown_and_its_states_reported(
    form: dict[str, str], channel: str, text: str
) -> None:
    telephone = Telephone()
    callback = f"{URL}/{channel}/status?reply=SM1%2F1"
    taken = await telephone.take(**form, StatusCallback=callback)
    sid = taken.json()["sid"]
    assert (taken.status_code, taken.json()["status"]) == (201, "queued")
    states = [{"kind": "state", "sid": sid, "state": state} for state in ("sent", "delivered")]
    assert telephone.shown == [
        {"kind": "message", "channel": channel, "to": CITIZEN, "sid": sid, "text": text},
        *states,
    ]
    about = {"MessageSid": sid, "AccountSid": ACCOUNT, "From": form.get("From", SMS), "To": form["To"]}
    assert telephone.forms() == [(callback, about | {"MessageStatus": state["state"]}) for state in states]
    assert len(telephone.paused) == 2 and telephone.twilio.reporting == set()


async def test_nothing_is_reported_where_nobody_asked() -> None:
    telephone = Telephone()
    await telephone.take(To=CITIZEN, From=SMS, Body="Hello")
    assert (len(telephone.shown), telephone.brought) == (1, [])


async def test_nothing_is_taken_for_whoever_has_said_stop() -> None:
    telephone = Telephone()
    await telephone.twilio.say("sms", CITIZEN, "STOP")
    refused = await telephone.take(To=CITIZEN, From=SMS, Body="Hello", StatusCallback=f"{URL}/sms/status?reply=1")
    assert (refused.status_code, refused.json()["code"], refused.json()["status"]) == (400, 21610, 400)
    assert (telephone.twilio.messages, len(telephone.brought)) == ([], 1)


async def test_what_was_taken_for_somebody_is_listed_the_newest_first() -> None:
    telephone = Telephone()
    for to, body in ((CITIZEN, "one"), ("+16135550199", "two"), (CITIZEN, "three")):
        await telephone.take(To=to, From=SMS, Body=body)
    found = (await telephone.api.get(API, params={"To": CITIZEN})).json()
    assert ([each["body"] for each in found["messages"]], found["next_page_uri"]) == (["three", "one"], None)


@pytest.mark.parametrize(("channel", "mark"), [("sms", ""), ("whatsapp", "whatsapp:")])
async def test_our_adapters_take_it_for_twilio(redis: Redis, channel: str, mark: str) -> None:
    side, telephone = connected(redis, channel), Telephone()
    side.api = telephone.api.send  # type: ignore[assignment, method-assign]
    telephone.twilio.http = httpx.AsyncClient(transport=httpx.ASGITransport(side._app()))
    address, reply, now = f"{channel}:{CITIZEN}", Reply("Hello", id="SM1/1"), datetime.now(UTC)
    assert await telephone.twilio.say(channel, CITIZEN, "hi", sid="SM1") == 200
    assert [(each.id, each.address, each.text) for each in side.delivered] == [("SM1", address, "hi")]
    receipt = await side.channel.send(address, reply)
    await asyncio.gather(*telephone.twilio.reporting)
    assert side.told == [Status(address, "SM1/1", state, receipt.provider_id) for state in ("sent", "delivered")]
    assert [each["to"] for each in telephone.twilio.messages] == [mark + CITIZEN]
    assert await side.channel.sent(address, reply, now) == Receipt(receipt.provider_id)
    assert await side.channel.sent(address, Reply("Bye"), now) is None
    assert await side.channel.sent(address, reply, now + timedelta(hours=1)) is None


async def test_and_its_refusal_for_twilios(redis: Redis) -> None:
    side, telephone = connected(redis, "sms"), Telephone()
    side.api = telephone.api.send  # type: ignore[assignment, method-assign]
    await telephone.twilio.say("sms", CITIZEN, "STOP")
    with pytest.raises(OptedOut) as raised:
        await side.channel.send(f"sms:{CITIZEN}", Reply("Hello"))
    assert raised.value.code == "21610"
