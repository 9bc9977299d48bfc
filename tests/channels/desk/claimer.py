"""A process in which many agents try to claim every case: python -m tests.channels.desk.claimer DATABASE CASES AGENTS."""

import asyncio
import json
import sys

from channels.desk.case import Taken
from channels.desk.cases import Cases
from channels.desk.seal import Seal
from channels.desk.teams import read
from channels.record import engine


async def claim(url: str, cases: list[int], agents: list[str]) -> list[tuple[int, str]]:
    """The claims that succeeded, as (case, agent)."""
    pool = engine(url)
    desk, won = Cases(pool, Seal(b"0123456789abcdef" * 2), read()), []

    async def all_of_them(agent: str) -> None:
        for case in cases:
            try:
                await desk.claim(case, agent)
            except Taken as taken:
                if not taken.by:
                    raise
            else:
                won.append((case, agent))

    await asyncio.gather(*map(all_of_them, agents))
    await pool.dispose()
    return won


if __name__ == "__main__":
    given = [json.loads(each) for each in sys.argv[2:]]
    sys.stdout.write(json.dumps(asyncio.run(claim(sys.argv[1], *given))))
