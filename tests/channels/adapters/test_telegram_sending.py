"""What is sent to Telegram: whole requests, buttons that come back, and what its errors mean."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisAway

from channels.channel import (
    CannotTell,
    ChannelError,
    Choice,
    Gone,
    Link,
    OptedOut,
    Quote,
    Receipt,
    Refused,
    Reply,
    SlowDown,
    Uncertain,
    Unreachable,
)
from channels.menus import Rest
from channels.telegram.render import LONGEST, keyboard
from tests.channels.adapters.telegram_stage import AT, PAYLOADS, Stage, asks, no, ok, page, staged, took


@pytest.fixture
def stage(redis: Redis, tmp_path: Path) -> Stage:
    return staged(redis, tmp_path)


def buttons(*labelled: tuple[str, str]) -> dict[str, Any]:
    return {"reply_markup": {"inline_keyboard": [[{"text": text, "callback_data": data}] for text, data in labelled]}}


EVIL = '<b>"&\'</b><a href="javascript:1">'
TOLD = '&lt;b&gt;"&amp;\'&lt;/b&gt;&lt;a href="javascript:1"&gt;'
QUOTE = Quote("A licence costs $30 & more.", "Dogs", "Cost", "https://t.example/?a=1&b=2", "Town", "2026-03-31", "en")
FRENCH = Quote("Un permis coûte 30 $.", "Chiens", "Coût", "https://v.example/chiens", "Ville", "2026-09-30", "fr")
SENTENCE = "What is published about dogs goes on and on. "
SHOWN: dict[str, tuple[Reply, str, dict[str, Any]]] = {
    "our own words": (Reply("Hello. What would you like to know?"), "Hello. What would you like to know?", {}),
    "a quote": (
        Reply("This is published:", (QUOTE,), outcome="answered"),
        "This is published:\n\n<blockquote>A licence costs $30 &amp; more.</blockquote>\n"
        '<a href="https://t.example/?a=1&amp;b=2">Dogs › Cost</a>\nTown, as of Mar. 31, 2026',
        {},
    ),
    "a quote in French, further sources and choices": (
        Reply(
            "Voici :",
            (FRENCH,),
            (Link("Chats", "https://v.example/chats", "Ville"), Link("Oiseaux", None, "Ville")),
            (Choice("Où aller ?", "où aller"), Choice("Quels papiers ?", "quels papiers")),
            "fr",
            id="415000001/1",
        ),
        "Voici :\n\n<blockquote>Un permis coûte 30 $.</blockquote>\n"
        '<a href="https://v.example/chiens">Chiens › Coût</a>\nVille, en date du 30 sept. 2026\n\n'
        'À lire aussi\u00a0:\n• <a href="https://v.example/chats">Chats</a> – Ville\n• <b>Oiseaux</b> – Ville',
        buttons(("Où aller ?", "choice:415000001/1:1"), ("Quels papiers ?", "choice:415000001/1:2")),
    ),
    "a quote of which little is known": (
        Reply(quotes=(replace(QUOTE, section="", url=None, as_of=None),)),
        "<blockquote>A licence costs $30 &amp; more.</blockquote>\n<b>Dogs</b>\nTown",
        {},
    ),
    "marks in every field": (
        Reply(
            EVIL,
            (Quote(EVIL, EVIL, EVIL, 'https://t.example/"><b>', EVIL, None, "en"),),
            (Link(EVIL, "https://t.example/'&lt;", EVIL), Link(EVIL, None, "")),
            (Choice(EVIL, EVIL),),
            id="1/1",
        ),
        f"{TOLD}\n\n<blockquote>{TOLD}</blockquote>\n"
        f'<a href="https://t.example/&quot;&gt;&lt;b&gt;">{TOLD} › {TOLD}</a>\n{TOLD}\n\n'
        f'See also:\n• <a href="https://t.example/&#x27;&amp;lt;">{TOLD}</a> – {TOLD}\n• <b>{TOLD}</b> – ',
        buttons((EVIL, "choice:1/1:1")),
    ),
    "more than there is room for": (
        Reply(SENTENCE * 100, choices=(Choice("Cats", "cats"),), id="1/1"),
        (SENTENCE * (LONGEST // len(SENTENCE))).rstrip(),
        buttons(("Cats", "choice:1/1:1"), ("Show the rest", "more:1/1")),
    ),
    "more than there is room for, in French": (
        Reply("Ça continue encore et encore. " * 200, language="fr", id="1/1"),
        ("Ça continue encore et encore. " * (LONGEST // 30)).rstrip(),
        buttons(("Voir la suite", "more:1/1")),
    ),
}


def sends(text: str, chat: int = 1001, **more: Any) -> Any:
    about = {"chat_id": str(chat), "text": text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
    return asks("sendMessage", **about, **more)


@pytest.mark.parametrize("name", SHOWN)
async def test_a_reply_is_sent_as_one_request(stage: Stage, name: str) -> None:
    reply, text, more = SHOWN[name]
    stage.answers = [took()]
    assert await stage.channel.send("telegram:1001", reply) == Receipt("77")
    assert stage.asked == [sends(text, **more)]


async def test_what_a_button_brings_back_is_what_it_offered(stage: Stage) -> None:
    """First the rest by its button, and after it a choice of the reply that was cut."""
    reply = replace(SHOWN["more than there is room for"][0], id="415000001/1")
    stage.answers = [took(), took()]

    async def touched(label: str) -> Any:
        rows = stage.asked[0][1]["reply_markup"]["inline_keyboard"]
        (data,) = (button["callback_data"] for row in rows for button in row if button["text"] == label)
        update = json.loads(PAYLOADS["touched_choice"])
        update["callback_query"]["data"] = data
        await stage.bring(json.dumps(update).encode())
        return await stage.menus.read("key of telegram:1001", stage.delivered[-1])

    await stage.channel.send("telegram:1001", reply)
    rest = await touched("Show the rest")
    assert isinstance(rest, Rest)
    await stage.channel.send("telegram:1001", Reply(rest.text, id="415000002/1", continues=True))
    first, second = (form["text"] for _, form in stage.asked)
    assert f"{first} {second}" == reply.text, "nothing is lost and nothing said twice"
    assert (await touched("Cats")).text == "cats"


usual = st.builds("{}/failed~~".format, st.integers(1, 2**63))


@given(usual | st.text(st.sampled_from("aé👍"), min_size=12, max_size=80), st.integers(1, 9), st.booleans())
def test_a_button_never_carries_more_than_64_bytes(id: str, count: int, more: bool) -> None:
    """The ids that Guichet makes always fit, even of a reply that was sent again: no choice is left out."""
    made = keyboard(Reply("which?", choices=(Choice("this", "that"),) * count, id=id), "rest" if more else "")
    data = [button.callback_data for row in made.inline_keyboard for button in row] if made else []
    wanted = [f"choice:{id}:{number}" for number in range(1, count + 1)] + [f"more:{id}"] * more
    assert data == [each for each in wanted if id.endswith("~~") or len(each.encode()) <= 64]


async def test_nothing_is_sent_while_its_choices_cannot_be_kept(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise RedisAway

    monkeypatch.setattr(stage.menus, "keep", away)
    with pytest.raises(Unreachable):
        await stage.channel.send("telegram:1001", Reply("hello"))
    assert stage.asked == []


NOT_TAKEN, PERHAPS, NEVER = (Unreachable, "", True), (Uncertain, "", True), False
ERRORS: dict[str, tuple[httpx.Response | Exception, tuple[type[ChannelError], str, bool]]] = {
    "429": (no(429, "Too Many Requests: retry after 7", parameters={"retry_after": 7}), (SlowDown, "429", True)),
    "429 without a time": (no(429, "Too Many Requests"), NOT_TAKEN),
    "403 blocked": (no(403, "Forbidden: bot was blocked by the user"), (OptedOut, "403", NEVER)),
    "403 deleted": (no(403, "Forbidden: user is deactivated"), (Gone, "403", NEVER)),
    "403 never begun": (no(403, "Forbidden: bot can't initiate conversation with a user"), (Gone, "403", NEVER)),
    "403 put out": (no(403, "Forbidden: bot was kicked from the supergroup chat"), (Gone, "403", NEVER)),
    "400 nobody": (no(400, "Bad Request: chat not found"), (Gone, "400", NEVER)),
    "400 moved": (
        no(400, "Bad Request: group chat was upgraded", parameters={"migrate_to_chat_id": -1009}),
        (Gone, "400", NEVER),
    ),
    "400 marks": (no(400, "Bad Request: can't parse entities: unclosed tag"), (Refused, "400", NEVER)),
    "400 of a proxy": (page(400, "Bad Request"), (Refused, "400", NEVER)),
    "401": (no(401, "Unauthorized"), NOT_TAKEN),
    "404": (no(404, "Not Found"), NOT_TAKEN),
    "409": (no(409, "Conflict: terminated by other getUpdates request"), NOT_TAKEN),
    "500": (no(500, "Internal Server Error"), NOT_TAKEN),
    "502": (no(502, "Bad Gateway"), NOT_TAKEN),
    "502 as a page": (page(502, "Bad Gateway"), NOT_TAKEN),
    "503": (httpx.Response(503), NOT_TAKEN),
    "504": (no(504, "Gateway Timeout"), PERHAPS),
    "504 as a page": (page(504, "Gateway Time-out"), PERHAPS),
    "no connection": (httpx.ConnectError("refused"), NOT_TAKEN),
    "no connection in time": (httpx.ConnectTimeout("slow"), NOT_TAKEN),
    "no connection free": (httpx.PoolTimeout("busy"), NOT_TAKEN),
    "a proxy that refuses": (httpx.ProxyError("407"), NOT_TAKEN),
    "an address that is none": (httpx.UnsupportedProtocol("telegram"), NOT_TAKEN),
    "no answer in time": (httpx.ReadTimeout("slow"), PERHAPS),
    "not written in time": (httpx.WriteTimeout("slow"), PERHAPS),
    "reset": (httpx.ReadError("reset by peer"), PERHAPS),
    "reset while writing": (httpx.WriteError("broken pipe"), PERHAPS),
    "ended in the middle": (httpx.RemoteProtocolError("peer closed connection"), PERHAPS),
    "nobody knows what": (OSError("bad record mac"), PERHAPS),
    "broken JSON": (httpx.Response(200, content=b'{"ok":true,"resu'), PERHAPS),
    "a page": (page(200, "Welcome"), PERHAPS),
    "no result": (httpx.Response(200, json={"ok": True}), PERHAPS),
    "a message without a number": (ok({"date": 1_790_000_000, "chat": {"id": 1, "type": "private"}}), PERHAPS),
    "500 with something else": (httpx.Response(500, json=["oops"]), PERHAPS),
}


@pytest.mark.parametrize("name", ERRORS)
async def test_an_error_says_whether_it_may_have_been_taken(stage: Stage, name: str) -> None:
    answer, means = ERRORS[name]
    stage.answers = [answer]
    with pytest.raises(ChannelError) as raised:
        await stage.channel.send("telegram:1001", Reply("hello"))
    assert (type(raised.value), raised.value.code, raised.value.retry) == means
    if isinstance(raised.value, SlowDown):
        assert raised.value.after == 7.0


async def test_telegram_does_not_say_what_it_took(stage: Stage) -> None:
    with pytest.raises(CannotTell):
        await stage.channel.sent("telegram:1001", Reply("hello"), AT)
    assert stage.asked == []


async def test_that_an_answer_is_on_its_way_is_shown(stage: Stage) -> None:
    stage.answers = [ok()]
    await stage.channel.typing("telegram:-1001")
    assert stage.asked == [asks("sendChatAction", chat_id="-1001", action="typing")]
