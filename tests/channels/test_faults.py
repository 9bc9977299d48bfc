"""What citizens see of it when processes are killed: every message answered once, in order, or told honestly.

The worker, Redis and PostgreSQL are processes of their own here; the web app runs in the test.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from channels.settings import Settings
from channels.texts import texts
from machine.ports import free_port
from machine.postgres import EmbeddedPostgres
from machine.servers import EmbeddedRedis, migrate
from tests.channels.conftest import parsed, serving
from tests.channels.faulty_worker import BEGUN

ROOT = Path(__file__).parents[2]
PATIENCE = 40.0  # seconds for a reply, on a machine that is busy with other things

pytestmark = pytest.mark.timeout(120)


@dataclass
class Citizen:
    """Somebody with a page open: sends again what was not taken, and takes the stream up again where it broke off."""

    http: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=dict)
    replies: list[str] = field(default_factory=list)
    last: str = ""
    reading: asyncio.Task[None] | None = None

    async def open(self) -> None:
        token = (await self.http.post("/web/conversations", json={})).json()["conversation"]
        self.headers = {"Authorization": f"Bearer {token}"}
        self.reading = asyncio.create_task(self._read())

    async def say(self, text: str, id: str, times: int = 1) -> None:
        taken = 0
        while taken < times:
            with suppress(httpx.HTTPError):
                about = {"id": id, "text": text, "language": "en"}
                response = await self.http.post("/web/messages", json=about, headers=self.headers)
                if response.status_code == 202:
                    taken += 1
                    continue
                assert response.status_code == 503, response.text
            await asyncio.sleep(0.2)

    async def hears(self, replies: list[str]) -> None:
        """Exactly these replies, and no more in the moment after."""
        await until(lambda: len(self.replies) >= len(replies), PATIENCE)
        await asyncio.sleep(0.4)
        assert self.replies == replies

    async def leave(self) -> None:
        if self.reading:
            self.reading.cancel()
            await asyncio.gather(self.reading, return_exceptions=True)

    async def _read(self) -> None:
        while True:
            seek = {"Last-Event-ID": self.last} if self.last else {}
            with suppress(httpx.HTTPError):
                async with self.http.stream(
                    "GET", "/web/events", headers=self.headers | seek, timeout=httpx.Timeout(10, read=None)
                ) as response:
                    async for id, kind, data in parsed(response):
                        self.last = id
                        if kind == "reply":
                            self.replies.append(str(data["text"]))
            await asyncio.sleep(0.1)


@dataclass
class House:
    """A service of which any part can be killed; a worker that died is started again, as the supervisor does."""

    settings: Settings
    server: EmbeddedRedis
    http: httpx.AsyncClient
    redis: Redis
    redis_process: subprocess.Popen[bytes]
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    citizens: list[Citizen] = field(default_factory=list)
    deaths: int = 0

    async def citizen(self) -> Citizen:
        somebody = Citizen(self.http)
        await somebody.open()
        self.citizens.append(somebody)
        return somebody

    def start_worker(self, name: str = "1") -> None:
        environment = os.environ | {
            "GUICHET_HOME": str(self.settings.home),
            "GUICHET_REDIS_URL": self.server.url,
            "GUICHET_DATABASE_URL": self.settings.database_url or "",
            "GUICHET_WORKER": name,
        }
        command = [sys.executable, "-m", "tests.channels.faulty_worker"]
        self.workers[name] = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)

    def kill_worker(self, name: str = "1") -> None:
        self.workers[name].send_signal(signal.SIGKILL)
        self.workers[name].wait()

    async def supervise(self) -> None:
        while True:
            for name, process in list(self.workers.items()):
                if process.poll() is not None:
                    self.deaths += 1
                    self.start_worker(name)
            await asyncio.sleep(0.05)

    async def restart_redis(self) -> None:
        self.redis_process.send_signal(signal.SIGKILL)
        self.redis_process.wait()
        await asyncio.sleep(0.5)
        self.redis_process = await asyncio.to_thread(subprocess.Popen, self.server.command())
        await self.server.wait()

    def begun(self, text: str) -> int:
        """How often a worker has begun to answer the message."""
        file = self.settings.home / BEGUN
        return file.read_text().splitlines().count(text) if file.exists() else 0


async def until(condition: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 — what it waits for has no event
            await asyncio.sleep(0.02)


@asynccontextmanager
async def housed(home: Path, database_url: str) -> AsyncIterator[House]:
    server = EmbeddedRedis.at(home / "redis", free_port(0))
    process = await asyncio.to_thread(subprocess.Popen, server.command())
    await server.wait()
    settings = Settings(
        _env_file=None,
        home=home,
        redis_url=server.url,
        database_url=database_url,
        public_port=free_port(0),
        messages_per_minute=1000,
    )
    async with serving(settings) as http, Redis.from_url(server.url, decode_responses=True) as redis:
        house = House(settings, server, http, redis, process)
        try:
            yield house
        finally:
            for citizen in house.citizens:
                await citizen.leave()
            for worker in house.workers.values():
                worker.kill()
                worker.wait()
            house.redis_process.kill()
            house.redis_process.wait()


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    async with housed(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    folder = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres(folder / "data", folder / "private")
    migrate(server.start())
    yield server
    server.stop()


async def test_a_worker_killed_in_the_middle_of_a_turn_answers_once_when_it_is_back(house: House) -> None:
    house.start_worker()
    citizen = await house.citizen()
    await citizen.say("slow 0.7", "m1")
    await until(lambda: house.begun("slow 0.7") > 0, PATIENCE)
    house.kill_worker()
    await citizen.say("and after", "m2")
    house.start_worker()
    await citizen.hears(["answer to slow 0.7", "answer to and after"])
    assert house.begun("slow 0.7") == 2


async def test_redis_killed_in_the_middle_of_a_turn_loses_nothing(house: House) -> None:
    house.start_worker()
    citizen = await house.citizen()
    await citizen.say("slow 1.5", "m1")
    await until(lambda: house.begun("slow 1.5") > 0, PATIENCE)
    killing = asyncio.create_task(house.restart_redis())
    await citizen.say("in between", "m2")
    await killing
    await citizen.hears(["answer to slow 1.5", "answer to in between"])
    assert house.workers["1"].poll() is None, "the worker lives through it"
    assert house.begun("slow 1.5") == 1, "and does not answer a second time"


async def test_while_postgresql_is_stopped_a_message_is_held_and_told_and_then_answered(
    tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    async with housed(tmp_path, postgres.url) as house:
        house.start_worker()
        citizen = await house.citizen()
        await citizen.say("before", "m1")
        await citizen.hears(["answer to before"])
        await asyncio.to_thread(postgres.stop)
        await citizen.say("meanwhile", "m2")
        await citizen.hears(["answer to before", texts("en")["held"]])
        house.kill_worker()
        house.start_worker()
        await asyncio.sleep(1)
        await asyncio.to_thread(postgres.start)
        await citizen.hears(["answer to before", texts("en")["held"], "answer to meanwhile"])


async def test_a_message_that_brings_every_worker_down_is_set_aside_and_the_next_one_answered(house: House) -> None:
    house.start_worker()
    supervising = asyncio.create_task(house.supervise())
    citizen = await house.citizen()
    await citizen.say("crash", "m1")
    await citizen.say("and after", "m2")
    await citizen.hears([texts("en")["failed"], "answer to and after"])
    supervising.cancel()
    assert (house.deaths, house.begun("crash")) == (3, 3)
    assert await house.redis.xlen("inbox:aside") == 1


async def test_two_hundred_messages_with_duplicates_over_two_workers_that_are_killed_now_and_then(house: House) -> None:
    chance = random.Random(7)
    for name in ("1", "2"):
        house.start_worker(name)
    supervising = asyncio.create_task(house.supervise())
    citizens = [await house.citizen() for _ in range(20)]
    await citizens[0].say("first", "m0")
    await citizens[0].hears(["answer to first"])

    async def converse(number: int, citizen: Citizen) -> None:
        for turn in range(10):
            await citizen.say(f"{number}-{turn}", f"m{number}-{turn}", times=1 + (chance.random() < 0.1))
            await asyncio.sleep(chance.random() * 0.4)

    async def kill() -> None:
        for name in "1212":  # a message that is in hand whenever its worker is killed is set aside the third time
            await asyncio.sleep(0.3 + chance.random())
            house.kill_worker(name)

    await asyncio.gather(kill(), *(converse(number, citizen) for number, citizen in enumerate(citizens)))
    expected = [[f"answer to {number}-{turn}" for turn in range(10)] for number in range(20)]
    expected[0] = ["answer to first", *expected[0]]
    await until(lambda: sum(len(citizen.replies) for citizen in citizens) >= 201, PATIENCE)
    await asyncio.sleep(0.5)
    supervising.cancel()
    assert [citizen.replies for citizen in citizens] == expected
    assert house.deaths >= 4
    assert await house.redis.xlen("inbox:aside") == 0
