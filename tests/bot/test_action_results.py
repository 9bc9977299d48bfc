"""Rasa still refuses what is no action's result."""

import pytest
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction

import bot.components.action_results  # noqa: F401

ACTION = RemoteAction("action_answer", None)


@pytest.mark.parametrize(
    "result",
    [
        {"events": [], "responses": []},
        {"events": [{"event": "slot", "name": "offered", "value": "person"}], "responses": [{"text": "hello"}]},
        {},
    ],
)
def test_a_result_is_taken(result: object) -> None:
    assert ACTION._validate_action_result(result)


@pytest.mark.parametrize(
    "result",
    [None, [], "error", {"events": {}}, {"events": [{"name": "offered"}]}, {"events": [], "responses": ["hello"]}],
)
def test_anything_else_is_refused(result: object) -> None:
    with pytest.raises(ValidationError):
        ACTION._validate_action_result(result)
