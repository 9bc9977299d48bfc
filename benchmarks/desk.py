"""Measures the agents' desk: how soon every page hears of a change, how fast cases are claimed, and what nothing costs.

    python benchmarks/desk.py [--cases 2000] [--agents 200] [--per-second 20] [--seconds 60] [--idle 60] [--json]

A desk of its own process, with a Redis and a PostgreSQL of their own; agents of five teams follow it, each by a stream
that stays open, while citizens write and agents claim, reply, note and transfer. Agents and citizens are in this process.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from benchmarks.following import Change, Page
from benchmarks.staffed import Staffed, staffed
from channels.channel import Incoming
from machine.ports import free_port

ROOT = Path(__file__).parent.parent
MIX = {"heard": 40, "claim": 20, "say": 20, "note": 10, "transfer": 10}
PATIENCE_SECONDS = 5.0  # in which everybody who is concerned should have heard of it
START_SECONDS = 30.0
SETTLE_SECONDS = 12.0  # after which PostgreSQL has counted what came before


@dataclass
class Day:
    """What happens at the desk. `under_way` are the cases that somebody does something to just now."""

    staff: Staffed
    port: int
    http: httpx.AsyncClient
    pages: list[Page] = field(default_factory=list)
    under_way: dict[int, Change] = field(default_factory=dict)
    held: dict[int, tuple[Page, int]] = field(default_factory=dict)
    heard: list[float] = field(default_factory=list)
    took: dict[str, list[float]] = field(default_factory=dict)
    missed: int = 0
    leaked: int = 0

    def told(self, page: Page, case: int, team: str) -> None:
        if not (page.agent.works_for(team) or page.agent.supervises):
            held = self.held.get(case)
            self.leaked += held is None or held[0] is not page
        if change := self.under_way.get(case):
            change.hears(page.agent.id)

    async def does(self, did: str) -> None:
        """One thing, to a case that nobody does anything to; until everybody who may see it has heard of it."""
        free = [each for each in self.staff.cases if each not in self.under_way]
        waiting = [each for each in free if each not in self.held]
        taken = [each for each in free if each in self.held]
        case = random.choice(waiting if did == "claim" else taken)
        before = self.staff.teams[case]
        team = random.choice([each for each in self.staff.names if each != before]) if did == "transfer" else before
        wanted = {each.agent.id for each in self.pages if each.agent.works_for(team) or each.agent.supervises}
        change = self.under_way[case] = Change(time.perf_counter(), wanted)
        try:
            if did == "heard":
                said = Incoming(uuid4().hex, "sms:+1", "and what about my dog?")
                await self.staff.desk.answer(self.staff.conversations[case], said)
            else:
                page = random.choice([each for each in self.pages if each.agent.works_for(team)])
                await self.posts(did, case, team, page if did == "claim" else self.held[case][0])
            self.took.setdefault(did, []).append(time.perf_counter() - change.began)
            with suppress(TimeoutError):
                await asyncio.wait_for(change.by_all.wait(), PATIENCE_SECONDS)
            self.heard += [change.heard[each] for each in wanted if each in change.heard]
            self.missed += len(wanted - change.heard.keys())
        finally:
            del self.under_way[case]

    async def posts(self, did: str, case: int, team: str, page: Page) -> None:
        """What an agent asks of the desk."""
        body: dict[str, Any] = {"epoch": self.held[case][1]} if did != "claim" else {}
        if did in ("say", "note"):
            body |= {"id": uuid4().hex, "text": "You can bring it to any office."}
        elif did == "transfer":
            body["team"] = team
        headers = {"Cookie": f"guichet-desk={page.token}", "X-Guichet": "desk"}
        answer = await self.http.post(f"/api/cases/{case}/{did}", json=body, headers=headers)
        answer.raise_for_status()
        if did == "claim":
            self.held[case] = page, answer.json()["epoch"]
        elif did == "transfer":
            del self.held[case]
            self.staff.teams[case] = team


async def measure(given: argparse.Namespace, console: Console) -> dict[str, Any]:
    port = free_port(0)
    random.seed(7)
    with tempfile.TemporaryDirectory(prefix="guichet-desk-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's own user goes through it
        console.print(f"{given.cases} cases are opened for {given.agents} agents …")
        async with (
            staffed(Path(folder), given.cases, given.agents) as staff,
            served(staff.settings | {"GUICHET_DESK_PORT": str(port)}, port) as process,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http,
        ):
            day = Day(staff, port, http)
            day.pages = [Page(agent, token, day.told) for agent, token in staff.agents]
            lists = {
                "everything": await listed(http, staff.supervisor),
                "one team's": await listed(http, staff.agents[0][1]),
            }
            bare = process.memory_info().rss / 1e6
            streams = [asyncio.create_task(page.follow(port)) for page in day.pages]
            await asyncio.gather(*(asyncio.wait_for(page.open.wait(), 30) for page in day.pages))
            console.print(f"{len(streams)} pages follow; nothing happens for {given.idle:g} s …")
            idle = await nothing(staff, process, given.idle)
            console.print(f"{given.per_second:g} things a second for {given.seconds:g} s …")
            for _ in range(given.agents // 2):  # so that there are cases to do something with
                await day.does("claim")
            day.took, day.heard, day.missed = {}, [], 0
            busy = await busily(day, process, given.per_second, given.seconds)
            for stream in streams:
                stream.cancel()
            await asyncio.gather(*streams, return_exceptions=True)
            return {
                "list_ms": lists,
                "idle": idle,
                "busy": busy,
                "rss_mb": {"alone": round(bare), "with pages": round(process.memory_info().rss / 1e6)},
                "heard_ms": spread(day.heard),
                "took_ms": {did: spread(took) for did, took in sorted(day.took.items())},
                "told": len(day.heard),
                "missed": day.missed,
                "told to whom it is not": day.leaked,
            }


async def busily(day: Day, process: psutil.Process, per_second: float, seconds: float) -> dict[str, float]:
    began, spent, bytes_before = time.perf_counter(), _spent(process), sum(page.bytes for page in day.pages)
    doing = []
    for number in range(round(per_second * seconds)):
        await asyncio.sleep(began + number / per_second - time.perf_counter())
        did = random.choices(list(MIX), list(MIX.values()))[0]
        doing.append(asyncio.create_task(day.does(did)))
    await asyncio.gather(*doing)
    wall = time.perf_counter() - began
    return {
        "cpu_percent": round(100 * (_spent(process) - spent) / wall, 1),
        "kilobytes_per_second": round((sum(page.bytes for page in day.pages) - bytes_before) / wall / 1000),
    }


async def nothing(staff: Staffed, process: psutil.Process, seconds: float) -> dict[str, float]:
    """What the desk asks of Redis and PostgreSQL in a minute in which nothing happens, and what it spends."""
    await asyncio.sleep(SETTLE_SECONDS)
    before, spent = await asked(staff), _spent(process)
    await asyncio.sleep(seconds)
    after, minutes = await asked(staff), seconds / 60
    counts = {name: round((after[name] - before[name] - (name == "redis")) / minutes) for name in after}
    return {f"{name}_per_minute": count for name, count in counts.items()} | {
        "cpu_percent": round(100 * (_spent(process) - spent) / seconds, 2)
    }


async def asked(staff: Staffed) -> dict[str, int]:
    """Commands of Redis and transactions of PostgreSQL so far, our own look at them left out."""
    statement = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
    async with staff.engine.connect() as connection:
        await connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        transactions = (await connection.execute(text(statement))).scalar_one()
    return {"redis": (await staff.redis.info("stats"))["total_commands_processed"], "postgres": transactions}


async def listed(http: httpx.AsyncClient, token: str, times: int = 15) -> dict[str, float]:
    took, size = [], 0
    for _ in range(times):
        began = time.perf_counter()
        answer = await http.get("/api/cases", headers={"Cookie": f"guichet-desk={token}"})
        took.append(time.perf_counter() - began)
        size = len(answer.content)
    return spread(took) | {"cases": len(answer.json()["cases"]), "kilobytes": round(size / 1000)}


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Median and percentiles, in milliseconds."""
    ordered = sorted(seconds)
    at = {name: ordered[min(len(ordered) - 1, int(len(ordered) * q))] for name, q in (("p95", 0.95), ("p99", 0.99))}
    return {name: round(value * 1000, 1) for name, value in {"p50": statistics.median(ordered), **at}.items()}


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@asynccontextmanager
async def served(settings: dict[str, str], port: int) -> AsyncIterator[psutil.Process]:
    command = (sys.executable, "-m", "guichet", "run", "desk")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=os.environ | settings)
    try:
        async with httpx.AsyncClient() as http, asyncio.timeout(START_SECONDS):
            while not await answers(http.get(f"http://127.0.0.1:{port}/health")):  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.1)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        await process.wait()


async def answers(request: Awaitable[httpx.Response]) -> bool:
    try:
        return (await request).is_success
    except httpx.TransportError:
        return False


def show(result: dict[str, Any], given: argparse.Namespace, console: Console) -> None:
    table = Table("milliseconds", "p50", "p95", "p99")
    rows = {"a change is heard of, by every page": result["heard_ms"]}
    rows |= {f"{did}, until it is done": took for did, took in result["took_ms"].items()}
    rows |= {
        f"the list of {about['cases']} cases ({about['kilobytes']} kB)": about for about in result["list_ms"].values()
    }
    for name, about in rows.items():
        table.add_row(name, *(f"{about[at]:g}" for at in ("p50", "p95", "p99")))
    console.print(table)
    console.print(
        f"{result['told']} times a page heard of what it may see, {result['missed']} times it did not; "
        f"{result['told to whom it is not']} times of what it may not"
    )
    busy, idle, rss = result["busy"], result["idle"], result["rss_mb"]
    console.print(
        f"the desk's process: {busy['cpu_percent']} % of a core at {given.per_second:g} things a second, "
        f"{idle['cpu_percent']} % when nothing happens; {rss['alone']} MB alone, {rss['with pages']} MB with pages; "
        f"{busy['kilobytes_per_second']} kB a second to pages"
    )
    console.print(
        f"when nothing happens, in a minute: {idle['postgres_per_minute']} transactions of PostgreSQL "
        f"({idle['postgres_per_minute'] / given.agents:.1f} a page), {idle['redis_per_minute']} commands of Redis "
        f"({idle['redis_per_minute'] / given.agents:.1f} a page)"
    )
    claim, heard = result["took_ms"]["claim"]["p95"], result["heard_ms"]["p95"]
    console.print(
        f"to the targets: heard of in {heard / 300:.2f} × 300 ms, claimed in {claim / 100:.2f} × 100 ms (p95)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--per-second", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--idle", type=float, default=60)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    given = parser.parse_args()
    result = asyncio.run(measure(given, Console(stderr=True)))
    if given.json:
        print(json.dumps(result))
    else:
        show(result, given, Console())


if __name__ == "__main__":
    main()
