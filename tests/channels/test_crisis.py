"""Crisis words: every one of the development lists is heard, in any writing, and nothing that only sounds like it."""

import json
import re
import time
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from channels import crisis as module
from channels.crisis import Crisis, crisis
from channels.sms.segments import count
from channels.sms.typography import gsm
from channels.texts import languages, texts
from knowledge import plain
from tests.architecture.code import ROOT

LISTS = Path(__file__).parent / "crisis"
SHARED = ROOT.parent / "shared" / "data"
DOUBLED = re.compile(r"(.)\1")
RIGHTLY = {
    "je quitte mon mari violent avec les enfants et j'ai pas une cenne",
    "J'ai quitté mon conjoint violent hier soir avec les enfants et je n'ai plus d'argent pour manger, on est à Sudbury",
}  # asked of a service, by somebody in danger


@cache
def listed(language: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = yaml.safe_load((LISTS / f"{language}.yml").read_text(encoding="utf-8"))
    return found


@cache
def reviewed() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "channels" / "crisis.yml").read_text(encoding="utf-8"))
    return found


SAID = [(language, kind, text) for language in languages() for kind in module.KINDS for text in listed(language)[kind]]
HARMLESS = [text for language in languages() for text in listed(language)["neither"]]


def test_the_lists_are_long_enough_to_tell() -> None:
    for language in languages():
        kinds = listed(language)
        assert len({text for kind in module.KINDS for text in kinds[kind]}) >= 120
        assert min(len(kinds[kind]) for kind in module.KINDS) >= 60
        assert len(set(kinds["neither"])) >= 120


@pytest.mark.parametrize(("language", "kind", "text"), SAID)
def test_danger_is_heard(language: str, kind: str, text: str) -> None:
    assert crisis(text) == Crisis((kind,), language)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_sounds_like_it_is_not(text: str) -> None:
    assert crisis(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("he beats me and i want to die", Crisis(("suicide", "violence"), "en")),
        ("Mon mari me bat. Je veux mourir.", Crisis(("suicide", "violence"), "fr")),
        ("suicide", Crisis(("suicide",), None)),
        ("je veux en finir avec la vie", Crisis(("suicide",), "fr")),
        ("je veux en finir avec la demande", None),
        ("I want to die, not of laughter", Crisis(("suicide",), "en")),
        ("I want to die of laughter", None),
        ("I want to die of laughter. No: I want to die.", Crisis(("suicide",), "en")),
        ("", None),
        ("?!", None),
        ("🖤", None),
    ],
)
def test_what_is_heard(text: str, found: Crisis | None) -> None:
    assert crisis(text) == found


@pytest.mark.parametrize("language", languages())
def test_no_phrase_waits_for_a_word_that_is_never_read(language: str) -> None:
    """One that is left out or stands for another, where the phrase is followed."""
    phrases = module._all_phrases()[language]
    words = phrases._known - {module.ANY, "^", "$"}
    assert {word: phrases._meant(word) for word in words if phrases._meant(word) != (word,)} == {}


# However it is written


def upside(text: str, bits: int) -> str:
    return "".join(letter.upper() if bits >> at % 60 & 1 else letter.lower() for at, letter in enumerate(text))


def bare(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each))


@settings(deadline=None)
@given(
    st.sampled_from(SAID),
    st.integers(0, 2**60),
    st.sampled_from((str, bare, lambda text: unicodedata.normalize("NFD", text))),
    st.sampled_from(("", "!!!", "...", " 😭", "\u200b", " ?", "\n")),
    st.sampled_from((" ", "  ", "\n", "\u00a0", " … ")),
    st.sampled_from(("'", "’", "ʼ", " ", "`")),
)
def test_case_accents_and_punctuation_change_nothing(
    said: tuple[str, str, str], bits: int, accents: Any, end: str, space: str, apostrophe: str
) -> None:
    language, kind, text = said
    written = upside(accents(text).replace("’", "'").replace("'", apostrophe).replace(" ", space), bits) + end
    assert crisis(written) == Crisis((kind,), language)  # type: ignore[arg-type]


@settings(deadline=None)
@given(
    st.sampled_from(HARMLESS), st.integers(0, 2**60), st.sampled_from((str, bare)), st.sampled_from(("", "!", " 🙂"))
)
def test_what_is_harmless_is_so_in_every_writing(text: str, bits: int, accents: Any, end: str) -> None:
    assert crisis(upside(accents(text), bits) + end) is None


@st.composite
def misspelt(draw: st.DrawFn) -> tuple[str, str]:
    """A phrase with one letter wrong, missing, too many or swapped in one of the words that are known loosely."""
    language, kind, text = draw(st.sampled_from(with_loose_words()))
    words = plain(text).split()
    which = draw(st.sampled_from([at for at, word in enumerate(words) if word in loose(language)]))
    word, letter = words[which], draw(st.sampled_from(ascii_lowercase))
    at = draw(st.integers(1, len(word) - 1))
    before, here, after = word[:at], word[at], word[at + 1 :]
    swapped = before + after[:1] + here + after[1:]
    wrong = draw(st.sampled_from((before + after, before + letter + after, before + letter + here + after, swapped)))
    assume(module._single(wrong) not in module._all_phrases()[language]._means)  # it is a word of its own
    assume(all(OSA.distance(wrong, other) > 1 for other in loose(language) - {word}))  # or it may be that one
    assume(DOUBLED.search(wrong) is None)  # doubled letters count once: it is two letters short
    words[which] = wrong
    return kind, " ".join(words)


@cache
def loose(language: str) -> set[str]:
    return set(reviewed()[language]["loosely"].split())


@cache
def with_loose_words() -> list[tuple[str, str, str]]:
    return [said for said in SAID if loose(said[0]) & set(plain(said[2]).split())]


@settings(deadline=None, max_examples=300)
@given(misspelt())
def test_one_wrong_letter_in_a_long_word_is_no_matter(said: tuple[str, str]) -> None:
    kind, text = said
    found = crisis(text)
    assert found is not None
    assert kind in found.kinds


def test_letters_that_are_left_out_or_held_down_are_no_matter() -> None:
    assert crisis("i want to kiiiill myseeeelf") == Crisis(("suicide",), "en")
    assert crisis("beter of ded or dead, beter of dead") == Crisis(("suicide",), "en")
    assert crisis("je veux mourrrrir") == Crisis(("suicide",), "fr")


# What people ask


def ours() -> Iterator[str]:
    for page in (ROOT / "knowledge" / "content").rglob("*.md"):
        yield from yaml.safe_load(page.read_text(encoding="utf-8").split("---")[1]).get("questions") or {}
    for file in (*(ROOT / "tests" / "questions").glob("*.jsonl"), *(ROOT / "benchmarks" / "questions").glob("*.jsonl")):
        yield from (json.loads(line)["text"] for line in file.read_text(encoding="utf-8").splitlines())
    for file in (ROOT / "bot" / "data").glob("*.yml"):
        yield from file.read_text(encoding="utf-8").splitlines()


def test_no_question_that_is_written_for_this_project_is_a_crisis() -> None:
    asked = list(ours())
    assert len(asked) > 5000
    assert [text for text in asked if crisis(text) and text not in RIGHTLY] == []
    assert {text for text in asked if crisis(text)} == RIGHTLY


def test_no_question_that_others_asked_is_a_crisis() -> None:
    if not SHARED.exists():
        pytest.skip("needs the question sets of ../shared/data")
    asked = [
        json.loads(line)["text"]
        for file in (*SHARED.glob("*/queries.jsonl"), SHARED / "gc_safety_tests.jsonl")
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    assert len(asked) > 7000
    assert [text for text in asked if crisis(text)] == []


# What it costs


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "é",
        " ",
        "i want to ",
        "my husband ",
        "kill myself ",
        "he is being ",
        "mon ex me ",
        "suicde ",
        "x" * 24 + " ",
    ],
)
def test_a_long_text_costs_time_in_proportion(piece: str) -> None:
    """Fifty times the longest message: a search whose time grows with the square would take minutes."""
    text = piece * (100_000 // len(piece))
    began = time.perf_counter()
    crisis(text)
    assert time.perf_counter() - began < 5.0


def test_a_question_costs_next_to_nothing() -> None:
    asked = [text for text in HARMLESS for _ in range(20)]
    costs = []
    for _ in range(3):
        began = time.perf_counter()
        for text in asked:
            crisis(text)
        costs.append((time.perf_counter() - began) / len(asked))
    assert min(costs) < 250e-6, "it takes 30 µs on an idle machine"


# What is said then


@pytest.mark.parametrize("language", languages())
def test_who_can_help_is_named_in_every_language_and_in_two_segments(language: str) -> None:
    own = texts(language)
    assert "9-8-8" in own["crisis_suicide"]
    assert "911" in own["crisis_suicide"]
    assert "911" in own["crisis_violence"]
    assert {"en": "sheltersafe.ca", "fr": "hebergementfemmes.ca"}[language] in own["crisis_violence"]
    assert count(gsm(own["crisis_suicide"])) <= 2
    assert count(gsm(own["crisis_violence"])) <= 2


@pytest.mark.parametrize("language", languages())
def test_a_machine_that_sends_our_words_back_is_not_in_danger(language: str) -> None:
    for sentence in texts(language).values():
        assert crisis(sentence) is None
        assert crisis(gsm(sentence)) is None
