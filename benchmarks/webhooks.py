"""Measures texts by SMS: how soon Twilio's webhook is acknowledged, how fast the queue drains, and what memory does.

    python benchmarks/webhooks.py [--per-second 100] [--seconds 30] [--messages 20000] [--json] [--plot docs/memory.svg]

First come so many texts a second for some seconds, whatever becomes of them; then the rest of the messages, as fast as
they are answered. The whole service runs in a home folder of its own; what stands for Twilio is in this process.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from aiohttp import web
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from twilio.request_validator import RequestValidator

from benchmarks.service import memory, running
from benchmarks.turn import QUESTIONS, at_once, ours, warm_up
from channels.settings import Settings
from machine.ports import free_port

ACCOUNT, TOKEN, NUMBER = "AC" + "4" * 32, "a token of nobody", "+16135550100"
SIDE_BY_SIDE = 16  # of the messages that come as fast as they are answered
SAMPLE_SECONDS = 2.0
FIRST_CITIZEN = 16_130_000_000
MOST_SECONDS = 1800


@dataclass
class Twilio:
    """Takes replies, and notes when."""

    taken: list[float] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def message(self, request: web.Request) -> web.Response:
        await request.read()
        self.taken.append(time.perf_counter())
        self.more.set()
        return web.json_response({"sid": f"SM{len(self.taken):032x}", "status": "queued"}, status=201)

    async def until(self, count: int) -> None:
        while len(self.taken) < count:
            self.more.clear()
            await self.more.wait()


@dataclass
class Texting:
    """Citizens, each of whom texts every question once; `took` are the seconds until each text was acknowledged."""

    http: aiohttp.ClientSession
    url: str
    sent: int = 0
    took: list[float] = field(default_factory=list)
    validator: RequestValidator = field(default_factory=lambda: RequestValidator(TOKEN))

    async def text(self) -> None:
        number, self.sent = self.sent, self.sent + 1
        citizen, turn = divmod(number, len(QUESTIONS))
        form = {
            "AccountSid": ACCOUNT,
            "MessageSid": f"SM{number:032d}",
            "From": f"+{FIRST_CITIZEN + citizen}",
            "To": NUMBER,
            "Body": QUESTIONS[turn][1],
            "NumMedia": "0",
        }
        address = f"{self.url}/sms/messages"
        headers = {"X-Twilio-Signature": self.validator.compute_signature(address, form)}
        began = time.perf_counter()
        async with self.http.post(address, data=form, headers=headers) as response:
            await response.read()
            response.raise_for_status()
        self.took.append(time.perf_counter() - began)


async def measure(per_second: float, seconds: float, messages: int, console: Console) -> dict[str, Any]:
    provider_port = free_port(0)
    with tempfile.TemporaryDirectory(prefix="guichet-webhooks-") as folder:
        home = furnished(Path(folder))
        chosen = {
            "GUICHET_HOME": str(home),
            "GUICHET_TWILIO_ACCOUNT": ACCOUNT,
            "GUICHET_TWILIO_TOKEN": TOKEN,
            "GUICHET_TWILIO_URL": f"http://127.0.0.1:{provider_port}",
            "GUICHET_SMS_NUMBER": NUMBER,
            "GUICHET_SMS_PER_SECOND": "100000",
            "GUICHET_MESSAGES_PER_MINUTE_FROM_ADDRESS": "1000000",
        }
        connector = aiohttp.TCPConnector(limit=0)
        async with (
            provider(provider_port) as twilio,
            running(chosen) as (url, state, _),
            aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as http,
        ):
            await warm_up(http, url, state["settings"]["bot_url"])
            turns_per_s = await at_once(SIDE_BY_SIDE, 400, ours(http, url))
            texting = Texting(http, url)
            samples: list[dict[str, float]] = []
            sampling = asyncio.create_task(sample(state, home, twilio, samples))
            steady = await steadily(texting, twilio, per_second, seconds, console)
            drained = await drain(texting, twilio)
            await as_answered(texting, twilio, messages, console)
            sampling.cancel()
    return {
        "acknowledged_ms": steady,
        "web_turns_per_s": turns_per_s,
        "drained_per_s": drained,
        "ratio": round(drained / turns_per_s, 2),
        "messages": texting.sent,
        "memory": samples,
    }


async def steadily(
    texting: Texting, twilio: Twilio, per_second: float, seconds: float, console: Console
) -> dict[str, float]:
    """Texts at a fixed pace, whether or not the ones before are acknowledged."""
    count = round(per_second * seconds)
    console.print(f"{per_second:g} texts a second for {seconds:g} s …")
    began, texts = time.perf_counter(), []
    for number in range(count):
        await asyncio.sleep(began + number / per_second - time.perf_counter())
        texts.append(asyncio.create_task(texting.text()))
    await asyncio.gather(*texts)
    ordered = sorted(texting.took)
    return {
        "median": round(statistics.median(ordered) * 1000, 1),
        "p95": round(ordered[int(len(ordered) * 0.95)] * 1000, 1),
        "p99": round(ordered[int(len(ordered) * 0.99)] * 1000, 1),
        "answered_meanwhile_per_s": round(len(twilio.taken) / (time.perf_counter() - began), 1),
    }


async def drain(texting: Texting, twilio: Twilio) -> float:
    """Replies per second while nothing more comes in."""
    began, before = time.perf_counter(), len(twilio.taken)
    await asyncio.wait_for(twilio.until(texting.sent), MOST_SECONDS)
    return round((len(twilio.taken) - before) / (time.perf_counter() - began), 1)


async def as_answered(texting: Texting, twilio: Twilio, messages: int, console: Console) -> None:
    """The rest of the messages, so many under way at a time."""
    with Progress(console=console) as progress:
        bar = progress.add_task("texts answered", total=messages, completed=len(twilio.taken))
        while texting.sent < messages:
            room = SIDE_BY_SIDE - (texting.sent - len(twilio.taken))
            await asyncio.gather(*(texting.text() for _ in range(min(room, messages - texting.sent))))
            await asyncio.wait_for(twilio.until(texting.sent - SIDE_BY_SIDE + 1), MOST_SECONDS)
            progress.update(bar, completed=len(twilio.taken))
        await asyncio.wait_for(twilio.until(messages), MOST_SECONDS)


async def sample(state: dict[str, Any], home: Path, twilio: Twilio, samples: list[dict[str, float]]) -> None:
    while True:
        with suppress(psutil.NoSuchProcess):  # PostgreSQL's helpers come and go
            samples.append({"answered": len(twilio.taken)} | memory(state, home))
        await asyncio.sleep(SAMPLE_SECONDS)


@asynccontextmanager
async def provider(port: int) -> AsyncIterator[Twilio]:
    twilio = Twilio()
    app = web.Application()
    app.router.add_post("/2010-04-01/Accounts/{account}/Messages.json", twilio.message)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield twilio
    finally:
        await runner.cleanup()


def furnished(home: Path) -> Path:
    """A home folder with what `guichet prepare` has made."""
    home.chmod(0o755)  # PostgreSQL's own user goes through it
    for name in ("encoder", "bot", "knowledge"):
        (home / name).symlink_to((Settings().home / name).resolve(), target_is_directory=True)
    return home


def growth(samples: list[dict[str, float]], part: str) -> float:
    """Megabytes gained per 1,000 messages over the second half, when everything is warm; a straight line through it."""
    import numpy as np

    late = samples[len(samples) // 2 :]
    return round(float(np.polyfit([s["answered"] / 1000 for s in late], [s[part] for s in late], 1)[0]), 2)


def draw(samples: list[dict[str, float]], path: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams["svg.hashsalt"] = "guichet"  # the same picture from the same figures
    figure, axes = plt.subplots(figsize=(8, 4))
    answered = [each["answered"] for each in samples]
    for part in sorted(samples[-1].keys() - {"answered", "total"}, key=lambda part: -samples[-1][part]):
        axes.plot(answered, [each[part] for each in samples], label=part)
    axes.set(xlabel="texts answered", ylabel="resident MB", title="Memory, by process", ylim=(0, None))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def show(result: dict[str, Any], console: Console) -> None:
    took = result["acknowledged_ms"]
    console.print(
        f"acknowledged in {took['median']} ms (median), {took['p95']} ms (p95), {took['p99']} ms (p99), "
        f"while {took['answered_meanwhile_per_s']} a second are answered"
    )
    console.print(
        f"the queue drains at {result['drained_per_s']} a second; web turns, {SIDE_BY_SIDE} side by side: "
        f"{result['web_turns_per_s']} a second ({result['ratio']} ×)"
    )
    samples = result["memory"]
    table = Table("resident MB", "first", "half-way", "last", "gained per 1,000 messages in the second half")
    for part in samples[-1].keys() - {"answered"}:
        values = [samples[at][part] for at in (0, len(samples) // 2, -1)]
        table.add_row(part, *(f"{value:g}" for value in values), f"{growth(samples, part):g}")
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-second", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--messages", type=int, default=20_000, help="in all")
    parser.add_argument("--plot", type=Path, help="where to draw the memory, as SVG")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    given = parser.parse_args()
    console = Console(stderr=True)
    result = asyncio.run(measure(given.per_second, given.seconds, given.messages, console))
    if given.plot:
        draw(result["memory"], given.plot)
    if given.json:
        print(json.dumps(result))
    else:
        show(result, Console())


if __name__ == "__main__":
    main()
