"""A desk's Redis and PostgreSQL for a benchmark: agents of five teams who are signed in, and cases that wait for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

from argon2 import PasswordHasher
from redis.asyncio import Redis
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from channels.conversation import Conversation
from channels.desk.counter import Counter
from channels.desk.desk import Desk
from channels.desk.people.accounts import Accounts, Agent
from channels.desk.seal import Seal
from channels.desk.teams import read
from channels.lanes import Lanes
from channels.record import engine
from channels.switches import Switches
from channels.tables import case_lines, conversations
from machine.ports import free_port
from machine.postgres import EmbeddedPostgres
from machine.servers import EmbeddedRedis, migrate

SECRET = "of nobody, " * 4
PASSWORD = "a long enough word"
LINES = ("Hello, is anybody there?", "I moved in March and my form has the old address.", "What do I do now?")
SIDE_BY_SIDE = 8
SUPERVISORS = 5


@dataclass
class Staffed:
    """`agents` with the tokens of their sign-ins; `teams` and `conversations` are by case."""

    settings: dict[str, str]
    engine: AsyncEngine
    redis: Redis
    desk: Desk
    names: list[str]
    agents: list[tuple[Agent, str]] = field(default_factory=list)
    supervisor: str = ""
    teams: dict[int, str] = field(default_factory=dict)
    conversations: dict[int, Conversation] = field(default_factory=dict)

    @property
    def cases(self) -> list[int]:
        return list(self.teams)


@asynccontextmanager
async def staffed(home: Path, cases: int, agents: int) -> AsyncIterator[Staffed]:
    memory = EmbeddedRedis.at(home / "redis", free_port(0))
    process = await asyncio.create_subprocess_exec(*memory.command())
    tables = EmbeddedPostgres(home / "postgres" / "data", home / "postgres" / "private")
    try:
        await memory.wait()
        url = await asyncio.to_thread(tables.start)
        await asyncio.to_thread(migrate, url)
        about = {"HOME": str(home), "REDIS_URL": memory.url, "DATABASE_URL": url, "SECRET": SECRET}
        settings = {f"GUICHET_{name}": value for name, value in about.items()}
        pool, redis = engine(url), Redis.from_url(memory.url, decode_responses=True)
        seal = Seal(_key(settings))
        counter = Counter.made(pool, seal, read(), redis, lambda queue: Lanes(redis, queue, "benchmark"))
        desk = Desk(counter, Switches(redis, lambda: datetime.now(UTC)))
        made = Staffed(settings, pool, redis, desk, list(counter.cases.teams))
        await _people(made, Accounts(pool, seal, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)), agents)
        await _cases(made, counter, seal, cases)
        yield made
        await redis.aclose()
        await pool.dispose()
    finally:
        tables.stop()
        process.terminate()
        await process.wait()


def _key(settings: dict[str, str]) -> bytes:
    from channels.settings import Settings

    return Settings(_env_file=None, home=Path(settings["GUICHET_HOME"]), secret=settings["GUICHET_SECRET"]).key  # type: ignore[arg-type]


async def _people(staff: Staffed, accounts: Accounts, agents: int) -> None:
    """Each of one team, but for a few supervisors."""
    teams = islice(cycle(staff.names), agents)
    for number, team in enumerate(teams):
        supervises = number >= agents - SUPERVISORS
        role, email = "supervisor" if supervises else "agent", f"{number}@town.example"
        agent = await accounts.add(email, f"Agent {number}", role, ["en", "fr"], PASSWORD, [team])  # type: ignore[arg-type]
        staff.agents.append((agent, await accounts.sign_in(email, PASSWORD) or ""))
    staff.supervisor = staff.agents[-1][1]


async def _cases(staff: Staffed, counter: Counter, seal: Seal, count: int) -> None:
    made = [Conversation(f"{number:032x}", "sms", "en", answered_by="desk") for number in range(count)]
    rows = [
        {"key": each.key, "channel": "sms", "language": "en", "chosen": False, "answered_by": "desk"} for each in made
    ]
    async with staff.engine.begin() as connection:
        await connection.execute(insert(conversations), rows)
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def opened(number: int, conversation: Conversation) -> None:
        async with gate:
            team = staff.names[number % len(staff.names)]
            about = {"team": team, "because": "asked_for_person", "topic": "Passports"}
            id = await counter.cases.open(conversation, f"sms:+1613{number:07}", urgent=number % 50 == 0, **about)
            staff.teams[id], staff.conversations[id] = team, conversation

    await asyncio.gather(*(opened(number, each) for number, each in enumerate(made)))
    said = [
        {"case": id, "message": f"m{number}", "kind": "citizen", "text": seal.close(line)}
        for id in staff.teams
        for number, line in enumerate(LINES)
    ]
    async with staff.engine.begin() as connection:
        for start in range(0, len(said), 1000):
            await connection.execute(insert(case_lines), said[start : start + 1000])
