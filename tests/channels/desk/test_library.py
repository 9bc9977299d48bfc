"""The library, over the bundled content: what an agent finds, and what is suggested to them unasked."""

import pytest

from channels.desk.library import Library
from knowledge import Knowledge

PASSPORT = "How do I renew my passport?"


@pytest.fixture
def library(knowledge: Knowledge) -> Library:
    return Library(lambda: knowledge)


async def test_a_search_finds_passages_with_all_that_it_takes_to_quote_them(library: Library) -> None:
    first, *others = await library.search("renew a passport", "fr")
    assert first.language == "fr" and first.publisher and first.as_of and first.title
    assert first.url is not None and first.url.startswith("https://")
    assert others


@pytest.mark.parametrize(
    "after",
    [(), ("I want to talk to a person",), ("thank you Ana", "ok"), ("Talk to a person", "hello?", "are you there")],
)
async def test_what_is_suggested_answers_the_last_question_that_can_be_answered(
    library: Library, after: tuple[str, ...]
) -> None:
    suggested = await library.suggest(["what is the child benefit", PASSPORT, *after], "en", None)
    assert suggested[0].title == "Renew an adult passport"


async def test_where_nothing_was_asked_nothing_is_suggested(library: Library) -> None:
    assert await library.suggest([], "en", None) == []
    assert await library.suggest(["hello", "I want to talk to a person"], "en", None) == []


async def test_what_is_not_clear_is_suggested_only_where_nothing_is_answered(library: Library) -> None:
    thanks = "Merci! Mon numéro de dossier est le B-42."
    suggested = await library.suggest(["Combien coûte un passeport pour adulte?", thanks], "fr", None)
    assert "passeport" in suggested[0].title
