"""The desk's app: what agents' pages ask for. It listens on a port of its own, and every request is checked in one place."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

import structlog
import yaml
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi import Path as Numbered
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from pydantic import BaseModel, Field
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from channels.channel import Quote
from channels.desk.accounts import Accounts, Agent, Locked
from channels.desk.case import NoCase, Outcome, Taken
from channels.desk.counter import Counter
from channels.desk.history import History
from channels.desk.library import Library
from channels.desk.live import events as happening
from channels.desk.live import mend
from channels.desk.shown import said, shown, spoken
from channels.web.message import Unacceptable, body

PAGES = Path(__file__).parent / "pages"
COOKIE = "guichet-desk"
MOST_CHARACTERS = 4000
MOST_BYTES = 65_536
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
log = structlog.get_logger()

Id = Annotated[int, Numbered(ge=1, le=2**63 - 1)]
TEAMS = [{"name": "general", "title": {"en": "General", "fr": "Général"}}]


class Held(BaseModel):
    epoch: int


class Said(Held):
    id: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$")
    text: str = Field(max_length=MOST_CHARACTERS)
    quotes: list[dict[str, Any]] = Field(default=[], max_length=3)


class Noted(BaseModel):
    id: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$")
    text: str = Field(min_length=1, max_length=MOST_CHARACTERS)


class Transferred(Held):
    team: Literal["general"] | None = None
    agent: str | None = None
    note: str = Field(default="", max_length=MOST_CHARACTERS)


class Closed(Held):
    outcome: Outcome


class TakenOver(BaseModel):
    because: str = Field(min_length=1, max_length=MOST_CHARACTERS)


def desk_app(counter: Counter, accounts: Accounts, history: History, library: Library, *, secure: bool) -> FastAPI:
    """`secure` is whether the cookie goes by https only."""
    cases, canned = counter.cases, _canned()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        mending = asyncio.create_task(mend(counter))
        yield
        mending.cancel()
        await asyncio.gather(mending, return_exceptions=True)

    app = FastAPI(title="Guichet desk", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    async def signed_in(request: Request) -> Agent:
        found = await accounts.who(request.cookies.get(COOKIE, ""))
        if found is None:
            raise HTTPException(401, "Sign in first.")
        if request.method == "POST" and request.headers.get("x-guichet") != "desk":
            await cases.saw(found.id, "forged request refused", about={"path": request.url.path})
            raise HTTPException(403, "This request cannot be trusted.")
        return found

    async def supervisor(request: Request) -> Agent:
        found = await signed_in(request)
        if not found.supervises:
            await cases.saw(found.id, "refused", about={"path": request.url.path})
            raise HTTPException(403, "This is for supervisors.")
        return found

    Me = Annotated[Agent, Depends(signed_in)]
    Supervisor = Annotated[Agent, Depends(supervisor)]

    @app.middleware("http")
    async def guard(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        length = request.headers.get("content-length", "0")
        fits = length.isdecimal() and int(length[:12]) <= MOST_BYTES
        response = await go_on(request) if fits else await too_long(request, Unacceptable("too_long", 413))
        response.headers.update(HEADERS)
        return response

    @app.exception_handler(Taken)
    async def taken(_: Request, error: Exception) -> JSONResponse:
        by = error.by if isinstance(error, Taken) else None
        return JSONResponse({"error": "taken", "by": by, "message": str(error)}, 409)

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return JSONResponse({"error": "refused", "message": error.detail}, error.status_code)

    @app.exception_handler(RequestValidationError)
    async def unfit(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": "unfit", "message": "This is not as the desk writes it. Reload the page."}, 422)

    @app.exception_handler(Unacceptable)
    async def too_long(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": "too_long", "message": "This is too long."}, 413)

    @app.exception_handler(NoCase)
    async def no_case(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": "no_case", "message": "There is no such case."}, 404)

    for away in (SQLAlchemyError, RedisError, OSError):

        @app.exception_handler(away)
        async def unavailable(_: Request, error: Exception) -> JSONResponse:
            log.warning("desk unavailable", why=type(error).__name__)
            return JSONResponse({"error": "unavailable", "message": "Try again in a moment."}, 503)

    # Pages

    @app.get("/sign-in")
    async def sign_in_page() -> Response:
        return FileResponse(PAGES / "sign-in.html")

    @app.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise HTTPException(403, "This request cannot be trusted.")
        given = parse_qs((await body(request.stream(), MOST_BYTES)).decode("utf-8", "replace"))
        form = {name: values[0] for name, values in given.items()}
        try:
            token = await accounts.sign_in(form.get("email", ""), form.get("password", ""))
        except Locked:
            return RedirectResponse("/sign-in?locked#locked", 303)
        if token is None:
            return RedirectResponse("/sign-in?wrong#wrong", 303)
        response = RedirectResponse("/", 303)
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure)
        return response

    @app.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        await accounts.sign_out(request.cookies.get(COOKIE, ""))
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(COOKIE)
        return response

    @app.get("/")
    async def desk(request: Request) -> Response:
        if await accounts.who(request.cookies.get(COOKIE, "")) is None:
            return RedirectResponse("/sign-in", 303)
        return FileResponse(PAGES / "desk.html")

    @app.get("/static/{name}")
    async def static(name: str) -> Response:
        path = PAGES / name
        if path.parent != PAGES or path.suffix not in (".js", ".css") or not path.exists():
            raise HTTPException(404)
        return FileResponse(path)

    @app.get("/health")
    async def health() -> dict[str, str]:
        await counter.present()
        return {"status": "ok"}

    # What the pages ask for

    @app.get("/api/me")
    async def me(agent: Me) -> dict[str, Any]:
        return {"id": agent.id, "name": agent.name, "role": agent.role, "languages": list(agent.languages)} | {
            "present": await counter.present()
        }

    @app.get("/api/desk")
    async def about(agent: Me) -> dict[str, Any]:
        present = set(await counter.present())
        everybody = [
            {"id": each.id, "name": each.name, "present": each.id in present} for each in await accounts.everybody()
        ]
        return {"teams": TEAMS, "agents": everybody, "canned": canned}

    @app.get("/api/cases")
    async def all_open(agent: Me) -> dict[str, Any]:
        last = await cases.last_lines()
        return {"cases": [shown(each) | {"last": last.get(each.id)} for each in await cases.all_open()]}

    @app.get("/api/cases/{id}")
    async def one(id: Id, agent: Me) -> dict[str, Any]:
        case = await cases.one(id)
        await cases.saw(agent.id, "read", id)
        lines, told = await cases.lines(id), await history.deliveries(case.conversation)
        since = {line.message for line in lines}
        before = [spoken(each) for each in await history.before(case.conversation) if each.id not in since]
        asked = [each["text"] for each in before if each["kind"] == "citizen"]
        asked += [line.text for line in lines if line.kind == "citizen"]
        suggestions = await library.suggest(asked, case.language, case.place)
        after = [said(line, told.get(line.message)) for line in lines]
        return shown(case) | {"before": before, "lines": after, "suggestions": list(map(asdict, suggestions))}

    @app.get("/api/search")
    async def look_up(agent: Me, q: str, language: str = "en") -> dict[str, Any]:
        return {"hits": list(map(asdict, await library.search(q[:500], language))) if q.strip() else []}

    @app.get("/api/events")
    async def events(agent: Me) -> StreamingResponse:
        return StreamingResponse(happening(counter, agent.id), media_type="text/event-stream")

    # What agents do

    @app.post("/api/cases/{id}/claim")
    async def claim(id: Id, agent: Me) -> dict[str, int]:
        return {"epoch": (await counter.claim(id, agent.id)).epoch}

    @app.post("/api/cases/{id}/take-over")
    async def take_over(id: Id, given: TakenOver, agent: Supervisor) -> dict[str, int]:
        return {"epoch": (await counter.take_over(id, agent.id, given.because)).epoch}

    @app.post("/api/cases/{id}/release")
    async def release(id: Id, given: Held, agent: Me) -> dict[str, int]:
        return {"epoch": (await counter.release(id, agent.id, given.epoch)).epoch}

    @app.post("/api/cases/{id}/transfer")
    async def transfer(id: Id, given: Transferred, agent: Me) -> dict[str, int]:
        if given.agent and given.agent not in {each.id for each in await accounts.everybody()}:
            raise HTTPException(422, "There is no such agent.")
        moved = await counter.transfer(id, agent.id, given.epoch, team=given.team, to=given.agent, note=given.note)
        return {"epoch": moved.epoch}

    @app.post("/api/cases/{id}/close")
    async def close(id: Id, given: Closed, agent: Me) -> dict[str, int]:
        return {"epoch": (await counter.close(id, agent.id, given.epoch, given.outcome)).epoch}

    @app.post("/api/cases/{id}/say", status_code=202)
    async def say(id: Id, given: Said, agent: Me) -> dict[str, str]:
        try:
            quotes = [Quote(**each) for each in given.quotes]
        except TypeError as error:
            raise HTTPException(422, "A quote is not as it should be.") from error
        if not given.text.strip() and not quotes:
            raise HTTPException(422, "Write something first.")
        await counter.say(id, agent.id, given.epoch, given.id, given.text, quotes)
        return {"message": given.id}

    @app.post("/api/cases/{id}/note", status_code=202)
    async def note(id: Id, given: Noted, agent: Me) -> dict[str, str]:
        await counter.note(id, agent.id, given.id, given.text)
        return {"message": given.id}

    return app


def _canned() -> list[dict[str, Any]]:
    found = yaml.safe_load((Path(__file__).parent / "canned.yml").read_text("utf-8"))
    return [{"name": name, "text": texts} for name, texts in found.items()]
