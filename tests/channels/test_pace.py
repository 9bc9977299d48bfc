"""Pace: loops with machines end, and no person is taken for one."""

import json
from itertools import count
from pathlib import Path

import pytest
from redis.asyncio import Redis

from channels.pace import MOST_TEXTS, REMEMBER_SECONDS, SAME, Pace, Seen, Verdict, judge

ROOT = Path(__file__).parents[2]
NOON = 1_774_958_400.0  # Unix seconds at which a minute begins
MOST = 30
KEY = "a"


async def answered(pace: Pace, texts: list[str], gap: float, echo: bool = False) -> list[int]:
    """The numbers, from 1, of those messages that are answered; one comes every `gap` seconds, and is answered at once.

    With `echo`, each message is what we have answered before.
    """
    found, ours = [], ""
    for number, text in enumerate(texts, start=1):
        at = NOON + number * gap
        if await pace.heard(KEY, f"m{number}", (echo and ours) or text, at) is Verdict.ANSWER:
            found.append(number)
            ours = f"Answer, no. {number}"
            await pace.replied(KEY, ours, at)
    return found


def different(most: int) -> list[str]:
    return [f"question {number}" for number in range(most)]


async def test_the_same_message_over_and_over_is_answered_less_and_less(redis: Redis) -> None:
    texts = ["Thanks!", "thanks", "THANKS…", " Thanks ", "ｔｈａｎｋｓ"] * 14
    assert await answered(Pace(redis, MOST), texts, gap=60) == [1, 2, 3, 4, 6, 10, 18, 34, 66]


async def test_two_machines_that_answer_each_other_at_once_come_to_an_end(redis: Redis) -> None:
    """However different each message is: the other one is silent when we are."""
    pace, at = Pace(redis, MOST), NOON
    for number in count(1):
        if await pace.heard(KEY, f"m{number}", f"Ticket {number}", at) is not Verdict.ANSWER:
            break
        at += 1.0
        await pace.replied(KEY, f"Sorry? {number}", at)
        at += 0.5
    assert number == 9
    assert await pace.heard(KEY, "later", "How do I renew my passport?", at + 60) is Verdict.ANSWER


async def test_our_own_words_that_come_back_are_a_machine_s(redis: Redis) -> None:
    assert await answered(Pace(redis, MOST), ["hello"] * 9, gap=60, echo=True) == [1, 2, 4, 8]


@pytest.mark.parametrize(
    "text",
    [
        "Automatic reply: I am away until Monday.",
        "AUTO-REPLY Thank you for your message",
        "I’m out of the office and will be back on March 31.",
        "I am currently on vacation.",
        "I'm on vacation until April 6",
        "Please do not reply to this message.",
        "This number cannot receive replies",
        "This mailbox is not monitored.",
        "I’m driving with Focus turned on. I’ll see your message when I get where I’m going.",
        "I'm driving right now - I'll get back to you later.",
        "Réponse automatique : je suis absente du bureau",
        "Je suis actuellement en vacances.",
        "Merci de ne pas répondre à ce message.",
        "Messagerie non surveillée",
        "Je suis présentement au volant, je vous rappelle.",
        "Je conduis en ce moment.",
    ],
)
async def test_an_automatic_reply_is_a_machine_s_in_both_languages(redis: Redis, text: str) -> None:
    texts = [f"{text} ({letter * 3})" for letter in "abcdefgh"]
    assert await answered(Pace(redis, MOST), texts, gap=60) == [1, 3, 7]


@pytest.mark.parametrize(
    "texts",
    [
        ["je viens en vacances au Québec", "mes cousins aussi viennent en vacances", "en vacances, faut-il un visa"],
        ["examen Test au volant", "alcool au volant, puis-je effacer", "cellulaire au volant"],
        ["je conduis un camion", "Je conduis avec un permis belge", "je conduis depuis 3 ans"],
        ["I'm driving with an expired licence", "I’m driving to the States", "can I text if I'm driving"],
        ["passport lost on vacation", "can I be on vacation on EI", "CPP while on vacation"],
        ["what if they do not answer", "my office is out of forms", "can't receive EI"],
    ],
)
async def test_somebody_who_drives_or_is_on_vacation_is_a_person(redis: Redis, texts: list[str]) -> None:
    assert await answered(Pace(redis, MOST), texts, gap=60) == [1, 2, 3]


async def test_no_question_of_citizens_is_taken_for_a_machine_s(redis: Redis) -> None:
    questions = [
        row.get("text") or row["question"]
        for folder in ("tests", "benchmarks")
        for file in (ROOT / folder / "questions").glob("*.jsonl")
        for row in map(json.loads, file.read_text(encoding="utf-8").splitlines())
    ]
    assert len(questions) > 1000
    assert await answered(Pace(redis, MOST), questions, gap=60) == list(range(1, len(questions) + 1))


async def test_somebody_who_writes_a_question_in_many_pieces_is_answered(redis: Redis) -> None:
    """What was written before our reply answers none, however quickly it is dealt with after it."""
    pace = Pace(redis, MOST)
    for number, text in enumerate(different(20)):
        assert await pace.heard(KEY, f"m{number}", text, NOON + number * 0.4) is Verdict.ANSWER
        await pace.replied(KEY, "?", NOON + 1 + number * 0.5)


async def test_somebody_who_reads_quickly_is_answered(redis: Redis) -> None:
    assert await answered(Pace(redis, MOST), different(25), gap=2.6) == list(range(1, 26))


async def test_to_be_quick_counts_only_in_a_row(redis: Redis) -> None:
    pace, at = Pace(redis, 1000), NOON
    for number in range(40):
        at += 30.0 if number % 7 == 0 else 1.0
        assert await pace.heard(KEY, f"m{number}", f"question {number}", at) is Verdict.ANSWER
        await pace.replied(KEY, "?", at)


async def test_too_many_in_a_minute_are_asked_for_patience_once(redis: Redis) -> None:
    pace = Pace(redis, 3)
    verdicts = [await pace.heard(KEY, f"m{n}", f"question {n}", NOON + n * 10) for n in range(8)]
    assert [verdict.name for verdict in verdicts] == [
        *["ANSWER"] * 3,
        "ASK_FOR_PATIENCE",
        *["SILENT"] * 2,
        *["ANSWER"] * 2,
    ], "from the seventh on it is another minute"


async def test_more_different_messages_than_are_told_apart_still_have_their_limit(redis: Redis) -> None:
    pace = Pace(redis, MOST)
    texts = different(3 * MOST_TEXTS)
    verdicts = [await pace.heard(KEY, text, text, NOON + n * 0.1) for n, text in enumerate(texts)]
    assert verdicts.count(Verdict.ANSWER) == MOST
    (key,) = [key async for key in redis.scan_iter()]
    assert await redis.hlen(key) < MOST_TEXTS + 20


async def test_a_turn_that_runs_twice_is_judged_as_it_was(redis: Redis) -> None:
    pace = Pace(redis, MOST)
    for _ in range(3 * SAME):
        assert await pace.heard(KEY, "m1", "hello", NOON) is Verdict.ANSWER
        await pace.replied(KEY, "hello", NOON)
    small = Pace(redis, 1)
    verdicts = [await small.heard("b", id, id, NOON) for id in ("m1", "m2", "m2", "m3", "m3")]
    assert [verdict.name for verdict in verdicts] == [
        "ANSWER",
        "ASK_FOR_PATIENCE",
        "ASK_FOR_PATIENCE",
        "SILENT",
        "SILENT",
    ]


async def test_conversations_have_their_own_pace_and_nothing_is_kept_that_was_said(redis: Redis) -> None:
    pace = Pace(redis, 1)
    for key in ("a", "b"):
        assert await pace.heard(key, "m1", "my secret", NOON) is Verdict.ANSWER
        await pace.replied(key, "my secret", NOON)
    kept = [await redis.hgetall(key) async for key in redis.scan_iter()]
    assert len(kept) == 2
    assert "secret" not in str(kept)


async def test_after_half_an_hour_of_silence_all_is_forgotten(redis: Redis) -> None:
    pace = Pace(redis, MOST)
    for step in (pace.heard(KEY, "m1", "hello", NOON), pace.replied(KEY, "hello", NOON)):
        await step
        (key,) = [key async for key in redis.scan_iter()]
        assert REMEMBER_SECONDS - 5 < await redis.ttl(key) <= REMEMBER_SECONDS == 1800
        await redis.expire(key, 60)


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (Seen(1, 0, 0, 1), "ANSWER"),
        (Seen(SAME, 0, 0, 3), "ANSWER"),
        (Seen(SAME + 2, 0, 0, 5), "SILENT"),
        (Seen(SAME + 3, 0, 0, 6), "ANSWER"),
        (Seen(SAME + 3, 2, 0, 6), "ANSWER"),
        (Seen(1, 2, 0, 2), "SILENT"),
        (Seen(1, 0, 8, 9), "SILENT"),
        (Seen(1, 0, 9, 10), "ANSWER"),
        (Seen(1, 0, 0, MOST), "ANSWER"),
        (Seen(9, 9, 9, MOST + 1), "ASK_FOR_PATIENCE"),
        (Seen(1, 0, 0, MOST + 2), "SILENT"),
    ],
)
def test_the_worst_that_was_seen_decides(seen: Seen, verdict: str) -> None:
    assert judge(seen, MOST).name == verdict


def test_a_loop_is_answered_at_powers_of_two_and_never_not_at_all() -> None:
    answered = [n for n in range(1, 2000) if judge(Seen(n + SAME - 1, 0, 0, 1), MOST) is Verdict.ANSWER]
    assert answered == [2**power for power in range(11)]
