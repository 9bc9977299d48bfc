"""WhatsApp by Twilio: what a webhook means, what is sent for a reply, and what when its 24 hours have passed."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from channels.adapters.whatsapp import OPEN_SECONDS
from channels.channel import CannotTell, Choice, Closed, Incoming, Link, Quote, Receipt, Reply, Unreachable
from channels.menus import Menus, Rest
from tests.channels.adapters.twilio_side import (
    CITIZEN,
    EMPTY,
    MOMENT,
    URL,
    WHATSAPP,
    Twilio,
    away,
    connected,
    creation,
    kept,
    payload,
    taken,
    timeless,
    whole,
)

TO = f"whatsapp:{CITIZEN}"
STATUS = f"{URL}/whatsapp/status?reply=1"
SINCE = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


def said(number: int, text: str, kind: str = "SM", **about: Any) -> Incoming:
    return Incoming(f"{kind}{number:032x}", TO, text, at=MOMENT, **about)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("whatsapp_text", said(14, "Bonjour 👋 *où* est-ce que je vote ?")),
        ("whatsapp_image", said(15, "is this it?", kind="MM", media=1, files=kept(f"MM{15:032x}", "image/jpeg"))),
        ("whatsapp_voice", said(16, "", kind="MM", media=1, files=kept(f"MM{16:032x}", "audio/ogg"))),
        ("whatsapp_location", said(17, "", media=1)),
        ("whatsapp_list_reply", said(18, "2")),
        ("whatsapp_quick_reply", said(19, "Yes, go on")),
        ("whatsapp_numbered_button", said(20, "1")),
        ("whatsapp_unknown_kind", said(21, "")),
    ],
)
async def test_a_webhook_is_delivered_and_answered_with_nothing(redis: Redis, name: str, meant: Incoming) -> None:
    twilio = connected(redis, "whatsapp")
    answer = await twilio.post(payload(name))
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (200, "text/xml; charset=utf-8", EMPTY)
    assert (timeless(twilio.delivered), twilio.told, twilio.asked) == ([meant], [], [])


async def test_the_longest_message_of_whatsapp_is_heard_as_far_as_ours_go(redis: Redis) -> None:
    twilio = connected(redis, "whatsapp")
    await twilio.post(payload("whatsapp_text") | {"Body": "漢" * 4096})
    assert [each.text for each in twilio.delivered] == ["漢" * 2000]


async def heard(redis: Redis, **settings: Any) -> Twilio:
    """WhatsApp, just written to by the citizen."""
    twilio = connected(redis, "whatsapp", **settings)
    await twilio.post(payload("whatsapp_text"))
    twilio.answers = [taken()]
    return twilio


DOGS = Quote(
    "A *licence* costs $20.\n\nWrite to dog_licences@town.example.",
    "Dog_licence",
    "Cost",
    "https://town.example/dog_licence_costs",
    "Town of Example",
    "2026-03-31",
    "en",
)
CHIENS = Quote("Le permis coûte 20 $.", "Permis de chien", "", None, "Ville d’Exemple", None, "fr")
CHOICES = (Choice("Where *do* I go?", "where to go"), Choice("Which papers?", "which papers"))
ASKED = "Is it one of these?"
NUMBERED = f"{ASKED}\n\nReply with a number:\n1) Where *\u200bdo*\u200b I go?\n2) Which papers?"
LISTED = {"1": ASKED, "2": "Where *do* I go?", "3": "Which papers?"}
LIST = {"whatsapp_choices": {"2": "HX2", "3": "HX3"}}
LONG = "Dogs need a licence. " * 60  # 1,260 characters


@pytest.mark.parametrize(
    ("reply", "settings", "form"),
    [
        (
            Reply("See `https://x.example/a_b_c`, *not* ~this_~ or www.x.example/*_"),
            {},
            {
                "Body": "See `\u200bhttps://x.example/a_b_c`, *\u200bnot*\u200b ~\u200bthis_\u200b~\u200b"
                " or www.x.example/*_"
            },
        ),
        (
            Reply("This is published:", (DOGS,), (Link("Cat *licence*", "https://town.example/_cats_", "Town"),)),
            {},
            {
                "Body": "This is published:\n\n> A *\u200blicence*\u200b costs $20.\n> Write to dog_licences@town.example.\n"
                "*Dog_\u200blicence › Cost*\nTown of Example, as of Mar. 31, 2026\n"
                "https://town.example/dog_licence_costs\n\nSee also:\n- Cat *\u200blicence*\u200b – Town: https://town.example/_cats_"
            },
        ),
        (
            Reply("Voici ce qui est publié :", (CHIENS,), (Link("Chats", None, "Ville"),), language="fr"),
            {},
            {"Body": "Voici ce qui est publié :\n\n> Le permis coûte 20 $.\n*Permis de chien*\nVille d’Exemple"},
        ),
        (Reply(ASKED, choices=CHOICES), {}, {"Body": NUMBERED}),
        (Reply(ASKED, choices=CHOICES), {"whatsapp_choices": {"3": "HX3"}}, {"Body": NUMBERED}),
        (Reply(ASKED, choices=CHOICES), LIST, {"ContentSid": "HX2", "ContentVariables": LISTED}),
        (
            Reply(ASKED, choices=(Choice("a" * 73, "a"), Choice("b", "b"))),
            LIST,
            {"Body": f"{ASKED}\n\nReply with a number:\n1) {'a' * 73}\n2) b"},
        ),
        (
            Reply(LONG[:1023] + "?", choices=CHOICES),
            LIST,
            {"ContentSid": "HX2", "ContentVariables": LISTED | {"1": LONG[:1023] + "?"}},
        ),
        (Reply(LONG[:1024] + "?", choices=CHOICES), LIST, {"Body": NUMBERED.replace(ASKED, LONG[:1024] + "?")}),
    ],
    ids=[
        "marks",
        "quote and links",
        "French",
        "numbered",
        "no list of so many",
        "list",
        "a label too long for a list",
        "as long as fits over a list",
        "too long for a list",
    ],
)
async def test_a_reply_is_one_message(
    redis: Redis, reply: Reply, settings: dict[str, Any], form: dict[str, str]
) -> None:
    twilio = await heard(redis, **settings)
    assert await twilio.channel.send(TO, replace(reply, id="1")) == Receipt(f"SM{1:032}")
    (request,) = map(whole, twilio.asked)
    if "ContentVariables" in request[-1]:
        request[-1]["ContentVariables"] = json.loads(request[-1]["ContentVariables"])
    assert request == creation(To=TO, From=f"whatsapp:{WHATSAPP}", StatusCallback=STATUS, **form)


async def test_what_is_over_1600_characters_follows_when_it_is_asked_for(redis: Redis) -> None:
    twilio = await heard(redis, **LIST)
    twilio.answers = [taken(), taken()]
    reply = Reply(LONG, (replace(DOGS, text="It *is* so. " * 60),), choices=CHOICES, id="1")
    await twilio.channel.send(TO, reply)
    menus, key = Menus(redis), twilio.channel._key(TO)  # type: ignore[attr-defined]
    rest = await menus.read(key, said(1, "MORE"))
    assert isinstance(rest, Rest)
    await twilio.channel.send(TO, Reply(rest.text, continues=True, id="2"))
    first, second = (whole(request)[-1]["Body"] for request in twilio.asked)
    assert first.endswith(".\n\nSend MORE for the rest.") and 1400 < len(first) <= 1600
    assert second.startswith("It *\u200bis*\u200b so.") and second.endswith(NUMBERED.removeprefix(ASKED)[2:])
    assert "\n*Dog_\u200blicence › Cost*\n" in second, "what is ours to mark stays marked"
    assert await menus.read(key, said(2, "2")) == said(2, "which papers"), "and the choices are still open"


async def test_of_what_follows_it_is_kept_from_which_passages_it_is(redis: Redis) -> None:
    twilio = await heard(redis)
    await twilio.channel.send(
        TO, Reply(LONG, (replace(DOGS, text=LONG),), passages=("dogs#1", "cats#1"), id="1", snapshot="7")
    )
    rest = await Menus(redis).read(twilio.channel._key(TO), said(1, "MORE"))  # type: ignore[attr-defined]
    assert isinstance(rest, Rest) and rest.snapshot == "7"
    assert rest.passages == ("dogs#1", "cats#1"), "links come along"


async def test_nothing_is_left_out_of_a_list(redis: Redis) -> None:
    twilio = await heard(redis, whatsapp_choices={"9": "HX9"})
    await twilio.channel.send(TO, Reply(LONG[:1000], choices=tuple(Choice(f"{n}" * 70, "a") for n in range(9))))
    form = whole(twilio.asked[0])[-1]
    assert "ContentSid" not in form and form["Body"].endswith("\n\nSend MORE for the rest.")


async def test_the_citizen_may_be_answered_from_the_moment_the_message_is_delivered(redis: Redis) -> None:
    twilio = connected(redis, "whatsapp")
    twilio.answers = [taken()]
    delivered = twilio._deliver

    async def answer(said: Incoming) -> bool:
        await twilio.channel.send(said.address, Reply("Hello", id="1"))
        return await delivered(said)

    twilio._deliver = answer  # type: ignore[method-assign]
    assert (await twilio.post(payload("whatsapp_text"))).status_code == 200
    assert [whole(request)[-1]["Body"] for request in twilio.asked] == ["Hello"]


async def test_it_may_for_24_hours_and_each_message_begins_them_anew(redis: Redis) -> None:
    twilio = await heard(redis)
    (mark,) = await redis.keys("whatsapp:open:*")
    assert (OPEN_SECONDS, CITIZEN in mark) == (86_400, False)
    assert 86_390 < await redis.ttl(mark) <= 86_400
    await redis.expire(mark, 5)
    await twilio.post(payload("whatsapp_voice"))
    assert 86_390 < await redis.ttl(mark) <= 86_400


async def test_after_the_24_hours_nothing_is_sent(redis: Redis) -> None:
    twilio = connected(redis, "whatsapp")
    with pytest.raises(Closed, match="GUICHET_WHATSAPP_TEMPLATE"):
        await twilio.channel.send(TO, Reply("Hello", choices=CHOICES))
    assert (twilio.asked, await redis.keys("menu:*")) == ([], [])


async def test_after_the_24_hours_the_approved_template_is_sent_and_nothing_else(redis: Redis) -> None:
    twilio = connected(redis, "whatsapp", whatsapp_template="HX9", **LIST)
    twilio.answers = [taken()]
    assert await twilio.channel.send(TO, Reply(ASKED, choices=CHOICES, id="1")) == Receipt(f"SM{1:032}")
    form = {"To": TO, "From": f"whatsapp:{WHATSAPP}", "ContentSid": "HX9", "StatusCallback": STATUS}
    assert list(map(whole, twilio.asked)) == [creation(**form)]


def listed(*bodies: str) -> httpx.Response:
    about = {"direction": "outbound-api", "date_created": "Tue, 31 Mar 2026 12:00:01 +0000"}
    messages = [about | {"sid": f"SM{number:032}", "body": body} for number, body in enumerate(bodies, start=1)]
    return httpx.Response(200, json={"messages": messages, "next_page_uri": None})


@pytest.mark.parametrize(
    ("reply", "settings", "bodies", "found"),
    [
        (Reply(ASKED, choices=CHOICES), {}, [NUMBERED], True),
        (Reply(ASKED, choices=CHOICES), {}, [ASKED], False),
        (Reply(ASKED, choices=CHOICES), LIST, [NUMBERED, ASKED], True),
        (Reply("Hello"), {"whatsapp_template": "HX9"}, ["Hello"], True),
        (Reply("Hello"), {"whatsapp_template": "HX9"}, [], False),
    ],
    ids=["numbered", "another", "list", "words", "none"],
)
async def test_what_was_taken_is_found_by_the_words_that_were_sent(
    redis: Redis, reply: Reply, settings: dict[str, Any], bodies: list[str], found: bool
) -> None:
    twilio = await heard(redis, **settings)
    twilio.answers = [listed(*bodies)]
    receipt = await twilio.channel.sent(TO, reply, SINCE)
    assert receipt == (Receipt(f"SM{len(bodies):032}") if found else None)
    (request,) = twilio.asked
    assert dict(request.url.params) == {"To": TO, "DateSent>": "2026-03-31T11:59:00Z", "PageSize": "50"}


async def test_nobody_knows_what_became_of_a_template_that_is_not_found(redis: Redis) -> None:
    open_yet, closed = await heard(redis, **LIST), connected(redis, "whatsapp", whatsapp_template="HX9")
    open_yet.answers, closed.answers = [listed("as Twilio words it")], [listed("the template’s own words")]
    with pytest.raises(CannotTell):
        await open_yet.channel.sent(TO, Reply(ASKED, choices=CHOICES), SINCE)
    await redis.flushall()
    with pytest.raises(CannotTell):
        await closed.channel.sent(TO, Reply("Hello"), SINCE)


async def test_while_redis_is_away_nothing_is_sent_and_it_is_tried_again() -> None:
    twilio = connected(away(), "whatsapp", whatsapp_template="HX9")
    with pytest.raises(Unreachable):
        await twilio.channel.send(TO, Reply("Hello"))
    assert twilio.asked == []
