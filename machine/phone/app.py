"""The telephones of the phone simulator: a page with one for each channel, and what they show."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse

from channels.settings import Settings
from channels.sms.segments import encoding, segments
from machine.phone.telegram import Telegram
from machine.phone.twilio import Twilio

FOLDER = Path(__file__).parent
ASSETS = ("phone.js", "phone.css")
MOST_SHOWN = 500
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"


@dataclass
class Screen:
    """What all telephones have shown so far; whoever looks is told of what is new."""

    shown: list[dict[str, Any]] = field(default_factory=list)
    new: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, what: dict[str, Any]) -> None:
        if what.get("channel") == "sms":
            what = what | {"segments": segments(what["text"]), "encoding": encoding(what["text"]).name}
        self.shown.append(what)
        del self.shown[:-MOST_SHOWN]
        self.new.set()
        self.new = asyncio.Event()

    async def follow(self) -> AsyncIterator[str]:
        seen: list[dict[str, Any]] = []
        while True:
            waiting = self.new
            for each in self.shown:
                if not any(each is known for known in seen):
                    yield f"data: {json.dumps(each, ensure_ascii=False)}\n\n"
            seen = list(self.shown)
            try:
                await asyncio.wait_for(waiting.wait(), 15)
            except TimeoutError:
                yield ": keep-alive\n\n"


def phone_app(settings: Settings, screen: Screen | None = None) -> FastAPI:
    """Raises AssertionError where the channels are not set, as `guichet up --dev` sets them."""
    screen = screen or Screen()
    http = httpx.AsyncClient(timeout=30)
    assert settings.twilio_token and settings.telegram_token and settings.public_url  # noqa: PT018
    numbers = {"sms": settings.sms_number or "", "whatsapp": settings.whatsapp_number or ""}
    token = settings.twilio_token.get_secret_value()
    twilio = Twilio(
        settings.twilio_account or "", token, numbers, settings.public_url, http, screen.show, url=settings.twilio_url
    )
    telegram = Telegram(settings.telegram_token.get_secret_value(), http, screen.show)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await http.aclose()

    app = FastAPI(title="Guichet's phone simulator", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(twilio.routes())
    app.include_router(telegram.routes())

    @app.post("/say")
    async def say(request: Request) -> JSONResponse:
        given = await request.json()
        channel, sender, text = given["channel"], given["from"], given.get("text", "")
        if channel != "telegram":
            status = await twilio.say(channel, sender, text, int(bool(given.get("media"))))
        elif given.get("data"):
            status = await telegram.touch(int(sender), given["data"])
        else:
            status = await telegram.say(int(sender), text, media=bool(given.get("media")))
        return JSONResponse({"status": status})

    @app.get("/events")
    async def events() -> StreamingResponse:
        return StreamingResponse(screen.follow(), media_type="text/event-stream")

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/")
    async def page() -> Response:
        return FileResponse(FOLDER / "phone.html", headers={"Content-Security-Policy": POLICY})

    @app.get("/{asset}")
    async def asset(asset: str) -> Response:
        return FileResponse(FOLDER / asset) if asset in ASSETS else Response(status_code=404)

    return app
