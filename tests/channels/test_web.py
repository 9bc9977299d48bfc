"""The web channel by its protocol, with everything real but the bot."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from channels import app
from channels.channel import Choice, Reply
from channels.copies import Copies
from channels.marks import BELL, claim_key
from channels.responder import Turn
from tests.channels.conftest import Service

NAUGHTY = Path(__file__).parents[2].parent / "shared" / "data" / "blns.json"


async def test_a_message_is_answered_in_the_event_stream(service: Service) -> None:
    headers = await service.begin()
    accepted = await service.say(headers, "hello")
    assert (accepted.status_code, accepted.json()) == (202, {"id": "m1"})
    (_, said, citizen), (_, reply, bot) = await service.events(headers, 2)
    assert (said, citizen["text"]) == ("said", "hello")
    assert (reply, bot["text"], bot["in_reply_to"], bot["sender"]) == ("reply", "hello", "m1", "bot")


async def test_the_same_message_twice_is_answered_once(service: Service) -> None:
    headers = await service.begin()
    for _ in range(3):
        assert (await service.say(headers, "hello")).status_code == 202
    await service.say(headers, "end", id="m2")
    assert await service.replies(headers, 2) == ["hello", "end"]


async def test_a_conversation_is_answered_in_order(service: Service) -> None:
    headers = await service.begin()
    for number in range(20):
        await service.say(headers, f"number {number}", id=f"m{number}")
    assert await service.replies(headers, 20) == [f"number {number}" for number in range(20)]


async def test_conversations_are_answered_side_by_side(service: Service) -> None:
    service.bot.pause = 0.3
    callers = [await service.begin() for _ in range(6)]
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(service.say(headers, "hello") for headers in callers))
    await asyncio.gather(*(service.replies(headers, 1) for headers in callers))
    assert asyncio.get_running_loop().time() - began < 6 * 0.3


async def test_a_stream_goes_on_after_the_last_event_seen(service: Service) -> None:
    headers = await service.begin()
    await service.say(headers, "one")
    first = await service.events(headers, 2)
    await service.say(headers, "two", id="m2")
    later = await service.events(headers, 2, last=first[-1][0])
    assert [data["text"] for _, _, data in later] == ["two", "two"]


async def test_nobody_hears_another_conversation(service: Service) -> None:
    mine, theirs = await service.begin(), await service.begin()
    await service.say(mine, "my secret")
    await service.say(theirs, "hello")
    assert [data["text"] for _, _, data in await service.events(theirs, 2)] == ["hello", "hello"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"id": "m1", "text": ""}, 422, "empty"),
        ({"id": "m1", "text": " \n\t\u0000 "}, 422, "empty"),
        ({"id": "m1", "text": "a" * 2001}, 413, "too_long"),
        ({"id": "m1", "text": "a" * 100_000}, 413, "too_long"),
        ({"id": "m1"}, 400, "malformed"),
        ({"id": "m1", "text": 7}, 400, "malformed"),
        ({"id": "", "text": "hello"}, 400, "malformed"),
        ({"id": "<script>", "text": "hello"}, 400, "malformed"),
        ({"id": "m1", "text": "hello", "place": "x" * 50}, 400, "malformed"),
        ([], 400, "malformed"),
        ("hello", 400, "malformed"),
    ],
)
async def test_what_cannot_be_taken_is_refused_with_a_reason(
    service: Service, body: object, status: int, code: str
) -> None:
    headers = await service.begin() | {"Accept-Language": "fr-CA,fr;q=0.9"}
    refused = await service.http.post("/web/messages", json=body, headers=headers)
    assert (refused.status_code, refused.json()["error"]) == (status, code)
    assert "message" in refused.json()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b'{"id": "m1", "text": ' + b"[" * 9000, b"null", b"NaN"],
    ids=["nothing", "cut", "no-text", "deep", "null", "nan"],
)
async def test_bytes_that_are_no_message_are_refused(service: Service, body: bytes) -> None:
    refused = await service.http.post("/web/messages", content=body, headers=await service.begin())
    assert (refused.status_code, refused.json()["error"]) == (400, "malformed")


async def test_a_lone_surrogate_is_answered(service: Service) -> None:
    headers = await service.begin()
    accepted = await service.http.post(
        "/web/messages", content=rb'{"id": "m1", "text": "caf\u00e9 \ud800 ok\u0000"}', headers=headers
    )
    assert accepted.status_code == 202
    assert await service.replies(headers, 1) == ["café ? ok"]


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nonsense", "Basic eA==", "Bearer " + "x" * 5000])
async def test_without_a_conversation_nothing_is_taken(service: Service, authorization: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    for response in (
        await service.say(headers, "hello"),
        await service.http.get("/web/events", headers=headers),
        await service.http.post("/web/feedback", json={"reply": "m1/1", "helpful": True}, headers=headers),
    ):
        assert (response.status_code, response.json()["error"]) == (401, "unknown_conversation")


async def test_more_than_a_person_writes_is_refused(service: Service) -> None:
    limited = app.public_app(service.settings.model_copy(update={"messages_per_minute": 3}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(limited), base_url="http://limited") as http:
        service = replace(service, http=http)
        talking, rating = await service.begin(), await service.begin()
        said = [await service.say(talking, "hello", id=f"m{number}") for number in range(6)]
        rated = [
            await http.post("/web/feedback", json={"reply": f"m{number}/1", "helpful": True}, headers=rating)
            for number in range(6)
        ]
    # a minute may end in between: then three more are taken
    for answers, taken in ((said, 202), (rated, 204)):
        assert {answer.status_code for answer in answers} == {taken, 429}
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.json()["error"] == "too_many"
        assert 1 <= int(refused.headers["retry-after"]) <= 60


async def test_the_redis_being_away_is_said_and_nothing_is_acknowledged(service: Service) -> None:
    settings = service.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app.public_app(settings)), base_url="http://down"
    ) as http:
        response = await http.post(
            "/web/messages", json={"id": "m", "text": "hello"}, headers={"Authorization": "Bearer x"}
        )
    assert (response.status_code, response.json()["error"]) == (503, "unavailable")


async def test_the_language_a_citizen_evidently_writes_is_taken_and_their_choice_stands_above_it(
    service: Service,
) -> None:
    headers = await service.begin()
    await service.say(headers, "Comment puis-je renouveler mon passeport ?", id="m1", page_language="en")
    await service.say(headers, "and how much does it cost to renew it", id="m2", language="fr")
    await service.say(headers, "thank you very much for your help", id="m3")
    await service.replies(headers, 3)
    assert [conversation.language for conversation, _ in service.bot.heard] == ["fr", "fr", "fr"]


async def test_the_language_of_the_page_is_assumed_for_a_word_that_is_both(service: Service) -> None:
    headers = await service.begin()
    await service.say(headers, "NAS?", page_language="fr")
    await service.replies(headers, 1)
    assert service.bot.heard[0][0].language == "fr"


async def test_a_change_of_language_is_told_to_the_page(service: Service) -> None:
    changed = Reply(text="D’accord", language="fr", changes_language=True)
    service.bot.turns["en français svp"] = Turn((changed,), language="fr")
    headers = await service.begin()
    await service.say(headers, "en français svp")
    events = await service.events(headers, 3)
    assert [kind for _, kind, _ in events] == ["said", "reply", "language"]
    assert events[-1][2] == {"language": "fr"}


async def test_choices_and_structure_reach_the_page(service: Service) -> None:
    service.bot.turns["hi"] = Turn((Reply(text="Which?", choices=(Choice("Renew", "renew my passport"),)),))
    headers = await service.begin()
    await service.say(headers, "hi")
    reply = (await service.events(headers, 2))[1][2]
    assert reply["choices"] == [{"label": "Renew", "say": "renew my passport"}]
    assert "passages" not in reply


async def test_transcript_feedback_and_wish_are_recorded_redacted(service: Service) -> None:
    service.bot.turns["a person please, my SIN is 046 454 286"] = Turn(
        (Reply(text="Noted."),), hand_to="desk", because="asked_for_person"
    )
    before = await service.record.count()
    headers = await service.begin()
    await service.say(headers, "a person please, my SIN is 046 454 286")
    await service.replies(headers, 1)
    rated = await service.http.post("/web/feedback", json={"reply": "m1/1", "helpful": False}, headers=headers)
    assert rated.status_code == 204
    await until(lambda: grown(service, before, transcript=2, wishes=1, feedback=1))
    dump = json.dumps([row async for row in rows(service)])
    assert "046" not in dump
    assert "[social insurance number]" in dump


async def test_every_naughty_string_gets_a_reply_or_a_clear_refusal(service: Service) -> None:
    if not NAUGHTY.exists():
        pytest.skip("the Big List of Naughty Strings is not beside the checkout")
    strings = json.loads(NAUGHTY.read_text())

    async def say_all(some: list[str]) -> None:
        headers, taken = await service.begin(), 0
        for number, text in enumerate(some):
            response = await service.say(headers, text, id=f"m{number}")
            assert response.status_code in (202, 422), text
            taken += response.status_code == 202
        await service.say(headers, "end", id="end")
        assert (await service.replies(headers, taken + 1))[-1] == "end"

    await asyncio.gather(*(say_all(strings[number::16]) for number in range(16)))


async def grown(service: Service, before: dict[str, int], **by: int) -> bool:
    now = await service.record.count()
    return all(now[table] == before[table] + rows for table, rows in by.items())


async def until(condition, seconds: float = 3.0) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 — what it waits for is in a database
            await asyncio.sleep(0.02)


async def rows(service: Service):  # type: ignore[no-untyped-def]
    """What is written of the only conversation that was heard."""
    from sqlalchemy import select

    from channels.tables import transcript

    async with service.record._engine.connect() as connection:
        chosen = select(transcript.c.text, transcript.c.reply)
        here = transcript.c.conversation == service.bot.heard[0][0].key
        for row in await connection.execute(chosen.where(here)):
            yield [row.text, row.reply]


async def test_that_a_citizen_types_is_told_to_the_desk_only_while_a_person_answers(service: Service) -> None:
    headers = await service.begin()
    await service.say(headers, "hello")
    await service.replies(headers, 1)
    redis, heard = service.redis, []
    async with redis.pubsub() as bell:
        await bell.subscribe(BELL)
        assert (await service.http.post("/web/typing", json={}, headers=headers)).status_code == 204
        key = claim_key(service.bot.heard[-1][0].key)
        await redis.set(key, "7")
        for _ in range(3):
            assert (await service.http.post("/web/typing", json={}, headers=headers)).status_code == 204
        while rung := await bell.get_message(ignore_subscribe_messages=False, timeout=0.3):
            heard += [rung["data"]] if rung["type"] == "message" else []
        await redis.delete(key)
    assert heard == ['{"typing": 7}']
    assert (await service.http.post("/web/typing", json={})).status_code == 401


async def test_a_copy_of_a_conversation_is_plain_text_for_whoever_has_its_address(service: Service) -> None:
    address = await Copies(service.redis, str(service.http.base_url)).keep("Your conversation\n<b>hello</b>")
    answer = await service.http.get(address)
    assert (answer.status_code, answer.text) == (200, "Your conversation\n<b>hello</b>")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert (answer.headers["cache-control"], answer.headers["x-robots-tag"]) == ("no-store", "noindex")
    assert (await service.http.get("/copy/another")).status_code == 404
    assert await Copies(service.redis, None).keep("x") == "", "nobody said where the app is reached"
