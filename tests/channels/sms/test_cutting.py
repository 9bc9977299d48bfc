"""Cutting: nothing is lost, nothing that is read as one is halved, and a text ends where a reader would pause."""

from collections.abc import Callable
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.sms.cutting import LEAST, cut
from channels.sms.segments import count, graphemes
from channels.sms.typography import gsm

WHOLES = (
    "https://www.canada.ca/fr/a?b=c,d;e.html#f",
    "www.canada.ca/passport",
    "passeport.aide@cic.gc.ca",
    "$1,234.50",
    "1 234,50 $",
    "1\u00a0234,50\u00a0$",
    "$ 163.50",
    "12,5 %",
    "1 800 622-6232",
    "1-800-622-6232",
    "(613) 555-0142",
    "1 (800) 622-6232",
    "+1 613 555 0142",
    "March 31, 2026",
    "Sep. 30, 2026",
    "31 mars 2026",
    "1er avril 2026",
    "30 sept. 2026",
    "2026-03-31",
    "13 h 30",
    "1:30 p.m.",
)
FAMILY, FLAG, ZALGO = "👨‍👩‍👧‍👦", "🇨🇦", "a" + "\u0301" * 99


def up_to(characters: int) -> Callable[[str], bool]:
    return lambda text: len(text) <= characters


def compact(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("whole", WHOLES)
@pytest.mark.parametrize("around", [("It is ", " as of now"), ("", " it is"), ("Voir la page du ", ", puis on verra.")])
def test_a_link_a_number_and_a_date_are_left_whole_wherever_the_text_must_end(
    whole: str, around: tuple[str, str]
) -> None:
    text = whole.join(around)
    begins, ends = len(around[0]), len(around[0]) + len(whole)
    for characters in range(max(begins, ends - begins, 1), len(text)):
        first, rest = cut(text, up_to(characters))
        assert len(first) <= begins or len(text) - len(rest) >= ends, (first, rest)
        assert first and compact(first + rest) == compact(text)


FILLERS = st.text(st.characters(exclude_categories=["Nd", "Cs"], exclude_characters="$€%+@(h/"), max_size=12)
WORDS = st.sampled_from(
    ("passport", "l’été", "naît", "M.", "fee", "«\u00a0ça\u00a0»", FAMILY, FLAG * 3, "e\u0301", "—")
)
BETWEEN = st.sampled_from((" ", ". ", ", ", ".\n", "\n\n", "\n- ", "; "))
PIECES = st.lists(st.tuples(FILLERS | WORDS, BETWEEN, st.sampled_from(WHOLES) | WORDS, BETWEEN), max_size=20)
FITS = st.integers(45, 200).map(up_to) | st.tuples(
    st.integers(1, 3), st.sampled_from(("exact", "settled", "plain"))
).map(lambda budget: lambda text: count(gsm(text, budget[1])) <= budget[0])  # type: ignore[arg-type]


@settings(deadline=None, max_examples=300)
@given(PIECES, FITS)
def test_all_is_said_in_parts_that_fit_and_nothing_is_halved(
    pieces: list[tuple[str, ...]], fits: Callable[[str], bool]
) -> None:
    flat = [part for piece in pieces for part in piece]
    text, ends = "".join(flat), list(accumulate(map(len, flat)))
    halves = {
        at for part, end in zip(flat, ends, strict=True) if part in WHOLES for at in range(end - len(part) + 1, end)
    }
    allowed = {0, *accumulate(map(len, graphemes(text)))} - halves
    at = 0
    while at < len(text):
        first, rest = cut(text[at:], fits)
        stop, goes_on = at + len(first), len(text) - len(rest)
        assert fits(first)
        assert (text[at:stop], text[goes_on:], text[stop:goes_on].strip()) == (first, rest, "")
        assert allowed & set(range(stop, goes_on + 1)), "between letters, and around what is read as one"
        assert goes_on > at, "there is progress"
        at = goes_on


@settings(deadline=None)
@given(st.text(st.characters() | st.sampled_from(" .\n1@\u0301\u200d🇨👨"), max_size=200), st.integers(0, 30))
def test_any_text_gets_on_and_loses_nothing_even_where_nothing_fits(text: str, characters: int) -> None:
    left = text
    said = ""
    while left:
        first, rest = cut(left, up_to(characters))
        assert len(first) <= max(1, characters)
        assert len(rest) < len(left)
        said, left = said + first, rest
    assert compact(said) == compact(text)


SENTENCE = st.lists(st.text("vwxz", min_size=2, max_size=9), min_size=1, max_size=12).map(
    lambda words: f"Y{' '.join(words)}."
)


@given(st.lists(SENTENCE, min_size=2, max_size=8).map(" ".join), st.integers(30, 150))
def test_a_sentence_that_is_not_too_short_is_left_whole_and_else_a_word(text: str, characters: int) -> None:
    first, rest = cut(text, up_to(characters))
    *_, last = 0, *(end for end, c in enumerate(text, start=1) if c == "." and end <= characters)
    if len(text) <= characters:
        assert (first, rest) == (text, "")
    elif last >= LEAST * (characters + 1):
        assert first == text[:last]
    elif last < LEAST * characters - 1:  # in between it depends on the space after
        assert text == f"{first} {rest}", "between two words"
        assert characters - len(first) <= len(rest.split()[0]), "the next word has no room"


@pytest.mark.parametrize(
    ("text", "characters", "first"),
    [
        ("You need a form. Then you pay the fee.", 38, "You need a form. Then you pay the fee."),
        ("You need a form. Then you pay the fee.", 37, "You need a form."),
        ("You need a form. Then you pay the fee, and a photo.", 45, "You need a form. Then you pay the fee,"),
        (
            "Oui. Il faut d’abord remplir le formulaire; ensuite payer",
            50,
            "Oui. Il faut d’abord remplir le formulaire;",
        ),
        ("Oui. Il faut d’abord remplir le formulaire", 30, "Oui. Il faut d’abord remplir"),
        ("Ask Mr. Roy about it first", 20, "Ask Mr. Roy about it"),
        ("It is due on Sep. 30, 2026 at noon", 23, "It is due on"),
        ("Lire «\u00a0ceci\u00a0»", 9, "Lire"),
        ("Bring:\n- a photo\n- a form\n- the fee", 27, "Bring:\n- a photo\n- a form"),
        ("anticonstitutionnellement", 10, "anticonsti"),
        ("a anticonstitutionnellement", 10, "a anticons"),
        ("https://canada.ca/passport is it", 10, "https://ca"),
        ("See (https://canada.ca/passport)", 25, "See"),
        ("pay $1,234.50", 12, "pay"),
        ("1 800 622-6232", 6, "1 800"),
        ("a \u0308b", 2, "a"),
        ("ab \u0308cd", 5, "ab \u0308c"),
        (FAMILY * 2, 10, FAMILY[:10]),
        (FAMILY * 2, 13, FAMILY),
        (FLAG * 2, 3, FLAG),
        (ZALGO, 10, ZALGO[:10]),
        ("abc\n\n", 3, "abc"),
        ("abc", 0, "a"),
        ("", 0, ""),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_where_a_text_ends(text: str, characters: int, first: str) -> None:
    begins, rest = cut(text, up_to(characters))
    assert (begins, compact(begins + rest)) == (first, compact(text))
    assert rest == text[len(first) :].lstrip()
