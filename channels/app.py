"""The composition root: what the public app and the worker are made of."""

import asyncio
import resource
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import structlog
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from redis.asyncio import Redis
from redis.maint_notifications import MaintNotificationsConfig
from sqlalchemy.exc import SQLAlchemyError

from channels import inbox, outbox, switchboard
from channels.adapters.web import Web
from channels.bot import Bot, opener
from channels.conversation import Addresses, written_language
from channels.inbox import Inbox
from channels.lanes import Lanes
from channels.outbox import Outbox
from channels.record import Record
from channels.responder import Responder
from channels.settings import Settings
from channels.switchboard import Switchboard
from channels.turns import answering, recording, sending
from channels.web.events import Events
from channels.web.guard import Guard
from channels.web.pages import pages
from channels.web.problems import PROBLEMS
from channels.web.sessions import Sessions
from channels.worker import work, work_together

RECORDS_AT_ONCE = 200
RECORD_SECONDS = 0.1  # how long what was said is gathered, to be written together
REDIS_CONNECTIONS = 500  # of one process; who finds none is told that the service is not available
RASA_KEEPS_SECONDS = 4.0  # less than the 5 s after which Rasa's server closes a connection that nobody uses
OTHER_FILES = 200  # that a process may have open beside event streams
log = structlog.get_logger()


def redis_client(settings: Settings, name: str | None = None) -> Redis:
    """A client of Redis; raises where no address is set.

    Redis lists its connections under `name`, so that others can see that it lives.
    It tries nothing twice by itself: whether a command may run twice is known only to those who send it.
    """
    if not settings.redis_url:
        raise RuntimeError("GUICHET_REDIS_URL is not set: `guichet up` sets it, or name your own Redis.")
    return Redis.from_url(
        settings.redis_url,
        client_name=name,
        max_connections=REDIS_CONNECTIONS,
        decode_responses=True,
        socket_timeout=10,
        socket_connect_timeout=2,
        # with these, redis-py would hand out connections that a restart of Redis has ended
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )


def web_channel(settings: Settings, redis: Redis, addresses: Addresses) -> Web:
    keep = settings.keep_conversation_hours * 3600
    return Web(
        Events(redis, keep, most_streams()),
        Sessions(redis, keep, settings.messages_per_minute),
        Lanes(redis, switchboard.RECORD_QUEUE, settings.consumer),
        addresses,
    )


def most_streams() -> int:
    """How many event streams a process may have open: each is a file, and without files it could accept nobody."""
    return max(OTHER_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - OTHER_FILES)


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
        await asyncio.gather(ringing, return_exceptions=True)
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
    app.add_middleware(Guard)
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
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=RASA_KEEPS_SECONDS)
    async with aiohttp.ClientSession(connector=connector) as http:
        bot = Bot(http, settings.bot_url, settings.bot_timeout, opener(settings.home))
        await work_with({"bot": bot}, settings)


async def work_with(responders: Mapping[str, Responder], settings: Settings) -> None:
    """Do the worker's work with whoever answers."""
    if not settings.database_url:
        raise RuntimeError("GUICHET_DATABASE_URL is not set: `guichet up` sets it, or name your own PostgreSQL.")
    redis = redis_client(settings, settings.consumer)
    addresses = Addresses(settings.key)
    record = Record(settings.database_url, settings.keep_transcripts_days)
    said, replies, written = (
        Lanes(redis, name, settings.consumer) for name in (inbox.QUEUE, outbox.QUEUE, switchboard.RECORD_QUEUE)
    )
    channels = {channel.name: channel for channel in (web_channel(settings, redis, addresses),)}
    written_language("Load the models before the first citizen writes.")
    board = Switchboard(responders, record, addresses)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work(said, answering(said, replies, board), settings.concurrent_turns))
            group.create_task(work(replies, sending(replies, Outbox(replies, channels)), settings.concurrent_turns))
            group.create_task(work_together(written, recording(written, record), RECORDS_AT_ONCE, RECORD_SECONDS))
            group.create_task(expire_daily(record))
    finally:
        await record.close()
        await redis.aclose()


async def expire_daily(record: Record) -> None:
    """Delete transcripts whose time has come, now and every day; while the database is away, try every minute."""
    while True:
        try:
            log.info("transcripts expired", lines=await record.expire())
        except (SQLAlchemyError, OSError) as error:
            log.warning("transcripts not expired yet", why=type(error).__name__)
            await asyncio.sleep(60)
        else:
            await asyncio.sleep(86_400)
