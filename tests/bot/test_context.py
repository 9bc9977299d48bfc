"""What a message brings with it, and the text as the other components get it."""

import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.components.context import Context, entities, tidy


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("  hello ", "hello"),
        ("/restart", "restart"),
        ('/ /greet{"place": "x"}', 'greet{"place": "x"}'),
        ("j’ai perdu mon NAS", "j'ai perdu mon NAS"),
        ("a\ud800b\x00c\nd", "a?b c d"),
        ("/", ""),
    ],
)
def test_tidy(written: str, read: str) -> None:
    assert tidy(written) == read


def filled(found: list[dict]) -> dict[str, str]:
    """The slots that Rasa makes of the entities: the last of each."""
    return {each["entity"]: each["value"] for each in found}


def test_language_and_place_come_with_the_message() -> None:
    found = entities("hello", {"id": "1", "language": "fr", "place": "ca-on"})
    assert filled(found) == {"language": "fr", "place": "ca-on"}


def test_what_is_said_goes_before_what_was_known() -> None:
    found = entities("I live in Toronto", {"language": "en", "place": "ca-qc"})
    assert filled(found) == {"language": "en", "place": "ca-on-toronto"}
    assert found[-1]["extractor"] == "said"


@pytest.mark.parametrize("metadata", [{}, {"language": None, "place": None}, {"language": ["en"], "place": 5}])
def test_what_is_not_known_fills_nothing(metadata: dict) -> None:
    assert entities("hello", metadata) == []


def test_a_message_without_metadata_or_text_is_one_too() -> None:
    (message,) = Context().process([Message({"text": None, "metadata": None})])
    assert message.as_dict(only_output_properties=True) == {"text": "", "entities": []}
