"""The composition root: what the public app and the worker are made of."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import structlog
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from redis.asyncio import Redis
from sqlalchemy.exc import SQLAlchemyError

from channels import inbox
from channels.adapters.web import Web
from channels.bot import Bot
from channels.catalogue import Parts, made
from channels.connections import redis_client
from channels.continuation import Codes
from channels.conversation import Addresses, written_language
from channels.copies import Copies
from channels.guard import Guard
from channels.inbox import Inbox
from channels.lanes import Lanes
from channels.menus import Menus
from channels.outbox import RECORD_QUEUE, Outbox, queue
from channels.pace import Pace
from channels.published import opener, standing
from channels.quiet import hours
from channels.reception import Reception
from channels.record import Record
from channels.responder import Responder
from channels.settings import Settings
from channels.switchboard import Switchboard
from channels.switches import Switches, ToPeople
from channels.throttle import Throttle
from channels.traffic import Traffic
from channels.turns import answering, recording, sending
from channels.web.guard import HEADERS
from channels.web.pages import pages
from channels.web.problems import PROBLEMS, answer, problem
from channels.worker import put_off, work, work_together

RECORDS_AT_ONCE = 200
SENDS_AT_ONCE = 8  # by one channel: of what is under way when a process is killed, nobody knows whether it arrived
RECORD_SECONDS = 0.1  # how long what was said is gathered, to be written together
RASA_KEEPS_SECONDS = 4.0  # less than the 5 s after which Rasa's server closes a connection that nobody uses
log = structlog.get_logger()


def parts(settings: Settings, redis: Redis, transport: Any = None) -> Parts:
    """What channels are made of; `transport` carries requests to providers, where that is not the network."""
    return Parts(settings, redis, Menus(redis), Addresses(settings.key).key, transport)


def public_app(settings: Settings | None = None) -> FastAPI:
    """The app that citizens and providers reach. It talks to Redis only."""
    settings = settings or Settings()
    redis = redis_client(settings)
    channels = {channel.name: channel for channel in made(parts(settings, redis))}
    record = Lanes(redis, RECORD_QUEUE, settings.consumer)
    door = Inbox(Lanes(redis, inbox.QUEUE, settings.consumer), record, Addresses(settings.key), Traffic(redis))
    web = channels["web"]
    assert isinstance(web, Web)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        ringing = asyncio.create_task(web.events.ring())
        yield
        ringing.cancel()
        await asyncio.gather(ringing, return_exceptions=True)
        await redis.aclose()

    app = FastAPI(title="Guichet", lifespan=lifespan, docs_url=None, redoc_url=None)
    for channel in channels.values():
        app.include_router(channel.routes(door.accept, door.tell))
    app.include_router(pages(web, door.accept, Copies(redis, settings.public_address)))

    @app.get("/health/live", tags=["health"])
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/health/ready", tags=["health"])
    async def ready() -> JSONResponse:
        await redis.ping()
        return JSONResponse({"status": "ok"})

    for error, respond in PROBLEMS.items():
        app.add_exception_handler(error, respond)
    app.add_middleware(Guard, headers=HEADERS, answered=lambda request, error: answer(request, problem(error)))
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.web_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
        max_age=3600,
    )
    return app


async def run_worker(settings: Settings) -> None:
    """Answer, send and record until cancelled. It talks to Redis, PostgreSQL, Rasa and the providers."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=RASA_KEEPS_SECONDS)
    async with aiohttp.ClientSession(connector=connector) as http:
        bot = Bot(http, settings.bot_url, settings.bot_timeout, opener(settings.home))
        await work_with({"bot": bot}, settings)


async def work_with(responders: Mapping[str, Responder], settings: Settings) -> None:
    """Do the worker's work with whoever answers."""
    from channels.desk.answering import responders as at_desk  # the web app, which is made here, too, needs no desk

    if not settings.database_url:
        raise RuntimeError("GUICHET_DATABASE_URL is not set: `guichet up` sets it, or name your own PostgreSQL.")
    redis = redis_client(settings, settings.consumer)
    record = Record(settings.database_url, settings.keep_transcripts_days)
    responders = {**at_desk(settings, redis, record.engine), **responders}
    written_language("Load the models before the first citizen writes.")
    try:
        async with asyncio.TaskGroup() as group:
            for job in jobs(settings, redis, record, responders):
                group.create_task(job)
    finally:
        await record.close()
        await redis.aclose()


def jobs(
    settings: Settings, redis: Redis, record: Record, responders: Mapping[str, Responder], transport: Any = None
) -> Iterator[Coroutine[Any, Any, None]]:
    """All that a worker does, side by side, each until it is cancelled."""
    addresses, traffic, given = Addresses(settings.key), Traffic(redis), parts(settings, redis, transport)
    reception = Reception(
        given.menus,
        Pace(redis, settings.messages_per_minute),
        Codes(redis, settings.key),
        record.find,
        time.time,
        standing(opener(settings.home)),
    )
    switches = Switches(redis, lambda: datetime.now(UTC))
    answering_first = {**responders, "bot": ToPeople(responders["bot"], switches)}
    board = Switchboard(answering_first, record, addresses, reception, switches)
    said, written = (Lanes(redis, name, settings.consumer) for name in (inbox.QUEUE, RECORD_QUEUE))
    channels = list(made(given))
    out = {queue(f"{each.name}:"): Lanes(redis, queue(f"{each.name}:"), settings.consumer) for each in channels}
    typing = {each.name: each.typing for each in channels if hasattr(each, "typing")}
    yield work(said, answering(said, out.__getitem__, board, typing), settings.concurrent_turns)
    throttle, quiet = Throttle(redis), hours(settings.quiet_hours, settings.time_zone)
    for channel in channels:
        lanes = out[queue(f"{channel.name}:")]
        outgoing = Outbox(lanes, channel, throttle, quiet, traffic, lambda: datetime.now(UTC))
        yield work(lanes, sending(lanes, outgoing), SENDS_AT_ONCE)
        yield put_off(lanes)
        if hasattr(channel, "listen"):
            door = Inbox(said, written, addresses, traffic)
            yield channel.listen(door.accept, settings.public_url, redis)
    yield work_together(written, recording(written, record), RECORDS_AT_ONCE, RECORD_SECONDS)
    yield expire_daily(record)


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
