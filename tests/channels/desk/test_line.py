"""The line: what who waits may choose instead, what who was served says of it, and that all else goes to the bot."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest
from sqlalchemy import select

from channels.channel import Incoming, Reply
from channels.continuation import Codes, Origin
from channels.conversation import Conversation
from channels.copies import Copies
from channels.desk.desk import Desk
from channels.desk.line import Line
from channels.responder import Turn
from channels.tables import cases
from channels.texts import texts
from tests.channels.desk.conftest import SECRET, Stage

MONDAY = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)  # 10 o'clock in Toronto
NUMBER = "+16135550100"
OWN = texts("en")


class Citizen:
    """Somebody who was handed over and stands in line."""

    def __init__(self, stage: Stage, line: Line, conversation: Conversation, address: str) -> None:
        self.stage, self.line, self.conversation, self.address = stage, line, conversation, address
        self._ids = count(1)

    def message(self, text: str) -> Incoming:
        return Incoming(f"m{next(self._ids)}", self.address, text)

    async def asks_for_person(self) -> Reply:
        turn = await self.line.begin(self.conversation, "asked_for_person", self.message("a person please"))
        assert turn.hand_to == "line"
        return turn.replies[0]

    async def says(self, text: str) -> Turn:
        return await self.line.answer(self.conversation, self.message(text))

    async def hears(self, text: str) -> Reply:
        (reply,) = (await self.says(text)).replies
        return reply

    async def case(self):  # type: ignore[no-untyped-def]
        return await self.stage.counter.queue.latest(self.conversation.key)


@pytest.fixture
def line(stage: Stage) -> Line:
    desk = Desk(stage.counter, stage.switches, frozenset({"web"}), lambda: MONDAY)
    copies = Copies(stage.redis, "https://www.example.ca")
    return Line(desk, stage.history, copies, Codes(stage.redis, SECRET), NUMBER, lambda: MONDAY)


@pytest.fixture
def comes(stage: Stage, line: Line) -> Callable[..., object]:
    async def citizen(channel: str = "sms", language: str = "en") -> Citizen:
        await stage.agent()
        conversation, address = await stage.citizen(channel, language)
        return Citizen(stage, line, replace(conversation, answered_by="line"), address)

    return citizen


async def test_what_is_no_choice_goes_to_the_bot(comes: Callable[..., object]) -> None:
    citizen: Citizen = await comes()  # type: ignore[misc]
    reply = await citizen.asks_for_person()
    assert OWN["offer_stop"] in [each.say for each in reply.choices]
    assert await citizen.says("how much is a passport?") == Turn(hand_to="bot")


async def test_who_texts_is_called_back_at_their_own_number_when_they_choose(comes: Callable[..., object]) -> None:
    citizen: Citizen = await comes()  # type: ignore[misc]
    await citizen.asks_for_person()
    asked = await citizen.hears(OWN["offer_callback"])
    labels = [each.say for each in asked.choices]
    assert labels[0] == OWN["callback_soon"]
    assert labels[1] == "Monday, November 30, 11:00\u00a0a.m. to 1:00\u00a0p.m."
    set_ = await citizen.hears(labels[1])
    assert labels[1] in set_.text
    case = await citizen.case()
    assert (case.wants, case.asks, case.state) == ("callback", None, "waiting")
    kept = await citizen.stage.cases.callback(case.id)
    assert kept["phone"] == citizen.address.partition(":")[2]
    assert kept["from"] == "2026-11-30T16:00:00+00:00"


async def test_who_chats_is_asked_for_a_number_until_it_is_one_or_something_else(comes: Callable[..., object]) -> None:
    citizen: Citizen = await comes("web", "fr")  # type: ignore[misc]
    own = texts("fr")
    await citizen.asks_for_person()
    assert (await citizen.hears(own["offer_callback"])).text == own["callback_phone"]
    assert (await citizen.hears("555")).text == own["callback_unfit"]
    asked = await citizen.hears("au 613 555-0142 svp")
    assert "613\u00a0555-0142" in asked.text
    assert (await citizen.hears(own["callback_soon"])).text.startswith(
        "Une personne vous appellera au 613\u00a0555-0142"
    )
    assert await citizen.stage.cases.callback((await citizen.case()).id) == {"phone": "+16135550142"}
    await citizen.hears(own["offer_callback"])
    assert await citizen.says("c'est combien un passeport?") == Turn(hand_to="bot"), "they want something else"
    assert await citizen.says("613 555-0142") == Turn(hand_to="bot"), "they were not asked any more"


@pytest.mark.parametrize("word", ["cancel", "Annuler!", "STOP"])
async def test_what_was_begun_can_be_left(comes: Callable[..., object], word: str) -> None:
    citizen: Citizen = await comes("web")  # type: ignore[misc]
    await citizen.asks_for_person()
    await citizen.hears(OWN["offer_callback"])
    assert (await citizen.hears(word)).text == OWN["callback_cancelled"]
    assert (await citizen.case()).wants == "chat"


async def test_a_message_is_left_for_whoever_takes_the_case(comes: Callable[..., object]) -> None:
    citizen: Citizen = await comes()  # type: ignore[misc]
    await citizen.asks_for_person()
    assert (await citizen.hears(OWN["offer_message"])).text == OWN["message_ask"]
    assert (await citizen.hears("My file is B-42.")).text == OWN["message_kept"]
    case = await citizen.case()
    lines = await citizen.stage.cases.lines(case.id)
    assert [(line.kind, line.text) for line in lines if line.kind == "citizen"] == [("citizen", "My file is B-42.")]
    assert case.wants == "message"


async def test_who_goes_waits_no_more(comes: Callable[..., object]) -> None:
    citizen: Citizen = await comes()  # type: ignore[misc]
    await citizen.asks_for_person()
    assert (await citizen.hears(OWN["offer_stop"])).text == OWN["line_left"]
    case = await citizen.case()
    assert (case.state, case.outcome) == ("closed", "no_answer")
    assert (await citizen.stage.record.find(citizen.conversation.key)).answered_by == "bot"  # type: ignore[union-attr]


async def test_a_case_goes_on_by_telephone_with_its_place(stage: Stage, comes: Callable[..., object]) -> None:
    citizen: Citizen = await comes("web")  # type: ignore[misc]
    await citizen.asks_for_person()
    told = await citizen.hears(OWN["offer_text"])
    assert "613-555-0100" in told.text
    before = await citizen.case()
    there, address = await stage.citizen("sms")
    found = await citizen.line.codes.redeem(told.text.split()[1], there.key, "t1")
    assert found == Origin(citizen.address, citizen.conversation.key)
    await citizen.line.follow(citizen.conversation.key, there, address)
    after = await stage.cases.one(before.id)
    assert (after.conversation, after.channel, after.waiting_since) == (there.key, "sms", before.waiting_since)
    agent = await stage.agent()
    held = await stage.counter.claim(before.id, agent.id)
    await stage.counter.say(before.id, agent.id, held.epoch, "r1", "hello", ())
    assert (await stage.posted())[-1]["address"] == address


@pytest.mark.parametrize(("said", "rating"), [("Yes", 3), ("Partly", 2), ("No", 1), ("Oui", 3)])
async def test_who_was_served_says_how_it_was_and_the_last_word_counts(
    stage: Stage, comes: Callable[..., object], said: str, rating: int
) -> None:
    citizen: Citizen = await comes()  # type: ignore[misc]
    await citizen.asks_for_person()
    case, agent = await citizen.case(), await stage.agent()
    held = await stage.counter.claim(case.id, agent.id)
    await stage.counter.close(case.id, agent.id, held.epoch, "answered", ["form"])
    farewell = (await stage.posted())[-1]["reply"]
    assert [each["say"] for each in farewell["choices"]][:3] == ["Yes", "Partly", "No"]  # type: ignore[index]
    thanks = await citizen.hears(said)
    assert thanks.text == OWN["rate_thanks" if rating == 3 else "rate_sorry"]
    async with stage.engine.connect() as connection:
        row = (await connection.execute(select(cases.c.rating, cases.c.tags).where(cases.c.id == case.id))).one()
    assert (row.rating, row.tags) == (rating, ["form"])
    assert await citizen.says("Yes") == Turn(hand_to="bot", because="nobody_has_it"), "asked once"


async def test_a_yes_to_something_else_is_no_rating(stage: Stage, comes: Callable[..., object]) -> None:
    citizen: Citizen = await comes()  # type: ignore[misc]
    await citizen.asks_for_person()
    case, agent = await citizen.case(), await stage.agent()
    held = await stage.counter.claim(case.id, agent.id)
    await stage.counter.close(case.id, agent.id, held.epoch, "answered")
    assert (await citizen.says("and a passport?")).because == "nobody_has_it"
    assert (await citizen.says("yes")).because == "nobody_has_it"


async def test_a_copy_has_what_was_said_with_sources_and_no_note(stage: Stage, comes: Callable[..., object]) -> None:
    citizen: Citizen = await comes()  # type: ignore[misc]
    await citizen.asks_for_person()
    case, agent = await citizen.case(), await stage.agent()
    held = await stage.counter.claim(case.id, agent.id)
    await citizen.says("my file is B-42")
    await stage.counter.note(case.id, agent.id, "n1", "a delicate note")
    await stage.counter.say(case.id, agent.id, held.epoch, "r1", "It is done.", ())
    await stage.counter.close(case.id, agent.id, held.epoch, "answered")
    told = await citizen.hears(OWN["offer_transcript"])
    url = told.links[0].url or ""
    assert url.startswith("https://www.example.ca/copy/")
    text = await citizen.line.copies.find(url.rsplit("/", 1)[1])
    assert text is not None
    assert text.index("my file is B-42") < text.index("It is done.")
    assert ("delicate" not in text and "a.m." in text) or "p.m." in text
    assert await citizen.line.copies.find("another") is None
    assert await citizen.hears("yes"), "it can still be said how it was"


async def test_who_was_claimed_meanwhile_is_heard_by_the_agent(stage: Stage, comes: Callable[..., object]) -> None:
    citizen: Citizen = await comes()  # type: ignore[misc]
    await citizen.asks_for_person()
    case = await citizen.case()
    await stage.counter.claim(case.id, (await stage.agent()).id)
    assert await citizen.says("I want to die") == Turn()
    assert (await stage.cases.one(case.id)).urgent, "the agent sees that it is"
