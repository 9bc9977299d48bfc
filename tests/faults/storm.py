"""The storm: conversations on all channels, while workers, Rasa and Redis are killed and providers have a bad day.

Everything is real but the providers: `guichet up` runs the service, and more workers beside it. Loopback only, bounded.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from redis.asyncio import Redis

from knowledge import Knowledge
from machine.ports import free_port
from tests.faults.providers import Providers, providers

ROOT = Path(__file__).parents[2]
ACCOUNT, TOKEN, TELEGRAM = "AC" + "3" * 32, "a token of nobody", "1:of-nobody"
NUMBERS = {"sms": "+16135550100", "whatsapp": "+16135550101"}
CHANNELS = ("web", "sms", "whatsapp", "telegram")
START_SECONDS, SETTLE_SECONDS = 150.0, 180.0
APART_SECONDS = 3.0  # that one person takes to read, at least, before writing again
LATE_SECONDS = 0.5  # that a message takes from us to its provider, at most


@dataclass(frozen=True)
class Plan:
    """`turns` of each of so many `conversations`, over `workers` that are killed every few seconds. All together write
    `per_second` messages, which is what two cores can answer, and nobody more often than anyone reads."""

    conversations: int = 500
    turns: int = 10
    workers: int = 3
    worker_seconds: float = 4.0
    rasa_kills: int = 2
    redis_kills: int = 1
    seed: int = 7
    per_second: float = 25.0

    @property
    def apart(self) -> float:
        """Seconds between the messages of one person."""
        return max(APART_SECONDS, self.conversations / self.per_second)


@dataclass
class Person:
    """`asked` are the addresses of the pages that answer what was asked, in its order; `stopped` is when STOP was taken."""

    number: int
    address: str
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    stopped: float | None = None

    @property
    def channel(self) -> str:
        return self.address.partition(":")[0]


@dataclass(frozen=True)
class Outcome:
    """What came of it; `aside` were set aside for the operator to see: their provider cannot tell, or they were at work
    in three workers that were killed."""

    messages: int
    duplicates: int
    answered: int
    aside: int
    lost: int
    doubled: int
    out_of_order: int
    after_stop: int
    states_back: int
    stops: int
    killed: Counter[str]
    moods: dict[str, int]
    seconds: float
    wrong: list[str]  # what was lost, doubled, out of order or said after STOP


async def storm(home: Path, plan: Plan) -> Outcome:
    """Run it from `home`, which has encoder, bot and knowledge."""
    pages = answers(home, plan.turns + 2)
    provider_port, public_port = free_port(0), free_port(0)
    url = f"http://127.0.0.1:{public_port}"
    environment = os.environ | {
        "GUICHET_HOME": str(home),
        "GUICHET_PUBLIC_PORT": str(public_port),
        "GUICHET_PUBLIC_URL": url,
        "GUICHET_MESSAGES_PER_MINUTE": "1000",
        "GUICHET_MESSAGES_PER_MINUTE_FROM_ADDRESS": "1000000",
        "GUICHET_TWILIO_ACCOUNT": ACCOUNT,
        "GUICHET_TWILIO_TOKEN": TOKEN,
        "GUICHET_TWILIO_URL": f"http://127.0.0.1:{provider_port}",
        "GUICHET_SMS_NUMBER": NUMBERS["sms"],
        "GUICHET_SMS_PER_SECOND": "100",
        "GUICHET_SMS_STOP_BY_TWILIO": "false",
        "GUICHET_WHATSAPP_NUMBER": NUMBERS["whatsapp"],
        "GUICHET_WHATSAPP_PER_SECOND": "100",
        "GUICHET_TELEGRAM_TOKEN": TELEGRAM,
        "GUICHET_TELEGRAM_URL": f"http://127.0.0.1:{provider_port}",
        "GUICHET_TELEGRAM_PER_SECOND": "100",
    }
    async with (
        providers(provider_port, ACCOUNT, TOKEN, NUMBERS, TELEGRAM, url, plan.seed) as given,
        service(home, environment, plan.workers) as house,
        httpx.AsyncClient(base_url=url, timeout=20, limits=httpx.Limits(max_connections=300)) as http,
    ):
        await until(lambda: bool(given.telegram.webhook), START_SECONDS)
        people = await asyncio.gather(*(somebody(number, http) for number in range(plan.conversations)))
        began = time.monotonic()
        rough = asyncio.create_task(house.rough(plan))
        crowd = Crowd(http, given, pages, random.Random(plan.seed + 2), plan.apart)
        await asyncio.gather(*(crowd.converse(person, plan.turns) for person in people))
        await asyncio.gather(*crowd.late)
        rough.cancel()
        await asyncio.gather(rough, return_exceptions=True)
        await house.settle()
        seconds = time.monotonic() - began
        await asyncio.gather(*given.twilio.reporting)
        await house.settle()
        heard = await everything(people, given, http)
        aside = await house.aside(pages)
        states_back = await house.states_back(given)
    return judged(people, heard, aside, states_back, pages, given, house.killed, crowd.duplicates, seconds)


def answers(home: Path, most: int) -> dict[str, str]:
    """Questions, each with the address of the page that answers it; no two answers share an address."""
    knowledge = Knowledge.open(home)
    found: dict[str, str] = {}
    for document in knowledge.snapshot.shelves["en"].documents:
        for question, _ in document["questions"]:
            answer = knowledge.ask(question, language="en")
            url = answer.sources[0].url if answer.outcome == "answered" else None
            if url and not any(url in other or other in url for other in found.values()):
                found[question] = url
                break
        if len(found) == most:
            break
    return found


async def somebody(number: int, http: httpx.AsyncClient) -> Person:
    channel = CHANNELS[number % len(CHANNELS)]
    if channel == "web":
        token = (await http.post("/web/conversations", json={})).json()["conversation"]
        return Person(number, f"web:{number}", {"Authorization": f"Bearer {token}"})
    address = str(5000 + number) if channel == "telegram" else f"+1613555{number:04d}"
    return Person(number, f"{channel}:{address}")


@dataclass
class Crowd:
    """All who write: each one thing after the other, now and then the same twice, and now and then STOP."""

    http: httpx.AsyncClient
    given: Providers
    pages: dict[str, str]
    chance: random.Random
    apart: float
    duplicates: int = 0
    late: list[asyncio.Task[None]] = field(default_factory=list)

    async def converse(self, person: Person, turns: int) -> None:
        await asyncio.sleep(self.chance.random() * self.apart * 2)
        questions = self.chance.sample(list(self.pages), turns)
        stops_at = self.chance.randrange(2, turns) if person.channel != "web" and self.chance.random() < 0.1 else None
        for turn, question in enumerate(questions):
            id = str((person.number + 1) * 1000 + turn)
            if turn == stops_at:
                await self.bring(person, "STOP", id)
                person.stopped = time.monotonic()
                return
            await self.bring(person, question, id)
            person.asked.append(self.pages[question])
            if self.chance.random() < 0.1:
                self.late.append(asyncio.create_task(self.again(person, question, id)))
            await asyncio.sleep(self.apart * (0.5 + self.chance.random()))

    async def again(self, person: Person, text: str, id: str) -> None:
        await asyncio.sleep(self.chance.random() * 5)
        self.duplicates += 1
        await self.bring(person, text, id)

    async def bring(self, person: Person, text: str, id: str) -> None:
        """Until it is taken, as a provider or a page does."""
        status = 0
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while not 200 <= (status := await self.once(person, text, id)) < 300:  # noqa: ASYNC110 — no event
                    await asyncio.sleep(0.3)
        except TimeoutError:
            raise AssertionError(f"A message to {person.channel} is not taken; it answers {status}.") from None

    async def once(self, person: Person, text: str, id: str) -> int:
        channel, _, address = person.address.partition(":")
        if channel == "web":
            with suppress(httpx.HTTPError):
                body = {"id": id, "text": text, "language": "en"}
                return (await self.http.post("/web/messages", json=body, headers=person.headers)).status_code
            return 0
        if channel == "telegram":
            return await self.given.telegram.say(int(address), text, id=int(id))
        return await self.given.twilio.say(channel, address, text, sid=f"SM{id:0>32}")


@dataclass
class House:
    """The service as it runs, and what is done to it."""

    home: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)

    @property
    def state(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            noted: dict[str, Any] = json.loads((self.home / "run" / "state.json").read_text())
            return noted
        return {}

    async def rough(self, plan: Plan) -> None:
        """Kill a worker every few seconds, and now and then Rasa and Redis, until it is cancelled."""
        chance = random.Random(plan.seed + 3)
        others = ["bot"] * plan.rasa_kills + ["redis"] * plan.redis_kills
        chance.shuffle(others)
        for number in range(1_000_000):
            await asyncio.sleep(plan.worker_seconds * (0.7 + 0.6 * chance.random()))
            self.kill_a_worker(chance)
            if others and number % 3 == 0:
                self.kill(others.pop())

    def kill(self, part: str) -> None:
        if pid := self.state.get("pids", {}).get(part):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.killed[part] += 1

    def kill_a_worker(self, chance: random.Random) -> None:
        which = chance.randrange(len(self.workers) + 1)
        if which == len(self.workers):
            self.kill("worker")
            return
        self.workers[which].kill()
        self.workers[which].wait()
        self.killed["worker"] += 1
        self.workers[which] = self.start_worker(str(which + 2))

    def start_worker(self, name: str) -> subprocess.Popen[bytes]:
        chosen = {f"GUICHET_{key.upper()}": str(value) for key, value in self.state["settings"].items()}
        environment = self.environment | chosen | {"GUICHET_WORKER": name}
        with (self.home / "run" / f"worker-{name}.log").open("ab") as log:
            command = [sys.executable, "-m", "guichet", "run", "worker"]
            return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    async def settle(self) -> None:
        """Until nothing waits any more."""
        quiet = 0
        async with asyncio.timeout(SETTLE_SECONDS):
            while quiet < 5:
                quiet = quiet + 1 if await self.waiting() == 0 else 0
                await asyncio.sleep(0.5)

    async def waiting(self) -> int:
        with suppress(Exception):
            async with Redis.from_url(self.state["settings"]["redis_url"], decode_responses=True) as redis:
                return len([key async for key in redis.scan_iter("*:lane:*", count=1000)])
        return 1

    async def aside(self, pages: dict[str, str]) -> list[tuple[int, str]]:
        """What was set aside: the person's number, and the reply, or the page that answers what they asked."""
        async with Redis.from_url(self.state["settings"]["redis_url"], decode_responses=True) as redis:
            found = []
            for name in ("inbox", *(f"outbox:{channel}" for channel in CHANNELS)):
                for _, about in await redis.xrange(f"{name}:aside"):
                    item = json.loads(about["item"])
                    said = item.get("reply") or pages.get(item["text"], "")
                    id = item["reply"]["in_reply_to"] if "reply" in item else item["id"]
                    found.append((int(id.removeprefix("SM")) // 1000 - 1, json.dumps(said)))
            return found

    async def states_back(self, given: Providers) -> int:
        """Deliveries whose state is not the furthest that was reported."""
        _, _, rest = self.state["settings"]["database_url"].partition("://")
        connection = await asyncpg.connect(f"postgresql://{rest}")
        try:
            rows = await connection.fetch(
                "SELECT provider_id, state FROM deliveries WHERE channel IN ('sms', 'whatsapp')"
            )
        finally:
            await connection.close()
        taken = {message["sid"] for message in given.twilio.messages}
        return sum(row["provider_id"] in taken and row["state"] != "delivered" for row in rows)


@asynccontextmanager
async def service(home: Path, environment: dict[str, str], workers: int) -> AsyncIterator[House]:
    with (home / "up.log").open("wb") as log:
        command = [sys.executable, "-m", "guichet", "up"]
        process = await asyncio.to_thread(
            lambda: subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        )
    house = House(home, environment, process)
    try:
        await until(lambda: b"Ready" in (home / "up.log").read_bytes() or process.poll() is not None, START_SECONDS)
        assert process.poll() is None, (home / "up.log").read_text()
        house.workers = [house.start_worker(str(number + 2)) for number in range(workers - 1)]
        yield house
    finally:
        for worker in house.workers:
            worker.kill()
            worker.wait()
        process.send_signal(signal.SIGINT)
        process.wait(30)


async def everything(
    people: Sequence[Person], given: Providers, http: httpx.AsyncClient
) -> dict[str, list[tuple[float, str]]]:
    """All that each person was shown, in order, with the time where it is known."""
    heard: dict[str, list[tuple[float, str]]] = {person.address: [] for person in people}
    for taken in given.taken:
        heard.setdefault(taken.address, []).append((taken.at, taken.text))
    at_once = asyncio.Semaphore(20)

    async def page(person: Person) -> None:
        async with at_once, http.stream("GET", "/web/events", headers=person.headers) as response:
            kind = ""
            with suppress(TimeoutError):
                async with asyncio.timeout(1.5):
                    async for line in response.aiter_lines():
                        if line.startswith("event: "):
                            kind = line[7:]
                        elif line.startswith("data: ") and kind == "reply":
                            heard[person.address].append((0.0, line))

    await asyncio.gather(*(page(person) for person in people if person.channel == "web"))
    return heard


def judged(
    people: Sequence[Person],
    heard: dict[str, list[tuple[float, str]]],
    aside: Sequence[tuple[int, str]],
    states_back: int,
    pages: dict[str, str],
    given: Providers,
    killed: Counter[str],
    duplicates: int,
    seconds: float,
) -> Outcome:
    answered = lost = doubled = out_of_order = after_stop = set_aside = 0
    wrong: list[str] = []
    for person in people:
        shown = heard[person.address]
        found = [url for _, text in shown for url in pages.values() if url in text]
        wanted = person.asked
        if person.stopped is not None:
            after_stop += sum(
                at > person.stopped + LATE_SECONDS and "REPRENDRE" not in text and "START" not in text
                for at, text in shown
            )
            wanted = [url for url in wanted if url in found]  # what was under way when they stopped need not arrive
        mine = [words for number, words in aside if number == person.number]
        answered += len(set(found))
        missing = [url for url in wanted if url not in found]
        told = [url for url in missing if any(url in each for each in mine)]
        set_aside += len(told)
        lost += len(missing) - len(told)
        doubled += len(found) - len(set(found))
        wrong += [
            f"{person.address} lost {url} among {[text[:80] for _, text in shown]}"
            for url in missing
            if url not in told
        ]
        wrong += [f"{person.address} twice {url}" for url, times in Counter(found).items() if times > 1]
        first = list(dict.fromkeys(found))
        out_of_order += first != [url for url in person.asked if url in first]
    return Outcome(
        messages=sum(len(person.asked) for person in people),
        duplicates=duplicates,
        answered=answered,
        aside=set_aside,
        lost=lost,
        doubled=doubled,
        out_of_order=out_of_order,
        after_stop=after_stop,
        states_back=states_back,
        stops=sum(person.stopped is not None for person in people),
        killed=killed,
        moods=given.day.done,
        seconds=seconds,
        wrong=wrong,
    )


async def until(condition: Any, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 — what it waits for has no event
            await asyncio.sleep(0.05)
