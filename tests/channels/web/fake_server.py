"""A server that speaks the web protocol with canned replies, and fails when a test asks for it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse

from channels.adapters.web import INNER
from channels.channel import Reply
from channels.web.events import Event
from channels.web.render import continued, render_demo, render_plain
from tests.channels.web import canned

WEB = Path(__file__).parents[3] / "channels" / "web"
CSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:"
NUMBER = "+16135550142"
PAGE = """<!doctype html><html lang="{language}">
<title>A page</title><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<main><h1>A page of somebody else</h1><p><a href="https://example.org/">A link</a></p>
<script type="module" src="{origin}/guichet-chat.js"></script><guichet-chat{attributes}></guichet-chat></main></html>"""


@dataclass
class FakeServer:
    """`refuse` is answered, once each, to the next messages; 502 takes the message and loses the confirmation.

    Without `streams`, none can be opened. `posted`, `feedback` and `resumed` (Last-Event-IDs) are what was asked of it.
    """

    origin: str = ""
    refuse: list[int] = field(default_factory=list)
    streams: bool = True
    reply_after: float = 0.0
    posted: list[dict[str, Any]] = field(default_factory=list)
    feedback: list[dict[str, Any]] = field(default_factory=list)
    resumed: list[str | None] = field(default_factory=list)
    conversations: dict[str, list[tuple[str, str, dict[str, Any]]]] = field(default_factory=dict)
    entries: list[Event] = field(default_factory=list)
    cuts: int = 0

    def reset(self) -> None:
        """As new, at the same address."""
        vars(self).update(vars(FakeServer(origin=self.origin, cuts=self.cuts + 1)))

    def cut(self) -> None:
        """End every open stream."""
        self.cuts += 1

    def expire(self) -> None:
        """Forget every conversation."""
        self.conversations.clear()

    def tell(self, kind: str, data: dict[str, Any]) -> None:
        """Add an event to every conversation."""
        for events in self.conversations.values():
            events.append((f"{len(events) + 1}-0", kind, data))

    def say(self, reply: Reply, **changes: Any) -> None:
        """Say a reply in every conversation."""
        number = sum(kind == "reply" for events in self.conversations.values() for _, kind, _ in events)
        values = asdict(replace(reply, **({"id": f"reply-{number}"} | changes)))
        self.tell("reply", {name: value for name, value in values.items() if name not in INNER})

    def app(self) -> FastAPI:
        app = FastAPI()
        app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])

        @app.post("/web/conversations", status_code=201)
        async def begin() -> dict[str, str]:
            token = f"token-{len(self.conversations)}-{self.cuts}-{len(self.posted)}"
            self.conversations[token] = []
            return {"conversation": token}

        @app.post("/web/messages")
        async def say(request: Request) -> Response:
            values = await request.json()
            events = self.conversations.get(_token(request))
            if events is None:
                await asyncio.sleep(0.6)  # a stream that reconnects hears of it first
                return _error(401, "unknown_conversation", "This conversation has ended.")
            self.posted.append(values)
            status = self.refuse.pop(0) if self.refuse else 202
            if status not in (202, 502):
                return _error(status, "too_many", "Please wait a moment.")
            if not any(data.get("id") == values["id"] for _, _, data in events):
                self.tell("said", {"id": values["id"], "text": values["text"], "at": datetime.now(UTC).isoformat()})
                asyncio.get_running_loop().call_later(self.reply_after, self._answer, values)
            if status == 502:
                await asyncio.sleep(0.3)  # the event is there before the refusal
                return Response(status_code=status)
            return JSONResponse({"id": values["id"]}, 202)

        @app.get("/web/events")
        async def events(request: Request) -> Response:
            if not self.streams:
                return _error(503, "unavailable", "We cannot take messages right now.")
            kept = self.conversations.get(_token(request))
            if kept is None:
                return _error(401, "unknown_conversation", "This conversation has ended.")
            last = request.headers.get("last-event-id")
            self.resumed.append(last)
            return StreamingResponse(self._stream(kept, last), media_type="text/event-stream")

        @app.post("/web/continue", status_code=201)
        async def go_on(request: Request) -> Response:
            if _token(request) not in self.conversations:
                return _error(401, "unknown_conversation", "This conversation has ended.")
            language = request.headers["accept-language"]
            return JSONResponse(
                {"code": "7KQ4-M2XP", "seconds": 600, "text": continued("7KQ4-M2XP", NUMBER, language)}, 201
            )

        @app.post("/web/feedback", status_code=204)
        async def rate(request: Request) -> Response:
            self.feedback.append(await request.json())
            return Response(status_code=204)

        @app.get("/page")
        async def page(origin: str = "", language: str = "en", attributes: str = "") -> HTMLResponse:
            policy = CSP.replace("'self'", f"'self' {origin}")
            html = PAGE.format(origin=origin, language=language, attributes=f" {attributes}")
            return HTMLResponse(html, headers={"Content-Security-Policy": policy})

        @app.get("/chat")
        async def plain(lang: str = "en", waiting: bool = False, notice: str = "", code: str = "") -> HTMLResponse:
            html = render_plain(lang, self.entries, notice, waiting, fresh_id="0" * 32, number=NUMBER, code=code)
            return HTMLResponse(html, headers={"Content-Security-Policy": CSP})

        @app.get("/{name}")
        async def asset(name: str) -> Response:
            if name in ("en", "fr"):
                return HTMLResponse(render_demo(name, NUMBER), headers={"Content-Security-Policy": CSP})
            return FileResponse(WEB / name)

        return app

    def _answer(self, values: dict[str, Any]) -> None:
        for number, reply in enumerate(canned.replies(values["text"])):
            self.say(reply, id=f"{values['id']}-{number}", in_reply_to=values["id"])

    async def _stream(self, events: list[tuple[str, str, dict[str, Any]]], last: str | None) -> AsyncIterator[str]:
        cuts, at = self.cuts, int((last or "0-0").split("-")[0])
        yield ": keep-alive\n\n"
        while cuts == self.cuts:
            for id, kind, data in events[at:]:
                yield f"id: {id}\nevent: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
                at += 1
            await asyncio.sleep(0.01)
        yield "id: 999-0\nevent: reply\ndata: {"  # the event under way when the connection breaks


def _token(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": code, "message": message}, status)
