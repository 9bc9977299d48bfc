"""The web channel: a browser posts what a citizen says, and follows an event stream of what is said back."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from redis.exceptions import RedisError

from channels.channel import Deliver, Incoming, Receipt, Reply, Unreachable
from channels.conversation import Addresses
from channels.lanes import Lanes
from channels.web import message
from channels.web.events import Event, Events
from channels.web.message import Unacceptable
from channels.web.sessions import Sessions, UnknownSession

_EVENT_ID = re.compile(r"\d{1,20}-\d{1,20}")


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
            last = request.headers.get("last-event-id", "")
            stream = _rendered(self.events.follow(address, last if _EVENT_ID.fullmatch(last) else "0-0"))
            headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

        @router.post("/feedback", status_code=204)
        async def rate(request: Request) -> Response:
            values = message.fields(await message.body(request.stream()))
            helpful = values.get("helpful")
            if not isinstance(helpful, bool):
                raise Unacceptable("malformed", 400)
            await self.rate(token(request), message.name(values.get("reply")), helpful)
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
        key = self._addresses.key(await self.sessions.address(token))
        await self._record.put(key, {"ratings": [{"conversation": key, "reply": reply, "helpful": helpful}]})


def public(reply: Reply) -> dict[str, object]:
    """What a browser is told of a reply."""
    inner = ("confidence", "snapshot", "passages", "changes_language")
    return {name: value for name, value in asdict(reply).items() if name not in inner}


def token(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise UnknownSession
    return value.strip()


async def _rendered(events: AsyncIterator[Event | None]) -> AsyncIterator[str]:
    yield "retry: 1000\n\n"
    async for event in events:
        if event is None:
            yield ": keep-alive\n\n"
        else:
            yield f"id: {event.id}\nevent: {event.kind}\ndata: {json.dumps(event.data, ensure_ascii=False)}\n\n"
