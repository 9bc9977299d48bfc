"""Around every answer of the desk: headers that forbid what pages do not need; long bodies are not read."""

from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request
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


class Bounded:
    """ASGI middleware: a body is read whole, or not at all where it is too long or too slow."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            given = await body(_read(scope, receive), MOST_BYTES)
        except ClientDisconnect:
            return None
        except Unacceptable as error:
            told = {"error": error.code, "message": "This is too long, or came too slowly."}
            return await JSONResponse(told, error.status)(scope, receive, send)
        return await self._app(scope, _again(given, receive), send)


def failed(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": "failed", "message": "Something went wrong. Reload the page."}, 500)


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
