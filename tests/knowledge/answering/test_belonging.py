"""Which place a question is about, when that must be asked, and which government it belongs to where none here answers."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from knowledge import Knowledge
from knowledge.answer import Answer, Outcome
from knowledge.answering.belonging import assumed, owner, same_service
from knowledge.answering.ladder import answer
from knowledge.document import Document
from knowledge.publishing.snapshot import build
from knowledge.shelf import Documents
from tests.knowledge.conftest import BagOfWords, document, town

CARD = "A health card shows that you are covered. Doctors ask for the card."
HOW = "Apply for a health card with the form, in person."
BIN = "The garbage truck comes each week. Put the garbage out at seven."


def provinces() -> list[Document]:
    """The same services in two provinces and two cities, and some that are everybody's."""
    cards = [
        document(
            place, f"{name} health card", place=place, intro=f"{CARD} In {name}.", How_to_apply=f"{HOW} In {name}."
        )
        for place, name in (("ca-on", "Ontario"), ("ca-ab", "Alberta"))
    ]
    bins = [
        document(
            place, f"Garbage in {name}", place=place, intro=f"{BIN} In {name}.", Cost=f"Garbage is free in {name}."
        )
        for place, name in (("ca-on-toronto", "Toronto"), ("ca-on-ottawa", "Ottawa"))
    ]
    return [*cards, *bins, *town()]


@pytest.fixture
def ask(tmp_path: Path, encoder: BagOfWords):
    snapshot = build(provinces(), encoder, tmp_path)

    def asked(question: str, place: str | None = None, before: Sequence[str] = ()) -> Answer:
        return answer(question, "en", place, snapshot, encoder, before)

    return asked


def test_who_did_not_say_where_they_live_is_asked(ask) -> None:
    found = ask("how do I apply for a health card")
    assert found.outcome is Outcome.CLARIFY and found.asks_place
    assert sorted(found.choices) == ["Alberta", "Ontario"]
    assert {source.jurisdiction for source in found.sources} == {"ca-on", "ca-ab"}


@pytest.mark.parametrize(("place", "holds"), [("ca-on", "ca-on"), ("ca-ab", "ca-ab"), ("ca-on-toronto", "ca-on")])
def test_who_said_it_is_answered(ask, place: str, holds: str) -> None:
    found = ask("how do I apply for a health card", place)
    assert found.outcome is Outcome.ANSWERED and found.sources[0].jurisdiction == holds
    assert found.place == holds and not found.asks_place


def test_a_city_is_asked_for_though_the_province_is_known(ask) -> None:
    found = ask("when does the garbage truck come", "ca-on")
    assert found.asks_place and sorted(found.choices) == ["Ottawa", "Toronto"]
    there = ask("when does the garbage truck come", "ca-on-ottawa")
    assert there.outcome is Outcome.ANSWERED and there.sources[0].jurisdiction == "ca-on-ottawa"


def test_the_place_is_not_asked_for_what_is_everybodys(ask) -> None:
    assert not ask("how do I get a canoe permit").asks_place


def test_the_same_may_be_asked_of_another_place(ask) -> None:
    before = ("user: how do I apply for a health card in Ontario", "agent: Ontario health card – How to apply")
    found = ask("what if I live in Alberta", "ca-ab", before)
    assert found.outcome is Outcome.ANSWERED and found.sources[0].jurisdiction == "ca-ab"


def test_a_place_that_was_asked_about_stays_asked_about(ask) -> None:
    before = ("user: how do I apply for a health card in Alberta", "agent: Alberta health card – How to apply")
    assert ask("who asks for it", "ca-on", before).sources[0].jurisdiction == "ca-ab"


def test_two_titles_name_the_same_service_but_for_the_place() -> None:
    assert same_service("Ontario health card (OHIP)", "Apply for Alberta health care insurance", "en")
    assert same_service("Garbage in Toronto", "Garbage in Ottawa", "en")
    assert not same_service("Ontario birth certificate", "Ontario health card", "en")
    assert not same_service("Toronto", "Ottawa", "en")


def test_a_place_is_assumed_unless_the_question_names_it() -> None:
    card = {"title": "Ontario health card (OHIP)", "jurisdiction": "ca-on"}
    assert assumed(card, "health card") == "ca-on"
    assert assumed(card, "health card in Toronto") == assumed(card, "lost my OHIP card") == ""
    assert assumed({"title": "Passport", "jurisdiction": "ca"}, "passport") == ""


@pytest.mark.parametrize(
    ("language", "question", "place", "whose"),
    [
        ("en", "Alberta driver's licence", None, "ca-ab"),
        ("en", "how do I get a health card", "ca-qc", "ca-qc"),
        ("en", "garbage collection in Mississauga", None, "ca-on-mississauga"),
        ("en", "garbage day", "ca-on-thunder-bay", "municipality"),
        ("en", "How do I dispute my notice of assessment from Revenu Québec?", None, "ca-qc"),
        ("en", "US passport renewal", None, "abroad"),
        ("en", "How do I register with the NHS?", None, "abroad"),
        ("fr", "Comment renouveler ma carte d'assurance maladie du Québec?", None, "ca-qc"),
        ("fr", "les vidanges à Laval", None, "ca-qc-laval"),
        ("fr", "aide sociale en Alberta", None, "ca-ab"),
    ],
)
def test_a_question_of_another_government_is_sent_there(
    knowledge: Knowledge, language: str, question: str, place: str | None, whose: str
) -> None:
    found = knowledge.ask(question, language=language, place=place)
    assert found.outcome is Outcome.NOT_FOUND and not found.sources
    assert found.whose is not None and found.whose.jurisdiction == whose
    assert set(found.whose.names) == {"en", "fr"}
    assert bool(found.whose.url) == (whose not in ("abroad", "municipality"))


def test_whose_a_question_is_can_be_told_without_reading_the_pages(tmp_path: Path, encoder: BagOfWords) -> None:
    class Unread(Documents):
        def __getitem__(self, at: Any) -> Any:
            raise AssertionError("there may be 300,000 of them")

    shelf = build(provinces(), encoder, tmp_path).shelves["en"]
    unread = replace(shelf, documents=Unread(*(np.zeros(2, np.int64),) * 2))
    theirs = owner(("driver's licence renewal",), "en", ("ca-mb",), unread, "Driver's licence")
    assert theirs is not None and theirs.jurisdiction == "ca-mb"
    assert owner(("driver's licence renewal",), "en", ("ca-ab",), unread, "Driver's licence") is None


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("best restaurant in Calgary", None),
        ("how do I get an OHIP card", None),
        ("renew my passport in Vancouver", "ca-bc"),
        ("how do I get a health card", "ca-on-ottawa"),
        ("I moved from Alberta to Ontario, how do I exchange my licence", None),
    ],
)
def test_no_government_is_named_for_what_is_known_here_or_nowhere(
    knowledge: Knowledge, question: str, place: str | None
) -> None:
    assert knowledge.ask(question, language="en", place=place).whose is None


def test_an_ontario_answer_says_that_it_is_ontarios(knowledge: Knowledge) -> None:
    found = knowledge.ask("how do I get a health card", language="en")
    assert found.outcome is Outcome.ANSWERED and found.place == "ca-on"
    asked_then = knowledge.ask(
        "what if I live in Alberta",
        language="en",
        before=("user: how do I get a health card", "agent: x – How to apply"),
    )
    assert asked_then.whose is not None and asked_then.whose.url.startswith("https://www.alberta.ca/")
