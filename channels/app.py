"""The composition root: what the public app and the worker are made of."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import structlog
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from redis.asyncio import Redis
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from channels import inbox, outbox, switchboard
from channels.adapters.web import Web
from channels.bot import Bot, opener
from channels.conversation import Addresses, written_language
from channels.inbox import Inbox
from channels.lanes import Lanes
from channels.outbox import Outbox
from channels.record import Record
from channels.settings import Settings
from channels.switchboard import Switchboard
from channels.turns import answering, recording, sending
from channels.web.events import Events
from channels.web.pages import pages
from channels.web.problems import PROBLEMS
from channels.web.sessions import Sessions
from channels.worker import work, work_together

RECORDS_AT_ONCE = 200
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
log = structlog.get_logger()


def redis_client(settings: Settings) -> Redis:
    """The connection pool to Redis; raises where no address is set."""
    if not settings.redis_url:
        raise RuntimeError("GUICHET_REDIS_URL is not set: `guichet up` sets it, or name your own Redis.")
    return Redis.from_url(
        settings.redis_url, decode_responses=True, socket_timeout=10, socket_connect_timeout=2, health_check_interval=0
    )


def web_channel(settings: Settings, redis: Redis, addresses: Addresses) -> Web:
    keep = settings.keep_conversation_hours * 3600
    return Web(
        Events(redis, keep),
        Sessions(redis, keep, settings.messages_per_minute),
        Lanes(redis, switchboard.RECORD_QUEUE, settings.consumer),
        addresses,
    )


def public_app(settings: Settings | None = None) -> FastAPI:
    """The app that citizens and providers reach. It talks to Redis only."""
    settings = settings or Settings()
    redis = redis_client(settings)
    addresses = Addresses(settings.key)
    web = web_channel(settings, redis, addresses)
    incoming = Inbox(Lanes(redis, inbox.QUEUE, settings.consumer), addresses)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        ringing = asyncio.create_task(web.events.ring())
        yield
        ringing.cancel()
        await redis.aclose()

    app = FastAPI(title="Guichet", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.include_router(web.routes(incoming.accept))
    app.include_router(pages(web, incoming.accept))

    @app.get("/health/live", tags=["health"])
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/health/ready", tags=["health"])
    async def ready() -> JSONResponse:
        await redis.ping()
        return JSONResponse({"status": "ok"})

    for error, respond in PROBLEMS.items():
        app.add_exception_handler(error, respond)
    app.add_middleware(_SecurityHeaders)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.web_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
        max_age=3600,
    )
    return app


async def run_worker(settings: Settings) -> None:
    """Answer, send and record until cancelled. It talks to Redis, PostgreSQL and Rasa."""
    if not settings.database_url:
        raise RuntimeError("GUICHET_DATABASE_URL is not set: `guichet up` sets it, or name your own PostgreSQL.")
    redis = redis_client(settings)
    addresses = Addresses(settings.key)
    record = Record(settings.database_url, settings.keep_transcripts_days)
    queues = {
        name: Lanes(redis, name, settings.consumer) for name in (inbox.QUEUE, outbox.QUEUE, switchboard.RECORD_QUEUE)
    }
    channels = {channel.name: channel for channel in (web_channel(settings, redis, addresses),)}
    written_language("Load the models before the first citizen writes.")
    async with aiohttp.ClientSession() as http:
        bot = Bot(http, settings.bot_url, settings.bot_timeout, opener(settings.home))
        board = Switchboard({"bot": bot}, record, addresses)
        answer = answering(queues[inbox.QUEUE], queues[outbox.QUEUE], board)
        send = sending(Outbox(queues[outbox.QUEUE], channels))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(work(queues[inbox.QUEUE], answer, settings.concurrent_turns))
                group.create_task(work(queues[outbox.QUEUE], send, settings.concurrent_turns))
                write = recording(queues[switchboard.RECORD_QUEUE], record)
                group.create_task(work_together(queues[switchboard.RECORD_QUEUE], write, RECORDS_AT_ONCE))
                group.create_task(expire_daily(record))
        finally:
            await record.close()
            await redis.aclose()


async def expire_daily(record: Record) -> None:
    """Delete transcripts whose time has come, now and every day."""
    while True:
        try:
            log.info("transcripts expired", lines=await record.expire())
        except (SQLAlchemyError, OSError) as error:
            log.warning("database away", why=type(error).__name__)
        await asyncio.sleep(86_400)


class _SecurityHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


_HEADERS = [
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]
