"""Words as they were typed into a form, and the text that they become."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.sources import plain


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("One.  Two.", "One. Two."),
        ("Les prix : 5\u00a0$", "Les prix : 5\u00a0$"),
        ("soft\u00adhyphen, zero\u200bwidth, \ufeffmark\x00", "softhyphen, zerowidth, mark"),
        ("cafe\u0301", "café"),
        ("half \ud800 a pair", "half ? a pair"),
        ("a\tb\r\nc", "a b c"),
    ],
)
def test_line(typed: str, text: str) -> None:
    assert plain.line(typed) == text


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("One paragraph.\r\n\r\nAnother.", "One paragraph.\n\nAnother."),
        ("a sentence that\r\nwraps in its middle", "a sentence that wraps in its middle"),
        ("made by Boats Ltd.\nand sent", "made by Boats Ltd. and sent"),
        ("It ended.\nA new one begins.", "It ended.\n\nA new one begins."),
        ("These:\n- one;\n - two\n\nThen more.", "These:\n\n- one;\n- two\n\nThen more."),
        ("These:\n•one\n• two\n\uf0b7 three", "These:\n\n- one\n- two\n- three"),
        ("Two:\no Un\no Deux", "Two:\n\n- Un\n- Deux"),
        ("Steps:\n1.Ask\n2) Wait", "Steps:\n\n1. Ask\n2. Wait"),
        ("- an item that\nwraps\n- another", "- an item that wraps\n- another"),
        ("-5 degrees or 1.5 metres", "-5 degrees or 1.5 metres"),
        ("- \n-", ""),
        (" \n \n", ""),
    ],
)
def test_paragraphs(typed: str, text: str) -> None:
    assert plain.paragraphs(typed) == text


@given(st.one_of(st.text(st.characters(exclude_characters="o")), st.text("-*• \n1.)ab:\r\t\u00a0", max_size=30)))
def test_no_word_is_lost(typed: str) -> None:
    text = plain.paragraphs(typed)
    assert [c for c in text if c.isalnum()] == [c for c in plain.line(typed) if c.isalnum()]
    assert text == text.strip() and "\r" not in text and "\n\n\n" not in text
