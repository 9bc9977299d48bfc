"""The wire from Twilio: what is believed and what is refused, and what it says became of a reply."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import select

from channels import inbox
from channels.channel import Status
from channels.conversation import Addresses
from channels.inbox import Inbox
from channels.lanes import Lanes
from channels.outbox import RECORD_QUEUE
from channels.record import Record
from channels.tables import deliveries
from channels.traffic import Traffic
from channels.turns import recording
from channels.web.message import MOST_BYTES_OF_PROVIDERS
from tests.channels.adapters.twilio_side import CITIZEN, EMPTY, SERVICE, URL, connected, payload

TO = f"sms:{CITIZEN}"
TEXT = payload("sms_text")
HERE = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("public_url", "signed", "seen"),
    [
        (URL, URL, HERE),
        (f"{URL}/", URL, HERE),
        (f"{URL}/guichet/", f"{URL}/guichet", "https://10.0.0.7"),
        (f"{URL}:8443", f"{URL}:8443", HERE),
        (URL, f"{URL}:443", HERE),
        (f"{URL}:443", URL, HERE),
        (None, URL, URL),
        (None, URL, "http://www.example.ca"),
        (None, URL, "http://www.example.ca:8000"),
        (None, "http://www.example.ca:8000", "http://www.example.ca:8000"),
    ],
)
async def test_what_twilio_signed_is_believed_behind_a_proxy(
    redis: Redis, public_url: str | None, signed: str, seen: str
) -> None:
    twilio = connected(redis, "sms", public_url=public_url)
    for path, form in (("/sms/messages", TEXT), ("/sms/status?reply=SM1%2F1", payload("status_sent"))):
        assert (await twilio.post(form, path, signed=signed + path, seen=seen)).status_code == 200
    assert [each.text for each in twilio.delivered] == ["How do I renew my passport?"]
    assert [each.reply for each in twilio.told] == ["SM1/1"]


@pytest.mark.parametrize(
    ("public_url", "signed", "seen"),
    [
        (URL, "http://www.example.ca", HERE),
        (URL, "https://www.example.com", "https://www.example.com"),
        (URL, f"{URL}/guichet", HERE),
        (f"{URL}/guichet", URL, HERE),
        (f"{URL}:8443", f"{URL}:8444", HERE),
        (None, URL, HERE),
        (None, f"{URL}/guichet", URL),
    ],
)
async def test_a_signature_for_another_address_is_refused(
    redis: Redis, public_url: str | None, signed: str, seen: str
) -> None:
    twilio = connected(redis, "sms", public_url=public_url)
    answer = await twilio.post(TEXT, signed=f"{signed}/sms/messages", seen=seen)
    assert (answer.status_code, twilio.delivered) == (403, [])


SWAPPED = TEXT | {"Body": TEXT["FromCity"], "FromCity": TEXT["Body"]}
FORGED: dict[str, tuple[str, dict[str, Any]]] = {
    "unsigned": ("sms", {"form": TEXT, "signature": ""}),
    "another token": ("sms", {"form": TEXT, "token": "another"}),
    "a signature that is no ASCII": ("sms", {"form": TEXT, "signature": "é" * 28}),
    "cut short": ("sms", {"form": TEXT, "content": urlencode(TEXT).encode()[:-5]}),
    "without a field": ("sms", {"form": TEXT, "content": urlencode(TEXT | {"Body": ""}).encode()}),
    "another field": ("sms", {"form": TEXT, "content": urlencode(TEXT | {"OptOutType": "STOP"}).encode()}),
    "a field twice": ("sms", {"form": TEXT, "content": urlencode(TEXT).encode() + b"&Body=pay+here"}),
    "values in another order": ("sms", {"form": TEXT, "content": urlencode(SWAPPED).encode()}),
    "encoded twice": ("sms", {"form": TEXT, "content": urlencode(TEXT | {"Body": quote(TEXT["Body"])}).encode()}),
    "nothing": ("sms", {"form": TEXT, "content": b""}),
    "another account": ("sms", {"form": TEXT | {"AccountSid": f"AC{2:032}"}}),
    "no account": ("sms", {"form": {name: value for name, value in TEXT.items() if name != "AccountSid"}}),
    "another number": ("sms", {"form": TEXT | {"To": "+16135550199"}}),
    "another messaging service": ("sms", {"form": TEXT | {"To": "+16135550199", "MessagingServiceSid": f"MG{8:032}"}}),
    "SMS at WhatsApp's door": ("whatsapp", {"form": TEXT}),
    "WhatsApp at the door of SMS": ("sms", {"form": payload("whatsapp_text")}),
    "WhatsApp to our number for SMS": ("sms", {"form": TEXT | {"From": f"whatsapp:{CITIZEN}"}}),
    "a state at the messages' door": ("sms", {"form": payload("status_sent")}),
    "a message at the states' door": ("sms", {"form": TEXT, "path": "/sms/status?reply=1"}),
    "WhatsApp's state at the door of SMS": (
        "sms",
        {"form": payload("whatsapp_status_read"), "path": "/sms/status?reply=1"},
    ),
    "a state of another account": (
        "sms",
        {"form": payload("status_sent") | {"AccountSid": f"AC{2:032}"}, "path": "/sms/status?reply=1"},
    ),
    "a state of another number": (
        "sms",
        {"form": payload("status_sent") | {"From": "+16135550199"}, "path": "/sms/status?reply=1"},
    ),
    "a state of another reply": (
        "sms",
        {"form": payload("status_sent"), "path": "/sms/status?reply=2", "signed": f"{URL}/sms/status?reply=1"},
    ),
    "a service's state at the messages' door": ("sms", {"form": payload("status_of_messaging_service")}),
    "a service's message at the states' door": (
        "sms",
        {"form": payload("sms_to_messaging_service"), "path": "/sms/status?reply=1"},
    ),
}


@pytest.mark.parametrize(("name", "request_"), FORGED.values(), ids=FORGED)
@pytest.mark.parametrize("public_url", [URL, None], ids=["public address", "none"])
async def test_what_is_not_for_us_from_twilio_is_refused(
    redis: Redis, name: str, request_: dict[str, Any], public_url: str | None
) -> None:
    service = {"sms_number": SERVICE} if "MessagingServiceSid" in request_["form"] else {}
    twilio = connected(redis, name, public_url=public_url, **service)
    answer = await twilio.post(**request_ | {"seen": URL})
    assert (answer.status_code, answer.json()["error"]) == (403, "forged")
    assert (twilio.delivered, twilio.told, await redis.keys("*")) == ([], [], [])


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"Body=%ff", 400),
        ("Body=é".encode(), 400),
        (b"a=1&" * 201, 400),
        (b"Body=" + b"a" * MOST_BYTES_OF_PROVIDERS, 413),
    ],
    ids=["no UTF-8", "no ASCII", "too many fields", "too long"],
)
async def test_what_is_no_form_is_refused(redis: Redis, content: bytes, status: int) -> None:
    twilio = connected(redis, "sms")
    assert ((await twilio.post(TEXT, content=content)).status_code, twilio.delivered) == (status, [])


@pytest.mark.parametrize("missing", ["MessageSid", "From"])
async def test_what_is_genuine_but_no_message_is_ignored(redis: Redis, missing: str) -> None:
    twilio = connected(redis, "sms")
    answer = await twilio.post({name: value for name, value in TEXT.items() if name != missing})
    assert (answer.status_code, answer.text, twilio.delivered) == (200, EMPTY, [])


async def test_what_twilio_signs_are_the_fields_however_they_are_written(redis: Redis) -> None:
    twilio, form = connected(redis, "sms"), payload("sms_french") | {"SomethingNew": "1"}
    turned = urlencode(dict(reversed(form.items())), quote_via=quote).replace("%C2%A0", "%c2%a0").encode()
    assert turned != urlencode(form).encode()
    assert (await twilio.post(form, content=turned)).status_code == 200
    assert [each.text for each in twilio.delivered] == [form["Body"]]


SM, MM = "SM" + "a" * 32, "MM" + "b" * 32


@pytest.mark.parametrize(
    ("name", "channel", "told"),
    [
        ("status_queued", "sms", [Status(TO, "SM1/1", "queued", SM)]),
        ("status_sent", "sms", [Status(TO, "SM1/1", "sent", SM)]),
        ("status_delivered", "sms", [Status(TO, "SM1/1", "delivered", SM)]),
        ("status_undelivered_30006", "sms", [Status(TO, "SM1/1", "failed", SM, "30006")]),
        ("status_failed_21610", "sms", [Status(TO, "SM1/1", "failed", SM, "21610", opted_out=True)]),
        ("status_of_messaging_service", "sms", [Status(TO, "SM1/1", "sent", SM)]),
        ("status_of_no_kind_we_know", "sms", []),
        ("whatsapp_status_delivered", "whatsapp", [Status(f"whatsapp:{CITIZEN}", "SM1/1", "delivered", MM)]),
        ("whatsapp_status_read", "whatsapp", [Status(f"whatsapp:{CITIZEN}", "SM1/1", "read", MM)]),
        (
            "whatsapp_status_undelivered_63016",
            "whatsapp",
            [Status(f"whatsapp:{CITIZEN}", "SM1/1", "failed", MM, "63016")],
        ),
    ],
)
async def test_what_became_of_a_reply_is_told(redis: Redis, name: str, channel: str, told: list[Status]) -> None:
    service = {"sms_number": SERVICE} if name == "status_of_messaging_service" else {}
    twilio = connected(redis, channel, **service)
    answer = await twilio.post(payload(name), f"/{channel}/status?reply=SM1%2F1")
    assert (answer.status_code, answer.text) == (200, EMPTY)
    assert (twilio.told, twilio.delivered) == (told, [])


async def test_a_state_of_something_else_that_we_sent_is_nobodys(redis: Redis) -> None:
    twilio = connected(redis, "sms")
    assert (await twilio.post(payload("status_sent"), "/sms/status")).status_code == 200
    assert twilio.told == []


@pytest.fixture
async def record(database_url: str) -> AsyncIterator[Record]:
    kept = Record(database_url, keep_days=30)
    yield kept
    await kept.close()


async def test_states_that_come_late_or_again_change_nothing(redis: Redis, record: Record) -> None:
    addresses, lanes = Addresses(b"k" * 32), Lanes(redis, RECORD_QUEUE, "w")
    door, twilio = Inbox(Lanes(redis, inbox.QUEUE, "w"), lanes, addresses, Traffic(redis)), connected(redis, "sms")
    twilio._tell = door.tell  # type: ignore[method-assign]
    await lanes.open()
    for state in ("queued", "delivered", "sent", "delivered", "undelivered_30006"):
        assert (await twilio.post(payload(f"status_{state}"), "/sms/status?reply=late")).status_code == 200
    while tasks := await lanes.take(10, 10):
        await recording(lanes, record)(tasks)
    async with record._engine.connect() as connection:
        found = await connection.execute(
            select(deliveries.c.state, deliveries.c.code, deliveries.c.provider_id).where(deliveries.c.reply == "late")
        )
        assert list(found.all()) == [("delivered", "", SM)]


@pytest.mark.parametrize(("path", "form"), [("/sms/messages", TEXT), ("/sms/status?reply=1", payload("status_sent"))])
async def test_what_cannot_be_kept_is_not_acknowledged(redis: Redis, path: str, form: dict[str, str]) -> None:
    twilio = connected(redis, "sms")
    twilio.fails = RedisError()
    assert (await twilio.post(form, path)).status_code == 503
