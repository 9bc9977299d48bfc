"""What a turn puts on record of its answers: how each came about, without personal data, and nothing of it to citizens."""

import json
from dataclasses import replace

from channels.adapters.web import public
from channels.bot import from_answer
from channels.channel import Incoming, Quote, Reply
from channels.conversation import Conversation
from channels.outbox import pack, unpack
from channels.provenance import answers, name_of
from channels.responder import Turn
from knowledge import Answer, Outcome, page_address
from tests.channels.test_switchboard import SAID, Says, board

BASIS = {"question": "how do I renew my passport", "ranked": [["content/en/passport", 1.02]]}
QUOTE = Quote("Renew it.", "Passport", "Cost", "https://Www.Example.ca/Passport/#cost", "IRCC", "2026-03-31", "en")
ANSWERED = Reply("Here:", quotes=(QUOTE,), outcome="answered", confidence=0.9, snapshot="5" * 16, basis=BASIS)
ANSWERED = replace(ANSWERED, passages=("content/en/passport#cost-1", "content/en/visa#intro-1"))
NOTHING = Reply("No.", outcome="not_found", confidence=0.1, snapshot="5" * 16, passages=("content/en/visa#intro-1",))


async def test_each_answer_of_a_turn_is_put_on_record_and_nothing_else() -> None:
    switchboard, _, _ = board(bot=Says(Turn((Reply("Hello."), ANSWERED, NOTHING))))
    *posted, record = await switchboard.turn(SAID)
    first, second = json.loads(json.dumps(record.item["answers"]))
    entries = [entry["id"] for entry in record.item["entries"]]
    assert [first["entry"], second["entry"]] == entries[2:] and first["id"] == name_of(entries[2]) != second["id"]
    assert (first["document"], first["page"]) == ("content/en/passport", "www.example.ca/Passport")
    assert (first["basis"], first["snapshot"], first["question"]) == (BASIS, "5" * 16, SAID.text)
    assert (second["document"], second["page"]) == (None, None), "what was not quoted reached nobody"
    assert all("basis" not in follow.item["reply"] for follow in posted), "it goes to no queue but the record"


def test_a_question_is_recorded_without_personal_data() -> None:
    said = Incoming("m1", SAID.address, "I am at 613-555-0142, how do I renew my passport")
    [row] = answers(Conversation("a" * 32, "web", "en"), said, [replace(ANSWERED, id="m1/1")])
    assert row["question"] == "I am at [phone number], how do I renew my passport"


def test_a_citizen_is_sent_nothing_of_it() -> None:
    assert "basis" not in pack(ANSWERED) and "basis" not in public(ANSWERED)
    assert unpack(json.loads(json.dumps(pack(ANSWERED)))) == ANSWERED


def test_the_basis_comes_along_with_an_answer_of_knowledge() -> None:
    answer = Answer(Outcome.NOT_FOUND, 0.1, "en", snapshot="5" * 16, basis=BASIS).as_dict()
    assert from_answer(json.loads(json.dumps(answer))).basis == BASIS
    del answer["basis"]
    assert from_answer(answer).basis == {}, "an action server of the version before has none"


def test_addresses_of_one_page_are_one() -> None:
    same = ("https://www.example.ca/a", "HTTP://WWW.example.ca/a/", "https://www.example.ca/a#b", "www.example.ca/a")
    assert {page_address(each) for each in same} == {"www.example.ca/a"}
    assert page_address("https://www.example.ca/A") != "www.example.ca/a"
