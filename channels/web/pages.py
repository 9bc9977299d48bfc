"""The pages that the public app serves: a demonstration of the widget, and the chat that needs no JavaScript."""

import asyncio
import secrets
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from redis.exceptions import RedisError

from channels.channel import Deliver
from channels.copies import Copies
from channels.texts import languages, texts
from channels.web import message
from channels.web.events import Event
from channels.web.message import Unacceptable
from channels.web.problems import KNOWN, Problem, asked_language, problem
from channels.web.render import render_demo, render_plain
from channels.web.sessions import UnknownSession

if TYPE_CHECKING:
    from channels.adapters.web import Web

COOKIE = "guichet"
REPLY_WAIT_SECONDS = 2.5
WAITING_SECONDS = 60.0  # a page that waits takes no text; later the citizen may write again
ASSETS = ("guichet-chat.js", "demo.js", "guichet.css")
FOLDER = Path(__file__).parent


def pages(web: "Web", deliver: Deliver, copies: Copies) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def home() -> HTMLResponse:
        return HTMLResponse(render_demo(languages()[0], web.number))

    @router.get("/chat")
    async def read(request: Request) -> Response:
        return await _page(web, request)

    @router.post("/chat")
    async def write(request: Request) -> Response:
        fields: dict[str, str] = {}
        try:
            fields = await _form(request)
            id, text = message.name(fields.get("id")), message.text(fields.get("text"))
            hint = message.code(fields.get("language"))
            token = request.cookies.get(COOKIE, "")
            try:
                await web.accept(request, token, deliver, id=id, text=text, hint=hint)
            except UnknownSession:
                token = await web.sessions.begin(web.origin(request))
                await web.accept(request, token, deliver, id=id, text=text, hint=hint)
        except KNOWN as error:
            return await _page(web, request, problem(error), fields.get("language"))
        return _back(request, token, fields.get("language"))

    @router.post("/chat/continue")
    async def go_on(request: Request) -> Response:
        fields: dict[str, str] = {}
        try:
            fields = await _form(request)
            code = await web.code(request, request.cookies.get(COOKIE, ""))
        except KNOWN as error:
            return await _page(web, request, problem(error), fields.get("language"))
        return await _page(web, request, language=fields.get("language"), code=code)

    @router.post("/chat/feedback")
    async def rate(request: Request) -> Response:
        fields: dict[str, str] = {}
        try:
            fields = await _form(request)
            token, reply = request.cookies.get(COOKIE, ""), message.reply(fields.get("reply"))
            await web.rate(request, token, reply, fields.get("helpful") == "yes")
        except KNOWN as error:
            return await _page(web, request, problem(error), fields.get("language"))
        return _back(request, token, fields.get("language"), rated=reply)

    @router.get("/copy/{token}")
    async def copy(token: str) -> Response:
        """A conversation that somebody asked for a copy of."""
        text = await copies.find(token)
        if text is None:
            raise Unacceptable("not_found", 404)
        return PlainTextResponse(text, headers={"X-Robots-Tag": "noindex"})

    # last: it matches every path of one part
    @router.get("/{asset}")
    async def asset(asset: str) -> Response:
        if asset in languages():
            return HTMLResponse(render_demo(asset, web.number))
        if asset in ASSETS:
            return FileResponse(FOLDER / asset, headers={"Cache-Control": "public, max-age=300"})
        raise Unacceptable("not_found", 404)

    return router


async def _page(
    web: "Web", request: Request, found: Problem | None = None, language: str | None = None, code: str = ""
) -> HTMLResponse:
    """The page as the conversation stands; above the field, what was wrong with what was sent, or a code to go on with."""
    language = language or request.query_params.get("lang") or asked_language(request)
    language = language if language in languages() else languages()[0]
    entries: list[Event] = []
    try:
        entries = await _entries(web, request.cookies.get(COOKIE, ""))
    except UnknownSession:
        pass
    except (RedisError, OSError) as error:
        found = found or problem(error)
    html = render_plain(
        language,
        entries,
        texts(language)[f"error_{found.code}"] if found else "",
        waiting=unanswered(entries) and _age(entries) < WAITING_SECONDS,
        fresh_id=secrets.token_hex(16),
        rated=request.query_params.get("rated", ""),
        number=web.number,
        code=code,
    )
    # a page that the back button restores would name its next message as it named the last one
    headers = {"Cache-Control": "no-store", **((found.headers if found else None) or {})}
    return HTMLResponse(html, found.status if found else 200, headers)


async def _entries(web: "Web", token: str) -> list[Event]:
    """The conversation so far; for a moment it waits for the reply to the newest message."""
    address = await web.sessions.address(token)
    entries = await web.events.so_far(address)
    if not unanswered(entries):
        return entries
    try:
        async with asyncio.timeout(REPLY_WAIT_SECONDS), aclosing(web.events.follow(address, entries[-1].id)) as more:
            async for event in more:
                entries += [event] if event else []
                if not unanswered(entries):
                    break
    except TimeoutError:
        pass
    return entries


def unanswered(entries: list[Event]) -> bool:
    """Whether the newest message has no reply yet; that it is kept until it can be answered is none."""
    said = [entry.data["id"] for entry in entries if entry.kind == "said"]
    replies = [entry.data for entry in entries if entry.kind == "reply"]
    answered = {reply["in_reply_to"] for reply in replies if not reply["id"].endswith("/held")}
    return bool(said) and said[-1] not in answered


def _age(entries: list[Event]) -> float:
    """Seconds since the newest message."""
    said = [entry.data["at"] for entry in entries if entry.kind == "said"]
    return (datetime.now(UTC) - datetime.fromisoformat(said[-1])).total_seconds()


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form of ours; raises Unacceptable for one that a page of another site has sent."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Unacceptable("malformed", 403)
    read = await message.body(request.stream())
    fields = parse_qs(read.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


def _back(request: Request, token: str, language: str | None, rated: str | None = None) -> RedirectResponse:
    language = language if language in languages() else languages()[0]
    query = f"?lang={language}" + (f"&rated={rated}" if rated else "")
    response = RedirectResponse(f"/chat{query}#latest", status_code=303)
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=secure, path="/chat")
    return response
