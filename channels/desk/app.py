"""The desk's app: what agents' pages ask for. It listens on a port of its own, and every request is checked in one place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from channels.desk.case import NoCase, Taken
from channels.desk.counter import Counter
from channels.desk.fetching import Files
from channels.desk.history import History
from channels.desk.library import Library
from channels.desk.live import Live
from channels.desk.mending import mend_always
from channels.desk.people.accounts import Accounts
from channels.desk.people.factors import Factors
from channels.desk.people.guesses import Locked
from channels.desk.people.invitations import Invitations
from channels.desk.people.limits import Limits
from channels.desk.people.oidc import Provider
from channels.desk.people.passwords import Unfit
from channels.desk.routes.access import Access
from channels.desk.routes.attachments import attachments
from channels.desk.routes.casework import casework
from channels.desk.routes.guard import HEADERS, Bounded, failed
from channels.desk.routes.reading import reading
from channels.desk.routes.signing import signing
from channels.desk.routes.staffing import locked, staffing, unfit
from channels.desk.routes.supervising import supervising
from channels.desk.statistics import Statistics
from channels.desk.switching import Switching
from channels.desk.translation import Translation
from channels.guard import Guard

PAGES = Path(__file__).parent / "pages"
NO_VALUE = "22"  # how PostgreSQL's codes begin for what no column can hold, such as the character U+0000
log = structlog.get_logger()


def desk_app(
    counter: Counter,
    accounts: Accounts,
    history: History,
    library: Library,
    switching: Switching,
    statistics: Statistics,
    provider: Provider | None = None,
    translation: Translation | None = None,
    attached: Files | None = None,
    *,
    secure: bool,
) -> FastAPI:
    """`provider` is that of single sign-on, where there is one; `attached` gives what citizens sent beside their words;
    `secure` is whether the cookie goes by https only."""
    live = Live(counter, accounts.whose)
    files = {each.name for each in PAGES.iterdir() if each.suffix in (".js", ".css")}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        always = (live.listen(), live.pulse(), mend_always(counter, accounts.everybody, switching.bring))
        doing = [asyncio.create_task(each) for each in always]
        yield
        for each in doing:
            each.cancel()
        await asyncio.gather(*doing, return_exceptions=True)

    app = FastAPI(title="Guichet desk", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    app.add_middleware(Bounded)
    app.add_middleware(Guard, headers=HEADERS, answered=failed)
    access = Access(accounts, counter.cases)
    factors, invitations = Factors(accounts), Invitations(accounts)
    app.include_router(signing(accounts, factors, invitations, Limits(counter.redis), provider, secure=secure))
    app.include_router(staffing(access, accounts, factors, invitations, counter.cases.teams, secure=secure))
    app.add_exception_handler(Unfit, unfit)
    app.add_exception_handler(Locked, locked)
    app.include_router(reading(access, counter, accounts, history, library, live, translation))
    app.include_router(casework(access, counter, accounts))
    if attached:
        app.include_router(attachments(access, counter.cases, attached))
    app.include_router(supervising(access, counter, switching, statistics))

    @app.exception_handler(Taken)
    async def taken(_: Request, error: Exception) -> JSONResponse:
        by = error.by if isinstance(error, Taken) else None
        return JSONResponse({"error": "taken", "by": by, "message": str(error)}, 409)

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return JSONResponse({"error": "refused", "message": error.detail}, error.status_code)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": "unfit", "message": "This is not as the desk writes it. Reload the page."}, 422)

    @app.exception_handler(NoCase)
    async def no_case(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": "no_case", "message": "There is no such case."}, 404)

    for away in (SQLAlchemyError, RedisError, OSError):

        @app.exception_handler(away)
        async def unavailable(request: Request, error: Exception) -> JSONResponse:
            if (getattr(getattr(error, "orig", None), "sqlstate", None) or "").startswith(NO_VALUE):
                return await malformed(request, error)
            log.warning("desk unavailable", why=type(error).__name__)
            return JSONResponse({"error": "unavailable", "message": "Try again in a moment."}, 503)

    @app.get("/static/{name}")
    async def static(name: str) -> Response:
        if name not in files:
            raise HTTPException(404)
        return FileResponse(PAGES / name)

    @app.get("/health")
    async def health() -> dict[str, str]:
        await counter.presence.present()
        return {"status": "ok"}

    return app
