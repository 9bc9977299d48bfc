"""The ladder: answer in published words, ask which service is meant, or say no; never with another place's rules."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import Knowledge
from knowledge.answer import Outcome
from knowledge.answering.belonging import places
from knowledge.answering.confidence import FEATURES, Confidence, surer, told
from knowledge.answering.fitted import thresholds
from knowledge.answering.ladder import answer, judge
from knowledge.answering.quoting import LONGEST, SHORT
from knowledge.answering.units import WHOLE
from knowledge.finding.ranking import Candidate, Ranking
from knowledge.publishing.snapshot import build
from knowledge.text import LANGUAGES
from tests.knowledge.conftest import BagOfWords, town


def test_an_answer_is_quoted_and_cited(knowledge: Knowledge) -> None:
    found = knowledge.ask("How do I renew my passport?", language="en")
    assert found.outcome is Outcome.ANSWERED and found.snapshot == knowledge.snapshot.name
    first = found.sources[0]
    assert first.passage.startswith("content/en/passport-renewal#") and first.section == "How to apply"
    assert first.url and first.publisher and first.as_of and first.contact
    assert len(found.sources) <= 3 and len({s.title for s in found.sources}) == len(found.sources)
    assert 1 <= len(found.choices) <= 3 and "How do I renew my passport?" not in found.choices


@pytest.mark.parametrize(
    ("language", "question", "service", "section"),
    [
        ("en", "how mutch does it cost to renew my pasport", "passport-renewal", "Cost"),
        ("en", "how long do i wait for my health card", "on-health-card", "How long it takes"),
        ("fr", "cb coute le renouvellement du passeport", "passport-renewal", "Coût"),
        ("fr", "kel documents pour la carte sante", "on-health-card", "Ce qu'il vous faut"),
        ("fr", "jai perdu ma job, comment demander le chomage", "ei-regular", "Comment faire"),
    ],
)
def test_the_section_that_was_asked_for(
    knowledge: Knowledge, language: str, question: str, service: str, section: str
) -> None:
    first = knowledge.ask(question, language=language).sources[0]
    assert (first.passage.split("#")[0], first.section) == (f"content/{language}/{service}", section)


def test_an_answer_that_is_rather_wrong_than_right_is_known_to_be(knowledge: Knowledge) -> None:
    sure, unsure = (
        knowledge.ask(question, language="en")
        for question in ("How much is a passport renewal?", "Which company prints the permanent resident cards?")
    )
    assert sure.outcome is unsure.outcome is Outcome.ANSWERED
    assert sure.confidence > thresholds().sure > unsure.confidence
    assert unsure.unsure and not sure.unsure


def test_every_quote_is_the_publishers_words(knowledge: Knowledge) -> None:
    for language, question in (
        ("en", "EI sickness benefits"),
        ("fr", "prestation fiscale pour enfants"),
        ("en", "garbage"),
    ):
        shelf = knowledge.snapshot.shelves[language]
        published = {shelf.passage(n).id: shelf.passage(n).text for n in range(len(shelf.of))}
        for source in knowledge.ask(question, language=language).sources:
            assert source.quote in published[source.passage] and len(source.quote) <= WHOLE * LONGEST


@pytest.mark.parametrize(
    "question", ["", "   ", "?!", "\x00\ud800", "<script>alert(1)</script>", "asdfghjkl qwerty", "🙂" * 50]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nonsense_is_not_answered(knowledge: Knowledge, question: str, language: str) -> None:
    found = knowledge.ask(question, language=language)
    assert found.outcome in (Outcome.OUT_OF_SCOPE, Outcome.NOT_FOUND) and not found.sources
    found.as_dict()


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "How do I renew a British Columbia driver's licence?"),
        ("fr", "Comment renouveler ma carte d'assurance maladie du Québec?"),
        ("en", "garbage collection in Mississauga"),
        ("fr", "Comment payer mon compte de taxes à Laval?"),
        ("en", "How do I dispute my notice of assessment from Revenu Québec?"),
        ("en", "How do I renew my passport with the NHS?"),
        ("fr", "Comment toucher le chômage en France?"),
    ],
)
def test_another_places_service_is_not_answered_with_ours(knowledge: Knowledge, language: str, question: str) -> None:
    assert knowledge.ask(question, language=language).outcome is not Outcome.ANSWERED


def test_the_place_of_the_citizen_keeps_another_provinces_services_away(knowledge: Knowledge) -> None:
    def titles(place: str | None) -> set[str]:
        found = knowledge.ask("how do I get a health card", language="en", place=place)
        return {s.jurisdiction for s in found.sources if found.outcome is Outcome.ANSWERED}

    assert "ca-on" in titles(None) and "ca-on" in titles("ca-on-toronto")
    assert "ca-on" not in titles("ca-qc")


@pytest.mark.parametrize(
    ("judged", "question", "shown"),
    [
        (Outcome.NOT_FOUND, "How do I renew my passport?", True),
        (Outcome.NOT_FOUND, "How do I renew the passport of an okapi?", False),  # which no page knows
        (Outcome.OUT_OF_SCOPE, "How do I renew my passport?", False),
    ],
)
def test_below_an_answer_the_nearest_pages_are_shown(
    knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch, judged: Outcome, question: str, shown: bool
) -> None:
    monkeypatch.setattr("knowledge.answering.ladder.judge", lambda *_: judged)
    found = knowledge.ask(question, language="en")
    assert found.outcome is judged and not found.choices and found.whose is None
    assert [source.title for source in found.sources][:1] == (["Renew an adult passport"] if shown else [])
    assert len(found.sources) <= 3


def test_a_service_of_many_names_is_asked_about(knowledge: Knowledge) -> None:
    found = knowledge.ask("passport", language="en")
    assert found.outcome is Outcome.CLARIFY and 2 <= len(found.choices) <= 3
    chosen = knowledge.ask(found.choices[0], language="en")
    assert chosen.outcome is Outcome.ANSWERED and chosen.sources[0].title == found.choices[0]


def test_a_language_that_is_not_known_still_gets_an_answer(knowledge: Knowledge) -> None:
    assert knowledge.ask("passport renewal", language="es").language in LANGUAGES


def test_a_named_place_goes_before_the_citizens_own() -> None:
    assert places("health card in Alberta", "ca-on") == ("ca-ab",)
    assert places("I moved from Alberta", "ca-on") == ("ca-ab", "ca-on")
    assert places("health card", "ca-on") == ("ca-on",)
    assert places("health card", None) == ()


class Asked:
    asked = (("canoe", 1.0), ("permit", 1.0), ("cost", 1.0))


class Named:
    asked = (("canoe", 1.0),)


@pytest.mark.parametrize(
    ("confidence", "query", "second", "outcome"),
    [
        (0.9, Asked, 0.5, Outcome.ANSWERED),
        (0.9, Asked, 0.89, Outcome.ANSWERED),
        (0.9, Named, 0.89, Outcome.CLARIFY),
        ("between", Asked, 0.89, Outcome.CLARIFY),
        ("between", Asked, 0.5, Outcome.NOT_FOUND),
        (0.0, Asked, 0.89, Outcome.OUT_OF_SCOPE),
    ],
)
def test_the_ladder(confidence, query, second: float, outcome: Outcome) -> None:
    limits = thresholds()
    sure = (limits.clarify + limits.answer) / 2 if confidence == "between" else confidence
    ranking = Ranking((Candidate(0, 0.9), Candidate(1, second)), None)
    assert judge(Confidence(sure, 1.0), query, ranking) is outcome


def test_a_page_that_is_right_and_does_not_tell_is_no_answer() -> None:
    alone = Ranking((Candidate(0, 0.9), Candidate(1, 0.5)), None)
    assert judge(Confidence(0.95, 0.05), Asked, alone) is Outcome.NOT_FOUND
    assert Confidence(0.5, 0.5).whole == 0.25


def test_the_surer_of_two_is_so_as_a_whole() -> None:
    page, both = Confidence(0.9, 0.1), Confidence(0.5, 0.9)
    assert surer(page, both) == surer(both, page) == both


def test_who_only_names_what_several_pages_are_about_is_asked_which() -> None:
    ranking = Ranking((Candidate(0, 0.9), Candidate(1, 0.89)), None)
    assert judge(Confidence(0.0, 1.0), Named(), ranking, only_named=True) is Outcome.CLARIFY
    assert judge(Confidence(0.0, 1.0), Asked(), ranking, only_named=True) is Outcome.OUT_OF_SCOPE


def test_the_thresholds_are_steps() -> None:
    limits = thresholds()
    assert 0 < limits.scope < limits.clarify < limits.answer < limits.sure < 1


@given(st.lists(st.floats(-50, 50), min_size=len(FEATURES), max_size=len(FEATURES)), st.booleans())
def test_confidence_is_a_probability(seen: list[float], encoder: bool) -> None:
    assert all(0 <= part <= 1 for part in told(np.array(seen), "fr", encoder))


@pytest.mark.parametrize(
    ("language", "question"),
    [("en", "can i quit my job and get EI"), ("fr", "si je quitte mon emploi ai-je droit au chômage")],
)
def test_a_long_quote_has_a_brief_one_of_the_same_passage(knowledge: Knowledge, language: str, question: str) -> None:
    first = knowledge.ask(question, language=language).sources[0]
    shelf = knowledge.snapshot.shelves[language]
    passages = (shelf.passage(number) for number in range(len(shelf.of)))
    assert len(first.quote) > SHORT >= len(first.brief) > 0
    assert first.brief in next(passage.text for passage in passages if passage.id == first.passage)


@pytest.mark.parametrize(
    ("question", "asked", "answered_in"),
    [
        ("Combien coûte le permis de canot?", "en", "fr"),
        ("How much is the canoe permit?", "fr", "en"),
        ("canoe permit", "en", "en"),
    ],
)
def test_who_writes_in_another_language_than_the_page_is_answered_in_theirs(
    tmp_path: Path, encoder: BagOfWords, question: str, asked: str, answered_in: str
) -> None:
    snapshot = build(town(), encoder, tmp_path)
    assert answer(question, asked, None, snapshot, encoder).language == answered_in
