"""Whole conversations with the trained bot; they are in conversations.yml."""

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.bot.conftest import Bot

CONVERSATIONS = yaml.safe_load(Path(__file__).with_name("conversations.yml").read_text("utf-8"))
RESPONSES: dict[str, list[dict[str, Any]]] = {
    name: variants
    for file in (Path(__file__).parents[2] / "bot" / "domain").glob("*.yml")
    for name, variants in (yaml.safe_load(file.read_text("utf-8")).get("responses") or {}).items()
}


def told(message: dict[str, Any]) -> str:
    """In a word: an answer's outcome, what is passed on, or the response's name."""
    custom = message.get("custom") or {}
    if "answer" in custom:
        return str(custom["answer"]["outcome"])
    if custom:
        return str(next(custom[name] for name in ("because", "language", "place") if name in custom))
    begun = message["text"].split("\n")[0]
    said = [(name, v["text"].split("\n")[0]) for name, vs in RESPONSES.items() for v in vs if is_said(v["text"], begun)]
    return max(said, key=lambda each: len(each[1]))[0]  # "For Ontario (…):" begins as "For Ontario:" does


def is_said(text: str, begun: str) -> bool:
    """Whether a first line is that of the response `text`, whatever is named in it."""
    return bool(re.fullmatch(re.sub(r"\\\{\w+\\\}", ".+", re.escape(text.split("\n")[0])), begun))


def opening(text: str) -> str:
    return text.split("\n")[0].split("{")[0]


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda each: each["name"])
async def test_a_conversation(bot: Bot, conversation: dict[str, Any]) -> None:
    sender = uuid.uuid4().hex
    for turn in conversation["turns"]:
        text = turn["says"].removeprefix("fr: ")
        language = "fr" if turn["says"].startswith("fr: ") else "en"
        said = await bot.hear(sender, text, language)
        assert [told(message) for message in said] == turn["gets"], f"{text!r}: {said}"
        for message in said:
            if message.get("text") and not (message.get("custom") or {}):
                assert_spoken(message["text"], "fr" if text.startswith("en français") else language, text)


def assert_spoken(text: str, language: str, after: str) -> None:
    if after == "english please":
        language = "en"
    variant = 0 if language == "fr" else 1
    assert any(text.startswith(opening(variants[variant]["text"])) for variants in RESPONSES.values()), text


async def test_a_place_stays_until_the_channel_knows_another(bot: Bot) -> None:
    sender = uuid.uuid4().hex
    await bot.hear(sender, "I live in Toronto", "en")
    await bot.hear(sender, "how do I renew my passport", "en")
    await bot.hear(sender, "how do I renew my passport", "en", place="ca-qc")
    assert bot.knowledge.places[-2:] == ["ca-on-toronto", "ca-qc"]


async def test_conversations_do_not_know_each_other(bot: Bot) -> None:
    one, other = uuid.uuid4().hex, uuid.uuid4().hex
    await bot.hear(one, "how do I renew my passport", "en")
    said = await bot.hear(other, "talk to a person", "en")
    assert told(said[0]) == "utter_contact_general"


async def test_a_question_is_asked_with_what_was_said_before_it(bot: Bot) -> None:
    sender = uuid.uuid4().hex
    for question in ("how do I renew my passport", "how much does it cost", "how long does it take", "and for my son?"):
        await bot.hear(sender, question, "en")
    question, before = bot.knowledge.asked[-1]
    assert question == "and for my son?"
    assert before[0] == "user: how do I renew my passport" and before[1].startswith("agent: ")
    assert len(before) == 6 and before[-2] == "user: how long does it take"


async def test_who_starts_over_is_asked_anew(bot: Bot) -> None:
    sender = uuid.uuid4().hex
    for text in ("how do I renew my passport", "start over", "how much does it cost"):
        await bot.hear(sender, text, "en")
    assert bot.knowledge.asked[-1] == ("how much does it cost", ())
