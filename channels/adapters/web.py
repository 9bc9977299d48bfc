"""The web channel: a browser posts what a citizen says, and follows an event stream of what is said back."""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from redis.exceptions import RedisError

from channels.channel import Deliver, Incoming, Receipt, Reply, Unreachable
from channels.conversation import Addresses
from channels.lanes import Lanes
from channels.outbox import pack
from channels.web import message
from channels.web.events import BEGINNING, Event, Events
from channels.web.message import Unacceptable
from channels.web.problems import Full
from channels.web.sessions import Sessions, UnknownSession

_EVENT_ID = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")  # any longer number is more than Redis counts to
_INNER = ("confidence", "snapshot", "passages", "changes_language")


class Web:
    name = "web"

    def __init__(self, events: Events, sessions: Sessions, record: Lanes, addresses: Addresses) -> None:
        self.events, self.sessions, self._record, self._addresses = events, sessions, record, addresses

    async def send(self, address: str, reply: Reply) -> Receipt:
        """Append the reply to the conversation's events; sending it again changes nothing."""
        try:
            await self.events.tell(address, "reply", reply.id, public(reply))
            if reply.changes_language:
                await self.events.tell(address, "language", reply.id, {"language": reply.language})
        except (RedisError, OSError) as error:
            raise Unreachable("Redis is away.") from error
        return Receipt(reply.id)

    def routes(self, deliver: Deliver) -> APIRouter:
        router = APIRouter(prefix="/web", tags=["web"])

        @router.post("/conversations", status_code=201)
        async def begin(request: Request) -> dict[str, str]:
            await message.body(request.stream())
            return {"conversation": await self.sessions.begin()}

        @router.post("/messages", status_code=202)
        async def say(request: Request) -> dict[str, str]:
            values = message.fields(await message.body(request.stream()))
            said = await self.accept(
                token(request),
                deliver,
                id=message.name(values.get("id")),
                text=message.text(values.get("text")),
                language=message.code(values.get("language")),
                hint=message.code(values.get("page_language")),
                place=message.code(values.get("place")),
            )
            return {"id": said.id}

        @router.get("/events")
        async def events(request: Request) -> StreamingResponse:
            address = await self.sessions.address(token(request))
            if self.events.full:
                raise Full
            last = request.headers.get("last-event-id", "")
            stream = _rendered(self.events.follow(address, last if _EVENT_ID.fullmatch(last) else BEGINNING))
            return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

        @router.post("/feedback", status_code=204)
        async def rate(request: Request) -> Response:
            values = message.fields(await message.body(request.stream()))
            helpful = values.get("helpful")
            if not isinstance(helpful, bool):
                raise Unacceptable("malformed", 400)
            await self.rate(token(request), message.reply(values.get("reply")), helpful)
            return Response(status_code=204)

        return router

    async def accept(
        self,
        token: str,
        deliver: Deliver,
        *,
        id: str,
        text: str,
        language: str | None = None,
        hint: str | None = None,
        place: str | None = None,
    ) -> Incoming:
        """Take one message: shown in the conversation, and durable in the inbox."""
        said = Incoming(id, await self.sessions.write(token), text, language, hint, place)
        address = said.address
        await self.events.tell(address, "said", id, {"id": id, "text": text, "at": said.at.isoformat()})
        await deliver(said)
        return said

    async def rate(self, token: str, reply: str, helpful: bool) -> None:
        """Keep whether a reply helped."""
        key = self._addresses.key(await self.sessions.write(token))
        await self._record.put(key, {"ratings": [{"conversation": key, "reply": reply, "helpful": helpful}]})


def public(reply: Reply) -> dict[str, object]:
    """What a browser is told of a reply."""
    return {name: value for name, value in pack(reply).items() if name not in _INNER}


def token(request: Request) -> str:
    """The conversation's secret, from the header; raises UnknownSession where there is none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise UnknownSession
    return value.strip()


async def _rendered(events: AsyncGenerator[Event | None]) -> AsyncIterator[str]:
    async with aclosing(events):  # whoever stops reading is no follower any more
        yield "retry: 1000\n\n"
        async for event in events:
            if event is None:
                yield ": keep-alive\n\n"
            else:
                yield f"id: {event.id}\nevent: {event.kind}\ndata: {json.dumps(event.data, ensure_ascii=False)}\n\n"
