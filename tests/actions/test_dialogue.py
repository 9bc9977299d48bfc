"""What is remembered of a dialogue: a few short turns, and the question that waits for a place."""

from dataclasses import replace

from actions.dialogue import TURNS, Asked, is_said, told
from knowledge import Outcome
from knowledge.following import LONGEST
from knowledge.governments import whose
from tests.actions.told import PASSPORT, found


def slots(asked: Asked, answer, place: str | None = None) -> dict:
    return {event["name"]: event["value"] for event in told(asked, answer, place)}


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


def test_a_question_waits_while_its_place_is_not_certain() -> None:
    asked = Asked("health card", ("user: hello",))
    waiting = {"question": "health card", "before": ["user: hello"]}
    here = replace(found(PASSPORT), place="ca-on")
    assert slots(asked, here)["pending"] == waiting
    assert slots(asked, here, "ca-on-toronto")["pending"] is None
    assert slots(asked, replace(found(PASSPORT, outcome=Outcome.CLARIFY), asks_place=True))["pending"] == waiting
    elsewhere = replace(found(outcome=Outcome.NOT_FOUND), whose=whose("ca-ab", "en"))
    assert slots(asked, elsewhere, "ca-ab")["pending"] == waiting


def test_a_city_is_in_its_province_and_not_the_other_way_round() -> None:
    assert is_said("ca-on", "ca-on-toronto") and is_said("ca-on", "ca-on")
    assert not is_said("ca-on-toronto", "ca-on") and not is_said("ca-on", "ca-ont") and not is_said("ca-on", None)
