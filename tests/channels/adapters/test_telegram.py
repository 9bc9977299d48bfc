"""What Telegram brings, and how: what each update says, what is no update, the webhook and the fetching."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisAway

from channels.adapters import telegram
from channels.channel import File, Incoming
from tests.channels.adapters.telegram_stage import (
    AT,
    KEY,
    PAYLOADS,
    SECRET,
    UPDATES,
    Stage,
    asks,
    no,
    number,
    ok,
    page,
    staged,
    updates,
)

pytestmark = pytest.mark.filterwarnings("ignore:Please use 'Bot.getUpdates'")


@pytest.fixture
def stage(redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(telegram, "AGAIN_SECONDS", 0.01)
    return staged(redis, tmp_path)


def said(text: str = "", who: int = 1001, **about: Any) -> Incoming:
    return Incoming("", f"telegram:{who}", text, at=AT, **({"hint": "en"} | about))


GROUP = -1001987654321
PHOTO = (File("image/jpeg", "AgACAgQAAxkBAAIBYmF2"),)  # the largest of its sizes
MEANT: dict[str, Incoming | None] = {
    "private": said("How do I renew my passport?"),
    "private_in_french": said("Comment renouveler mon passeport\u00a0?", 1002, hint="fr"),
    "private_without_language": said("hello", hint=""),
    "edited_soon": said("How do I renew a passport?"),
    "edited_late": None,
    "caption_edited_soon": said("Is this form right?", media=1, files=(File("image/jpeg", "AgACAgQAAxkBAAI1"),)),
    "live_location_moved": None,
    "command": said(command="help"),
    "command_with_bot": said(command="agent"),
    "command_start_with_parameter": said(command="start"),
    "command_of_nobody": said("weather in Ottawa"),
    **dict.fromkeys(("sticker", "location", "contact"), said(media=1)),
    "photo": said(media=1, files=PHOTO),
    "voice": said(media=1, files=(File("audio/ogg", "AwACAgQAAxkBAAIBY2F1"),)),
    "photo_with_caption": said("What is this letter?", media=1, files=PHOTO),
    "group_message": said(who=GROUP, command="private"),
    "group_command": said(who=GROUP, command="private", hint="fr"),
    "blocked": said(command="stop", answered=True, hint=None),
    **dict.fromkeys(("group_photo", "group_somebody_joined", "group_anonymous_admin", "group_removed_bot")),
    **dict.fromkeys(
        ("channel_post", "pinned", "unblocked", "other_bot", "control_characters", "unknown_kind", "business_message")
    ),
    "touched_choice": said(choice=("414999990/1", 2)),
    "touched_more": said(command="more", choice=("414999990/1", 0)),
    "touched_inaccessible": said(who=1002, choice=("1/2", 9), hint="fr"),
    **dict.fromkeys(("touched_what_is_not_ours", "touched_inline")),
    "forwarded": said("Is this from the government?"),
    "answering": said("the one for my dog"),
    "emoji_and_entities": said("👩‍👩‍👧 Can we all renew at once? https://town.example/dogs ASAP, été 🇨🇦"),
    "longest": said(("Où déposer ma demande? " * 200)[:2000]),
    "right_to_left": said("كيف أجدد \u202bجواز\u202c سفري؟", hint="ar"),
    "lone_surrogate": said("half ? an emoji"),
}


def meant(name: str) -> list[Incoming]:
    what = MEANT[name]
    return [replace(what, id=str(number(name)))] if what else []


@pytest.mark.parametrize("name", sorted(PAYLOADS | MEANT))
async def test_an_update_says_this_and_no_more(stage: Stage, name: str) -> None:
    """Whoever touched a button is told in the same breath that it was felt."""
    response = await stage.bring(PAYLOADS[name])
    touched = json.loads(PAYLOADS[name]).get("callback_query")
    answer = {"method": "answerCallbackQuery", "callback_query_id": touched["id"]} if touched else {}
    assert (stage.delivered, response.status_code, response.json()) == (meant(name), 200, answer)
    assert stage.asked == [], "the provider is not awaited in a webhook"


@pytest.mark.parametrize("secret", ["", SECRET[:-1], SECRET + "0", SECRET.upper(), "1:of-nobody", KEY])
async def test_what_does_not_know_the_secret_is_not_telegram(stage: Stage, secret: str) -> None:
    assert ((await stage.bring(PAYLOADS["private"], secret)).status_code, stage.delivered) == (403, [])


async def test_a_message_that_cannot_be_kept_is_not_acknowledged(stage: Stage) -> None:
    stage.refusals = [RedisAway()]
    assert (await stage.bring(PAYLOADS["touched_choice"])).status_code == 503


PRIVATE: dict[str, Any] = json.loads(PAYLOADS["private"])["message"]
SENT: list[tuple[str, dict[str, Any], str]] = [
    ("document", {"mime_type": "application/pdf", "file_name": "form.pdf"}, "application/pdf"),
    ("document", {"mime_type": "IMAGE/heic; a=b"}, "image/heic"),
    ("document", {"mime_type": "\0/<script>"}, ""),
    ("document", {}, ""),
    ("voice", {"duration": 4}, ""),
    ("audio", {"duration": 4, "mime_type": "audio/mpeg"}, "audio/mpeg"),
    ("video", {"width": 1, "height": 1, "duration": 4, "mime_type": "video/mp4"}, "video/mp4"),
    ("video_note", {"length": 1, "duration": 4}, ""),
]


@pytest.mark.parametrize(("name", "about", "kind"), SENT)
async def test_what_can_be_fetched_is_known_by_its_id_and_its_type(
    stage: Stage, name: str, about: dict[str, Any], kind: str
) -> None:
    sent = {key: value for key, value in PRIVATE.items() if key != "text"}
    sent[name] = {"file_id": "BQACAgQAAx", "file_unique_id": "AgAD"} | about
    await stage.bring(json.dumps({"update_id": 1, "message": sent}).encode())
    assert [(each.media, each.files) for each in stage.delivered] == [(1, (File(kind, "BQACAgQAAx"),))]


DEEP = '{"update_id": 1, "message": ' + '{"reply_to_message": ' * 700 + "1" + "}" * 701
BROKEN: dict[str, bytes | dict[str, Any]] = {
    "nothing": b"",
    "no JSON": b"update_id=1",
    "no UTF-8": b'{"update_id": 1, "message": "\xff"}',
    "cut short": PAYLOADS["private"][:-3],
    "a list": b"[" + PAYLOADS["private"] + b"]",
    "null": b"null",
    "too deep for Python": DEEP.encode(),
    "no number": {"message": PRIVATE},
    "a number that is none": {"update_id": "x", "message": PRIVATE},
    "a number without end": b'{"update_id": 1e999, "message": ' + json.dumps(PRIVATE).encode() + b"}",
    "a message that is none": {"update_id": 1, "message": "hello"},
    "no chat": {"update_id": 1, "message": {name: PRIVATE[name] for name in PRIVATE if name != "chat"}},
    "a chat that is none": {"update_id": 1, "message": PRIVATE | {"chat": 1001}},
    "a chat without a number": {"update_id": 1, "message": PRIVATE | {"chat": {"id": "Ana", "type": "private"}}},
    "a sender that is none": {"update_id": 1, "message": PRIVATE | {"from": "Ana"}},
    "no date": {"update_id": 1, "message": PRIVATE | {"date": "today"}},
    "a date after the last": {"update_id": 1, "message": PRIVATE | {"date": 10**18}},
    "a text that is none": {"update_id": 1, "message": PRIVATE | {"text": {"text": "hello"}}},
    "a language that is none": {"update_id": 1, "message": PRIVATE | {"from": PRIVATE["from"] | {"language_code": 5}}},
    "a touch that is none": {"update_id": 1, "callback_query": "more:"},
    "a touch of nothing that has a name": {"update_id": 1, "callback_query": {"id": "1", "from": {}, "data": 5}},
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_no_update_is_refused(stage: Stage, name: str) -> None:
    broken = BROKEN[name]
    response = await stage.bring(broken if isinstance(broken, bytes) else json.dumps(broken).encode())
    assert (response.status_code, response.json()["error"], stage.delivered) == (400, "malformed", [])


async def test_the_longest_message_that_answers_the_longest_is_taken(stage: Stage) -> None:
    longest = {"text": "🎓" * 4096}
    update = {"update_id": 1, "message": PRIVATE | longest | {"reply_to_message": PRIVATE | longest}}
    assert (await stage.bring(json.dumps(update).encode())).status_code == 200
    assert len(stage.delivered) == 1


async def test_what_is_larger_than_any_update_is_refused(stage: Stage) -> None:
    assert (await stage.bring(b"[" * 300_000)).status_code == 413


async def test_what_is_no_command_of_ours_is_what_somebody_says(stage: Stage) -> None:
    await stage.bring(json.dumps({"update_id": 1, "message": PRIVATE | {"text": "/private"}}).encode())
    (delivered,) = stage.delivered
    assert (delivered.command, delivered.text) == (None, "private")


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3) | st.just("\ud800"),
    lambda inside: st.lists(inside, max_size=2) | st.dictionaries(st.sampled_from(["id", "date", "x"]), inside),
    max_leaves=4,
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_an_update_with_anything_odd_in_it_is_taken_or_refused(stage: Stage, data: st.DataObject) -> None:
    update = json.loads(PAYLOADS[data.draw(st.sampled_from(sorted(PAYLOADS)))])
    inside: Any = update
    while isinstance(inside[key := data.draw(st.sampled_from(sorted(inside)))], dict) and data.draw(st.booleans()):
        inside = inside[key]
    inside[key] = data.draw(odd)
    stage.delivered.clear()
    status = (await stage.bring(json.dumps(update).encode())).status_code
    assert status == 200 or (status, stage.delivered) == (400, [])


async def test_a_touch_whose_name_cannot_be_written_is_taken(stage: Stage) -> None:
    response = await stage.bring(PAYLOADS["touched_more"].replace(b"4299262263804820112", rb"\ud800"))
    assert (response.status_code, response.json(), stage.delivered) == (200, {}, meant("touched_more"))


FORGET = asks("deleteWebhook")


def fetches(after: str = "") -> Any:
    form = {"timeout": "50", "allowed_updates": UPDATES} | ({"offset": str(number(after) + 1)} if after else {})
    return asks("getUpdates", **form)


async def test_telegram_is_told_where_to_bring_updates_again_and_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram, "REGISTER_SECONDS", 0.01)
    stage.answers = [ok(), no(429, "Too Many Requests", parameters={"retry_after": 0.01}), page(502, "Bad Gateway")]
    url = "https://www.example.ca/telegram/updates"
    async with stage.listening("https://www.example.ca/"):
        assert stage.asked == [asks("setWebhook", url=url, secret_token=SECRET, allowed_updates=UPDATES)] * 4


async def test_one_process_listens(stage: Stage, tmp_path: Path) -> None:
    async with stage.listening():
        other = staged(stage.redis, tmp_path)
        task = asyncio.create_task(other.channel.listen(other.deliver, None, stage.redis))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (stage.asked, other.asked) == ([FORGET], [])


async def test_every_update_is_fetched_once_and_says_what_it_says_to_the_webhook(stage: Stage) -> None:
    names = sorted(PAYLOADS, key=number)
    first, second = names[:20], names[20:]
    touched = [json.loads(PAYLOADS[name])["callback_query"]["id"] for name in second if name.startswith("touched")]
    answers = [asks("answerCallbackQuery", callback_query_id=id) for id in touched]
    stage.answers = [ok(), updates(*first), updates(), updates(*second), *(ok() for _ in touched)]
    async with stage.listening():
        assert stage.delivered == [said for name in first + second for said in meant(name)]
        fetched = [FORGET, fetches(), fetches(first[-1]), fetches(first[-1])]
        assert stage.asked == [*fetched, *answers, fetches(second[-1])]


async def test_what_could_not_be_kept_is_not_acknowledged_and_comes_again(stage: Stage) -> None:
    kept, lost = "private", "command"
    stage.refusals = [None, RedisAway()]
    stage.answers = [ok(), updates(kept, lost), ok(), updates(kept, lost)]
    async with stage.listening():
        assert stage.delivered == meant(kept) + meant(kept) + meant(lost), "the inbox knows the first one again"
        assert stage.asked == [FORGET, fetches(), FORGET, fetches(), fetches(lost)]


async def test_a_touch_that_is_too_old_and_an_update_that_is_odd_hold_nothing_up(stage: Stage) -> None:
    odd = b'{"update_id": 415000999, "message": {"message_id": 1}}'
    old = no(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    stage.answers = [ok(), updates("touched_more", odd, "private", odd), old]
    async with stage.listening():
        assert stage.delivered == meant("touched_more") + meant("private")
        assert stage.asked[-1] == asks("getUpdates", timeout="50", allowed_updates=UPDATES, offset="415001000")


@pytest.mark.parametrize(
    "error",
    [
        no(401, "Unauthorized"),
        no(409, "Conflict: terminated by other getUpdates request"),
        page(502, "Bad Gateway"),
        httpx.Response(200, content=b'{"ok":true,"resu'),
        httpx.Response(200, json={"ok": True}),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        OSError("bad record mac"),
    ],
    ids=repr,
)
async def test_it_goes_on_fetching_after_an_error(stage: Stage, error: httpx.Response | Exception) -> None:
    stage.answers = [error, ok(), error, ok(), updates("private")]
    async with stage.listening():
        assert stage.delivered == meant("private")
