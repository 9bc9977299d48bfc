"""The bot as a responder, with a real HTTP server in Rasa's place."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from channels import bot as module
from channels.bot import FAILURES_UNTIL_OPEN, Bot, from_answer, read
from channels.channel import Choice, Incoming, Link, Quote, Reply
from channels.conversation import Conversation
from channels.published import opener
from channels.responder import Turn
from channels.texts import texts
from knowledge import Answer, Knowledge, Outcome, Source
from machine.ports import free_port

SAID = Incoming("m1", "web:1", "how do I renew my passport? I am at 613-555-0142")
SOURCE = Source(
    title="Renew a passport",
    url="https://www.example.ca/passport#cost",
    section="Cost",
    quote="An adult passport costs…",
    publisher="A department",
    as_of="2026-03-31",
    language="en",
    jurisdiction="ca",
    contact=None,
    passage="p1",
)
ANSWER = Answer(Outcome.ANSWERED, 0.9, "en", (SOURCE,), ("How long does it take?",), "s1")
NOT_FOUND = Answer(Outcome.NOT_FOUND, 0.1, "en")
CLARIFY = Answer(Outcome.CLARIFY, 0.4, "en", choices=("Renew a passport?", "Replace a passport?"))


def conversation(language: str = "en") -> Conversation:
    return Conversation("k" * 32, "web", language, place="ca-on")


@dataclass
class Rasa:
    """Answers what it is told to answer, and keeps what it was asked."""

    answer: Any = field(default_factory=lambda: [{"text": "Hello!"}])
    status: int = 200
    pause: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    async def webhook(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        await asyncio.sleep(self.pause)
        if isinstance(self.answer, bytes):
            return web.Response(body=self.answer, status=self.status, content_type="application/json")
        return web.json_response(self.answer, status=self.status)


@dataclass
class Knows:
    """A knowledge that gives one answer to everything, or raises."""

    answer: Answer | Exception
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)

    def ask(self, question: str, *, language: str, place: str | None = None) -> Answer:
        self.asked.append((question, language, place))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
async def rasa() -> AsyncIterator[Rasa]:
    fake = Rasa()
    app = web.Application()
    app.router.add_post("/webhooks/rest/webhook", fake.webhook)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port(0)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    fake.url = f"http://127.0.0.1:{port}"
    yield fake
    await runner.cleanup()


@pytest.fixture
async def ask(rasa: Rasa) -> AsyncIterator[Callable[..., Bot]]:
    """Makes a bot that asks the fake Rasa, or another address."""
    async with aiohttp.ClientSession() as http:

        def make(answer: Answer | Exception = ANSWER, url: str | None = None, timeout: float = 5.0) -> Bot:
            knows = Knows(answer)
            bot = Bot(http, url or rasa.url, timeout, lambda: knows)  # type: ignore[arg-type, return-value]
            bot.knows = knows  # type: ignore[attr-defined]
            return bot

        yield make


def degraded(language: str = "en") -> Turn:
    said = from_answer(ANSWER.as_dict(), texts(language)["degraded_answer"])
    return Turn((replace(said, degraded=True),))


async def test_rasa_is_asked_with_a_key_and_what_is_not_personal(rasa: Rasa, ask: Callable[..., Bot]) -> None:
    assert await ask().answer(conversation(), SAID) == Turn((Reply("Hello!"),))
    assert rasa.asked == [
        {
            "sender": "k" * 32,
            "message": "how do I renew my passport? I am at [phone number]",
            "metadata": {"id": "m1", "language": "en", "place": "ca-on"},
        }
    ]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, []),
        (200, None),
        (500, [{"text": "Hello!"}]),
        (404, []),
        (200, b"not json"),
        (200, b"\xff"),
        (200, {"text": "Hello!"}),
        (200, ["Hello!"]),
        (200, [{"text": ""}]),
        (200, [{"custom": "answer"}]),
        (200, [{"custom": {"answer": {}}}]),
    ],
)
async def test_what_is_no_answer_of_rasa_is_answered_from_knowledge(
    rasa: Rasa, ask: Callable[..., Bot], status: int, answer: Any, language: str
) -> None:
    rasa.status, rasa.answer = status, answer
    bot = ask()
    assert await bot.answer(conversation(language), SAID) == degraded(language)
    redacted = {"en": "[phone number]", "fr": "[numéro de téléphone]"}[language]
    assert bot.knows.asked == [(f"how do I renew my passport? I am at {redacted}", language, "ca-on")]  # type: ignore[attr-defined]


async def test_a_bot_that_takes_too_long_is_not_waited_for(rasa: Rasa, ask: Callable[..., Bot]) -> None:
    rasa.pause = 3.0
    began = time.monotonic()
    assert await ask(timeout=0.1).answer(conversation(), SAID) == degraded()
    assert time.monotonic() - began < 2.0


async def test_a_bot_that_does_not_run_is_answered_for(ask: Callable[..., Bot]) -> None:
    assert await ask(url=f"http://127.0.0.1:{free_port(0)}").answer(conversation(), SAID) == degraded()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (NOT_FOUND, "degraded_not_found"),
        (LookupError("no snapshot"), "degraded_not_found"),
        (CLARIFY, "degraded_choices"),
        (replace(CLARIFY, asks_place=True), "degraded_not_found"),
    ],
)
async def test_it_is_said_honestly_what_could_not_be_done(
    rasa: Rasa, ask: Callable[..., Bot], answer: Answer | Exception, key: str, language: str
) -> None:
    rasa.answer = []
    (reply,) = (await ask(answer).answer(conversation(language), SAID)).replies
    assert reply.text == texts(language)[key]
    assert [choice.say for choice in reply.choices] == (list(CLARIFY.choices) if key == "degraded_choices" else [])
    assert reply.quotes == ()


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_an_answer_that_may_be_none_says_so_also_while_rasa_is_away(
    rasa: Rasa, ask: Callable[..., Bot], language: str
) -> None:
    rasa.answer = []
    (reply,) = (await ask(replace(ANSWER, unsure=True)).answer(conversation(language), SAID)).replies
    assert reply.text == texts(language)["degraded_unsure"] and reply.quotes and reply.degraded


async def test_after_failures_in_a_row_it_is_left_alone_and_then_asked_again(
    rasa: Rasa, ask: Callable[..., Bot], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OPEN_SECONDS", 0.3)
    bot = ask()
    rasa.status = 500
    for _ in range(FAILURES_UNTIL_OPEN + 2):
        assert await bot.answer(conversation(), SAID) == degraded()
    assert len(rasa.asked) == FAILURES_UNTIL_OPEN, "the breaker is open: nobody waits for a bot that is down"
    rasa.status = 200
    await asyncio.sleep(0.4)
    for _ in range(2):
        assert await bot.answer(conversation(), SAID) == Turn((Reply("Hello!"),))
    assert len(rasa.asked) == FAILURES_UNTIL_OPEN + 2


async def test_one_answer_that_cannot_be_read_takes_the_bot_from_nobody(rasa: Rasa, ask: Callable[..., Bot]) -> None:
    bot = ask()
    rasa.answer = [{"custom": {"unheard": "of"}}]
    for _ in range(FAILURES_UNTIL_OPEN + 1):
        await bot.answer(conversation(), SAID)
    rasa.answer = [{"text": "Hello!"}]
    assert await bot.answer(conversation(), SAID) == Turn((Reply("Hello!"),))


async def test_who_comes_back_from_the_desk_is_told(ask: Callable[..., Bot]) -> None:
    for language in ("en", "fr"):
        (reply,) = (await ask().begin(conversation(language), "closed", SAID)).replies
        assert reply == Reply(texts(language)["back_with_bot"], language=language)


def test_knowledge_is_opened_once_however_many_ask_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []

    def slowly(home: Path) -> object:
        opened.append(home)
        time.sleep(0.05)
        return object()

    monkeypatch.setattr(Knowledge, "open", slowly)
    knowledge = opener(tmp_path)
    assert opened == [], "a worker whose bot is well never loads it"
    threads = [threading.Thread(target=knowledge) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == [tmp_path]


ANSWERED = {"custom": {"answer": ANSWER.as_dict(), "text": "Here it is:"}}
QUOTE = Quote(
    text=SOURCE.quote,
    title=SOURCE.title,
    section=SOURCE.section,
    url=SOURCE.url,
    publisher=SOURCE.publisher,
    as_of=SOURCE.as_of,
    language="en",
)


@pytest.mark.parametrize(
    ("messages", "turn"),
    [
        ([{"text": "Hello!"}], Turn((Reply("Hello!"),))),
        ([{"recipient_id": "k", "text": "a"}, {"text": "b"}], Turn((Reply("a"), Reply("b")))),
        (
            [{"text": "Which?", "buttons": [{"title": "Renew", "payload": "renew a passport"}]}],
            Turn((Reply("Which?", choices=(Choice("Renew", "renew a passport"),)),)),
        ),
        ([{"buttons": [{"title": "Yes", "payload": "yes"}]}], Turn((Reply(choices=(Choice("Yes", "yes"),)),))),
        (
            [{"text": "Noted."}, {"custom": {"hand_to": "desk", "because": "asked_for_person"}}],
            Turn((Reply("Noted."),), "desk", "asked_for_person"),
        ),
        ([{"custom": {"hand_to": "desk"}}], Turn((), "desk", "")),
        (
            [{"custom": {"language": "fr"}}, {"text": "D’accord"}],
            Turn((Reply("D’accord", language="fr", changes_language=True),), language="fr"),
        ),
        ([{"text": "Thanks"}, {"custom": {"place": "ca-on"}}], Turn((Reply("Thanks"),), place="ca-on")),
    ],
)
def test_messages_of_rasa_are_read_as_a_turn(messages: list[dict[str, Any]], turn: Turn) -> None:
    assert read(messages, "en") == turn


def test_an_answer_is_read_as_a_quote_with_its_citation() -> None:
    (reply,) = read(json.loads(json.dumps([ANSWERED])), "fr").replies
    assert reply == Reply(
        text="Here it is:",
        quotes=(QUOTE,),
        choices=(Choice("How long does it take?", "How long does it take?"),),
        language="en",
        outcome="answered",
        confidence=0.9,
        snapshot="s1",
        passages=("p1",),
        asks_feedback=True,
    )


def test_words_before_an_answer_lead_into_it() -> None:
    messages = [{"text": "I found this:"}, {"custom": {"answer": ANSWER.as_dict(), "text": ""}}]
    (reply,) = read(messages, "en").replies
    assert (reply.text, reply.quotes) == ("I found this:", (QUOTE,))


def test_what_is_offered_with_the_words_before_an_answer_stays_offered() -> None:
    person = {"title": "Talk to a person", "payload": "I want to talk to a person"}
    messages = [{"text": "Nothing.", "buttons": [person]}, {"custom": {"answer": NOT_FOUND.as_dict(), "text": ""}}]
    (reply,) = read(messages, "en").replies
    assert (reply.text, reply.outcome) == ("Nothing.", "not_found")
    assert reply.choices == (Choice("Talk to a person", "I want to talk to a person"),)


def test_what_was_not_found_is_no_quote_and_links_only_where_they_lead_somewhere() -> None:
    without = Source(**{name: getattr(SOURCE, name) for name in Source.__slots__} | {"url": None})
    answer = Answer(Outcome.NOT_FOUND, 0.2, "fr", (SOURCE, without), (), "s1")
    reply = from_answer(answer.as_dict(), "Rien.")
    assert (reply.quotes, reply.asks_feedback, reply.language) == ((), False, "fr")
    assert reply.links == (Link(SOURCE.title, SOURCE.url, SOURCE.publisher),)


@pytest.mark.parametrize(
    ("fields", "assumes"),
    [({}, False), ({"about": "Renew a passport"}, True), ({"place": "ca-on"}, True), ({"unsure": True}, True)],
)
def test_an_answer_says_what_was_taken_for_granted_or_that_it_may_be_none(
    fields: dict[str, Any], assumes: bool
) -> None:
    assert from_answer(replace(ANSWER, **fields).as_dict()).assumes is assumes


@pytest.mark.parametrize(
    "messages",
    [
        None,
        7,
        {},
        "text",
        [None],
        [{}],
        [{"text": None}],
        [{"text": 7}],
        [{"image": "x.png"}],
        [{"text": "a", "buttons": [{"title": "a"}]}],
        [{"text": "a", "buttons": [{"title": 1, "payload": "a"}]}],
        [{"text": "a", "buttons": "ab"}],
        [{"custom": {}}],
        [{"custom": []}],
        [{"custom": "answer"}],
        [{"custom": {"unheard": "of"}}],
        [{"custom": {"answer": None}}],
        [{"custom": {"answer": ANSWER.as_dict() | {"sources": None}}}],
        [{"custom": {"answer": {}}}],
        [{"custom": {"answer": ANSWER.as_dict() | {"sources": [{}]}}}],
        [{"custom": {"answer": ANSWER.as_dict(), "text": 7}}],
        [{"text": "a"}, {"custom": {"language": "de"}}],
        [{"text": "a"}, {"custom": {"language": ["fr"]}}],
        [{"custom": {"language": "fr"}}],
        [{"custom": {"place": "ca-on"}}],
    ],
)
def test_messages_that_are_not_as_agreed_are_refused(messages: Any) -> None:
    with pytest.raises(ValueError):
        read(messages, "en")
