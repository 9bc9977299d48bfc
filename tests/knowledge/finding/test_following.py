"""A turn is read in the light of those before it, as far as it needs them; a question of its own is left alone."""

from pathlib import Path

import pytest

from knowledge import Knowledge
from knowledge.answer import Answer, Outcome
from knowledge.answering.confidence import Confidence, confidence_in_context
from knowledge.answering.reading import read
from knowledge.finding.following import (
    goes_on,
    in_context,
    in_its_light,
    joins,
    mixed,
    points,
    questions,
    stands_alone,
    turns,
)
from knowledge.publishing.snapshot import build
from tests.knowledge.conftest import BagOfWords, town

CANOE = ("user: How do I get a canoe permit?", "agent: Canoe permit – How to apply")


@pytest.fixture
def index(tmp_path: Path, encoder: BagOfWords):
    return build(town(), encoder, tmp_path).indexes["en"]


def test_scores_go_from_the_turn_alone_to_the_turn_in_context(index, encoder: BagOfWords) -> None:
    newest = index.understand("what does it cost", encoder)
    alone = index.score(newest, "en")
    together, query = in_its_light(index, newest, alone, CANOE, encoder, "en")
    assert {"cano", "permit"} <= {term for term, _ in query.terms}
    of_canoe = [number for number, document in enumerate(index.document) if document == 0]
    assert together.whole[of_canoe].max() == together.whole.max()
    assert (mixed(alone, together, 0).whole == alone.whole).all()
    assert (mixed(alone, together, 1).fused == together.fused).all()


def test_context_is_the_newest_turn_and_the_two_before_it() -> None:
    assert in_context("cost?", ("user: a", *CANOE)) == (
        "cost? cost? How do I get a canoe permit? Canoe permit – How to apply"
    )
    assert questions(("user: a", "agent: b", "user: c", "unnamed")) == ("unnamed", "c", "a")


@pytest.mark.parametrize(
    ("language", "turn", "on", "joined"),
    [
        ("en", "and for my son?", True, True),
        ("en", "how much is it", True, False),
        ("en", "What if I live in Alberta?", True, True),
        ("en", "passport for an item", False, False),
        ("fr", "Et pour mon fils?", True, True),
        ("fr", "combien ça coûte?", True, False),
        ("fr", "Comment l’obtenir à l’étranger", False, False),
        ("fr", "étude de permis", False, False),
        ("es", "y para mi hijo", False, False),
    ],
)
def test_a_turn_that_goes_on_says_so(language: str, turn: str, on: bool, joined: bool) -> None:
    assert (goes_on(turn, language), joins(turn, language)) == (on, joined)


def test_only_what_tells_enough_stands_alone(index) -> None:
    canoe, cost = index.understand("canoe market stall", None), index.understand("cost", None)
    assert stands_alone(canoe, index, sure=True) and not stands_alone(cost, index, sure=True)
    assert not stands_alone(canoe, index, sure=False)
    assert not stands_alone(index.understand("and the market stall", None), index, sure=True)


def test_confidence_needs_the_turn_as_well_as_its_context() -> None:
    def page(together: float, alone: float) -> float:
        return confidence_in_context(Confidence(together, 1.0), Confidence(alone, 1.0)).page

    assert page(0.97, 0.05) > 0.6 > page(0.9, 0.0)
    assert 0 <= page(0.0, 0.0) < page(1.0, 1.0) <= 1


def test_which_passage_answers_is_told_by_the_turn_in_its_context_and_surer_than_by_itself() -> None:
    for section in (0.2, 0.7, 0.99):
        assert section < confidence_in_context(Confidence(0.9, section), Confidence(0.9, 0.1)).section <= 1


def test_of_what_an_agent_said_the_last_sentence_counts() -> None:
    before = (
        "user: My licence is lost. Help.",
        "agent: I see. Do you live in Ontario?",
        "agent: ",
        "user:  ",
        "agent: Yes",
    )
    assert points(before) == ["My licence is lost. Help.", "Do you live in Ontario?", "Yes"]


def ask(knowledge: Knowledge, *asked: str, language: str = "en", place: str | None = None) -> Answer:
    """The answer to the last of what is asked, each answered before the next."""
    before: list[str] = []
    for question in asked:
        found = knowledge.ask(question, language=language, place=place, before=before)
        before += turns(question, found)
    return found


@pytest.mark.parametrize(
    ("language", "before", "said", "service"),
    [
        ("en", "How do I renew my PR card?", "how much is a passport", "passport-new-adult"),
        ("en", "how do i get a birth certificate in ontario", "how long for ei", "ei-regular"),
        ("fr", "Comment renouveler ma carte RP?", "combien coûte un passeport", "passport-new-adult"),
    ],
)
def test_who_asks_the_same_of_another_service_is_answered_about_that_one(
    knowledge: Knowledge, language: str, before: str, said: str, service: str
) -> None:
    found = ask(knowledge, before, said, language=language)
    assert found.outcome is Outcome.ANSWERED and not found.about
    assert found.sources[0].passage.split("#")[0] == f"content/{language}/{service}"


@pytest.mark.parametrize(
    ("language", "said", "service", "section"),
    [
        ("en", ("How do I renew my passport?", "how much does it cost?"), "passport-renewal", "Cost"),
        ("en", ("How do I renew my passport?", "how much does it cost?", "and for my son?"), "passport-child", "Cost"),
        ("en", ("How do I apply for EI?", "when will they pay"), "ei-regular", None),
        ("fr", ("Comment renouveler mon passeport?", "combien ça coûte?"), "passport-renewal", "Coût"),
        (
            "fr",
            ("Comment renouveler mon passeport?", "combien ça coûte?", "et pour mon fils?"),
            "passport-child",
            "Coût",
        ),
        ("fr", ("qui a droit au chômage", "et si je suis malade à la place?"), "ei-sickness", None),
    ],
)
def test_a_follow_up_is_understood(
    knowledge: Knowledge, language: str, said: tuple[str, ...], service: str, section: str | None
) -> None:
    found = ask(knowledge, *said, language=language)
    assert found.outcome is Outcome.ANSWERED
    assert found.sources[0].passage.split("#")[0] == f"content/{language}/{service}"
    assert section is None or found.sources[0].section == section


def test_what_the_conversation_added_is_said(knowledge: Knowledge) -> None:
    first, second = "How do I renew my passport?", "how much does it cost?"
    assert ask(knowledge, first, second).about == "Renew an adult passport"
    assert ask(knowledge, first).about == ""
    assert ask(knowledge, first, "how do I get a study permit").about == ""


@pytest.mark.parametrize(
    ("language", "new"),
    [
        ("en", "how do I sponsor my wife"),
        ("en", "who won the hockey game last night"),
        ("en", "health card"),
        ("fr", "comment devenir citoyen"),
        ("fr", "licence de mariage"),
        ("fr", "meilleure pizza près de la gare"),
    ],
)
def test_a_new_question_is_answered_as_if_nothing_had_been_said(knowledge: Knowledge, language: str, new: str) -> None:
    before = {"en": "How do I renew my passport?", "fr": "Comment renouveler mon passeport?"}[language]
    alone, after = ask(knowledge, new, language=language), ask(knowledge, before, new, language=language)
    assert (after.outcome, after.sources, after.about) == (alone.outcome, alone.sources, "")


def test_a_turn_that_may_go_on_is_read_with_its_context_while_it_is_looked_for_alone(
    tmp_path: Path, encoder: BagOfWords, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr("knowledge.answering.reading.foresee", lambda _, texts: begun.extend(texts))
    snapshot = build(town(), encoder, tmp_path)  # type: ignore[arg-type]
    index, shelf = snapshot.indexes["en"], snapshot.shelves["en"]
    read("and the fee?", "en", None, index, shelf, encoder, CANOE)  # type: ignore[arg-type]
    assert begun == [in_context("and the fee?", CANOE)] and begun[0] in encoder.encoded
    read("fee", "en", None, index, shelf, encoder)  # type: ignore[arg-type]
    assert len(begun) == 1, "a first turn has no context"
