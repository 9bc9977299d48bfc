"""Around every answer of the desk: long bodies are not read, headers forbid what pages do not need, faults tell nothing."""

from collections.abc import AsyncIterator

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from channels.web.message import Unacceptable, body

MOST_BYTES = 65_536
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
log = structlog.get_logger()


class Guard:
    """ASGI middleware. An error that nobody foresaw is logged without its message, which could tell what was said."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        begun = False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            return await self._app(scope, _again(await body(_read(scope, receive), MOST_BYTES), receive), guarded)
        except ClientDisconnect:
            return None
        except Unacceptable as error:
            told, status = {"error": error.code, "message": "This is too long, or came too slowly."}, error.status
        except Exception:
            if begun:
                raise
            log.exception("unforeseen", path=scope["path"])
            told, status = {"error": "failed", "message": "Something went wrong. Reload the page."}, 500
        return await JSONResponse(told, status)(scope, receive, guarded)


async def _read(scope: Scope, receive: Receive) -> AsyncIterator[bytes]:
    """The body as it comes; of one that says that it is too long, nothing."""
    said = dict(scope["headers"]).get(b"content-length", b"0")
    if not said.isdigit() or int(said[:12]) > MOST_BYTES:
        raise Unacceptable("too_long", 413)
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        yield message.get("body", b"")


def _again(read: bytes, receive: Receive) -> Receive:
    given = False

    async def once_more() -> Message:
        nonlocal given
        if given:
            return await receive()  # that nobody listens any more
        given = True
        return {"type": "http.request", "body": read, "more_body": False}

    return once_more
