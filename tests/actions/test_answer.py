"""A question is asked of the knowledge with all that is known about it, and its answer goes on as it is."""

from dataclasses import replace

import pytest

from actions.answer import ActionAnswer
from knowledge import NoSnapshot, Outcome
from tests.actions.told import PASSPORT, Shelf, found, opener, run

LATER = replace(PASSPORT, title="Get a first passport", contact=None)


async def test_a_question_is_asked_in_its_language_and_for_its_place() -> None:
    shelf = Shelf(found(PASSPORT))
    await run(ActionAnswer(opener(shelf)), "combien coûte un passeport", language="fr", place="ca-on")
    assert shelf.asked == [("combien coûte un passeport", "fr", "ca-on")]


async def test_who_has_no_language_yet_is_asked_in_english() -> None:
    shelf = Shelf(found(PASSPORT))
    await run(ActionAnswer(opener(shelf)), "passport", language=None)
    assert shelf.asked == [("passport", "en", None)]


async def test_an_answer_follows_its_lead_and_becomes_the_topic() -> None:
    answer = found(PASSPORT, LATER)
    told = await run(ActionAnswer(opener(Shelf(answer))), "passport cost")
    assert told.responses == ["utter_answered"]
    assert told.customs == [{"answer": answer.as_dict(), "text": ""}]
    assert [source["title"] for source in told.slots["sources"]] == [PASSPORT.title, LATER.title]
    assert "quote" not in told.slots["sources"][0]
    assert told.next == "action_listen"


async def test_an_answer_in_the_other_language_is_announced_as_one() -> None:
    told = await run(ActionAnswer(opener(Shelf(found(PASSPORT)))), "passeport", language="fr")
    assert told.responses == ["utter_answered_in_other_language"]


@pytest.mark.parametrize(
    ("outcome", "lead", "offered"),
    [
        (Outcome.CLARIFY, "utter_clarify", None),
        (Outcome.NOT_FOUND, "utter_not_found", "person"),
        (Outcome.OUT_OF_SCOPE, "utter_out_of_scope", "topics"),
    ],
)
async def test_every_outcome_has_its_lead_and_its_offer(outcome: Outcome, lead: str, offered: str | None) -> None:
    sources = (PASSPORT, LATER) if outcome is Outcome.CLARIFY else ()
    told = await run(ActionAnswer(opener(Shelf(found(*sources, outcome=outcome)))), "hm")
    assert told.responses == [lead]
    assert told.customs[0]["answer"]["outcome"] == outcome
    assert told.slots.get("offered") == offered


async def test_a_question_without_an_answer_leaves_the_topic() -> None:
    told = await run(ActionAnswer(opener(Shelf(found(outcome=Outcome.NOT_FOUND)))), "hm", sources=[{"title": "x"}])
    assert "sources" not in told.slots


async def test_a_new_answer_forgets_what_did_not_help() -> None:
    told = await run(ActionAnswer(opener(Shelf(found(PASSPORT)))), "passport", unhelpful=1)
    assert told.slots["unhelpful"] == 0


SAID = {"entity": "place", "value": "ca-on-toronto", "extractor": "said"}


async def test_a_place_that_is_said_is_passed_on() -> None:
    shelf = Shelf(found(PASSPORT))
    told = await run(ActionAnswer(opener(shelf)), "I live in Toronto, parking?", [SAID], place="ca-on-toronto")
    assert told.customs[0] == {"place": "ca-on-toronto"}
    assert "answer" in told.customs[1]
    assert shelf.asked[0][2] == "ca-on-toronto"


async def test_who_says_only_where_they_live_is_not_answered_a_question() -> None:
    shelf = Shelf(found(PASSPORT))
    told = await run(ActionAnswer(opener(shelf)), "Toronto", [SAID | {"alone": True}])
    assert told.responses == ["utter_place_noted"]
    assert told.customs == [{"place": "ca-on-toronto"}]
    assert not shelf.asked


async def test_a_place_that_the_channel_gave_is_not_passed_back() -> None:
    given = SAID | {"extractor": "given"}
    told = await run(ActionAnswer(opener(Shelf(found(PASSPORT)))), "passport", [given])
    assert [set(custom) for custom in told.customs] == [{"answer", "text"}]


@pytest.mark.parametrize("error", [NoSnapshot("Nothing is published: run guichet index."), RuntimeError("broken")])
async def test_a_knowledge_that_fails_is_told_honestly(error: Exception) -> None:
    def failing() -> Shelf:
        raise error

    told = await run(ActionAnswer(failing), "passport")
    assert told.responses == ["utter_knowledge_missing"]
    assert told.customs == []
    assert told.slots == {"offered": "person"}
