"""The suite that every channel passes: heard once, answered once, nobody impersonated, nothing lost when things fail."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from redis.asyncio import Redis

from channels import app, catalogue, outbox, pace, turns
from channels.catalogue import made
from channels.channel import Choice, Link, Quote, Reply
from channels.desk.answering import counter, responders
from channels.desk.people.accounts import Accounts
from channels.record import Record, engine
from channels.responder import Turn
from channels.texts import texts
from machine.ports import free_port
from machine.servers import EmbeddedRedis
from tests.channels.conformance import CASES, URL, Case, Stage
from tests.channels.conftest import Parrot, serving
from tests.channels.pager import SettingsWithPager, install

NAUGHTY = Path(__file__).parents[3] / "shared" / "data" / "blns.json"
Staging = Callable[[bool], Awaitable[Stage]]
FULL = Reply(
    text="This is what is published:",
    quotes=(
        Quote(
            "A licence costs a little. " * 30,
            "Dog licence",
            "Cost",
            "https://town.example/dogs#cost",
            "Town",
            "2026-03-31",
            "en",
        ),
    ),
    links=(Link("Cat licence", "https://town.example/cats", "Town"),),
    choices=(Choice("Where do I go?", "where to go"), Choice("Which papers?", "which papers")),
    outcome="answered",
)


@pytest.fixture(params=CASES, ids=lambda case: case().name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param()  # type: ignore[no-any-return]


@pytest.fixture
async def staging(
    case: Case,
    redis: Redis,
    redis_server: EmbeddedRedis,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Staging]:
    """What begins a stage, with a desk or without one."""
    monkeypatch.setattr(turns, "PAUSES", (0.02,))
    monkeypatch.setattr(outbox, "SETTLE_SECONDS", 0.0)
    install(monkeypatch)
    settings = SettingsWithPager(
        _env_file=None,
        home=tmp_path,
        redis_url=redis_server.url,
        database_url=database_url,
        public_url=URL,
        public_port=free_port(0),
        messages_per_minute=1000,
        **case.settings,
    )
    record, bot = Record(database_url, keep_days=30), Parrot()
    working: list[asyncio.Task[None]] = []

    async with serving(settings) as http:

        async def begin(desk: bool) -> Stage:
            made = Stage(settings, http, redis, bot, take=case.took)
            transport = httpx.MockTransport(made.provider)
            people = responders(settings, redis, record.engine) if desk else {}
            jobs = app.jobs(settings, redis, record, {**people, "bot": bot}, transport)
            working.extend(asyncio.create_task(job) for job in jobs)
            await case.open(made)
            return made

        yield begin
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
    await record.close()


@pytest.fixture
async def stage(staging: Staging) -> Stage:
    return await staging(False)


async def brought(stage: Stage, request: httpx.Request) -> httpx.Response:
    """The request as the public app gets it: a proxy has changed its scheme and host."""
    path = request.url.raw_path.decode()
    headers = [(name, value) for name, value in request.headers.raw if name.lower() not in (b"host", b"content-length")]
    return await stage.http.request(request.method, path, content=request.content, headers=headers)


async def says(stage: Stage, case: Case, count: int) -> list[str]:
    """What the citizen has been shown, once it is so many messages and nothing is under way."""
    await stage.quiet()
    found = await case.shown(stage)
    assert len(found) == count, found
    return found


def test_every_channel_of_the_catalogue_has_a_case_and_so_has_that_of_the_guide(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch)
    assert [case().name for case in CASES] == [entry.name for entry in catalogue.ENTRIES]


async def test_it_is_what_a_channel_is(case: Case, stage: Stage) -> None:
    channel = next(each for each in made(app.parts(stage.settings, stage.redis)) if each.name == case.name)
    assert isinstance(channel.repeatable, bool)
    assert channel.per_second is None or channel.per_second > 0
    assert all(callable(getattr(channel, name)) for name in ("routes", "send", "sent"))


async def test_a_message_is_heard_and_answered(case: Case, stage: Stage) -> None:
    assert (await brought(stage, case.bring("How do I renew my passport?"))).is_success
    (shown,) = await says(stage, case, 1)
    assert "How do I renew my passport?" in shown
    ((conversation, said),) = stage.bot.heard
    assert (said.text, conversation.channel) == ("How do I renew my passport?", case.name)
    assert said.address.startswith(f"{case.name}:")


async def test_a_message_that_is_brought_twice_is_answered_once(case: Case, stage: Stage) -> None:
    for _ in range(3):
        assert (await brought(stage, case.bring("hello"))).is_success
    await says(stage, case, 1)
    assert (await brought(stage, case.bring("hello"))).is_success
    await says(stage, case, 1)
    assert (await brought(stage, case.bring("hello again", "2"))).is_success
    await says(stage, case, 2)


async def test_what_anybody_could_send_is_refused_and_nothing_is_kept(case: Case, stage: Stage) -> None:
    for what, request in case.forged().items():
        before = {key async for key in stage.redis.scan_iter("*:lane:*")} | {
            key async for key in stage.redis.scan_iter("*:seen:*")
        }
        response = await brought(stage, request)
        assert response.status_code in (401, 403), what
        assert response.json()["error"] in ("forged", "unknown_conversation"), what
        after = {key async for key in stage.redis.scan_iter("*:lane:*")} | {
            key async for key in stage.redis.scan_iter("*:seen:*")
        }
        assert after == before, what
    assert (await brought(stage, case.bring("genuine"))).is_success
    await says(stage, case, 1)
    assert [said.text for _, said in stage.bot.heard] == ["genuine"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"%",
        b"a" * 100_000,
        b"{" * 5_000,
        b"MessageSid=1",
        b'{"update_id": {}}',
        b"\x00",
    ],
    ids=lambda content: repr(content[:12]),
)
async def test_what_is_no_message_is_refused_politely(case: Case, stage: Stage, content: bytes) -> None:
    genuine = case.bring("hello")
    broken = httpx.Request(
        genuine.method,
        genuine.url,
        content=content,
        headers=dict(genuine.headers.items()) | {"Content-Length": str(len(content))},
    )
    response = await brought(stage, broken)
    assert 400 <= response.status_code < 500
    assert response.json()["message"]
    assert not stage.bot.heard


async def test_all_of_a_reply_can_be_had(case: Case, stage: Stage) -> None:
    stage.bot.turns["dogs"] = Turn((FULL,))
    assert (await brought(stage, case.bring("dogs"))).is_success
    shown = " ".join(await says(stage, case, 1))
    assert "https://town.example/dogs#cost" in shown, "the source is there at once"
    for number in range(2, 9):
        if all(part in shown for part in ("Where do I go?", "Which papers?")) and shown.count("a little") >= 30:
            break
        assert (await brought(stage, case.bring("more", str(number)))).is_success
        shown = " ".join(await says(stage, case, number))
    assert shown.count("A licence costs a little.") == 30
    assert "Which papers?" in shown
    assert "Town" in shown


async def test_what_a_provider_does_not_take_at_first_arrives_once(case: Case, stage: Stage) -> None:
    if case.name == "web":
        pytest.skip("the web has no provider")
    stage.answers = [
        httpx.Response(503),
        httpx.ConnectError("away"),
        httpx.Response(429, headers={"Retry-After": "0.01"}, json={"parameters": {"retry_after": 0}}),
    ]
    assert (await brought(stage, case.bring("one", "1"))).is_success
    assert (await brought(stage, case.bring("two", "2"))).is_success
    first, second = await says(stage, case, 2)
    assert ("one" in first, "two" in second) == (True, True)


async def test_after_stop_nothing_is_sent_until_start(case: Case, stage: Stage) -> None:
    if case.name == "web":
        pytest.skip("nobody is written to unasked there")
    stage.bot.pause = 0.3
    assert (await brought(stage, case.bring("a question", "1"))).is_success
    await asyncio.sleep(0.1)
    assert (await brought(stage, case.bring("Arrêt!", "2"))).is_success
    assert (await brought(stage, case.bring("another question", "3"))).is_success
    (confirmed,) = await says(stage, case, 1)
    assert texts("fr")["consent_stopped"].partition(":")[2].strip() in confirmed.replace("\u00a0", " ")
    assert (await brought(stage, case.bring("help", "4"))).is_success
    await says(stage, case, 1)
    assert (await brought(stage, case.bring("START", "5"))).is_success
    assert (await brought(stage, case.bring("one more question", "6"))).is_success
    *_, answered = await says(stage, case, 3)
    assert "one more question" in answered


async def test_during_a_claim_all_that_an_agent_says_can_be_had_and_stop_is_stop(
    case: Case, staging: Staging, database_url: str
) -> None:
    stage = await staging(True)
    assert (await brought(stage, case.bring("hello", "1"))).is_success
    await says(stage, case, 1)
    ((conversation, said),) = stage.bot.heard
    pool = engine(database_url)
    desk = counter(stage.settings, stage.redis, pool)
    agent = await Accounts(pool, desk.cases._seal).add(
        f"{uuid4().hex}@town.example", "Ana", "agent", ["en"], "a long enough word"
    )
    about = {"team": "general", "because": "asked_for_person", "urgent": False}
    id = await desk.cases.open(conversation, said.address, **about)  # type: ignore[arg-type]
    epoch = (await desk.claim(id, agent.id)).epoch
    wanted = [
        f"Sentence {number} of what I have to say to you is this one, which is not short." for number in range(40)
    ]
    await desk.say(id, agent.id, epoch, "long-0001", " ".join(wanted), ())
    shown = " ".join(await says(stage, case, 2))
    count = 2
    while not all(sentence in shown for sentence in wanted) and count < 20:
        count += 1
        assert (await brought(stage, case.bring("more", str(count)))).is_success
        shown = " ".join(await says(stage, case, count))
    assert [shown.count(sentence) for sentence in wanted] == [1] * len(wanted)
    assert (await brought(stage, case.bring("thank you Ana", "50"))).is_success
    await says(stage, case, count)
    heard = [line.text for line in await desk.cases.lines(id) if line.kind == "citizen"]
    assert heard == ["thank you Ana"], "what brings the rest is for nobody else"
    if case.name != "web":
        assert (await brought(stage, case.bring("Arrêt!", "51"))).is_success
        *_, confirmed = await says(stage, case, count + 1)
        assert texts("fr")["consent_stopped"].partition(":")[2].strip() in confirmed.replace("\u00a0", " ")
        await desk.say(id, agent.id, epoch, "late-0001", "are you there?", ())
        await says(stage, case, count + 1)
        assert (await brought(stage, case.bring("START", "52"))).is_success
        await says(stage, case, count + 2)
        await desk.say(id, agent.id, epoch, "late-0002", "there you are", ())
        *_, last = await says(stage, case, count + 3)
        assert "there you are" in last
    assert len(stage.bot.heard) == 1, "the bot is silent throughout"
    await desk.close(id, agent.id, epoch, "answered")
    await stage.quiet()
    await pool.dispose()


@pytest.mark.parametrize(("text", "language"), [("I want to die", "en"), ("j'veux pu vivre", "fr")])
async def test_who_is_in_danger_is_helped_at_once_though_the_bot_is_dead(
    case: Case, stage: Stage, monkeypatch: pytest.MonkeyPatch, text: str, language: str
) -> None:
    async def dead(*_: object) -> Turn:
        raise AssertionError("the bot was asked")

    monkeypatch.setattr(stage.bot, "answer", dead)
    assert (await brought(stage, case.bring(text))).is_success
    (shown,) = await says(stage, case, 1)
    assert "9-8-8" in shown
    assert "911" in shown
    assert texts(language)["crisis_suicide"].partition(",")[0] in shown.replace("\u00a0", " ").replace("'", "’")


async def test_while_redis_is_away_a_message_is_not_acknowledged(
    case: Case, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = case.bring("hello")
    away = stage.settings.model_copy(
        update={"redis_url": f"redis://127.0.0.1:{free_port(0)}/0", "public_port": free_port(0)}
    )
    async with serving(away) as http:
        headers = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
        response = await http.request("POST", request.url.raw_path.decode(), content=request.content, headers=headers)
    assert response.status_code == 503


async def test_naughty_strings_break_nothing(case: Case, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "QUICK_SECONDS", 0.0)  # no person would write so many so quickly, and be answered
    if not NAUGHTY.exists():
        pytest.skip("needs the Big List of Naughty Strings in ../shared/data/blns.json")
    for number, text in enumerate(json.loads(NAUGHTY.read_text("utf-8")), start=10):
        response = await brought(stage, case.bring(text, str(number)))
        assert response.status_code < 500, text
    await stage.quiet(60)
    assert (await brought(stage, case.bring("How do I renew my passport?", "9999"))).is_success
    await stage.quiet()
    assert "How do I renew my passport?" in (await case.shown(stage))[-1]


Answers = Callable[[httpx.Request], httpx.Response]
