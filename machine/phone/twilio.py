"""Twilio's side of the wire: signs what citizens text, takes what we send, and reports what became of it."""

import asyncio
import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from twilio.request_validator import RequestValidator

from machine.phone.picture import KIND, picture

STOP = frozenset("stop stopall unsubscribe cancel end quit optout revoke".split())
START = frozenset(("start", "yes", "unstop"))
HELP = frozenset(("help", "info"))
SAID = {  # what Twilio itself answers by default, in substance
    "stop": "(Twilio) You are unsubscribed and will get no more messages. Reply START to resubscribe.",
    "start": "(Twilio) You are re-subscribed and will now get messages.",
    "help": "(Twilio) Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
STATES = ("sent", "delivered")

Show = Callable[[dict[str, Any]], None]
"""Told of every message that arrives on a telephone, and of every change of its state."""


@dataclass
class Twilio:
    """One account. `numbers` are ours, by channel; `webhook` is where the public app is, `pause` what it waits before each
    report of a message's state, `url` where this is reached."""

    account: str
    token: str
    numbers: dict[str, str]
    webhook: str
    http: httpx.AsyncClient
    show: Show
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    url: str = "https://api.twilio.com"
    messages: list[dict[str, Any]] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)
    reporting: set[asyncio.Task[None]] = field(default_factory=set)

    async def say(self, channel: str, sender: str, text: str, media: int = 0, sid: str = "") -> int:
        """Bring a citizen's message to the webhook; the status that it answers."""
        word = text.strip().lower()
        if channel == "sms" and word in STOP:
            self.stopped.add(sender)
            self._answer(sender, "stop")
        elif channel == "sms" and word in START and sender in self.stopped:
            self.stopped.discard(sender)
            self._answer(sender, "start")
        elif channel == "sms" and word in HELP and sender not in self.stopped:
            self._answer(sender, "help")
        mark = "whatsapp:" if channel == "whatsapp" else ""
        sid = sid or f"SM{secrets.token_hex(16)}"
        form = {
            "MessageSid": sid,
            "AccountSid": self.account,
            "From": mark + sender,
            "To": mark + self.numbers[channel],
            "Body": text,
            "NumMedia": str(media),
        }
        for number in range(media):
            address = f"{self.url}/2010-04-01/Accounts/{self.account}/Messages/{sid}/Media/ME{secrets.token_hex(16)}"
            form |= {f"MediaUrl{number}": address, f"MediaContentType{number}": KIND}
        return await self._post(f"{self.webhook}/{channel}/messages", form)

    def routes(self) -> APIRouter:
        router = APIRouter()
        path = f"/2010-04-01/Accounts/{self.account}/Messages.json"
        known = "Basic " + b64encode(f"{self.account}:{self.token}".encode()).decode()

        @router.get(path.replace(".json", "/{sid}/Media/{media}"))
        async def media(request: Request) -> Response:
            if request.headers.get("authorization") != known:
                return JSONResponse({"code": 20003, "message": "Authenticate", "more_info": "", "status": 401}, 401)
            return Response(picture(), media_type=KIND)

        @router.post(path)
        async def create(request: Request) -> Response:
            form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
            return self.take(form)

        @router.get(path)
        async def listed(request: Request) -> JSONResponse:
            to = request.query_params.get("To", "")
            found = [message for message in reversed(self.messages) if message["to"] == to]
            page = {"messages": found[:50], "next_page_uri": None, "page": 0, "page_size": 50, "uri": path}
            return JSONResponse(
                page | {"first_page_uri": path, "previous_page_uri": None, "start": 0, "end": len(found)}
            )

        return router

    def take(self, form: dict[str, str]) -> Response:
        """What the API answers to a message that we create."""
        to = form.get("To", "")
        if to in self.stopped:
            error = {"code": 21610, "message": "Attempt to send to unsubscribed recipient", "status": 400}
            return JSONResponse(error | {"more_info": ""}, 400)
        message = {
            "sid": f"SM{secrets.token_hex(16)}",
            "to": to,
            "from": form.get("From") or self.numbers["sms"],
            "body": form.get("Body") or form.get("ContentVariables") or "",
            "status": "queued",
            "direction": "outbound-api",
            "date_created": format_datetime(datetime.now(UTC)),
            "account_sid": self.account,
        }
        self.messages.append(message)
        self._shown(message)
        if callback := form.get("StatusCallback"):
            task = asyncio.create_task(self._report(message, callback))
            self.reporting.add(task)
            task.add_done_callback(self.reporting.discard)
        return JSONResponse(message, 201)

    async def _report(self, message: dict[str, Any], callback: str) -> None:
        for state in STATES:
            await self.pause(0.3)
            form = {"MessageSid": message["sid"], "MessageStatus": state, "AccountSid": self.account}
            await self._post(callback, form | {"From": message["from"], "To": message["to"]})
            self.show({"kind": "state", "sid": message["sid"], "state": state})

    async def _post(self, address: str, form: dict[str, str]) -> int:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": self.sign(address, form)}
        try:
            return (await self.http.post(address, content=urlencode(form), headers=headers)).status_code
        except httpx.HTTPError:
            return 0

    def sign(self, address: str, form: dict[str, str]) -> str:
        return str(RequestValidator(self.token).compute_signature(address, form))

    def _answer(self, sender: str, word: str) -> None:
        self._shown({"sid": secrets.token_hex(4), "to": sender, "body": SAID[word]})

    def _shown(self, message: dict[str, Any]) -> None:
        channel, _, number = message["to"].rpartition(":")
        about = {"channel": channel or "sms", "to": number, "sid": message["sid"], "text": message["body"]}
        self.show({"kind": "message"} | about)
