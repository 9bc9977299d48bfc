"""What the actions say is what channels/bot.py reads: every structured message keeps to one schema, and is understood."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from actions.answer import ActionAnswer
from actions.ask_person import ActionAskPerson
from actions.change_language import ActionChangeLanguage
from actions.not_helpful import ActionNotHelpful
from channels.bot import read
from knowledge import Knowledge, Outcome, Source
from knowledge.places.governments import Whose
from tests.actions.told import PASSPORT, Shelf, Told, found, opener, run

SCHEMA = Draft202012Validator(json.loads(Path(__file__).with_name("custom.schema.json").read_text("utf-8")))
RESPONSES: dict[str, list[dict[str, Any]]] = {
    name: variants
    for file in (Path(__file__).parents[2] / "bot" / "domain").glob("*.yml")
    for name, variants in (yaml.safe_load(file.read_text("utf-8")).get("responses") or {}).items()
}
SOURCES = [{"title": "T", "section": "S", "url": "https://example.ca", "publisher": "P", "contact": "1-800-000-0000"}]
SAID = [{"entity": "place", "value": "ca-on-toronto", "extractor": "said"}]


def answering(outcome: Outcome) -> ActionAnswer:
    sources = (PASSPORT,) if outcome in (Outcome.ANSWERED, Outcome.CLARIFY) else ()
    return ActionAnswer(opener(Shelf(found(*sources, outcome=outcome))))


ALBERTA = Whose(
    "ca-ab", {"en": "the Government of Alberta", "fr": "le gouvernement de l’Alberta"}, "https://ab.example"
)


def making(outcome: Outcome, *sources: Source, **fields: Any) -> ActionAnswer:
    return ActionAnswer(opener(Shelf(replace(found(*sources, outcome=outcome), **fields))))


CASES: dict[str, Callable[[str], Awaitable[Told]]] = {
    "answered": lambda language: run(answering(Outcome.ANSWERED), "passport", language=language),
    "clarify": lambda language: run(answering(Outcome.CLARIFY), "passport", language=language),
    "not found": lambda language: run(answering(Outcome.NOT_FOUND), "hm", language=language),
    "out of scope": lambda language: run(answering(Outcome.OUT_OF_SCOPE), "hm", language=language),
    "answered, about the last subject": lambda language: run(
        making(Outcome.ANSWERED, PASSPORT, about="Renew a passport", language=language), "how much", language=language
    ),
    "answered, for a place": lambda language: run(
        making(Outcome.ANSWERED, PASSPORT, place="ca-on", language=language), "health card", language=language
    ),
    "answered, unsure": lambda language: run(
        making(Outcome.ANSWERED, PASSPORT, unsure=True, language=language), "health card", language=language
    ),
    "which place": lambda language: run(
        making(Outcome.CLARIFY, PASSPORT, asks_place=True), "health card", language=language
    ),
    "another government's": lambda language: run(
        making(Outcome.NOT_FOUND, whose=ALBERTA), "health card", language=language
    ),
    "the nearest pages": lambda language: run(making(Outcome.NOT_FOUND, PASSPORT), "hm", language=language),
    "a place and a question": lambda language: run(answering(Outcome.ANSWERED), "parking", SAID, language=language),
    "a place alone": lambda language: run(
        answering(Outcome.ANSWERED), "Toronto", [SAID[0] | {"alone": True}], language=language
    ),
    "a person, about a service": lambda language: run(ActionAskPerson(), "agent", language=language, sources=SOURCES),
    "a person": lambda language: run(ActionAskPerson(), "agent", language=language),
    "not helpful": lambda language: run(ActionNotHelpful(), "no", language=language, sources=SOURCES * 2),
    "not helpful again": lambda language: run(ActionNotHelpful(), "no", language=language, unhelpful=1),
    "a third language": lambda language: run(ActionChangeLanguage(), "arabic", language=language),
}


def as_rasa_sends(told: Told, language: str) -> list[dict[str, Any]]:
    """The messages as Rasa's REST channel sends them: a response by its name becomes the reviewed text."""
    sent = []
    for message in told.messages:
        if message["custom"]:
            sent.append({"custom": message["custom"]})
            continue
        french, english = RESPONSES[message["response"]]
        chosen = french if language == "fr" else english
        text = re.sub(r"\{(\w+)\}", lambda place, given=message: given[place[1]], chosen["text"])
        buttons = [*chosen.get("buttons", ()), *message["buttons"]]
        sent.append({"recipient_id": "a", "text": text} | ({"buttons": buttons} if buttons else {}))
    return sent


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("case", CASES)
async def test_what_an_action_says_keeps_to_the_schema_and_is_read(case: str, language: str) -> None:
    told = await CASES[case](language)
    for custom in told.customs:
        SCHEMA.validate(json.loads(json.dumps(custom)))
    turn = read(as_rasa_sends(told, language), language)
    assert turn.replies
    assert all(reply.text.strip() for reply in turn.replies), "a citizen would see an empty message"


async def test_a_change_of_language_keeps_to_the_schema_and_is_read() -> None:
    told = await run(ActionChangeLanguage(), "français svp")
    for custom in told.customs:
        SCHEMA.validate(custom)
    spoken_by_the_rule = {"text": RESPONSES["utter_language_changed"][0]["text"]}
    turn = read([*as_rasa_sends(told, "fr"), spoken_by_the_rule], "en")
    assert turn.language == "fr"
    assert turn.replies[0].changes_language


async def test_the_wish_for_a_person_arrives() -> None:
    turn = read(as_rasa_sends(await run(ActionAskPerson(), "agent"), "en"), "en")
    assert (turn.hand_to, turn.because) == ("desk", "asked_for_person")


async def test_what_is_offered_beside_an_answer_arrives() -> None:
    told = await CASES["not found"]("en")
    (reply,) = read(as_rasa_sends(told, "en"), "en").replies
    assert reply.outcome == "not_found"
    assert [choice.label for choice in reply.choices][-1] == "Talk to a person"


def test_real_answers_keep_to_the_schema(knowledge: Knowledge) -> None:
    asked = {"en": ("how do I renew my passport", "passport", "best pizza"), "fr": ("aide sociale", "passeport")}
    for language, questions in asked.items():
        for question in questions:
            answer = knowledge.ask(question, language=language).as_dict()
            SCHEMA.validate({"answer": json.loads(json.dumps(answer)), "text": ""})


@pytest.mark.parametrize(
    "custom",
    [
        {},
        {"answer": {"outcome": "answered"}, "text": ""},
        {"answer": found(outcome=Outcome.ANSWERED).as_dict(), "text": ""},
        {"hand_to": "desk"},
        {"hand_to": "manager", "because": "asked_for_person"},
        {"language": "fr", "place": "ca"},
        {"place": "Toronto"},
    ],
)
def test_the_schema_refuses_anything_else(custom: dict[str, Any]) -> None:
    assert not SCHEMA.is_valid(json.loads(json.dumps(custom)))
