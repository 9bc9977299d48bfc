"""The desk, Redis or PostgreSQL die in the middle of what agents do: nothing is lost or done twice, and all heals."""

import asyncio
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from argon2 import PasswordHasher
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from channels.channel import Incoming
from channels.conversation import Conversation
from channels.desk.case import Case
from channels.desk.counter import Counter
from channels.desk.desk import Desk
from channels.desk.people.accounts import Accounts
from channels.desk.routes.access import COOKIE
from channels.desk.seal import Seal
from channels.desk.switching import Switching
from channels.lanes import Lanes
from channels.marks import claim_key
from channels.record import Record, engine
from channels.settings import Settings
from channels.switches import Switches
from machine.ports import free_port
from machine.postgres import EmbeddedPostgres
from machine.servers import EmbeddedRedis, ServerFailed, migrate
from tests.channels.desk.conftest import PASSWORD, TEAMS

ROOT = Path(__file__).parents[3]
HEALED_SECONDS = 15.0
SECRET = "of nobody at all, " * 2


@dataclass
class House:
    """A Redis, a PostgreSQL and a desk in a process of its own, each of which can be killed and started again."""

    home: Path
    memory: EmbeddedRedis
    tables: EmbeddedPostgres
    engine: AsyncEngine
    redis: Redis
    record: Record
    counter: Counter
    port: int = field(default_factory=lambda: free_port(0))
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        about = {"HOME": self.home, "REDIS_URL": self.memory.url, "DATABASE_URL": self.tables.url, "SECRET": SECRET}
        return {f"GUICHET_{name}": str(value) for name, value in (about | {"DESK_PORT": self.port}).items()}

    @property
    def switching(self) -> Switching:
        return Switching(self.engine, Switches(self.redis, lambda: datetime.now(UTC)))

    async def start(self, part: str) -> None:
        if part == "postgres":
            await until(lambda: asyncio.to_thread(self.tables.start))
            for each in (self.engine, self.record.engine):
                await each.dispose()
            return
        command = self.memory.command() if part == "redis" else [sys.executable, "-m", "guichet", "run", "desk"]
        self.running[part] = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=os.environ | self.settings)
        if part == "redis":
            await self.memory.wait()
            await self.redis.connection_pool.disconnect()
        else:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as http:
                await until(lambda: http.get("/health"), lambda answer: bool(answer.status_code == 200), 30)

    async def kill(self, part: str) -> None:
        if part == "postgres":
            assert self.tables._process is not None
            self.tables._process.kill()
            await asyncio.to_thread(self.tables._process.wait)
        else:
            self.running[part].kill()
            await self.running.pop(part).wait()

    async def case(self, team: str = "general") -> Case:
        address = f"sms:+1613{secrets.randbelow(10**7):07}"
        conversation = Conversation(secrets.token_hex(16), "sms", "en", answered_by="line")
        await self.record.keep(conversation)
        about: dict[str, Any] = {"team": team, "because": "asked_for_person", "urgent": False}
        return await self.counter.cases.one(await self.counter.cases.open(conversation, address, **about))

    async def sent(self) -> list[str]:
        """The ids of all that waits in the outbox for texts, in order."""
        lanes, found = self.counter.out("outbox:sms"), []
        while tasks := await lanes.take(100, 20):
            found += [task.item["reply"]["id"] for task in tasks]
            await lanes.finish_all(tasks)
        return found

    async def agrees(self, case: Case) -> bool:
        """Whether the mark that silences the bot, and who answers, are as the case has it."""
        kept = await self.record.find(case.conversation)
        marked = await self.redis.get(claim_key(case.conversation))
        assert kept is not None
        by = {"claimed": "desk", "waiting": "line", "closed": "line"}[case.state]
        return kept.answered_by == by and marked == (str(case.id) if case.state == "claimed" else None)


async def until(
    looks: Callable[[], Awaitable[Any]], enough: Callable[[Any], bool] = bool, seconds: float = HEALED_SECONDS
) -> Any:
    """What is seen once it is as it should be; fails after so many seconds."""
    ends, seen = time.monotonic() + seconds, None
    while time.monotonic() < ends:
        with suppress(httpx.TransportError, SQLAlchemyError, RedisError, OSError, ServerFailed):
            if enough(seen := await looks()):
                return seen
        await asyncio.sleep(0.1)
    raise AssertionError(f"after {seconds:g} s there is {seen!r}")


class Agent:
    """Somebody at the desk, who tries again as a page does."""

    def __init__(self, house: House, id: str, token: str) -> None:
        self.house, self.id = house, id
        headers = {"Cookie": f"{COOKIE}={token}", "X-Guichet": "desk"}
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{house.port}", headers=headers, timeout=10)

    async def tries(self, case: int, did: str, **values: Any) -> httpx.Response | None:
        """The answer, if one comes."""
        with suppress(httpx.TransportError):
            return await self.http.post(f"/api/cases/{case}/{did}", json=values)
        return None

    async def does(self, case: int, did: str, **values: Any) -> httpx.Response:
        """The first answer that is none of a part that is away."""
        return await until(
            lambda: self.tries(case, did, **values), lambda answer: answer is not None and answer.status_code < 500
        )

    async def hears(self, case: int, state: str) -> None:
        """Follow the desk, again where a stream ends, until a case is told as being so, or the list says it."""
        while True:
            with suppress(httpx.TransportError):
                async with self.http.stream("GET", "/api/events", timeout=httpx.Timeout(5, read=20)) as response:
                    listed = (await self.http.get("/api/cases")).json().get("cases", [])
                    if any((each["id"], each["state"]) == (case, state) for each in listed):
                        return
                    async for line in response.aiter_lines():
                        if line.startswith("data: ") and f'"id": {case},' in line and f'"state": "{state}"' in line:
                            return
            await asyncio.sleep(0.2)


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[House]:
    with tempfile.TemporaryDirectory(prefix="guichet-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        memory = EmbeddedRedis.at(home / "redis", free_port(0))
        tables = EmbeddedPostgres(home / "postgres" / "data", home / "postgres" / "private")
        url = await asyncio.to_thread(tables.start)
        await asyncio.to_thread(migrate, url)
        redis, pool = Redis.from_url(memory.url, decode_responses=True), engine(url)
        key = Settings(_env_file=None, home=home, secret=SECRET).key  # type: ignore[arg-type]
        counter = Counter.made(pool, Seal(key), TEAMS, redis, lambda queue: Lanes(redis, queue, "test"))
        made = House(home, memory, tables, pool, redis, Record(url, keep_days=30), counter)
        await made.start("redis")
        await counter.out("outbox:sms").open()
        await made.start("desk")
        yield made
        for part in list(made.running):
            await made.kill(part)
        await redis.aclose()
        await pool.dispose()
        await made.record.close()
        tables.stop()


@pytest.fixture
async def agent(house: House) -> AsyncIterator[Agent]:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    accounts = Accounts(house.engine, house.counter.cases._seal, quick)
    email = f"{uuid4().hex}@town.example"
    who = await accounts.add(email, "Ana", "agent", ["en", "fr"], PASSWORD)
    made = Agent(house, who.id, await accounts.sign_in(email, PASSWORD) or "")
    yield made
    await made.http.aclose()


def about(case: Case, did: str) -> dict[str, Any]:
    values: dict[str, dict[str, Any]] = {
        "claim": {},
        "say": {"epoch": 1, "id": f"said-{case.id:08}", "text": "hello"},
        "transfer": {"epoch": 1, "team": "housing", "note": "please"},
        "close": {"epoch": 1, "outcome": "answered"},
    }
    return values[did]


@pytest.mark.parametrize("part", ["desk", "redis", "postgres"])
async def test_whatever_is_killed_while_agents_work_each_thing_is_done_once(
    house: House, agent: Agent, part: str
) -> None:
    """Many things at once, a kill in the middle of them, and each of them again, as pages do that had no answer."""
    kinds = ("claim", "say", "transfer", "close")
    work = [(did, await house.case()) for did in kinds * 5]
    for did, case in work:
        if did != "claim":
            await house.counter.claim(case.id, agent.id)
    await house.sent()
    trying = [asyncio.create_task(agent.tries(case.id, did, **about(case, did))) for did, case in work]
    await asyncio.sleep(0.04)
    await house.kill(part)
    await asyncio.gather(*trying)
    await asyncio.sleep(0.3)
    await house.start(part)
    for did, case in work:
        answer = await agent.does(case.id, did, **about(case, did))
        assert answer.status_code in (200, 202, 409), answer.text
    wanted = {"claim": ("claimed", 1), "say": ("claimed", 1), "transfer": ("waiting", 2), "close": ("closed", 2)}
    expected = sorted([*(f"said-{case.id:08}" for did, case in work if did == "say"), *["farewell:2"] * 5])
    sent: list[str] = []

    async def more() -> list[str]:
        sent.extend(await house.sent())
        return sorted(sent)

    assert await until(more, lambda found: len(found) >= len(expected)) == expected, "each once"
    for did, case in work:
        now = await house.counter.cases.one(case.id)
        assert (now.state, now.epoch) == wanted[did], did
        assert now.team == ("housing" if did == "transfer" else "general")
        kinds_of = [line.kind for line in await house.counter.cases.lines(case.id)]
        done = {"claim": "claimed", "say": "agent", "transfer": "transferred", "close": "closed"}[did]
        assert kinds_of.count(done) == 1, "written down once"
        assert await until(lambda now=now: house.agrees(now)), did  # type: ignore[misc]
    await asyncio.sleep(6)  # in which it mends itself once more
    assert await house.sent() == []


async def test_a_redis_that_comes_back_empty_is_told_again_what_it_must_know(house: House, agent: Agent) -> None:
    case = await house.case()
    assert (await agent.does(case.id, "claim")).status_code == 200
    switch = await house.switching.begin(agent.id, "closed", "housing", {}, "a fire drill", None)
    await house.redis.set("canary", "sings")
    await house.kill("redis")
    for each in house.memory.folder.glob("appendonly*"):
        shutil.rmtree(each) if each.is_dir() else each.unlink()
    hearing = asyncio.create_task(agent.hears(case.id, "claimed"))
    await house.start("redis")
    assert not await house.redis.exists("canary"), "it has forgotten all"
    await until(lambda: house.redis.get(claim_key(case.conversation)), lambda mark: mark == str(case.id))
    on = Switches(house.redis, lambda: datetime.now(UTC))
    assert [each.id for each in await until(lambda: on.on("closed"))] == [switch]
    await asyncio.wait_for(hearing, HEALED_SECONDS)
    now = await house.counter.cases.one(case.id)
    assert (now.state, now.agent, now.epoch) == ("claimed", agent.id, 1), "nobody took it from who has it"
    assert await house.counter.presence.away([agent.id]) != {agent.id: None}
    await house.switching.end(agent.id, switch)
    assert (await agent.does(case.id, "close", epoch=1, outcome="answered")).status_code == 200


@pytest.mark.parametrize("part", ["redis", "postgres"])
async def test_while_a_part_is_away_no_claim_is_made_and_after_it_all_hear_of_the_next(
    house: House, agent: Agent, part: str
) -> None:
    case = await house.case()
    await house.kill(part)
    refused = await agent.tries(case.id, "claim")
    assert refused is not None and refused.status_code == 503
    await house.start(part)
    hearing = asyncio.create_task(agent.hears(case.id, "claimed"))
    now = await until(lambda: house.counter.cases.one(case.id))
    assert (now.state, now.epoch) == ("waiting", 0), "refused is refused"
    assert (await agent.does(case.id, "claim")).status_code == 200
    await asyncio.wait_for(hearing, HEALED_SECONDS)
    desk = Desk(house.counter, Switches(house.redis, lambda: datetime.now(UTC)))
    conversation = await house.record.find(case.conversation)
    assert conversation is not None
    await desk.answer(conversation, Incoming("m1", "sms:+1", "hello?"))
    lines = await house.counter.cases.lines(case.id)
    assert [line.text for line in lines if line.kind == "citizen"] == ["hello?"]
