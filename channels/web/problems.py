"""What the web protocol answers when it cannot do what was asked: a code, and a sentence in the asker's language."""

from collections.abc import Awaitable, Callable

import structlog
from fastapi import Request
from fastapi.responses import JSONResponse
from redis.exceptions import RedisError

from channels.texts import languages, texts
from channels.web.message import Unacceptable
from channels.web.sessions import TooMany, UnknownSession

log = structlog.get_logger()


def asked_language(request: Request) -> str:
    """The first of our languages that the browser asks for."""
    wanted = (part.strip()[:2].lower() for part in request.headers.get("accept-language", "").split(","))
    return next((language for language in wanted if language in languages()), languages()[0])


def _problem(code: str, status: int, headers: dict[str, str] | None = None) -> Callable[[Request], JSONResponse]:
    def respond(request: Request) -> JSONResponse:
        message = texts(asked_language(request))[f"error_{code}"]
        return JSONResponse({"error": code, "message": message}, status, headers)

    return respond


async def _unacceptable(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Unacceptable)
    return _problem(error.code, error.status)(request)


async def _unknown(request: Request, _: Exception) -> JSONResponse:
    return _problem("unknown_conversation", 401, {"WWW-Authenticate": "Bearer"})(request)


async def _too_many(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TooMany)
    return _problem("too_many", 429, {"Retry-After": str(error.after)})(request)


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    log.warning("redis away", path=request.url.path, why=type(error).__name__)
    return _problem("unavailable", 503, {"Retry-After": "5"})(request)


async def _nothing_there(request: Request, _: Exception) -> JSONResponse:
    return _problem("not_found", 404)(request)


PROBLEMS: dict[int | type[Exception], Callable[[Request, Exception], Awaitable[JSONResponse]]] = {
    Unacceptable: _unacceptable,
    UnknownSession: _unknown,
    TooMany: _too_many,
    RedisError: _unavailable,
    OSError: _unavailable,
    404: _nothing_there,
}
