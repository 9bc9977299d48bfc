"""Codes on a real Redis: each takes one conversation to one telephone, once, and cannot be guessed."""

import asyncio
import re

import pytest
from redis.asyncio import Redis

from channels.continuation import LENGTH, LETTERS, MOST_WRONG, SECONDS, WRONG_SECONDS, Codes, Origin

SECRET = b"k" * 32
WEB = Origin("web:abc", "a" * 32)
OTHER = Origin("web:def", "b" * 32)
PHONE = "f" * 32


@pytest.fixture
def codes(redis: Redis) -> Codes:
    return Codes(redis, SECRET)


async def test_codes_are_of_letters_that_nobody_takes_for_others_and_no_two_are_alike(codes: Codes) -> None:
    made = [await codes.make(Origin(f"web:{n}", str(n))) for n in range(300)]
    assert all(re.fullmatch(r"[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}", code) for code in made)
    assert len(set(made)) == 300
    assert set("".join(made)) - {"-"} == set(LETTERS), "each letter comes up"
    assert all(set(code) & set("23456789") for code in made), "a wrong guess is told from a word"
    assert not set("01ILO") & set(LETTERS)
    assert len(LETTERS) ** LENGTH > 2**39


@pytest.mark.parametrize(
    "written",
    [
        "{}".format,
        str.lower,
        " {}\n".format,
        "{}.".format,
        "{} !".format,
        lambda code: code.replace("-", ""),
        lambda code: code.replace("-", " "),
        "guichet {}".format,
        "Guichet: {}".format,
        "GUICHET{}".format,
    ],
)
async def test_a_code_is_understood_as_it_is_typed_and_works_once(codes: Codes, written: object) -> None:
    code = written(await codes.make(WEB))  # type: ignore[operator]
    assert await codes.redeem(code, PHONE, "m1") == WEB
    assert await codes.redeem(code, PHONE, "m2") is None
    assert await codes.redeem(code, "another", "m1") is None


@pytest.mark.parametrize("text", ["{} please", "my code is {}", "{}2", "2{}", "x {}", "{}\n{}"])
async def test_a_sentence_with_a_code_in_it_is_none(codes: Codes, redis: Redis, text: str) -> None:
    code = await codes.make(WEB)
    assert await codes.redeem(text.replace("{}", code), PHONE, "m1") is None
    assert not [key async for key in redis.scan_iter("continue:tried:*")]
    assert await codes.redeem(code, PHONE, "m2") == WEB, "it still works"


async def test_a_turn_that_runs_twice_takes_the_same_conversation(codes: Codes) -> None:
    code = await codes.make(WEB)
    assert [await codes.redeem(code, PHONE, "m1") for _ in range(3)] == [
        WEB,
        *[Origin(WEB.address, WEB.key, again=True)] * 2,
    ]


async def test_only_the_newest_code_of_a_conversation_works(codes: Codes) -> None:
    first, others = await codes.make(WEB), await codes.make(OTHER)
    second = await codes.make(WEB)
    assert [await codes.redeem(code, PHONE, f"m{n}") for n, code in enumerate((first, second, others))] == [
        None,
        WEB,
        OTHER,
    ]


async def test_a_code_that_was_used_does_not_stand_in_the_way_of_a_new_one(codes: Codes) -> None:
    assert await codes.redeem(await codes.make(WEB), PHONE, "m1") == WEB
    assert await codes.redeem(await codes.make(WEB), PHONE, "m2") == WEB


async def test_all_is_forgotten_in_its_time(codes: Codes, redis: Redis) -> None:
    code = await codes.make(WEB)
    assert len(await left(redis)) == 2
    assert all(SECONDS - 5 < ttl <= SECONDS == 600 for ttl in (await left(redis)).values())
    await codes.redeem(code, PHONE, "m1")
    await codes.redeem(code, PHONE, "m2")
    ttls = await left(redis)
    assert WRONG_SECONDS - 5 < ttls.pop(f"continue:tried:{PHONE}") <= WRONG_SECONDS == 3600
    assert all(0 < ttl <= SECONDS for ttl in ttls.values())


async def test_a_code_that_expired_is_a_wrong_one(codes: Codes, redis: Redis) -> None:
    code = await codes.make(WEB)
    for key in await left(redis):
        await redis.pexpire(key, 1)
    await asyncio.sleep(0.01)
    assert await codes.redeem(code, PHONE, "m1") is None
    assert await redis.get(f"continue:tried:{PHONE}") == "1"


async def test_whoever_reads_redis_finds_no_code(codes: Codes, redis: Redis) -> None:
    code = (await codes.make(WEB)).replace("-", "")
    kept = " ".join([f"{key} {await redis.get(key)}" async for key in redis.scan_iter()])
    assert code not in kept.upper()
    assert await Codes(redis, b"z" * 32).redeem(code, PHONE, "m1") is None, "nor can it be tried out without the secret"


async def test_one_telephone_may_try_five_wrong_codes(codes: Codes) -> None:
    code = await codes.make(WEB)
    for number in range(MOST_WRONG):
        assert await codes.redeem(f"2345-678{LETTERS[number]}", PHONE, f"m{number}") is None
    assert await codes.redeem(code, PHONE, "m8") is None, "the right one comes too late"
    assert await codes.redeem(code, "another telephone", "m1") == WEB, "others are not concerned"


async def test_up_to_then_the_right_one_works_and_may_be_looked_at_again(codes: Codes) -> None:
    code = await codes.make(WEB)
    for number in range(MOST_WRONG - 1):
        await codes.redeem(f"2345-678{LETTERS[number]}", PHONE, f"m{number}")
    assert await codes.redeem(code, PHONE, "m8") == WEB
    await codes.redeem("2345-6789", PHONE, "m9")
    assert await codes.redeem(code, PHONE, "m8") == Origin(WEB.address, WEB.key, again=True)


@pytest.mark.parametrize("text", ["vacances", "pregnant", "Bathurst.", "what then", "ADRESSES", "FAX-DESK", "guichet"])
async def test_ordinary_words_of_eight_letters_are_no_attempts(codes: Codes, redis: Redis, text: str) -> None:
    for number in range(2 * MOST_WRONG):
        assert await codes.redeem(text, PHONE, f"m{number}") is None
    assert await left(redis) == {}
    assert await codes.redeem(await codes.make(WEB), PHONE, "m20") == WEB


async def left(redis: Redis) -> dict[str, int]:
    """What is in Redis, and for how many seconds."""
    return {key: await redis.ttl(key) async for key in redis.scan_iter()}
