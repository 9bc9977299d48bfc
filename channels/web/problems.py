"""What the web protocol answers when it cannot do what was asked: a code, and a sentence in the asker's language."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import structlog
from fastapi import Request
from fastapi.responses import JSONResponse
from redis.exceptions import RedisError
from starlette.requests import ClientDisconnect

from channels.channel import Forged
from channels.texts import languages, texts
from channels.web.message import Unacceptable
from channels.web.sessions import BusyAddress, TooMany, UnknownSession

log = structlog.get_logger()


class Full(Exception):
    """As many event streams are open as this process can bear."""


class NoTexts(Exception):
    """There is no number that a conversation could go on at."""


class Problem(NamedTuple):
    """`code` is that of the web protocol, and "error_<code>" the key of its sentence; `headers` say what to do next."""

    code: str
    status: int
    headers: dict[str, str]


def problem(error: Exception) -> Problem:
    """What an error means to whoever asked."""
    match error:
        case Unacceptable():
            return Problem(error.code, error.status, {})
        case Forged():
            return Problem("forged", 403, {})
        case NoTexts():
            return Problem("no_texts", 404, {})
        case UnknownSession():
            return Problem("unknown_conversation", 401, {"WWW-Authenticate": "Bearer"})
        case BusyAddress():
            return Problem("busy_address", 429, {"Retry-After": str(error.after)})
        case TooMany():
            return Problem("too_many", 429, {"Retry-After": str(error.after)})
        case ClientDisconnect():
            return Problem("malformed", 400, {})  # nobody reads it
        case Full() | RedisError() | OSError():
            return Problem("unavailable", 503, {"Retry-After": "5"})
    return Problem("unavailable", 500, {})


def asked_language(request: Request) -> str:
    """The first of our languages that the browser asks for."""
    wanted = (part.strip()[:2].lower() for part in request.headers.get("accept-language", "").split(","))
    return next((language for language in wanted if language in languages()), languages()[0])


def answer(request: Request, found: Problem) -> JSONResponse:
    sentence = texts(asked_language(request))[f"error_{found.code}"]
    return JSONResponse({"error": found.code, "message": sentence}, found.status, found.headers)


async def _answer(request: Request, error: Exception) -> JSONResponse:
    found = problem(error)
    if found.code == "unavailable":
        log.warning("unavailable", path=request.url.path, why=type(error).__name__)
    return answer(request, found)


async def _nothing_there(request: Request, _: Exception) -> JSONResponse:
    return answer(request, Problem("not_found", 404, {}))


async def _not_so(request: Request, _: Exception) -> JSONResponse:
    return answer(request, Problem("malformed", 405, {}))


KNOWN = (Unacceptable, Forged, NoTexts, UnknownSession, TooMany, ClientDisconnect, Full, RedisError, OSError)
PROBLEMS: dict[int | type[Exception], Callable[[Request, Exception], Awaitable[JSONResponse]]] = {
    **dict.fromkeys(KNOWN, _answer),
    404: _nothing_there,
    405: _not_so,
}
