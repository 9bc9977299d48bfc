"""The web channel: a browser posts what a citizen says, and follows an event stream of what is said back."""

import json
import re
import resource
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime
from ipaddress import ip_address, ip_network

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from redis.exceptions import RedisError

from channels.catalogue import Parts
from channels.channel import Deliver, Incoming, Receipt, Reply, Tell, Unreachable
from channels.continuation import SECONDS, Codes, Origin
from channels.lanes import Lanes
from channels.marks import claim_key
from channels.outbox import RECORD_QUEUE, pack
from channels.web import message
from channels.web.events import BEGINNING, Event, Events
from channels.web.message import Unacceptable
from channels.web.problems import Full, NoTexts, asked_language
from channels.web.render import continued
from channels.web.sessions import Sessions, UnknownSession

_EVENT_ID = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")  # any longer number is more than Redis counts to
INNER = (
    "confidence",
    "snapshot",
    "passages",
    "changes_language",
    "degraded",
    "assumes",
    "continues",
    "unasked",
    "regardless",
)
OTHER_FILES = 200  # that a process may have open beside event streams


class Web:
    name = "web"
    repeatable = True
    per_second = None

    def __init__(
        self,
        events: Events,
        sessions: Sessions,
        record: Lanes,
        key: Callable[[str], str],
        codes: Codes | None = None,
        number: str | None = None,
    ) -> None:
        """`codes` take a conversation to the telephone `number`; where there is none, it cannot go on there."""
        self.events, self.sessions, self._record, self._key = events, sessions, record, key
        self._codes, self.number = codes, number

    async def send(self, address: str, reply: Reply) -> Receipt:
        """Append the reply to the conversation's events; sending it again changes nothing."""
        try:
            mark = claim_key(self._key(address)) if reply.sender == "bot" else ""
            await self.events.tell(address, "reply", reply.id, public(reply), mark)
            if reply.changes_language:
                await self.events.tell(address, "language", reply.id, {"language": reply.language})
        except (RedisError, OSError) as error:
            raise Unreachable("Redis is away.") from error
        return Receipt(reply.id)

    async def sent(self, address: str, reply: Reply, since: datetime) -> Receipt | None:
        return None  # it is told once, however often it is sent

    def routes(self, deliver: Deliver, tell: Tell) -> APIRouter:
        router = APIRouter(prefix="/web", tags=["web"])

        @router.post("/conversations", status_code=201)
        async def begin(request: Request) -> dict[str, str]:
            await message.body(request.stream())
            return {"conversation": await self.sessions.begin(self.origin(request))}

        @router.post("/messages", status_code=202)
        async def say(request: Request) -> dict[str, str]:
            values = message.fields(await message.body(request.stream()))
            said = await self.accept(
                request,
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

        @router.post("/typing", status_code=204)
        async def typing(request: Request) -> Response:
            """While a person answers, they see that the citizen is typing, and never what."""
            await message.body(request.stream())
            await self.events.shown_typing(claim_key(self._key(await self.sessions.address(token(request)))))
            return Response(status_code=204)

        @router.post("/continue", status_code=201)
        async def go_on(request: Request) -> dict[str, object]:
            await message.body(request.stream())
            code = await self.code(request, token(request))
            return {
                "code": code,
                "seconds": SECONDS,
                "text": continued(code, self.number or "", asked_language(request)),
            }

        @router.post("/feedback", status_code=204)
        async def rate(request: Request) -> Response:
            values = message.fields(await message.body(request.stream()))
            helpful = values.get("helpful")
            if not isinstance(helpful, bool):
                raise Unacceptable("malformed", 400)
            await self.rate(request, token(request), message.reply(values.get("reply")), helpful)
            return Response(status_code=204)

        return router

    def origin(self, request: Request) -> str:
        """What stands for the address of the internet that asks, or for the network of a home where it has many."""
        host = request.client.host if request.client else ""
        return self._key(f"from:{network(host)}")

    async def accept(
        self,
        request: Request,
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
        said = Incoming(id, await self.sessions.write(token, self.origin(request)), text, language, hint, place)
        address = said.address
        await self.events.tell(address, "said", id, {"id": id, "text": text, "at": said.at.isoformat()})
        await deliver(said)
        return said

    async def code(self, request: Request, token: str) -> str:
        """What to text to `number` to go on there. Raises NoTexts where there is none."""
        if self._codes is None or self.number is None:
            raise NoTexts
        address = await self.sessions.write(token, self.origin(request))
        return await self._codes.make(Origin(address, self._key(address)))

    async def rate(self, request: Request, token: str, reply: str, helpful: bool) -> None:
        """Keep whether a reply helped."""
        key = self._key(await self.sessions.write(token, self.origin(request)))
        await self._record.put(key, {"ratings": [{"conversation": key, "reply": reply, "helpful": helpful}]})


def network(host: str) -> str:
    """An IPv4 address, or the /64 that a home or a telephone has of IPv6."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(ip_network(f"{address}/64", strict=False)) if address.version == 6 else str(address)


def public(reply: Reply) -> dict[str, object]:
    """What a browser is told of a reply: there is one who speaks by themselves, and people."""
    told = {name: value for name, value in pack(reply).items() if name not in INNER}
    return told | {"sender": "bot"} if reply.sender == "channel" else told


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


def make(parts: Parts) -> Web:
    settings, redis = parts.settings, parts.redis
    keep = settings.keep_conversation_hours * 3600
    return Web(
        Events(redis, keep, most_streams()),
        Sessions(redis, keep, settings.messages_per_minute, settings.messages_per_minute_from_address),
        Lanes(redis, RECORD_QUEUE, settings.consumer),
        parts.key,
        Codes(redis, settings.key),
        settings.sms_number if settings.sms_number and settings.sms_number.startswith("+") else None,
    )


def most_streams() -> int:
    """How many event streams a process may have open: each is a file, and without files it could accept nobody."""
    return max(OTHER_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - OTHER_FILES)
