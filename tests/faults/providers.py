"""Twilio and Telegram on a bad day: slow, busy, broken, silent after they took a message, with late and repeated reports."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from machine.phone.telegram import Telegram
from machine.phone.twilio import Twilio

HANG_SECONDS = 15.0  # longer than anybody waits
MOODS = (("busy", 0.04), ("broken", 0.03), ("silent before", 0.005), ("silent after", 0.01))


@dataclass(frozen=True)
class Taken:
    """A message that a provider has taken: when, for whom, and its words."""

    at: float
    address: str
    text: str


@dataclass
class BadDay:
    """ASGI: what is done to a message on its way into a provider."""

    app: ASGIApp
    chance: random.Random
    done: dict[str, int] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if (
            scope["type"] != "http"
            or scope["method"] != "POST"
            or not path.endswith(("/Messages.json", "/sendMessage"))
        ):
            return await self.app(scope, receive, send)
        mood = self._mood()
        self.done[mood] = self.done.get(mood, 0) + 1
        if mood == "busy":
            about = {"code": 20429, "status": 429, "message": "Too Many Requests", "more_info": ""}
            about |= {
                "ok": False,
                "error_code": 429,
                "description": "Too Many Requests",
                "parameters": {"retry_after": 1},
            }
            return await JSONResponse(about, 429, {"Retry-After": "0.3"})(scope, receive, send)
        if mood == "broken":
            about = {"code": 20500, "status": 500, "message": "Internal Server Error", "more_info": "", "ok": False}
            return await JSONResponse(about, 500)(scope, receive, send)
        if mood == "silent before":
            await asyncio.sleep(HANG_SECONDS)
            return None
        if mood == "silent after":

            async def nobody(message: Message) -> None: ...

            await self.app(scope, receive, nobody)
            await asyncio.sleep(HANG_SECONDS)
            return None
        await asyncio.sleep(0.02)
        return await self.app(scope, receive, send)

    def _mood(self) -> str:
        roll = self.chance.random()
        for mood, share in MOODS:
            if roll < share:
                return mood
            roll -= share
        return "well"


class Reporting(Twilio):
    """Reports that come late, repeated and out of order."""

    chance: random.Random

    async def _report(self, message: dict[str, Any], callback: str) -> None:
        states = ["queued", "sent", "delivered", self.chance.choice(("queued", "sent", "delivered"))]
        self.chance.shuffle(states)
        for state in states:
            await asyncio.sleep(self.chance.random() * 2)
            form = {"MessageSid": message["sid"], "MessageStatus": state, "AccountSid": self.account}
            for _ in range(30):  # it is repeated until it is taken
                if await self._post(callback, form | {"From": message["from"], "To": message["to"]}) == 200:
                    break
                await asyncio.sleep(0.5)


@dataclass
class Providers:
    twilio: Reporting
    telegram: Telegram
    day: BadDay
    taken: list[Taken] = field(default_factory=list)

    def show(self, what: dict[str, Any]) -> None:
        if what["kind"] == "message":
            self.taken.append(Taken(time.monotonic(), f"{what['channel']}:{what['to']}", what["text"]))


@asynccontextmanager
async def providers(
    port: int, account: str, token: str, numbers: dict[str, str], telegram_token: str, webhook: str, seed: int
) -> AsyncIterator[Providers]:
    """On that port of this machine."""
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(timeout=20, limits=limits) as http:
        shown: list[Providers] = []
        twilio = Reporting(account, token, numbers, webhook, http, lambda what: shown[0].show(what))
        twilio.chance = random.Random(seed)
        telegram = Telegram(telegram_token, http, lambda what: shown[0].show(what))
        app = FastAPI()
        app.include_router(twilio.routes())
        app.include_router(telegram.routes())
        day = BadDay(app, random.Random(seed + 1))
        made = Providers(twilio, telegram, day)
        shown.append(made)
        server = uvicorn.Server(uvicorn.Config(day, port=port, log_level="error", timeout_graceful_shutdown=1))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        running = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 — uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield made
        server.should_exit = True
        await asyncio.gather(running, return_exceptions=True)
