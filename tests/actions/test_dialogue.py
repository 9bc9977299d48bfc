"""What is remembered of a dialogue: a few short turns, and the question that waits for a place."""

from dataclasses import replace

from actions.dialogue import TURNS, Asked, is_said, told
from knowledge import Outcome
from knowledge.finding.following import LONGEST
from knowledge.places.governments import whose
from tests.actions.told import PASSPORT, found


def slots(asked: Asked, answer) -> dict:
    return {event["name"]: event["value"] for event in told(asked, answer)}


def test_a_turn_is_the_question_and_the_page_that_answered() -> None:
    kept = slots(Asked("how much is a passport"), found(PASSPORT))
    assert kept["before"] == ["user: how much is a passport", f"agent: {PASSPORT.title} – {PASSPORT.section}"]
    assert kept["pending"] is None


def test_it_never_grows() -> None:
    before: tuple[str, ...] = ()
    for _ in range(9):
        before = tuple(slots(Asked("passport " * 99, before), found(PASSPORT))["before"])
    assert len(before) == TURNS and max(map(len, before)) <= LONGEST + len("agent: ")


def test_a_question_without_an_answer_leaves_the_subject() -> None:
    before = ("user: passport", "agent: Passport – Cost")
    assert slots(Asked("pizza", before), found(outcome=Outcome.OUT_OF_SCOPE))["before"] == list(before)


def test_a_question_whose_answer_depends_on_the_place_waits_for_one() -> None:
    asked = Asked("health card", ("user: hello",))
    waiting = {"question": "health card", "before": ["user: hello"], "place": ""}
    assert slots(asked, replace(found(PASSPORT), place="ca-on"))["pending"] == waiting | {"place": "ca-on"}
    assert slots(asked, replace(found(PASSPORT, outcome=Outcome.CLARIFY), asks_place=True))["pending"] == waiting
    assert slots(asked, replace(found(outcome=Outcome.NOT_FOUND), whose=whose("ca-ab", "en")))["pending"] == waiting


def test_a_question_that_names_a_place_leaves_the_one_that_waits() -> None:
    elsewhere = replace(found(outcome=Outcome.NOT_FOUND), whose=whose("ca-ab", "en"))
    assert "pending" not in slots(Asked("health card in Alberta"), elsewhere)


def test_a_city_is_in_its_province_and_not_the_other_way_round() -> None:
    assert is_said("ca-on", "ca-on-toronto") and is_said("ca-on", "ca-on")
    assert not is_said("ca-on-toronto", "ca-on") and not is_said("ca-on", "ca-ont") and not is_said("ca-on", None)
