"""The pages that the public app serves: a demonstration of the widget, and the chat that needs no JavaScript."""

import asyncio
import secrets
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from channels.channel import Deliver
from channels.texts import languages, texts
from channels.web import message
from channels.web.events import Event
from channels.web.message import Unacceptable
from channels.web.problems import asked_language
from channels.web.render import render_demo, render_plain
from channels.web.sessions import TooMany, UnknownSession

if TYPE_CHECKING:
    from channels.adapters.web import Web

COOKIE = "guichet"
REPLY_WAIT_SECONDS = 2.5
ASSETS = ("guichet-chat.js", "demo.js", "guichet.css")
FOLDER = Path(__file__).parent


def pages(web: "Web", deliver: Deliver) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def home() -> HTMLResponse:
        return HTMLResponse(render_demo(languages()[0]))

    @router.get("/chat")
    async def read(request: Request) -> HTMLResponse:
        return HTMLResponse(await _page(web, request, notice=None))

    @router.post("/chat")
    async def write(request: Request) -> Response:
        fields = await _form(request)
        token = request.cookies.get(COOKIE, "")
        try:
            id, text = message.name(fields.get("id")), message.text(fields.get("text"))
            hint = message.code(fields.get("language"))
            try:
                await web.accept(token, deliver, id=id, text=text, hint=hint)
            except UnknownSession:
                token = await web.sessions.begin()
                await web.accept(token, deliver, id=id, text=text, hint=hint)
        except (Unacceptable, TooMany) as error:
            code = error.code if isinstance(error, Unacceptable) else "too_many"
            status = error.status if isinstance(error, Unacceptable) else 429
            return HTMLResponse(
                await _page(web, request, notice=f"error_{code}", language=fields.get("language")), status
            )
        return _back(request, token, fields.get("language"))

    @router.post("/chat/feedback")
    async def rate(request: Request) -> Response:
        fields = await _form(request)
        token = request.cookies.get(COOKIE, "")
        await web.rate(token, message.name(fields.get("reply")), fields.get("helpful") == "yes")
        return _back(request, token, fields.get("language"), rated=fields.get("reply"))

    # last: it matches every path of one part
    @router.get("/{asset}")
    async def asset(asset: str) -> Response:
        if asset in languages():
            return HTMLResponse(render_demo(asset))
        if asset in ASSETS:
            return FileResponse(FOLDER / asset, headers={"Cache-Control": "public, max-age=300"})
        raise Unacceptable("not_found", 404)

    return router


async def _page(web: "Web", request: Request, notice: str | None, language: str | None = None) -> str:
    """The conversation so far; for a moment it waits for the reply to the newest message."""
    language = language or request.query_params.get("lang") or asked_language(request)
    language = language if language in languages() else languages()[0]
    entries: list[Event] = []
    try:
        address = await web.sessions.address(request.cookies.get(COOKIE, ""))
        entries = await web.events.since(address)
        if unanswered(entries):
            async with asyncio.timeout(REPLY_WAIT_SECONDS):
                async for event in web.events.follow(address, entries[-1].id):
                    if event:
                        entries.append(event)
                    if not unanswered(entries):
                        break
    except (UnknownSession, TimeoutError):
        pass
    said = texts(language)[notice] if notice else ""
    rated = request.query_params.get("rated", "")
    return render_plain(
        language, entries, said, waiting=unanswered(entries), fresh_id=secrets.token_hex(16), rated=rated
    )


def unanswered(entries: list[Event]) -> bool:
    """Whether the newest message has no reply yet."""
    said = [entry.data["id"] for entry in entries if entry.kind == "said"]
    answered = {entry.data["in_reply_to"] for entry in entries if entry.kind == "reply"}
    return bool(said) and said[-1] not in answered


async def _form(request: Request) -> dict[str, str]:
    read = await message.body(request.stream())
    return {name: values[-1] for name, values in parse_qs(read.decode("utf-8", "replace")).items()}


def _back(request: Request, token: str, language: str | None, rated: str | None = None) -> RedirectResponse:
    language = language if language in languages() else languages()[0]
    query = f"?lang={language}" + (f"&rated={rated}" if rated else "")
    response = RedirectResponse(f"/chat{query}#latest", status_code=303)
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=secure, path="/chat")
    return response
