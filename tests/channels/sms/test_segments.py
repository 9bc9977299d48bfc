"""Segments, against an encoder of our own: what a telephone puts together again is what was sent."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.segments import count, encoding, graphemes, segments

OCTETS, HEADER = 140, 6  # of user data, and of these what says "2 of 3": 3GPP TS 23.040, 9.2.3.24.1
ESCAPE = 0x1B
ALPHABET = (  # by code: 3GPP TS 23.038, 6.2.1
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
ESCAPED = {"\f": 10, "^": 20, "{": 40, "}": 41, "\\": 47, "[": 60, "~": 61, "]": 62, "|": 64, "€": 101}

FAMILY, FLAG, ZALGO = "👨‍👩‍👧‍👦", "🇨🇦", "a" + "\u0301" * 99


def in_alphabet(text: str) -> bool:
    return all(c != "\x1b" and (c in ALPHABET or c in ESCAPED) for c in text)


def septets(text: str) -> list[int]:
    return [code for c in text for code in ((ESCAPE, ESCAPED[c]) if c in ESCAPED else (ALPHABET.index(c),))]


def packed(codes: list[int], fill: int) -> bytes:
    """Seven bits each, the first one lowest, after `fill` bits up to which the header does not reach."""
    bits = sum(code << (fill + 7 * at) for at, code in enumerate(codes))
    return bits.to_bytes((fill + 7 * len(codes) + 7) // 8, "little")


def unpacked(data: bytes, many: int, fill: int) -> str:
    bits = int.from_bytes(data, "little") >> fill
    codes = iter([(bits >> (7 * at)) & 0x7F for at in range(many)])
    unescaped = {code: c for c, code in ESCAPED.items()}
    return "".join(unescaped[next(codes)] if code == ESCAPE else ALPHABET[code] for code in codes)


def user_data(text: str) -> list[tuple[int, bytes]]:
    """What is on the air: for each part its length, in septets or octets, and its octets without the header."""
    parts = segments(text)
    if not in_alphabet(text):
        return [(len(data), data) for data in (part.encode("utf-16-be", "surrogatepass") for part in parts)]
    fill = 1 if len(parts) > 1 else 0  # six octets of header are 48 bits: one more, and septets begin at 49
    return [(len(codes), packed(codes, fill)) for codes in map(septets, parts)]


def received(sent: list[tuple[int, bytes]], gsm: bool) -> bytes:
    """What the telephone shows, in UTF-16-BE: two halves of a letter that meet there are that letter."""
    if not gsm:
        return b"".join(data for _, data in sent)
    fill = 1 if len(sent) > 1 else 0
    return "".join(unpacked(data, many, fill) for many, data in sent).encode("utf-16-be")


def test_the_alphabet_is_that_of_the_standard() -> None:
    assert len(ALPHABET) == 128
    mistaken = [c for c in map(chr, range(0x11000)) if (encoding(c).name == "GSM-7") != in_alphabet(c)]
    assert mistaken == []


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("", []),
        ("a" * 160, [160]),
        ("a" * 161, [153, 8]),
        ("é" * 306, [153, 153]),
        ("é" * 307, [153, 153, 1]),
        ("€" * 80, [80]),
        ("€" * 81, [76, 5]),
        ("€" * 152, [76, 76]),
        ("€" * 153, [76, 76, 1]),
        ("a" * 158 + "€", [159]),
        ("a" * 159 + "€", [153, 7]),
        ("a" * 152 + "€" + "a" * 10, [152, 11]),
        ("a" * 151 + "€" + "a" * 10, [152, 10]),
        ("[1] {2} ~ a|b" + "a" * 141, [154]),
        ("[1] {2} ~ a|b" + "a" * 142, [147, 8]),
        ("\r\n" * 80, [160]),
        ("a" * 152 + "\r\n" + "a" * 10, [152, 12]),
        ("ê" * 70, [70]),
        ("ê" * 71, [67, 4]),
        ("ê" * 134, [67, 67]),
        ("ê" * 135, [67, 67, 1]),
        ("a" * 70 + "ê", [67, 4]),
        ("€" * 69 + "ê", [70]),
        ("ê" + "\r\n" * 35, [67, 4]),
        ("\0" * 70, [70]),
        ("\x1b" * 71, [67, 4]),
        ("\ud83d" * 70, [70]),
        ("\ude00" * 71, [67, 4]),
        ("😀" * 35, [35]),
        ("😀" * 36, [33, 3]),
        ("😀" * 66, [33, 33]),
        ("😀" * 67, [33, 33, 1]),
        ("e\u0301" * 35, [70]),
        ("e\u0301" * 36, [66, 6]),
        (FLAG * 17, [34]),
        (FLAG * 18, [32, 4]),
        (FAMILY * 6, [42]),
        (FAMILY * 7, [42, 7]),
        ("a" * 66 + FAMILY, [66, 7]),
        (ZALGO, [67, 33]),
        ("ê" + ZALGO + "ê", [67, 35]),
    ],
    ids=lambda value: repr(value[:16]),
)
def test_what_is_carried_in_how_many_parts(text: str, lengths: list[int]) -> None:
    assert [len(part) for part in segments(text)] == lengths
    assert count(text) == len(lengths)


GSM = st.sampled_from(ALPHABET.replace("\x1b", "") + "".join(ESCAPED))
ANY = st.characters()  # lone surrogates, controls and NUL among them
LETTERS = st.sampled_from(("ê", "😀", "\ud83d", "\ude00", "e\u0301", FLAG, FAMILY, "\u200d", "\r\n", "\0", ZALGO))


@given(
    st.one_of(
        st.lists(GSM, max_size=500),
        st.lists(GSM | LETTERS, max_size=200),
        st.lists(ANY | LETTERS, max_size=80),
    ).map("".join)
)
def test_what_arrives_is_what_was_sent_and_each_part_is_as_full_as_can_be(text: str) -> None:
    parts, sent, gsm = segments(text), user_data(text), in_alphabet(text)
    room = OCTETS if len(parts) < 2 else OCTETS - HEADER
    assert received(sent, gsm) == text.encode("utf-16-be", "surrogatepass")
    assert "".join(parts) == text
    assert all(0 < len(data) <= room for _, data in sent)
    assert all(many <= (160 if len(parts) < 2 else 153) for many, _ in sent if gsm)
    assert count(text) == len(parts)
    of_one = len(packed(septets(text), 0)) if gsm else len(text.encode("utf-16-be", "surrogatepass"))
    assert (len(parts) > 1) == (of_one > OCTETS)
    for part, following in pairwise(parts):
        first = graphemes(following)[0]
        more = (
            len(septets(part + first)) > 153 if gsm else len((part + first).encode("utf-16-be", "surrogatepass")) > 134
        )
        assert more, "the next letter would still have fitted"


@given(st.lists(ANY | LETTERS.filter(lambda letter: letter != ZALGO), min_size=20, max_size=60).map("".join))
def test_no_letter_is_cut_that_a_part_can_hold(text: str) -> None:
    letters = [letter for part in segments(text) for letter in graphemes(part)]
    if all(len(letter.encode("utf-16-be", "surrogatepass")) <= OCTETS - HEADER for letter in graphemes(text)):
        assert letters == graphemes(text)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("ça", ["ç", "a"]),
        ("c\u0327a", ["c\u0327", "a"]),
        (f"{FAMILY}{FLAG}{FLAG}", [FAMILY, FLAG, FLAG]),
        ("a\r\nb\n\r", ["a", "\r\n", "b", "\n", "\r"]),
        (ZALGO, [ZALGO]),
    ],
)
def test_a_letter_is_what_a_reader_takes_for_one(text: str, letters: list[str]) -> None:
    assert graphemes(text) == letters
