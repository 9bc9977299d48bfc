"""The open benchmark: its questions are new, balanced and labelled with what the content holds, and are judged strictly."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks.calibrate import questions as development
from benchmarks.met import Met, Question, Verdict, good, judge, measured, meet, one_line, questions
from benchmarks.open import CONTENT, MARKS, PAGE, QUESTIONS
from benchmarks.reliability import by_chance
from knowledge.answer import Answer, Outcome, Source
from knowledge.sources import read
from knowledge.text import plain

ASKED = questions(QUESTIONS)
KINDS = {
    *("plain", "misspelt", "sms", "fragment", "follow_up", "other_language", "personal", "place"),
    *("out_of_scope", "near_miss", "detail"),
}
NOTHING_ANSWERS = {"out_of_scope", "near_miss", "detail"}
OTHERS = {"en": "fr", "fr": "en"}
DOCUMENTS = {document.id: document for document in read(CONTENT, lambda problem: None)}


def pages(question: Question) -> list[str]:
    """Where an answer may be found: in the language of the question, or of the page it is typed on."""
    languages = {question.language, question.page or question.language}
    return [f"content/{code}/{service}" for code in sorted(languages) for service in question.services]


def fitted_on() -> list[dict[str, Any]]:
    files = [*QUESTIONS.glob("dev-*.jsonl"), *(QUESTIONS.parents[1] / "tests" / "questions").glob("*.jsonl")]
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def test_how_many() -> None:
    of = Counter(question.language for question in ASKED)
    assert of["en"] == of["fr"] >= 220
    assert {question.kind for question in ASKED} == KINDS
    assert sum(bool(question.answers) for question in ASKED) >= 120
    for kind in KINDS:
        here = Counter(question.language for question in ASKED if question.kind == kind)
        assert here["en"] == here["fr"] >= 15, kind


def test_each_is_asked_once() -> None:
    assert [id for id, times in Counter(q.id for q in ASKED).items() if times > 1] == []
    said = Counter((q.language, plain(q.text), q.history, q.place) for q in ASKED)
    assert [asked for asked, times in said.items() if times > 1] == []


def test_none_is_a_question_that_anything_was_fitted_on() -> None:
    known = {plain(q["text"]) for q in fitted_on()} | {plain(q) for d in DOCUMENTS.values() for q in d.questions}
    assert [q.id for q in ASKED if plain(q.text) in known] == []


def test_what_anything_is_fitted_on_is_labelled_with_what_the_content_holds() -> None:
    """A section may be named that is before the first heading: ""."""
    for asked in development(QUESTIONS):
        pages = [DOCUMENTS[name] for name in asked["about"]]
        headings = {section.path[-1] if section.path else "" for page in pages for section in page.sections}
        assert headings.issuperset(asked.get("sections", ())), asked["text"]
        assert bool(asked["gold"]) == (asked["kind"] in ("answerable", "story"))
        assert bool(asked["about"]) == (asked["kind"] != "aside")


def test_parallel_questions_are_the_same_in_both_languages() -> None:
    pairs: dict[str, list[Question]] = {}
    for question in ASKED:
        if question.pair:
            pairs.setdefault(question.pair, []).append(question)
    assert len(pairs) >= 90
    for both in pairs.values():
        assert [q.language for q in both] == ["en", "fr"]
        same = {(q.kind, q.services, q.place, q.expect, len(q.sections), len(q.history)) for q in both}
        assert len(same) == 1, both[0].pair


@pytest.mark.parametrize("question", ASKED, ids=lambda q: q.id)
def test_labels_are_in_the_content(question: Question) -> None:
    assert question.text.strip() == question.text != ""
    nothing = question.kind in NOTHING_ANSWERS or question.expect == "no_answer"
    assert nothing is not bool(question.services)
    assert (question.expect is not None) is (question.kind == "place")
    assert question.expect in (None, "answer", "answer_or_ask", "no_answer")
    assert question.expect != "answer_or_ask" or question.place is None
    assert (question.page == OTHERS[question.language]) is (question.kind == "other_language")
    assert bool(question.history) is (question.kind == "follow_up")
    assert all(t.startswith(who) for t, who in zip(question.history, ("user: ", "agent: ") * 2, strict=False))
    assert {f"content/{question.language}/{service}" for service in question.about} <= DOCUMENTS.keys()
    sections = [s for name in pages(question) for s in DOCUMENTS[name].sections]  # a page that vanished fails here
    headings = {section.path[-1] if section.path else "" for section in sections}
    assert set(question.sections) <= headings
    texts = [s.text for s in sections if not question.sections or (s.path or ("",))[-1] in question.sections]
    for words in question.answers:
        assert any(words in one_line(text) for text in texts), words


FEE = Question("q-en", "en", "plain", "?", ("eta",), ("Cost",), ("$7",))


def answered(section: str = "Cost", quote: str = "An eTA costs $7\u00a0Canadian.", page: str = "eta") -> Answer:
    source = Source("eTA", None, section, quote, "IRCC", None, "en", "ca", None, f"content/en/{page}#cost-1")
    return Answer(Outcome.ANSWERED, 0.9, "en", (source,))


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (answered(), Verdict.RIGHT),
        (answered(section="Contact"), Verdict.PART),
        (answered(quote="Pay by card."), Verdict.PART),
        (answered(page="visitor-visa"), Verdict.WRONG),
        (Answer(Outcome.CLARIFY, 0.3, "en"), Verdict.ASKED),
        (Answer(Outcome.NOT_FOUND, 0.1, "en"), Verdict.UNANSWERED),
        (Answer(Outcome.OUT_OF_SCOPE, 0.1, "en"), Verdict.UNANSWERED),
    ],
)
def test_an_answer_is_right_only_with_page_section_and_words(answer: Answer, verdict: Verdict) -> None:
    assert judge(FEE, answer) is verdict
    assert good(FEE, verdict) is (verdict is Verdict.RIGHT)


def test_it_asks_in_the_language_of_the_page_with_place_and_history() -> None:
    heard: list[dict[str, Any]] = []

    class Knows:
        def ask(self, question: str, **said: Any) -> Answer:
            heard.append(said)
            ranked = [["content/fr/visitor-visa", 0.9], ["content/fr/eta", 0.8]]
            chosen = ["content/fr/eta#cost-1", "Cost"]
            return replace(answered(), basis={"ranked": ranked, "confidence": [0.8, 0.5], "chosen": chosen})

    said = ("user: I fly to Canada", "agent: You need an eTA.")
    met = meet(replace(FEE, page="fr", place="ca-on", history=said), Knows())
    assert heard == [{"language": "fr", "place": "ca-on", "before": said}]
    assert (met.verdict, met.good, met.first, met.five) == (Verdict.RIGHT, True, False, True)
    assert (met.about, met.page, met.there) == (False, 0.8, True)
    assert not meet(replace(FEE, sections=("Contact",)), Knows()).there
    detail = replace(FEE, kind="detail", services=(), about=("visitor-visa",))
    assert (meet(detail, Knows()).first, meet(detail, Knows()).about) == (False, True)


def test_what_should_happen_depends_on_what_is_published_and_where() -> None:
    nothing = Question("n", "en", "near_miss", "?")
    assert judge(nothing, answered()) is Verdict.WRONG
    assert good(nothing, Verdict.UNANSWERED)
    assert not good(nothing, Verdict.ASKED)
    anywhere = Question("p", "en", "place", "?", ("eta",), expect="answer_or_ask")
    assert good(anywhere, Verdict.ASKED)
    assert good(anywhere, Verdict.RIGHT)
    assert not good(anywhere, Verdict.UNANSWERED)


def test_the_gap_is_measured_on_pairs_alone() -> None:
    def met(language: str, first: bool, pair: str | None) -> Met:
        question = Question(f"{pair}-{language}", language, "plain", "?", ("eta",), pair=pair)
        verdict = Verdict.RIGHT if first else Verdict.WRONG
        return Met(question, verdict, good(question, verdict), first, True, first, first, 0.5, 0.5, None, 1.0)

    found = measured([met("en", True, "a"), met("fr", False, "a"), met("en", False, None), met("fr", True, None)])
    assert found["parallel"]["pairs"] == 1
    assert found["parallel"]["R@1"] == {"en": 1.0, "fr": 0.0, "gap_points": 100.0}
    assert found["languages"]["en"]["R@1"] == 0.5
    english = found["languages"]["en"]
    assert english["calibration_error"] == english["calibration_error_of_page"] == 0.0


def test_of_few_questions_an_exact_confidence_errs_by_chance() -> None:
    assert by_chance(np.ones(30)) == 0
    assert by_chance(np.full(30, 0.5)) > 0.05 > 0.02 > by_chance(np.full(3000, 0.5)) > 0


def test_the_page_has_a_place_for_what_is_measured() -> None:
    assert [PAGE.read_text(encoding="utf-8").count(mark) for mark in MARKS] == [1, 1]
