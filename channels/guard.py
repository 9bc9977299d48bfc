"""The guard: headers that every answer carries, and what is answered when something unforeseen happens."""

from collections.abc import Callable, Mapping

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()


class Guard:
    """ASGI middleware. `headers` go with each answer that does not set them itself; `answered` makes the answer to an error
    that nobody foresaw, which is logged without its message: that could tell what was said."""

    def __init__(
        self, app: ASGIApp, headers: Mapping[str, str], answered: Callable[[Request, Exception], Response]
    ) -> None:
        self._app, self._headers, self._answered = app, headers, answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        begun = False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            return await self._app(scope, receive, guarded)
        except Exception as error:
            if begun:
                raise
            log.exception("unforeseen", path=scope["path"])
            return await self._answered(Request(scope), error)(scope, receive, guarded)
