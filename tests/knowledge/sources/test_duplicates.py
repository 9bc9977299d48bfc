"""What several pages say alike is kept once; what is said of several services is kept for each."""

import pytest

from knowledge.document import Document, Section
from knowledge.sources.duplicates import once

LONG = "Write to the town hall, and say who you are and where you live. " * 4


def made(name: str, title: str, *texts: str, **more: str) -> Document:
    return Document(
        name, more.get("language", "en"), title, more.get("publisher", "Town"), tuple(Section((), t) for t in texts)
    )


@pytest.mark.parametrize(
    ("documents", "kept"),
    [
        ([made("a", "Dogs", "One."), made("b", "Cats", "One.")], {"a": 1, "b": 1}),
        ([made("a", "Dogs", "One.", "Two."), made("b", "DOGS", "one", "Three.")], {"a": 2, "b": 1}),
        ([made("a", "Dogs", "One."), made("b", "Dogs", "One.")], {"a": 1}),
        ([made("a", "Dogs", "One."), made("b", "Dogs", "One.", publisher="City")], {"a": 1, "b": 1}),
        ([made("a", "Dogs", "One."), made("b", "Dogs", "One.", language="fr")], {"a": 1, "b": 1}),
        ([made("a", "Dogs", "One.", "One.")], {"a": 2}),
        ([made(n, f"Service {n}", n, LONG) for n in "abcde"], {"a": 2, "b": 1, "c": 1, "d": 1, "e": 1}),
        ([made(n, f"Service {n}", n, LONG) for n in "abcd"], {"a": 2, "b": 2, "c": 2, "d": 2}),
        ([made(n, f"Service {n}", n, "It is free.") for n in "abcdef"], dict.fromkeys("abcdef", 2)),
        ([made(n, f"Service {n}", LONG) for n in "abcdef"], dict.fromkeys("abcdef", 1)),
    ],
    ids=str.split("two same near publishers languages twice many few short only"),
)
def test_once(documents: list[Document], kept: dict[str, int]) -> None:
    found = once(documents)
    assert {document.id: len(document.sections) for document in found} == kept
    assert once(found) == found


def test_pages_of_one_id_and_the_same_words_under_other_headings_stay() -> None:
    adults, children = (
        Document("a", "en", "Prices", "Town", (Section((who,), "$5"),)) for who in ("Adults", "Children")
    )
    assert once([adults, children]) == [adults, children]


def test_what_has_an_address_is_kept_and_not_what_has_none() -> None:
    linked = Document("b", "en", "Dogs", "Town", (Section((), "One."),), url="https://www.town.example.org/dogs")
    assert once([made("a", "Dogs", "One."), linked, made("c", "Cats", "Two.")]) == [linked, made("c", "Cats", "Two.")]


def test_a_translation_leads_to_what_was_kept() -> None:
    french = Document("c", "fr", "Chiens", "Town", (Section((), "Un."),), translation="b")
    found = once([made("a", "Dogs", "One."), made("b", "Dogs", "One."), french])
    assert [(document.id, document.translation) for document in found] == [("a", None), ("c", "a")]
