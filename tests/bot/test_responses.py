"""What the bot says: whole, in each language, and short enough to read; every action is somebody's."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

BOT = Path(__file__).parents[2] / "bot"
DOMAIN = {file.stem: yaml.safe_load(file.read_text("utf-8")) for file in sorted((BOT / "domain").glob("*.yml"))}
RESPONSES: dict[str, list[dict[str, Any]]] = {
    name: variants for skill in DOMAIN.values() for name, variants in (skill.get("responses") or {}).items()
}
LONGEST = 500  # characters; a citizen reads it on a telephone


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_a_response_is_there_once_per_language_with_english_for_all_others(name: str) -> None:
    french, english = RESPONSES[name]
    assert french["condition"] == [{"type": "slot", "name": "language", "value": "fr"}]
    assert "condition" not in english


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_a_response_is_one_short_message(name: str) -> None:
    for variant in RESPONSES[name]:
        text = variant["text"]
        assert "\n\n" not in text, "Rasa's REST channel would make two messages of it"
        assert text == text.strip()
        assert len(text) <= LONGEST


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_french_is_set_as_in_canada(name: str) -> None:
    french = RESPONSES[name][0]
    for text in (french["text"], *(b["title"] for b in french.get("buttons") or ())):
        assert not re.search(r"\s[;!?]", text)
        assert not re.search(r"[^\u00a0]:(?!//)", text)
        assert not re.search(r"«[^\u00a0]|[^\u00a0]»", text)
        assert "'" not in text


def test_what_is_done_is_declared_and_what_is_declared_is_done() -> None:
    files = {file.stem: yaml.safe_load(file.read_text("utf-8")) for file in (BOT / "data").glob("*.yml")}
    steps = {
        step["action"]
        for data in files.values()
        for told in (*(data.get("rules") or ()), *(data.get("stories") or ()))
        for step in told["steps"]
        if "action" in step
    }
    code = "".join(file.read_text("utf-8") for file in (BOT.parent / "actions").glob("*.py"))
    uttered = set(re.findall(r"\"(utter_\w+)\"", code))
    declared = {action for skill in DOMAIN.values() for action in skill.get("actions") or ()}
    assert {step for step in steps if step.startswith("action_")} == declared
    by_rasa = {"utter_default"}
    assert {step for step in steps if step.startswith("utter_")} | uttered | by_rasa == set(RESPONSES)
