"""The laws on what citizens read: it is quoted or reviewed, and it exists in every language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.architecture.code import ROOT, modules, where

CONTENT = ROOT / "knowledge" / "content"
TEXTS = (ROOT / "channels" / "texts", ROOT / "channels" / "web" / "texts")
DOMAIN = sorted((ROOT / "bot" / "domain").glob("*.yml"))
DEFAULT = "en"

FACTS = {
    "a telephone number": re.compile(r"\b1[-\u00a0 ]?\(?8\d\d\)?[-\u00a0 ]\d{3}[-\u00a0 ]\d{4}\b"),
    "an amount": re.compile(r"\$\s?\d|\d[\u00a0 ]?\$(?!\w)"),
    "an official address": re.compile(r"https?://(?!www\.example\.)[^\s\"']*\.(?:ca|gov|int)\b"),
    "a date": re.compile(r"\b(?:[A-Z][a-z]{2,8} \d{1,2}, 20\d\d|\d{1,2}(?:er)? [a-zéû]{3,9} 20\d\d)\b"),
}


def languages() -> set[str]:
    from channels.texts import languages

    return set(languages())


# 6. The bot states no fact that is not quoted, or reviewed in bot/domain.


@pytest.mark.parametrize("fact", FACTS)
def test_no_fact_stands_in_code(fact: str) -> None:
    found = [
        f"{where(each, string)} {string.value!r}"
        for each in modules("actions", "bot", "channels", "knowledge")
        for string in each.strings()
        if FACTS[fact].search(string.value)
    ]
    assert not found, f"{fact} belongs into knowledge/content or bot/domain"


def test_no_sentence_to_a_citizen_stands_in_code() -> None:
    shown = {"text", "label", "title", "say", "payload", "buttons"}
    found = [
        f"{where(each, call)} {keyword.arg}={ast.unparse(keyword.value)}"
        for each in modules("actions", "channels")
        for called, call in each.calls()
        if called.rpartition(".")[2] in ("Reply", "Choice", "Link", "utter_message")
        for keyword in call.keywords
        if keyword.arg in shown and _is_written(keyword.value)
    ]
    assert not found


def _is_written(value: ast.expr) -> bool:
    if isinstance(value, ast.Constant):
        return bool(value.value)
    return isinstance(value, ast.JoinedStr)


# 10. Every text a citizen sees exists in every language; a third one is a folder.


@pytest.mark.parametrize("folder", TEXTS, ids=lambda folder: folder.parent.name)
def test_texts_have_the_same_keys_in_every_language(folder: Path) -> None:
    texts = {file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in folder.glob("*.yml")}
    assert set(texts) == languages()
    shapes = {language: set(_leaves(values)) for language, values in texts.items()}
    for language, shape in shapes.items():
        assert shape == shapes[DEFAULT], language
    for language, values in texts.items():
        assert not [path for path, text in _texts(values) if not text.strip()], language


def test_a_text_keeps_its_places_in_every_language() -> None:
    for folder in TEXTS:
        texts = {file.stem: dict(_texts(yaml.safe_load(file.read_text("utf-8")))) for file in folder.glob("*.yml")}
        for language, values in texts.items():
            for path, text in values.items():
                assert _places(text) == _places(texts[DEFAULT].get(path, "")), f"{folder.name}/{language}: {path}"


def test_no_text_was_left_in_the_other_language() -> None:
    for folder in TEXTS:
        spoken = {file.stem: dict(_texts(yaml.safe_load(file.read_text("utf-8")))) for file in folder.glob("*.yml")}
        for language in spoken.keys() - {DEFAULT}:
            same = [path for path, text in spoken[DEFAULT].items() if text == spoken[language].get(path)]
            assert not [path for path in same if len(spoken[DEFAULT][path]) > 20], f"{folder.name}/{language}"


def responses() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for file in DOMAIN:
        for name, variants in (yaml.safe_load(file.read_text("utf-8")).get("responses") or {}).items():
            yield f"{file.stem}.{name}", variants


@pytest.mark.skipif(not DOMAIN, reason="there is no bot/domain")
def test_every_response_of_the_bot_exists_in_every_language() -> None:
    said = dict(responses())
    assert said
    for name, variants in said.items():
        by_language: dict[str, list[dict[str, Any]]] = {}
        for variant in variants:
            by_language.setdefault(_language(variant), []).append(variant)
        assert set(by_language) == languages(), name
        shapes = {
            language: sorted((len(v.get("buttons") or ()), tuple(_places(v.get("text", "")))) for v in variants)
            for language, variants in by_language.items()
        }
        assert all(shape == shapes[DEFAULT] for shape in shapes.values()), f"{name}: {shapes}"


@pytest.mark.skipif(not DOMAIN, reason="there is no bot/domain")
def test_a_button_says_words_and_no_intent() -> None:
    said = [button for _, variants in responses() for variant in variants for button in variant.get("buttons") or ()]
    assert said
    assert not [button for button in said if button["payload"].startswith("/") or not button["title"].strip()]


def test_every_page_of_the_bundled_content_exists_in_every_language() -> None:
    pages = {
        folder.name: {page.name for page in folder.glob("*.md")} for folder in CONTENT.iterdir() if folder.is_dir()
    }
    assert set(pages) == languages()
    assert len(pages[DEFAULT]) >= 45
    for language, names in pages.items():
        assert names == pages[DEFAULT], language


def test_what_is_known_of_languages_covers_all_of_them() -> None:
    from channels.redact import LABELS

    known = set(yaml.safe_load((ROOT / "knowledge" / "languages.yml").read_text("utf-8")))
    assert known == languages()
    assert set(LABELS) == languages()
    assert all(set(labels) == set(LABELS[DEFAULT]) for labels in LABELS.values())


def test_the_chat_window_has_its_texts_in_every_language() -> None:
    source = (ROOT / "channels" / "web" / "guichet-chat.js").read_text("utf-8")
    table = source[source.index("const TEXTS = {") : source.index("\n};", source.index("const TEXTS = {"))]
    spoken = {
        language: re.findall(r"^\t\t(\w+):", entries, re.MULTILINE)
        for language, entries in re.findall(r"^\t(\w\w): \{\n(.*?)^\t\},", table, re.MULTILINE | re.DOTALL)
    }
    assert set(spoken) == languages()
    assert all(keys == spoken[DEFAULT] for keys in spoken.values())


def _language(variant: dict[str, Any]) -> str:
    chosen = [each["value"] for each in variant.get("condition") or () if each.get("name") == "language"]
    return chosen[0] if chosen else DEFAULT


def _places(text: str) -> list[str]:
    return sorted(set(re.findall(r"\{\w+\}", text)))


def _texts(values: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(values, dict):
        for key, value in values.items():
            yield from _texts(value, f"{path}.{key}")
    elif isinstance(values, list):
        for number, value in enumerate(values):
            yield from _texts(value, f"{path}.{number}")
    else:
        yield path, str(values)


def _leaves(values: Any) -> Iterator[str]:
    return (path for path, _ in _texts(values))
