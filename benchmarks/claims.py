"""Measures a rush: 50 agents in four processes try to claim each of 1,000 cases, and one of them has it.

    python benchmarks/claims.py [--cases 1000] [--agents 50] [--processes 4] [--json]

It fails if a case has two holders or none, or if the bot is not silent in it.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from rich.console import Console

from benchmarks.staffed import staffed
from channels.desk.case import Taken
from channels.desk.counter import Counter
from channels.desk.seal import Seal
from channels.desk.teams import read
from channels.lanes import Lanes
from channels.marks import claim_key
from channels.record import engine

ROOT = Path(__file__).parent.parent


async def measure(cases: int, agents: int, processes: int, console: Console) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="guichet-claims-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's own user goes through it
        async with staffed(Path(folder), cases, agents) as staff:
            console.print(f"{agents} agents in {processes} processes try to claim each of {cases} cases …")
            ids, crew = staff.cases, [agent.id for agent, _ in staff.agents]
            urls = [staff.settings["GUICHET_DATABASE_URL"], staff.settings["GUICHET_REDIS_URL"]]
            began = time.perf_counter()
            parts = [process(json.dumps([*urls, ids, crew[n::processes]])) for n in range(processes)]
            claims = [claim for part in await asyncio.gather(*parts) for claim in part]
            took = time.perf_counter() - began
            won = [(case, agent) for case, agent, _ in claims]
            assert sorted(case for case, _ in won) == sorted(ids), "each case once, and every one of them"
            holders = {each.id: each for each in await staff.desk.counter.queue.held()}
            for case, agent in won:
                assert (holders[case].agent, holders[case].epoch) == (agent, 1)
                assert await staff.redis.get(claim_key(holders[case].conversation)) == str(case)
    seconds = sorted(each for _, _, each in claims)
    return {
        "seconds": round(took, 1),
        "attempts": cases * agents,
        "attempts_per_s": round(cases * agents / took),
        "claim_ms": {
            "median": round(statistics.median(seconds) * 1000, 1),
            "p95": round(seconds[int(len(seconds) * 0.95)] * 1000, 1),
        },
        "agents_with_cases": len({agent for _, agent in won}),
    }


async def process(given: str) -> list[tuple[int, str, float]]:
    """The claims that succeeded in a process of its own: case, agent, seconds."""
    command = (sys.executable, "-m", "benchmarks.claims", "--process", given)
    running = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    out, _ = await running.communicate()
    return list(map(tuple, json.loads(out)))  # type: ignore[arg-type]


async def claim(database: str, memory: str, cases: list[int], agents: list[str]) -> list[tuple[int, str, float]]:
    pool, redis = engine(database), Redis.from_url(memory, decode_responses=True)
    counter = Counter.made(pool, Seal(b"of nobody"), read(), redis, lambda queue: Lanes(redis, queue, "claims"))
    won = []

    async def all_of_them(agent: str) -> None:
        for case in random.sample(cases, len(cases)):
            began = time.perf_counter()
            try:
                await counter.claim(case, agent)
            except Taken:
                continue
            won.append((case, agent, time.perf_counter() - began))

    await asyncio.gather(*map(all_of_them, agents))
    await redis.aclose()
    await pool.dispose()
    return won


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--process", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.process:
        sys.stdout.write(json.dumps(asyncio.run(claim(*json.loads(given.process)))))
        return
    result = asyncio.run(measure(given.cases, given.agents, given.processes, Console(stderr=True)))
    if given.json:
        print(json.dumps(result))
        return
    Console().print(
        f"each case has one holder, and the bot is silent in it: {result['attempts']} tries in {result['seconds']} s "
        f"({result['attempts_per_s']} a second); a claim took {result['claim_ms']['median']} ms (median), "
        f"{result['claim_ms']['p95']} ms (p95); {result['agents_with_cases']} agents have some"
    )


if __name__ == "__main__":
    main()
