"""Redaction: personal data is taken out, and what a question is about stays."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.redact import LABELS, PATTERNS, redact

SAFETY = Path(__file__).parents[2].parent / "shared" / "data" / "gc_safety_tests.jsonl"
CITIZENS_WORDS = Path(__file__).parents[1] / "questions"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to ana.lopez+tax@mail.example.ca please", "write to [email address] please"),
        ("call 613-555-0142", "call [phone number]"),
        ("call (613) 555 0142 or +1 613.555.0142", "call [phone number] or [phone number]"),
        ("from France: +33 1 23 45 67 89", "from France: [phone number]"),
        ("my SIN is 046 454 286", "my SIN is [social insurance number]"),
        ("my SIN is 046454286.", "my SIN is [social insurance number]."),
        ("card 4500 1234 5678 9010", "card [number]"),
        ("OHIP 1234-567-890-AB", "OHIP [health card number]"),
        ("TREP 1234 5678", "[health card number]"),
        ("D6101-40706-60905 is my licence", "[licence number] is my licence"),
        ("I live at K1A 0B1", "I live at [postal code]"),
        ("j'habite h2x1y4", "j'habite [postal code]"),
        ("my passport AB123456 is lost", "my passport [number] is lost"),
        ("passport number: ab123456", "passport number: [number]"),
        ("UCI 11-2345-6789", "UCI [number]"),
        ("claim 1234567890123", "claim [number]"),
        ("I live at 24 Sussex Drive, Ottawa", "I live at [address], Ottawa"),
        ("456 old oak ave unit 2", "[address] unit 2"),
        ("au 1234, boul. René-Lévesque Ouest à Québec", "au [address] à Québec"),
        ("au 12 rue de la Montagne et je déménage", "au [address] et je déménage"),
        ("my name is john smith and i moved", "my name is [name] and i moved"),
        ("je m’appelle Jean-François Côté, comment", "je m’appelle [name], comment"),
        ("Nom : Luc O'Neil", "Nom : [name]"),
        ("Mme Tremblay et M. Roy", "Mme [name] et M. [name]"),
    ],
)
def test_what_tells_who_somebody_is_is_taken_out(text: str, left: str) -> None:
    assert redact(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "How do I renew my passport?",
        "my name is wrong on my passport, how do I fix it?",
        "My name is changing after my marriage",
        "mon nom est mal écrit sur ma carte",
        "is 1-800-622-6232 really the government?",
        "I have 2 kids and one way to apply",
        "it takes 10 business days by road",
        "a 3 hour drive",
        "I need form RC7524-ON and a T4 for 2025",
        "I made $46,454,286 or 46 454 286 $",
        "le 31 mars 2026, de 13 h 30 à 16 h",
        "2 small claims court forms",
        "je paie 163,50 $ pour 2 passeports",
    ],
)
def test_what_a_question_is_about_stays(text: str) -> None:
    assert redact(text) == text


def test_what_stands_in_its_place_is_said_in_the_language() -> None:
    assert redact("mon NAS est 046 454 286", "fr") == "mon NAS est [numéro d’assurance sociale]"
    assert {frozenset(labels) for labels in LABELS.values()} == {frozenset(kind for kind, _ in PATTERNS)}


def test_it_finds_what_others_found_and_little_else() -> None:
    if not SAFETY.exists():
        pytest.skip("the safety tests of a Government of Canada service are not beside the checkout")
    rows = [json.loads(line) for line in SAFETY.read_text(encoding="utf-8").splitlines()]
    personal = [row["text"] for row in rows if row["set"].startswith("pii") and row["label"] == "block"]
    harmless = [row["text"] for row in rows if row["set"].startswith("pii") and row["label"] == "allow"]
    found = sum(redact(text) != text for text in personal)
    false = sum(redact(text) != text for text in harmless)
    assert found / len(personal) > 0.88, "what is missed: names that nothing introduces"
    assert false / len(harmless) < 0.06, "what is taken for a number: eight digits of zeros and ones"


def test_ordinary_questions_stay_as_they_are() -> None:
    questions = [
        row.get("text") or row["question"]
        for file in CITIZENS_WORDS.glob("*.jsonl")
        for row in map(json.loads, file.read_text(encoding="utf-8").splitlines())
    ]
    assert len(questions) > 300
    assert [question for question in questions if redact(question) != question] == []


WORST = {
    "letters": "a",
    "digits": "1",
    "spaces": " ",
    "hyphens": "-",
    "dots": "a.",
    "addresses": "a@",
    "after-at": "x@a-",
    "grouped-digits": "1-",
    "spaced-digits": "1 ",
    "words-after-digits": "1 a ",
    "half-streets": "1 rue a ",
    "plus": "+1 ",
    "names": "my name is a a a a ",
    "introductions": "account number ",
    "titles": "Mr Aa ",
    "postal": "A1A ",
}


@pytest.mark.parametrize("piece", WORST.values(), ids=WORST)
def test_a_long_text_costs_time_in_proportion(piece: str) -> None:
    """Ten times the longest message: a pattern whose time grows with the square would take seconds."""
    text = ("my name is" if piece == " " else "") + piece * (20_000 // len(piece))
    began = time.perf_counter()
    redact(text)
    assert time.perf_counter() - began < 1.0


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from(sorted(LABELS)))
def test_any_text_is_taken_and_nothing_is_left_for_a_second_time(text: str, language: str) -> None:
    once = redact(text, language)
    assert redact(once, language) == once


WHAT_TELLS = ("my name is ", "Nom: ", "613-555-0142", "046 454 286", "K1A 0B1", "a@b.ca", "24 Main St", "AB123456")
BETWEEN = ("passport ", "12 rue ", "Mr ", "Ana ", "Lopez", " ", ", ", "1", "-", "+", "é", "[name]", "and ")
pieces = st.sampled_from((*WHAT_TELLS, *BETWEEN))


@settings(deadline=None)
@given(st.lists(pieces, max_size=12).map("".join), st.sampled_from(sorted(LABELS)))
def test_pieces_of_personal_data_in_any_order_leave_nothing_for_a_second_time(text: str, language: str) -> None:
    once = redact(text, language)
    assert redact(once, language) == once
    assert "a@b.ca" not in once
