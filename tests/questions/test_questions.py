"""The sets of test questions: that they are what their README says, and how many Guichet gets right."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from knowledge import Knowledge

HERE = Path(__file__).parent
CONTENT = HERE.parents[1] / "knowledge" / "content"
LANGUAGES = ("en", "fr")
STYLES = {"plain", "typo", "sms"}
RIGHT = {"en": 90, "fr": 88}  # of 100 answerable questions
NOT_ANSWERED = 54  # of 60 out-of-scope questions
INTENTS = {
    **dict.fromkeys(("greet", "goodbye", "thanks", "affirm", "deny", "help", "what_can_you_do", "are_you_a_bot"), 15),
    **dict.fromkeys(("ask_person", "change_language", "not_helpful", "start_over"), 15),
    "question": 30,
}  # how many messages of each, per language


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def answerable(language: str) -> list[dict[str, Any]]:
    return lines(f"answerable-{language}.jsonl")


def services(language: str) -> set[str]:
    return {path.stem for path in (CONTENT / language).glob("*.md")}


def unlike_plain(questions: Iterable[dict[str, Any]]) -> int:
    """How many are misspelt or written as people text."""
    return sum(question["style"] != "plain" for question in questions)


def repeated(questions: Iterable[dict[str, Any]]) -> list[str]:
    counts = Counter(" ".join(question["text"].casefold().split()) for question in questions)
    return [text for text, times in counts.items() if times > 1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_answerable_questions_have_their_shape(language: str) -> None:
    questions = answerable(language)
    assert len(questions) == 100
    assert all(set(question) == {"text", "services", "style"} for question in questions)
    assert all(question["text"].strip() == question["text"] != "" and question["services"] for question in questions)
    assert {question["style"] for question in questions} == STYLES
    assert 33 <= unlike_plain(questions) <= 34
    assert repeated(questions) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_bundled_service_is_asked_about_and_no_other(language: str) -> None:
    asked = {slug for question in answerable(language) for slug in question["services"]}
    assert sorted(services(language) - asked) == [], "no question asks about these services"
    assert sorted(asked - services(language)) == [], "these services have no page in knowledge/content"


def test_out_of_scope_questions_have_their_shape() -> None:
    questions = lines("out-of-scope.jsonl")
    assert all(set(question) == {"language", "text", "style"} for question in questions)
    assert {question["style"] for question in questions} == STYLES
    for language in LANGUAGES:
        of_language = [question for question in questions if question["language"] == language]
        assert (len(of_language), unlike_plain(of_language)) == (30, 10)
    assert len(questions) == 60
    assert repeated(questions) == []


def test_no_question_is_both_answerable_and_out_of_scope() -> None:
    assert repeated([*answerable("en"), *answerable("fr"), *lines("out-of-scope.jsonl")]) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_intents_have_their_shape(language: str) -> None:
    messages = [message for message in lines("intents.jsonl") if message["language"] == language]
    assert all(set(message) == {"language", "text", "intent", "style"} for message in messages)
    assert Counter(message["intent"] for message in messages) == INTENTS
    for intent, count in INTENTS.items():
        assert unlike_plain(message for message in messages if message["intent"] == intent) == count // 3, intent
    assert repeated(messages) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_first_passage_belongs_to_the_right_service(knowledge: "Knowledge", language: str) -> None:
    from knowledge import Filter

    questions = answerable(language)
    misses: list[tuple[str, ...]] = []
    for question in questions:
        answer = knowledge.ask(question["text"], language=language)
        if answer.sources:
            passage = answer.sources[0].passage
        else:
            hits = knowledge.search(question["text"], 1, Filter(language=language))
            passage = hits[0].passage.id if hits else "nothing#"
        document = passage.partition("#")[0]
        if document not in {f"content/{language}/{slug}" for slug in question["services"]}:
            expected = ", ".join(question["services"])
            misses.append((document, expected, answer.outcome, f"{answer.confidence:.2f}", question["text"]))
    right = len(questions) - len(misses)
    if right < RIGHT[language]:
        header = ("found", "expected", "outcome", "sure", "question")
        pytest.fail(
            f"{right} of {len(questions)} right, {RIGHT[language]} wanted\n{table(header, misses)}", pytrace=False
        )


def test_out_of_scope_questions_are_not_answered(knowledge: "Knowledge") -> None:
    questions = lines("out-of-scope.jsonl")
    misses: list[tuple[str, ...]] = []
    for question in questions:
        answer = knowledge.ask(question["text"], language=question["language"])
        if answer.outcome == "answered":
            found = answer.sources[0].passage if answer.sources else "nothing"
            misses.append((found, f"{answer.confidence:.2f}", question["text"]))
    right = len(questions) - len(misses)
    if right < NOT_ANSWERED:
        header = ("answered from", "sure", "question")
        pytest.fail(
            f"{right} of {len(questions)} not answered, {NOT_ANSWERED} wanted\n{table(header, misses)}", pytrace=False
        )


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Rows in columns, the last one as long as it is."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header) - 1)]
    return "\n".join("  ".join([*map(str.ljust, row, widths), row[-1]]) for row in (header, *rows))
