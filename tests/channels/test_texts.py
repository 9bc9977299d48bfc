"""The sentences of the channels: in every language, and each of them used."""

import pytest

from channels.texts import languages, texts
from tests.architecture.code import ROOT


def test_every_sentence_exists_in_every_language_and_is_said_differently() -> None:
    assert set(languages()) >= {"en", "fr"}
    english = texts("en")
    for language in languages():
        assert texts(language).keys() == english.keys()
        assert all(sentence.strip() for sentence in texts(language).values())
        if language != "en":
            assert not [key for key, sentence in texts(language).items() if sentence == english[key]]


def test_a_language_nobody_speaks_here_is_answered_in_english() -> None:
    assert texts("xx") == texts("en")


def test_every_sentence_is_said_somewhere() -> None:
    code = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "channels").rglob("*.py"))
    for key in texts("en"):
        assert f'"{key}"' in code or f'"{key.removeprefix("error_")}"' in code, key


@pytest.mark.parametrize("key", list(texts("fr")))
def test_french_is_set_as_in_canada(key: str) -> None:
    sentence = texts("fr")[key]
    assert "'" not in sentence
    assert not any(f" {mark}" in sentence or f"\u00a0{mark}" in sentence for mark in ";!?")
    assert " :" not in sentence, "a no-break space stands before a colon"
