"""What browsers send: read within bounds, cleaned, or refused by name."""

import asyncio
import json
import unicodedata
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.web import message
from channels.web.message import MOST_CHARACTERS, Unacceptable


async def chunks(*parts: bytes, pause: float = 0.0) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(pause)
        yield part


def refusal(read: object, value: object) -> tuple[str, int]:
    with pytest.raises(Unacceptable) as refused:
        read(value)  # type: ignore[operator]
    return refused.value.code, refused.value.status


@pytest.mark.parametrize(
    "written",
    ["\u00e9" * MOST_CHARACTERS, "\U0001f600" * MOST_CHARACTERS, "\u0627" * MOST_CHARACTERS],
    ids=["accents", "emoji", "arabic"],
)
async def test_the_longest_message_fits_however_it_is_escaped(written: str) -> None:
    for body in (json.dumps({"id": "a" * 64, "text": written}), f"id={'a' * 64}&text={quote(written)}"):
        assert await message.body(chunks(body.encode())) == body.encode()


async def test_a_body_is_not_read_further_than_any_message_goes() -> None:
    asked = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield b"a" * 8192

    with pytest.raises(Unacceptable, match="too_long"):
        await message.body(endless())
    assert asked < 8


async def test_a_body_that_trickles_in_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message, "MOST_SECONDS", 0.05)
    with pytest.raises(Unacceptable) as refused:
        await message.body(chunks(b"{", b"}", pause=1.0))
    assert refused.value.status == 408


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("hello", "hello"),
        ("  a\r\nb\tc \n", "a\nb\tc"),
        ("cafe\u0301", "café"),
        ("\ud800ok\x00\x1b\x7f\x9f", "?ok"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("a" * MOST_CHARACTERS, "a" * MOST_CHARACTERS),
    ],
)
def test_text_is_read_as_valid_unicode_without_control_characters(written: str, read: str) -> None:
    assert message.text(written) == read


@pytest.mark.parametrize(
    ("value", "code", "status"),
    [
        ("", "empty", 422),
        (" \n\u00a0\x00", "empty", 422),
        ("a" * (MOST_CHARACTERS + 1), "too_long", 413),
        (None, "malformed", 400),
        (7, "malformed", 400),
        (["hello"], "malformed", 400),
    ],
)
def test_text_that_cannot_be_taken(value: object, code: str, status: int) -> None:
    assert refusal(message.text, value) == (code, status)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(), max_size=60))
def test_any_text_is_clean_or_refused(written: str) -> None:
    try:
        read = message.text(written)
    except Unacceptable:
        return
    assert read.encode("utf-8").decode() == read == message.text(read)
    assert not [c for c in read if unicodedata.category(c) == "Cc" and c not in "\n\t"]


def test_the_id_of_a_message_is_never_that_of_a_reply() -> None:
    assert message.name("4f9c-1_a:b") == "4f9c-1_a:b"
    assert message.reply("4f9c-1_a:b/held") == "4f9c-1_a:b/held"
    for value in ("m1/1", "", "a" * 65, "é", "a b", "a\n", "<b>", "٣", 7, None):
        assert refusal(message.name, value) == ("malformed", 400)


def test_the_reply_to_the_longest_id_can_be_rated() -> None:
    assert message.reply(f"{'a' * 64}/failed")
    assert refusal(message.reply, "a" * 200) == ("malformed", 400)


@pytest.mark.parametrize(
    ("value", "read"), [("FR", "fr"), ("ca-on-toronto", "ca-on-toronto"), ("", None), (None, None)]
)
def test_codes(value: object, read: str | None) -> None:
    assert message.code(value) == read


@pytest.mark.parametrize("value", ["a" * 41, "a_b", "é", 7, {}])
def test_what_is_no_code(value: object) -> None:
    assert refusal(message.code, value) == ("malformed", 400)
