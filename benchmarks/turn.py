"""Measures our whole turn, web POST to reply event, against a bare Rasa REST turn of the same bot, in one run.

    python benchmarks/turn.py [--turns 200] [--json]

It starts the whole service from the prepared home folder on free ports, alternates our turns and bare ones, and stops.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from benchmarks.service import memory, running
from benchmarks.talk import Bare, Conversation
from channels.settings import Settings

QUESTIONS = (
    ("en", "How do I renew my passport?"),
    ("en", "how much is the old age security pension"),
    ("en", "what do i need to apply for a social insurance number"),
    ("en", "How long does it take to get a study permit?"),
    ("en", "can i get ei if i quit my job"),
    ("fr", "Comment renouveler mon passeport ?"),
    ("fr", "combien coûte la citoyenneté"),
    ("fr", "Où dois-je mettre mon bac de recyclage à Toronto ?"),
)


async def measure(turns: int, console: Console) -> dict[str, Any]:
    async with (
        running() as (url, state, started),
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None)
        ) as http,
    ):
        console.print(f"Everything is up after {started:.1f} s; measuring {turns} turns …")
        bot = state["settings"]["bot_url"]
        result: dict[str, Any] = {"start_s": round(started, 1)}
        await warm_up(http, url, bot)
        result |= await one_conversation(http, url, bot, turns)
        result["long"] = await long_conversation(http, url, bot)
        result["turns_per_s"] = {
            "ours": {
                "1": round(1000 / result["ours_ms"]["median"], 1),
                "16": await at_once(16, turns, ours(http, url)),
            },
            "bare": {
                "1": round(1000 / result["bare_ms"]["median"], 1),
                "16": await at_once(16, turns, bare(http, bot)),
            },
        }
        result["memory_mb"] = memory(state, Settings().home)
        result["where_ms"] = where(result)
    return result


async def warm_up(http: aiohttp.ClientSession, url: str, bot: str) -> None:
    conversation = Conversation(http, url)
    await conversation.open()
    for language, text in QUESTIONS * 2:
        await conversation.turn(text)
        await Bare(http, bot).turn(text, language)
    await conversation.close()


async def one_conversation(http: aiohttp.ClientSession, url: str, bot: str, turns: int) -> dict[str, Any]:
    """Ours and bare in turn, a new conversation every eight turns, so that the machine's moods meet both."""
    accepted, our, their = [], [], []
    for _ in range(max(1, turns // len(QUESTIONS))):
        conversation, rasa = Conversation(http, url), Bare(http, bot)
        await conversation.open()
        for language, text in QUESTIONS:
            took = await conversation.turn(text)
            accepted.append(took[0])
            our.append(took[1])
            their.append(await rasa.turn(text, language))
        await conversation.close()
    ratio = statistics.median(our) / statistics.median(their)
    return {
        "ours_ms": figures(our),
        "bare_ms": figures(their),
        "accept_ms": figures(accepted),
        "ratio": round(ratio, 3),
    }


async def long_conversation(http: aiohttp.ClientSession, url: str, bot: str, length: int = 300) -> dict[str, float]:
    """What turn 300 costs over turn 3: medians over the turns around each, of three conversations."""
    early, late = [], []
    for _ in range(3):
        conversation = Conversation(http, url)
        await conversation.open()
        took = [(await conversation.turn(QUESTIONS[n % 5][1]))[1] for n in range(length + 3)]
        early += took[1:6]
        late += took[length - 3 : length + 2]
        await conversation.close()
    return {
        "turn_3_ms": round(statistics.median(early) * 1000, 1),
        "turn_300_ms": round(statistics.median(late) * 1000, 1),
        "ratio": round(statistics.median(late) / statistics.median(early), 3),
    }


def ours(http: aiohttp.ClientSession, url: str) -> Callable[[int], Awaitable[None]]:
    async def talk(turns: int) -> None:
        conversation = Conversation(http, url)
        await conversation.open()
        for number in range(turns):
            await conversation.turn(QUESTIONS[number % len(QUESTIONS)][1])
        await conversation.close()

    return talk


def bare(http: aiohttp.ClientSession, bot: str) -> Callable[[int], Awaitable[None]]:
    async def talk(turns: int) -> None:
        rasa = Bare(http, bot)
        for number in range(turns):
            language, text = QUESTIONS[number % len(QUESTIONS)]
            await rasa.turn(text, language)

    return talk


async def at_once(conversations: int, turns: int, talk: Callable[[int], Awaitable[None]]) -> float:
    """Turns per second of so many conversations side by side."""
    each = max(8, 2 * turns // conversations)
    began = time.perf_counter()
    await asyncio.gather(*(talk(each) for _ in range(conversations)))
    return round(conversations * each / (time.perf_counter() - began), 1)


def where(result: dict[str, Any]) -> dict[str, float]:
    """Where the median turn's milliseconds go; `knowledge` is asked alone, in this process."""
    from knowledge import Knowledge

    knowledge = Knowledge.open(Settings().home)
    took: list[float] = []
    for language, text in QUESTIONS * 10:
        began = time.perf_counter()
        knowledge.ask(text, language=language)
        took.append(time.perf_counter() - began)
    asked = statistics.median(took) * 1000
    return {
        "accept (POST to 202)": result["accept_ms"]["median"],
        "knowledge (encode, search, quote)": round(asked, 2),
        "Rasa and its action server around it": round(result["bare_ms"]["median"] - asked, 2),
        "queues, record, sending, event stream": round(
            result["ours_ms"]["median"] - result["bare_ms"]["median"] - result["accept_ms"]["median"], 2
        ),
    }


def figures(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "median": round(statistics.median(ordered) * 1000, 2),
        "p95": round(ordered[int(len(ordered) * 0.95)] * 1000, 2),
        "turns": len(ordered),
    }


def show(result: dict[str, Any], console: Console) -> None:
    table = Table("", "median ms", "p95 ms", "turns/s, 1", "turns/s, 16")
    for name, title in (("ours", "our whole turn"), ("bare", "bare Rasa turn")):
        took, speed = result[f"{name}_ms"], result["turns_per_s"][name]
        table.add_row(title, f"{took['median']}", f"{took['p95']}", f"{speed['1']}", f"{speed['16']}")
    console.print(table)
    console.print(f"ours over bare: [bold]{result['ratio']} ×[/]")
    console.print(f"turn 300 over turn 3: [bold]{result['long']['ratio']} ×[/]  {result['long']}")
    console.print(f"start, set up before: {result['start_s']} s")
    for title in ("where_ms", "memory_mb"):
        console.print(Table.grid(padding=(0, 2)))
        console.print(title, result[title])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=200, help="turns of each kind")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    given = parser.parse_args()
    console = Console(stderr=True)
    result = asyncio.run(measure(given.turns, console))
    if given.json:
        print(json.dumps(result, indent=2))
    else:
        show(result, Console())


if __name__ == "__main__":
    main()
