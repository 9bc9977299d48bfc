"""Menus on a real Redis: what a number, a word or a touch means after what was offered last."""

from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from channels.channel import Choice, Incoming
from channels.menus import KEEP_SECONDS, NUMBERS, Menu, Menus, Rest, chosen_by

PASSPORT = Choice("Renew a passport", "How do I renew my passport?")
PENSION = Choice("Old Age Security pension", "How do I apply for OAS?")
PERMIT = Choice("Permis de conduire : renouveler", "Comment renouveler mon permis?")
MENU = Menu((PASSPORT, PENSION, PERMIT), reply="m1/1")
SIX = '[[["Renew", "2"], ["Lost", "3"]], "rest", "en", "m1/1", "m1/1", "bot"]'
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def said(text: str = "", **about: object) -> Incoming:
    return Incoming("m2", "sms:+16135550142", text, at=NOW, **about)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "2",
        " 2 ",
        "2.",
        "2)",
        "(2)",
        "#2",
        "２",
        "2️⃣",
        "②",
        "two",
        "TWO!",
        "deux",
        "Deux.",
        "second",
        "the second one",
        "2nd",
        "le 2",
        "le 2e",
        "la deuxième",
        "option two",
        "Option 2, please",
        "number 2 thanks",
        "no. 2",
        "n° 2",
        "numéro deux svp",
        "le numéro 2 merci",
        "choix 2",
        "l’option 2",
        "2 s’il vous plaît",
        "choice two pls",
    ],
)
def test_a_number_is_understood_in_many_writings(text: str) -> None:
    assert chosen_by(said(text), MENU) == PENSION


def test_every_number_that_a_menu_can_have_is_known_in_both_languages() -> None:
    nine = Menu(tuple(Choice(f"label {letter}", letter) for letter in "abcdefghi"))
    for number, words in NUMBERS.items():
        assert {chosen_by(said(word), nine) for word in words.split()} == {nine.choices[number - 1]}
    assert [chosen_by(said(word), nine) for word in ("neuf", "ninth", "premier", "1er", "number one")] == [
        nine.choices[index] for index in (8, 8, 0, 0, 0)
    ]


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("Renew a passport", PASSPORT),
        ("RENEW A PASSPORT.", PASSPORT),
        ("how do i renew my passport", PASSPORT),
        ("passport", PASSPORT),
        ("the passport", PASSPORT),
        ("pension", PENSION),
        ("old age security", PENSION),
        ("le permis", PERMIT),
        ("Conduire?", PERMIT),
        ("permis renouveler", PERMIT),
    ],
)
def test_a_choice_is_made_by_its_words(text: str, choice: Choice) -> None:
    assert chosen_by(said(text), MENU) == choice


@pytest.mark.parametrize(
    "text",
    [
        "4",
        "0",
        "22",
        "2 3",
        "1 or 2",
        "option ten",
        "passport photo",
        "one two",
        "I have 2 children",
        "no",
        "merci",
    ],
)
def test_what_is_out_of_range_or_no_choice_is_a_message(text: str) -> None:
    assert chosen_by(said(text), MENU) is None


def test_words_that_two_choices_have_choose_neither() -> None:
    two = Menu((PASSPORT, Choice("Lost passport", "I lost my passport")))
    assert chosen_by(said("passport"), two) is None
    assert chosen_by(said("lost passport"), two) == two.choices[1]


@pytest.mark.parametrize("text", ["", "?", "the", "how do I", "est-ce que"])
def test_words_that_say_nothing_choose_nothing_even_where_there_is_one_choice(text: str) -> None:
    assert chosen_by(said(text), Menu((PASSPORT,))) is None


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        (("m1/1", 1), PASSPORT),
        (("m1/1", 3), PERMIT),
        (("m1/1", 4), None),
        (("m1/1", 0), None),
        (("m1/1", -1), None),
        (("m0/1", 1), None),
        (("", 1), None),
    ],
)
def test_a_touch_counts_only_for_the_reply_that_offered_it(choice: tuple[str, int], chosen: Choice | None) -> None:
    assert chosen_by(said(choice=choice), MENU) == chosen
    assert chosen_by(said("passport", choice=choice), MENU) == chosen, "it is not looked for by words"


async def test_a_choice_is_read_as_what_it_says_and_all_else_as_itself(redis: Redis) -> None:
    menus = Menus(redis)
    await menus.keep("a", MENU)
    assert await menus.read("a", said("2", hint="en")) == said(PENSION.say, hint="en")
    for message in (said("4"), said("where is the office?"), said(choice=("m0/1", 1))):
        assert await menus.read("a", message) is message
    two = said("2")
    assert await menus.read("b", two) is two, "another conversation has its own"
    assert await menus.read("a", two) == said(PENSION.say), "a turn may run twice"


@pytest.mark.parametrize(
    "text", ["MORE", "More.", "m", "next", "SUITE", "la suite", "Suite!", "encore", "lire la suite"]
)
async def test_what_was_left_out_is_read_on_request(redis: Redis, text: str) -> None:
    menus = Menus(redis)
    await menus.keep("a", Menu(MENU.choices, "the rest", "fr", "m1/1"))
    assert await menus.read("a", said(text)) == Rest("the rest", "fr")
    assert await menus.read("a", said(command="more")) == Rest("the rest", "fr")
    assert await menus.read("a", said("more money")) == said("more money")


async def test_a_button_for_the_rest_brings_that_of_its_own_reply(redis: Redis) -> None:
    menus = Menus(redis)
    await menus.keep("a", Menu(MENU.choices, "second part", "en", "m1/1"))
    await menus.keep("a", Menu((), "third part", "en", "m2/1"), continues=True)
    assert await menus.read("a", said(command="more", choice=("m2/1", 0))) == Rest("third part", "en")
    stale = said(command="more", choice=("m1/1", 0))
    assert await menus.read("a", stale) is stale


@pytest.mark.parametrize("kept", ["[", "7", '["m1/1", "en", "", []]', '[[["one"]], "", "en", "m1/1", ""]', SIX])
async def test_a_menu_that_another_version_wrote_is_none(redis: Redis, kept: str) -> None:
    menus, two = Menus(redis), said("2")
    await menus.keep("a", MENU)
    (key,) = [key async for key in redis.scan_iter("menu:*")]
    await redis.set(key, kept)
    assert await menus.read("a", two) is two


async def test_what_was_left_out_is_known_by_the_passages_it_is_from(redis: Redis) -> None:
    menus = Menus(redis)
    await menus.keep("a", Menu(MENU.choices, "the rest", "fr", "m1/1", passages=("a#1", "b#2"), snapshot="1234"))
    assert await menus.read("a", said("more")) == Rest("the rest", "fr", passages=("a#1", "b#2"), snapshot="1234")


async def test_where_nothing_was_left_out_more_is_a_message(redis: Redis) -> None:
    menus, more = Menus(redis), said("more")
    assert await menus.read("a", more) is more
    await menus.keep("a", MENU)
    assert await menus.read("a", more) is more


async def test_what_continues_a_menu_keeps_its_choices_and_takes_its_own_rest(redis: Redis) -> None:
    menus = Menus(redis)
    await menus.keep("a", Menu(MENU.choices, "second part", "en", "m1/1"))
    for _ in range(2):  # a reply may be sent again
        await menus.keep("a", Menu((), "third part", "en", "m2/1"), continues=True)
    assert await menus.read("a", said("more")) == Rest("third part", "en")
    assert await menus.read("a", said("3")) == said(PERMIT.say)
    assert await menus.read("a", said(choice=("m1/1", 3))) == said(PERMIT.say, choice=("m1/1", 3))
    await menus.keep("a", Menu((), "", "en", "m3/1"), continues=True)
    more = said("more")
    assert await menus.read("a", more) is more, "that was all"
    assert await menus.read("a", said("3")) == said(PERMIT.say), "but the choices are still open"


async def test_the_last_reply_counts_and_one_that_offers_nothing_ends_the_menu(redis: Redis) -> None:
    menus, one, touched = Menus(redis), said("1"), said(choice=("m1/1", 1))
    await menus.keep("a", MENU)
    await menus.keep("a", Menu((PERMIT,), reply="m2/1"))
    assert await menus.read("a", one) == said(PERMIT.say)
    assert await menus.read("a", touched) is touched
    await menus.keep("a", Menu(reply="m3/1"))
    assert await menus.read("a", one) is one
    assert [key async for key in redis.scan_iter()] == []


async def test_a_menu_is_forgotten_after_two_days(redis: Redis) -> None:
    menus = Menus(redis)
    await menus.keep("a", MENU)
    (key,) = [key async for key in redis.scan_iter()]
    assert KEEP_SECONDS - 5 < await redis.ttl(key) <= KEEP_SECONDS == 48 * 3600
    await redis.expire(key, 60)
    await menus.keep("a", Menu(rest="and"), continues=True)
    assert await redis.ttl(key) > 60, "what goes on lasts longer"
