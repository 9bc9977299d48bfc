"""Conversations: the language and the place they are in, and how they came to be in it."""

import pytest

from channels.channel import Incoming
from channels.conversation import Addresses, Conversation, heard, written_language

ENGLISH = "how do I renew my passport"
FRENCH = "comment renouveler mon passeport"


def conversation(language: str = "en", chosen: bool = False) -> Conversation:
    return Conversation("k" * 32, "web", language, chosen=chosen)


@pytest.mark.parametrize(
    ("before", "chosen", "text", "choice", "after"),
    [
        ("en", False, FRENCH, None, "fr"),
        ("fr", False, ENGLISH, None, "en"),
        ("fr", False, "ok", None, "fr"),
        ("fr", False, "613 2026", None, "fr"),
        ("en", True, FRENCH, None, "en"),
        ("en", True, FRENCH, "fr", "fr"),
        ("en", False, ENGLISH, "fr", "fr"),
        ("en", False, ENGLISH, "xx", "en"),
        ("fr", True, "ok", "xx", "fr"),
    ],
)
def test_the_choice_stands_above_what_is_written_and_that_above_what_was(
    before: str, chosen: bool, text: str, choice: str | None, after: str
) -> None:
    now = heard(conversation(before, chosen), Incoming("m1", "web:1", text, language=choice))
    assert (now.language, now.chosen) == (after, chosen or choice in ("en", "fr"))


def test_the_place_is_the_last_one_said() -> None:
    first = heard(conversation(), Incoming("m1", "web:1", ENGLISH, place="ca-on"))
    assert heard(first, Incoming("m2", "web:1", ENGLISH)).place == "ca-on"
    assert heard(first, Incoming("m3", "web:1", ENGLISH, place="ca-qc")).place == "ca-qc"


@pytest.mark.parametrize("text", ["", " ", "123", "😀" * 30, "مرحبا", "\u200d", "a" * 2000])
def test_what_is_in_no_language_of_ours_says_nothing(text: str) -> None:
    assert written_language(text) in (None, "en", "fr")
    assert written_language("".join(c for c in text if not c.isascii())) is None


def test_a_key_says_nothing_of_the_address_and_depends_on_the_secret() -> None:
    address = "sms:+16135550142"
    key = Addresses(b"a" * 32).key(address)
    assert key == Addresses(b"a" * 32).key(address)
    assert key != Addresses(b"b" * 32).key(address)
    assert len(key) == 32
    assert "613" not in key or "5550142" not in key
    assert Addresses(b"a" * 32).key("web:\ud800")
