"""SMS by Twilio: what a webhook means, and what is sent for a reply."""

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from channels.channel import Choice, Incoming, Link, Quote, Receipt, Reply, Unreachable
from channels.menus import Menus, Rest
from channels.sms.segments import count
from tests.channels.adapters.twilio_side import (
    CITIZEN,
    EMPTY,
    MOMENT,
    SERVICE,
    SMS,
    URL,
    away,
    connected,
    creation,
    kept,
    payload,
    taken,
    timeless,
    whole,
)

TO = f"sms:{CITIZEN}"
QUESTION = "I have a question about my licence, and it is a long one. "


def said(number: int, text: str, address: str = TO, kind: str = "SM", **about: object) -> Incoming:
    return Incoming(f"{kind}{number:032x}", address, text, at=MOMENT, **about)  # type: ignore[arg-type]


TWO, ONE = (
    kept(f"MM{number:032x}", *kinds) for number, kinds in ((3, ("image/jpeg", "image/png")), (4, ("image/jpeg",)))
)


@pytest.mark.parametrize(
    ("name", "number", "meant"),
    [
        ("sms_text", SMS, said(1, "How do I renew my passport?")),
        ("sms_french", SMS, said(2, "Comment renouveler mon passeport\u00a0? C’est où, « l’hôtel de ville »?")),
        ("sms_mms_with_text", SMS, said(3, "Is this the right form?", kind="MM", media=2, files=TWO)),
        ("sms_mms_without_text", SMS, said(4, "", kind="MM", media=1, files=ONE)),
        ("sms_stop", SMS, said(5, "STOP", answered=True)),
        ("sms_help", SMS, said(6, "HELP", answered=True)),
        ("sms_empty", SMS, said(7, "")),
        ("sms_emoji", SMS, said(8, "👩🏽‍🌾 licence? 🐕")),
        ("sms_1600_characters", SMS, said(9, (QUESTION * 40)[:1599] + "?")),
        ("sms_to_short_code", "555042", said(10, "Where do I vote?")),
        ("sms_to_messaging_service", SERVICE, said(11, "Where do I vote?")),
        ("sms_from_short_code", SMS, said(12, "Your code is 123456", "sms:333222")),
        ("sms_from_alphanumeric_sender", SMS, said(13, "Your parcel is waiting", "sms:PARCELS")),
    ],
)
async def test_a_webhook_is_delivered_and_answered_with_nothing(
    redis: Redis, name: str, number: str, meant: Incoming
) -> None:
    twilio = connected(redis, "sms", sms_number=number)
    answer = await twilio.post(payload(name))
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (200, "text/xml; charset=utf-8", EMPTY)
    assert (timeless(twilio.delivered), twilio.told, twilio.asked) == ([meant], [], [])


@pytest.mark.parametrize(
    ("text", "by_twilio"),
    [
        ("STOP", True),
        (" stop\n", True),
        ("Unsubscribe", True),
        ("START", True),
        ("yes", True),
        ("info", True),
        ("STOP!", False),
        ("stop all", False),
        ("ARRET", False),
        ("aide", False),
        ("stop sending me this", False),
    ],
)
async def test_what_twilio_answers_itself_is_known_by_the_word_as_it_stands(
    redis: Redis, text: str, by_twilio: bool
) -> None:
    for setting in (True, False):
        twilio = connected(redis, "sms", sms_stop_by_twilio=setting)
        await twilio.post(payload("sms_text") | {"Body": text})
        assert [each.answered for each in twilio.delivered] == [by_twilio and setting]


async def test_what_advanced_opt_out_answers_is_known_by_what_it_says(redis: Redis) -> None:
    twilio = connected(redis, "sms", sms_stop_by_twilio=False)
    await twilio.post(payload("sms_stop") | {"Body": "assez"})
    assert [each.answered for each in twilio.delivered] == [True]


@pytest.mark.parametrize(
    ("given", "media"),
    [("10", 10), ("999", 10), ("1000", 0), ("-1", 0), ("²", 0), ("many", 0), ("", 0)],
)
async def test_a_number_of_media_that_is_none_is_no_crash(redis: Redis, given: str, media: int) -> None:
    twilio = connected(redis, "sms")
    await twilio.post(payload("sms_text") | {"NumMedia": given})
    assert [each.media for each in twilio.delivered] == [media]


async def test_files_are_as_many_as_are_counted_and_their_types_are_types(redis: Redis) -> None:
    twilio, form = connected(redis, "sms"), payload("sms_text")
    form |= {f"MediaUrl{n}": f"https://api.twilio.com/{n}" for n in range(12)} | {"NumMedia": "11"}
    form |= {"MediaContentType0": "Image/JPEG; charset=x", "MediaContentType1": "a\0/b", "MediaContentType2": "image"}
    del form["MediaUrl3"]
    await twilio.post(form)
    ((files, media),) = [(each.files, each.media) for each in twilio.delivered]
    numbers = [n for n in range(10) if n != 3]
    assert media == 10
    assert [(each.kind, each.ref) for each in files] == [
        ("image/jpeg" if n == 0 else "", f"https://api.twilio.com/{n}") for n in numbers
    ]


async def test_a_body_is_cleaned_and_ends_somewhere(redis: Redis) -> None:
    twilio = connected(redis, "sms")
    await twilio.post(payload("sms_text") | {"Body": " e\u0301\x00\x07 " + "a" * 3000})
    assert [each.text for each in twilio.delivered] == ["é " + "a" * 1998]


DOGS = Quote(
    "A licence costs $20 a year — “per dog”.",
    "Dog licence",
    "Cost",
    "https://town.example/dogs",
    "Town of Example",
    "2026-03-31",
    "en",
)
CHIENS = Quote(
    "Le permis coûte 20 $ par année. Il faut l’apporter à l’hôtel de ville avant le 31 mars 2026.",
    "Permis de chien",
    "Coût",
    "https://ville.example/chiens",
    "Ville d’Exemple",
    "2026-03-31",
    "fr",
)
PLACES = (Choice("Where do I go?", "where to go"), Choice("Which papers?", "which papers"))


@pytest.mark.parametrize(
    ("reply", "settings", "most", "text"),
    [
        (Reply("Hello! What’s your question?"), {}, 1, "Hello! What's your question?"),
        (
            Reply("This is what is published:", (DOGS,), choices=PLACES, outcome="answered"),
            {},
            1,
            'A licence costs $20 a year - "per dog".\nTown of Example, as of Mar. 31, 2026\nhttps://town.example/dogs\n'
            "Reply with a number:\n1) Where do I go?\n2) Which papers?",
        ),
        (
            Reply("Is it one of these?", links=(Link("Cat licence", "https://town.example/cats", "Town"),)),
            {},
            1,
            "Is it one of these?\nCat licence - Town\nhttps://town.example/cats",
        ),
        (
            Reply("Voici ce qui est publié :", (CHIENS,), language="fr", outcome="answered"),
            {},
            3,
            "Le permis coûte 20 $ par année. Il faut l’apporter à l’hôtel de ville avant le 31 mars 2026.\n"
            "Ville d’Exemple, en date du 31 mars 2026\nhttps://ville.example/chiens",
        ),
        (
            Reply("Voici ce qui est publié :", (CHIENS,), language="fr", outcome="answered"),
            {"sms_typography": "plain"},
            2,
            "Le permis coute 20 $ par année. Il faut l'apporter à l'hotel de ville avant le 31 mars 2026.\n"
            "Ville d'Exemple, en date du 31 mars 2026\nhttps://ville.example/chiens",
        ),
        (
            Reply("Voici ce qui est publié :", (CHIENS,), language="fr", outcome="answered"),
            {"sms_typography": "plain", "sms_segments": 1},
            1,
            "Le permis coute 20 $ par année. Il faut l'apporter à l'hotel de ville avant le 31 mars 2026.\n"
            "https://ville.example/chiens\nEnvoyez SUITE pour la suite.",
        ),
    ],
    ids=["words", "quote and choices", "links", "French", "French without accents", "French within one segment"],
)
async def test_a_reply_is_one_message_within_its_budget(
    redis: Redis, reply: Reply, settings: dict[str, object], most: int, text: str
) -> None:
    twilio = connected(redis, "sms", **settings)
    twilio.answers = [taken()]
    assert await twilio.channel.send(TO, reply) == Receipt(f"SM{1:032}")
    (request,) = twilio.asked
    assert whole(request) == creation(To=CITIZEN, From=SMS, Body=text, StatusCallback=f"{URL}/sms/status?reply=")
    assert count(text) == most


@pytest.mark.parametrize(
    ("settings", "form"),
    [
        ({}, {"From": SMS, "StatusCallback": f"{URL}/sms/status?reply=SM1%2F1~"}),
        (
            {"public_url": f"{URL}/guichet/"},
            {"From": SMS, "StatusCallback": f"{URL}/guichet/sms/status?reply=SM1%2F1~"},
        ),
        ({"public_url": None}, {"From": SMS}),
        ({"public_url": None, "sms_number": SERVICE}, {"MessagingServiceSid": SERVICE}),
        ({"public_url": None, "sms_number": "555042"}, {"From": "555042"}),
    ],
    ids=["number", "below a path", "without an address", "messaging service", "short code"],
)
async def test_a_message_says_who_sends_it_and_where_its_states_go(
    redis: Redis, settings: dict[str, object], form: dict[str, str]
) -> None:
    twilio = connected(redis, "sms", **settings)
    twilio.answers = [taken()]
    await twilio.channel.send(TO, Reply("Hello", id="SM1/1~"))
    assert list(map(whole, twilio.asked)) == [creation(To=CITIZEN, Body="Hello", **form)]


async def test_what_was_offered_and_what_was_left_out_are_kept_until_asked_for(redis: Redis) -> None:
    twilio, menus = connected(redis, "sms", sms_segments=1), Menus(redis)
    twilio.answers = [taken(), taken()]
    key = twilio.channel._key(TO)  # type: ignore[attr-defined]
    long = Reply("Is it one of these?", (DOGS,), choices=PLACES, id="1")
    await twilio.channel.send(TO, long)
    sent = whole(twilio.asked[0])[-1]["Body"]
    rest = await menus.read(key, said(1, "more"))
    assert isinstance(rest, Rest)
    assert sent.endswith("\nSend MORE for the rest.") and "2) Which papers?" in rest.text
    await twilio.channel.send(TO, Reply(rest.text, continues=True, id="2"))
    assert await menus.read(key, said(2, "2")) == said(2, "which papers")


async def test_of_what_was_left_out_it_is_kept_from_which_passages_it_is(redis: Redis) -> None:
    twilio, menus = connected(redis, "sms", sms_segments=1), Menus(redis)
    twilio.answers = [taken(), taken()]
    key = twilio.channel._key(TO)  # type: ignore[attr-defined]
    near = tuple(Link(f"Page {number}", f"https://town.example/{number}", "Town") for number in range(9))
    for reply, of in (
        (Reply("Is it one of these?", (DOGS,), near[:1], PLACES, passages=("dogs#1", "cats#1")), ("dogs#1",)),
        (Reply("The nearest:", links=near, outcome="not_found", passages=("dogs#1", "cats#1")), ("dogs#1", "cats#1")),
    ):
        await twilio.channel.send(TO, replace(reply, snapshot="1234"))
        rest = await menus.read(key, said(1, "more"))
        assert isinstance(rest, Rest) and (rest.passages, rest.snapshot) == (of, "1234")


async def test_a_reply_whose_choices_cannot_be_kept_is_not_sent() -> None:
    twilio = connected(away(), "sms")
    with pytest.raises(Unreachable):
        await twilio.channel.send(TO, Reply("Is it one of these?", choices=PLACES))
    assert twilio.asked == []
