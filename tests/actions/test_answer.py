"""A question is asked of the knowledge with all that is known about it, and its answer goes on as it is."""

from dataclasses import replace

import pytest

from actions.answer import ActionAnswer
from actions.answer import lead as leading
from knowledge import Answer, NoSnapshot, Outcome
from knowledge.places.governments import Whose
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


async def test_an_answer_in_the_language_of_the_question_is_announced_as_that() -> None:
    told = await run(ActionAnswer(opener(Shelf(found(PASSPORT)))), "how much is it for my passport", language="fr")
    assert told.responses == ["utter_answered_in_language_asked"]


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


WAITING = {"question": "how do I get a health card", "before": ["user: hello there"], "place": ""}
ALBERTA = Whose(
    "ca-ab", {"en": "the Government of Alberta", "fr": "le gouvernement de l’Alberta"}, "https://ab.example"
)


async def test_who_was_asked_where_they_live_is_answered_what_they_asked() -> None:
    shelf = Shelf(replace(found(PASSPORT), place="ca-on"))
    alone = SAID | {"value": "ca-on", "alone": True}
    told = await run(ActionAnswer(opener(shelf)), "Ontario", [alone], place="ca-on", pending=WAITING)
    assert shelf.asked == [("how do I get a health card", "en", "ca-on")]
    assert shelf.before == [("user: hello there",)]
    assert told.responses == ["utter_answered_for"]
    assert told.slots["pending"] == WAITING | {"place": "ca-on"}


@pytest.mark.parametrize(
    ("said", "text", "pending", "asked"),
    [
        ("ca-on-toronto", "Toronto", WAITING | {"place": "ca-on"}, None),  # the answer was theirs already
        ("ca-ab", "what if I live in Alberta", WAITING | {"place": "ca-on"}, "how do I get a health card"),
        ("ca-ab", "what if I live in Alberta", None, "what if I live in Alberta"),
        ("ca-ab", "Alberta", None, None),
    ],
)
async def test_a_place_asks_again_what_it_changes(said: str, text: str, pending: object, asked: str | None) -> None:
    shelf = Shelf(found(PASSPORT))
    alone = SAID | {"value": said, "alone": True}
    told = await run(ActionAnswer(opener(shelf)), text, [alone], place=said, pending=pending)
    assert [question for question, *_ in shelf.asked] == ([asked] if asked else [])
    assert (told.responses == ["utter_place_noted"]) is (asked is None)


@pytest.mark.parametrize(
    ("assumed", "where", "lead", "named"),
    [
        ({"about": "Renew a passport"}, None, "utter_answered_about", {"about": "Renew a passport"}),
        (
            {"about": "Renew a passport", "place": "ca-on"},
            "ca-on",
            "utter_answered_about",
            {"about": "Renew a passport"},
        ),
        ({"place": "ca-on"}, "ca-on-toronto", "utter_answered_for", {"place": "l’Ontario"}),
        ({"place": "ca-on"}, None, "utter_answered_for_place", {"place": "l’Ontario"}),
        ({"place": "ca-on-toronto"}, "ca-on", "utter_answered_for_place", {"place": "Toronto"}),
        ({"unsure": True}, None, "utter_answered_unsure", {}),
        ({"unsure": True, "about": "Renew a passport"}, None, "utter_answered_unsure", {}),
        ({"unsure": True, "place": "ca-on"}, "ca-on", "utter_answered_unsure", {}),
        ({"unsure": True, "place": "ca-on"}, None, "utter_answered_for_place", {"place": "l’Ontario"}),
        ({}, "ca-on", "utter_answered", {}),
    ],
)
def test_what_was_taken_for_granted_is_said(
    assumed: dict[str, str], where: str | None, lead: str, named: dict[str, str]
) -> None:
    assert leading(replace(found(PASSPORT, language="fr"), **assumed), "fr", where) == (lead, named)


@pytest.mark.parametrize(
    ("made", "lead", "named"),
    [
        (replace(found(outcome=Outcome.NOT_FOUND), whose=ALBERTA), "utter_whose", ALBERTA.names["en"]),
        (
            replace(found(outcome=Outcome.NOT_FOUND), whose=replace(ALBERTA, url="")),
            "utter_whose_somewhere",
            ALBERTA.names["en"],
        ),
        (found(PASSPORT, outcome=Outcome.NOT_FOUND), "utter_nearest", ""),
        (replace(found(PASSPORT, outcome=Outcome.CLARIFY), asks_place=True), "utter_ask_place", ""),
    ],
)
async def test_without_an_answer_the_way_on_is_said(made: Answer, lead: str, named: str) -> None:
    told = await run(ActionAnswer(opener(Shelf(made))), "health card")
    assert told.responses == [lead]
    assert told.messages[0].get("whose", "") == named
    assert told.customs[0]["answer"]["outcome"] == made.outcome
    assert told.slots.get("offered") == ("person" if made.outcome is Outcome.NOT_FOUND else None)


@pytest.mark.parametrize("error", [NoSnapshot("Nothing is published: run guichet index."), RuntimeError("broken")])
async def test_a_knowledge_that_fails_is_told_honestly(error: Exception) -> None:
    def failing() -> Shelf:
        raise error

    told = await run(ActionAnswer(failing), "passport")
    assert told.responses == ["utter_knowledge_missing"]
    assert told.customs == []
    assert told.slots == {"offered": "person"}
