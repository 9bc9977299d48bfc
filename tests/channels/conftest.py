"""A service in one process: the real Redis and PostgreSQL, the real web app and worker, and a bot of ten lines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import structlog
import uvicorn
from redis.asyncio import Redis

from channels import app, logs
from channels.channel import Incoming, Reply
from channels.conversation import Conversation, written_language
from channels.record import Record
from channels.responder import Turn
from channels.settings import Settings
from machine.ports import free_port
from machine.servers import EmbeddedRedis

structlog.configure(processors=[logs.name_exception], logger_factory=structlog.ReturnLoggerFactory())


@dataclass
class Parrot:
    """A responder that says again what it hears; `turns` are what it says instead."""

    turns: dict[str, Turn] = field(default_factory=dict)
    heard: list[tuple[Conversation, Incoming]] = field(default_factory=list)
    pause: float = 0.0

    async def begin(self, conversation: Conversation, because: str, said: Incoming, topic: str = "") -> Turn:
        return Turn((Reply(text=f"here I am: {because}", language=conversation.language, sender="desk"),))

    async def follow(self, origin: str, conversation: Conversation, address: str) -> None: ...

    async def answer(self, conversation: Conversation, said: Incoming) -> Turn:
        self.heard.append((conversation, said))
        await asyncio.sleep(self.pause)
        return self.turns.get(said.text) or Turn((Reply(text=said.text, language=conversation.language),))


@dataclass
class Service:
    settings: Settings
    redis: Redis
    record: Record
    bot: Parrot
    http: httpx.AsyncClient

    async def begin(self) -> dict[str, str]:
        """The headers of a new conversation."""
        response = await self.http.post("/web/conversations", json={})
        return {"Authorization": f"Bearer {response.json()['conversation']}"}

    async def say(self, headers: dict[str, str], text: str, id: str = "m1", **about: object) -> httpx.Response:
        return await self.http.post("/web/messages", json={"id": id, "text": text} | about, headers=headers)

    async def events(
        self, headers: dict[str, str], most: int, last: str = ""
    ) -> list[tuple[str, str, dict[str, object]]]:
        """The first `most` events after `last` as (id, kind, data); fails after five seconds."""
        found: list[tuple[str, str, dict[str, object]]] = []
        seek = {"Last-Event-ID": last} if last else {}
        async with asyncio.timeout(5), self.http.stream("GET", "/web/events", headers=headers | seek) as response:
            assert response.status_code == 200
            async for event in parsed(response):
                found.append(event)
                if len(found) == most:
                    break
        return found

    async def replies(self, headers: dict[str, str], most: int) -> list[str]:
        """The texts of the first `most` replies."""
        texts: list[str] = []
        async with asyncio.timeout(8), self.http.stream("GET", "/web/events", headers=headers) as response:
            async for _, kind, data in parsed(response):
                if kind == "reply":
                    texts.append(str(data["text"]))
                if len(texts) == most:
                    break
        return texts


async def parsed(response: httpx.Response) -> AsyncIterator[tuple[str, str, dict[str, object]]]:
    import json

    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield fields["id"], fields["event"], json.loads(fields["data"])
            fields = {}


@pytest.fixture
async def service(
    redis: Redis, redis_server: EmbeddedRedis, database_url: str, tmp_path: Path
) -> AsyncIterator[Service]:
    settings = Settings(
        _env_file=None,
        home=tmp_path,
        redis_url=redis_server.url,
        database_url=database_url,
        public_port=free_port(0),
        messages_per_minute=1000,
    )
    record = Record(database_url, keep_days=30)
    bot = Parrot()
    working = start_worker(settings, redis, record, bot)
    async with serving(settings) as http:
        yield Service(settings, redis, record, bot, http)
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)
    await record.close()


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The public app on its port, and a client of it."""
    written_language("Load the models before the first citizen writes.")
    public = app.public_app(settings)
    config = uvicorn.Config(public, port=settings.public_port, log_level="error", timeout_graceful_shutdown=0)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 — uvicorn has no event for it
        await asyncio.sleep(0.01)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.public_port}", timeout=10) as http:
        yield http
    server.should_exit = True
    await asyncio.gather(running, return_exceptions=True)


def start_worker(settings: Settings, redis: Redis, record: Record, bot: Parrot) -> list[asyncio.Task[None]]:
    """All that a worker does, with a bot of ten lines and no provider."""
    return [asyncio.create_task(job) for job in app.jobs(settings, redis, record, {"bot": bot}, unreachable())]


def unreachable() -> httpx.MockTransport:
    """No test touches the network: a request to a provider that no test expects fails."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"a test asked for {request.url.host}")

    return httpx.MockTransport(refuse)
