"""Twilio's side of the wire, for the tests of SMS and WhatsApp: payloads by situation, its signature, an API that obeys."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from fastapi import FastAPI
from redis.asyncio import Redis
from twilio.request_validator import RequestValidator

from channels import app
from channels.adapters import sms, whatsapp
from channels.channel import Channel, File, Incoming, Status
from channels.settings import Settings
from channels.web.problems import PROBLEMS
from machine.ports import free_port

PAYLOADS = Path(__file__).parent / "payloads" / "twilio"
ACCOUNT, TOKEN = f"AC{1:032}", "a token of nobody"
SMS, WHATSAPP, CITIZEN = "+16135550142", "+16135550143", "+16135550198"
SERVICE = f"MG{7:032}"
URL = "https://www.example.ca"
API = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


def payload(name: str) -> dict[str, str]:
    """The fields of a webhook, in the form that Twilio documents."""
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def kept(sid: str, *kinds: str) -> tuple[File, ...]:
    """The files of a message of that id, of those MIME types, and where Twilio has them."""
    url = API.replace("/Messages.json", f"/Messages/{sid}/Media/ME")
    return tuple(File(kind, f"{url}{number:032}") for number, kind in enumerate(kinds))


def taken(number: int = 1) -> httpx.Response:
    """What the API says of a message that it has taken."""
    return httpx.Response(201, json={"sid": f"SM{number:032}", "status": "queued", "error_code": None})


@dataclass
class Twilio:
    """A channel with Twilio at its other end: `answers` are what the API answers next, an exception being raised."""

    channel: Channel
    answers: list[httpx.Response | Exception] = field(default_factory=list)
    asked: list[httpx.Request] = field(default_factory=list)
    delivered: list[Incoming] = field(default_factory=list)
    told: list[Status] = field(default_factory=list)
    fails: Exception | None = None

    def api(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def post(
        self,
        form: dict[str, str],
        path: str = "",
        *,
        signed: str | None = None,
        token: str = TOKEN,
        signature: str | None = None,
        content: bytes | None = None,
        seen: str = "http://127.0.0.1:8000",
    ) -> httpx.Response:
        """Bring a webhook as a proxy at `seen` passes it on; Twilio signed the address `signed` and that form."""
        path = path or f"/{self.channel.name}/messages"
        if signature is None:
            signature = RequestValidator(token).compute_signature(signed or URL + path, form)
        headers = {
            "Content-Type": b"application/x-www-form-urlencoded",
            "X-Twilio-Signature": signature.encode("latin-1"),
        }
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self._app()), base_url=seen) as http:
            body = urlencode(form).encode() if content is None else content
            return await http.post(path, content=body, headers=headers)

    def _app(self) -> FastAPI:
        made = FastAPI()
        made.include_router(self.channel.routes(self._deliver, self._tell))
        for error, respond in PROBLEMS.items():
            made.add_exception_handler(error, respond)
        return made

    async def _deliver(self, said: Incoming) -> bool:
        if self.fails:
            raise self.fails
        self.delivered.append(said)
        return True

    async def _tell(self, status: Status) -> None:
        if self.fails:
            raise self.fails
        self.told.append(status)


def connected(redis: Redis, name: str, **settings: Any) -> Twilio:
    """The channel `name` as it is made in production but for the network."""
    given: dict[str, Any] = {
        "secret": "0123456789abcdef" * 2,
        "public_url": URL,
        "twilio_account": ACCOUNT,
        "twilio_token": TOKEN,
        "sms_number": SMS,
        "whatsapp_number": WHATSAPP,
    }
    far: list[Twilio] = []
    transport = httpx.MockTransport(lambda request: far[0].api(request))
    parts = app.parts(Settings(_env_file=None, **given | settings), redis, transport)
    far.append(Twilio({"sms": sms, "whatsapp": whatsapp}[name].make(parts)))
    return far[0]


def away() -> Redis:
    """A Redis that is not there."""
    return Redis.from_url(f"redis://127.0.0.1:{free_port(0)}", decode_responses=True)


def timeless(said: list[Incoming]) -> list[Incoming]:
    """Messages as if all had come at one moment."""
    return [replace(each, at=MOMENT) for each in said]


MOMENT = Incoming("", "", "").at


def whole(request: httpx.Request) -> tuple[str, str, str, str, dict[str, str]]:
    """All that matters of a request to the API: method, address, credentials, content type and form."""
    headers = request.headers
    form = dict(parse_qsl(request.content.decode(), keep_blank_values=True))
    return request.method, str(request.url), headers["authorization"], headers["content-type"], form


def creation(**form: str) -> tuple[str, str, str, str, dict[str, str]]:
    """The whole request that creates a message."""
    credentials = httpx.BasicAuth(ACCOUNT, TOKEN)._auth_header
    return "POST", API, credentials, "application/x-www-form-urlencoded", form
