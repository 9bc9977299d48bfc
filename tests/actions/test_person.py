"""Who wants a person gets the published way to one, and the wish is passed on."""

from typing import Any

import pytest

from actions.ask_person import ActionAskPerson
from actions.not_helpful import ActionNotHelpful
from actions.start_over import ActionStartOver
from tests.actions.told import run

SOURCE: dict[str, Any] = {
    "title": "Renew an adult passport",
    "section": "Cost",
    "url": "https://www.canada.ca/en/passport",
    "publisher": "Immigration, Refugees and Citizenship Canada",
    "contact": "1-800-000-0000",
}
WISH = {"hand_to": "desk", "because": "asked_for_person"}


@pytest.mark.parametrize(
    ("sources", "response"),
    [
        ([SOURCE], "utter_contact"),
        ([SOURCE | {"url": None}], "utter_contact_without_page"),
        ([SOURCE | {"contact": None}], "utter_page_without_contact"),
        ([SOURCE | {"contact": None, "url": None}], "utter_contact_general"),
        ([], "utter_contact_general"),
        (None, "utter_contact_general"),
    ],
)
async def test_the_way_is_the_one_of_the_service_in_question(sources: list[dict] | None, response: str) -> None:
    told = await run(ActionAskPerson(), "a person please", sources=sources)
    assert told.responses == [response]
    assert told.customs == [WISH | ({"topic": SOURCE["title"]} if sources else {})], "a person is told what it is about"
    assert told.slots == {"offered": "nothing"}


async def test_the_contact_is_quoted_as_published() -> None:
    told = await run(ActionAskPerson(), "a person please", sources=[SOURCE])
    (message,) = (each for each in told.messages if each["response"])
    assert {name: message[name] for name in ("title", "publisher", "contact", "url")} == {
        name: SOURCE[name] for name in ("title", "publisher", "contact", "url")
    }


async def test_what_did_not_help_is_followed_by_what_else_there_is() -> None:
    sources = [SOURCE, SOURCE | {"title": "Get a first passport"}]
    told = await run(ActionNotHelpful(), "that's wrong", sources=sources)
    assert told.responses == ["utter_not_helpful"]
    assert told.messages[0]["buttons"] == [{"title": "Get a first passport", "payload": "Get a first passport"}]
    assert told.customs == []
    assert told.slots == {"unhelpful": 1, "offered": "person"}


async def test_two_sources_of_one_service_are_told_apart_by_their_sections() -> None:
    told = await run(ActionNotHelpful(), "no", sources=[SOURCE, SOURCE | {"section": "How to apply"}])
    assert [button["title"] for button in told.messages[0]["buttons"]] == ["Renew an adult passport – How to apply"]


async def test_what_does_not_help_again_needs_a_person() -> None:
    told = await run(ActionNotHelpful(), "still wrong", sources=[SOURCE], unhelpful=1)
    assert told.responses == ["utter_still_not_helpful", "utter_contact"]
    assert told.customs == [{"hand_to": "desk", "because": "not_helpful", "topic": SOURCE["title"]}]
    assert told.slots == {"unhelpful": 0, "offered": "nothing"}


async def test_starting_over_forgets_the_topic_and_nothing_else() -> None:
    told = await run(ActionStartOver(), "start over", sources=[SOURCE], place="ca-on", unhelpful=1, offered="person")
    assert told.responses == ["utter_start_over"]
    assert told.slots == {"sources": None, "before": None, "pending": None, "unhelpful": 0, "offered": "nothing"}
