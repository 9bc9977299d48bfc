"""How each channel is spoken to from outside; test_conformance.py says what every one of them must do."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

import httpx
from redis.asyncio import Redis
from twilio.request_validator import RequestValidator

from channels.settings import Settings
from tests.channels.conftest import Parrot, parsed
from tests.channels.pager import Pager

URL = "https://www.example.ca"
ACCOUNT, TOKEN = "AC" + "1" * 32, "a token of nobody"
SMS, WHATSAPP, CITIZEN = "+16135550100", "+16135550101", "+16135550143"
TELEGRAM = "1:of-nobody"


@dataclass
class Stage:
    """A running service: the public app, a worker with a parrot for a bot, and providers that keep what they are given.

    `answers` are what providers answer next, an exception being raised; after those, that they take it.
    """

    settings: Settings
    http: httpx.AsyncClient
    redis: Redis
    bot: Parrot
    given: list[httpx.Request] = field(default_factory=list)
    answers: list[httpx.Response | Exception] = field(default_factory=list)
    take: Callable[[httpx.Request], httpx.Response] = lambda request: httpx.Response(500)

    def provider(self, request: httpx.Request) -> httpx.Response:
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        self.given.append(request)
        return self.take(request)

    async def waiting(self) -> int:
        """Messages and replies that are not done with."""
        return len(await self.redis.keys("*:lane:*"))  # in one step: a scan misses what moves on meanwhile

    async def quiet(self, seconds: float = 8.0) -> None:
        """Until nothing is under way any more."""
        async with asyncio.timeout(seconds):
            while await self.waiting():  # noqa: ASYNC110 — what it waits for has no event
                await asyncio.sleep(0.02)


class Case(Protocol):
    """How one channel speaks."""

    name: str
    settings: dict[str, Any]

    async def open(self, stage: Stage) -> None:
        """What comes before the first message, if anything does."""

    def bring(self, text: str, id: str = "1") -> httpx.Request:
        """A citizen's message, as the provider brings it."""
        ...

    def forged(self) -> dict[str, httpx.Request]:
        """Requests that somebody else could make, by what is wrong with them."""
        ...

    async def shown(self, stage: Stage) -> list[str]:
        """All that the citizen has been shown so far, a text for each message."""
        ...

    def took(self, request: httpx.Request) -> httpx.Response:
        """What the provider answers when it takes what we send, and whenever else it is asked."""
        ...


@dataclass
class Web:
    name: str = "web"
    settings: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    async def open(self, stage: Stage) -> None:
        token = (await stage.http.post("/web/conversations", json={})).json()["conversation"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def bring(self, text: str, id: str = "1") -> httpx.Request:
        return httpx.Request("POST", f"{URL}/web/messages", json={"id": id, "text": text}, headers=self.headers)

    def forged(self) -> dict[str, httpx.Request]:
        message = {"id": "1", "text": "hello"}
        return {
            "without a token": httpx.Request("POST", f"{URL}/web/messages", json=message),
            "another token": httpx.Request(
                "POST", f"{URL}/web/messages", json=message, headers={"Authorization": f"Bearer {'x' * 43}"}
            ),
            "a token cut short": httpx.Request(
                "POST",
                f"{URL}/web/messages",
                json=message,
                headers={"Authorization": self.headers["Authorization"][:-1]},
            ),
        }

    async def shown(self, stage: Stage) -> list[str]:
        found: list[str] = []
        async with stage.http.stream("GET", "/web/events", headers=self.headers) as response:
            try:
                async with asyncio.timeout(0.3):
                    async for _, kind, data in parsed(response):
                        if kind == "reply":
                            found.append(json.dumps(data, ensure_ascii=False))
            except TimeoutError:
                pass
        return found

    def took(self, request: httpx.Request) -> httpx.Response:
        raise AssertionError("the web has no provider")


@dataclass
class Twilio:
    name: str
    number: str
    settings: dict[str, Any]

    async def open(self, stage: Stage) -> None: ...

    def bring(self, text: str, id: str = "1") -> httpx.Request:
        return self.signed(self.form(text, id))

    def form(self, text: str, id: str = "1") -> dict[str, str]:
        mark = "whatsapp:" if self.name == "whatsapp" else ""
        about = {"MessageSid": f"SM{id:0>32}", "AccountSid": ACCOUNT, "NumMedia": "0"}
        return about | {"From": mark + CITIZEN, "To": mark + self.number, "Body": text}

    def signed(
        self,
        form: dict[str, str],
        path: str = "",
        token: str = TOKEN,
        signature: str | bytes | None = None,
        content: str = "",
    ) -> httpx.Request:
        address = f"{URL}{path or f'/{self.name}/messages'}"
        if signature is None:
            signature = RequestValidator(token).compute_signature(address, form)
        kind = ("Content-Type", "application/x-www-form-urlencoded")
        headers = httpx.Headers([kind, ("X-Twilio-Signature", signature)])  # type: ignore[list-item]
        return httpx.Request("POST", address, content=content or urlencode(form, errors="replace"), headers=headers)

    def forged(self) -> dict[str, httpx.Request]:
        form = self.form("hello")
        genuine = self.bring("hello")
        signature = genuine.headers["X-Twilio-Signature"]
        other = {"sms": "whatsapp", "whatsapp": "sms"}[self.name]
        return {
            "unsigned": self.signed(form, signature=""),
            "signed with another token": self.signed(form, token="another"),
            "signed for another body": self.signed(form | {"Body": "pay here"}, signature=signature),
            "signed for another path": self.signed(
                form, signature=self.signed(form, "/elsewhere").headers["X-Twilio-Signature"]
            ),
            "of another account": self.signed(form | {"AccountSid": "AC" + "2" * 32}),
            "for another number": self.signed(form | {"To": "+15005550006"}),
            "of another channel": self.signed(form, f"/{other}/messages"),
            "cut short": self.signed(form, signature=signature, content=genuine.content.decode()[:-3]),
            "encoded again": self.signed(form | {"Body": "h%65llo"}, signature=signature),
            "with something added": self.signed(form | {"Extra": "1"}, signature=signature),
            "not ASCII": self.signed(form, signature=b"\xe9" * 28),
        }

    async def shown(self, stage: Stage) -> list[str]:
        messages = [
            dict(parse_qsl(each.content.decode(), keep_blank_values=True))
            for each in stage.given
            if each.method == "POST"
        ]
        return [each["Body"] for each in messages]

    def took(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"messages": [], "next_page_uri": None, "page": 0, "page_size": 50})
        return httpx.Response(201, json={"sid": f"SM{id(request):032d}"})


@dataclass
class Telegram:
    name: str = "telegram"
    settings: dict[str, Any] = field(default_factory=lambda: {"telegram_token": TELEGRAM, "telegram_per_second": 100.0})
    secret: str = ""

    async def open(self, stage: Stage) -> None:
        async with asyncio.timeout(5):
            while not stage.given:  # noqa: ASYNC110 — the worker tells Telegram the secret when it starts
                await asyncio.sleep(0.01)
        self.secret = dict(parse_qsl(stage.given.pop(0).content.decode()))["secret_token"]

    def bring(self, text: str, id: str = "1") -> httpx.Request:
        return self.update({"message": self.message(text)}, id)

    def message(self, text: str) -> dict[str, Any]:
        person = {"id": 1001, "is_bot": False, "first_name": "Ana"}
        return {
            "message_id": 7,
            "date": 1_790_000_000,
            "from": person,
            "chat": {"id": 1001, "type": "private"},
            "text": text,
        }

    def update(self, what: dict[str, Any], id: str = "1", secret: str | None = None) -> httpx.Request:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret if secret is None else secret}
        body = json.dumps({"update_id": int(id), **what})
        return httpx.Request("POST", f"{URL}/telegram/updates", content=body, headers=headers)

    def forged(self) -> dict[str, httpx.Request]:
        message = {"message": self.message("hello")}
        return {
            "without a secret": self.update(message, secret=""),
            "with another secret": self.update(message, secret="x" * 64),
            "with a secret cut short": self.update(message, secret=self.secret[:-1]),
            "with a longer secret": self.update(message, secret=self.secret + "0"),
            "with the bot's token": self.update(message, secret=TELEGRAM),
        }

    async def shown(self, stage: Stage) -> list[str]:
        sent = [each for each in stage.given if each.url.path.endswith("/sendMessage")]
        forms = [dict(parse_qsl(each.content.decode())) for each in sent]
        return [form["text"] + form.get("reply_markup", "") for form in forms]

    def took(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/sendMessage"):
            message = {"message_id": 8, "date": 1_790_000_000, "chat": {"id": 1001, "type": "private"}, "text": "…"}
            return httpx.Response(200, json={"ok": True, "result": message})
        return httpx.Response(200, json={"ok": True, "result": True})


_TWILIO = {
    "twilio_account": ACCOUNT,
    "twilio_token": TOKEN,
    "sms_number": SMS,
    "sms_per_second": 100.0,
    "sms_stop_by_twilio": False,
    "whatsapp_number": WHATSAPP,
    "whatsapp_per_second": 100.0,
}
CASES: tuple[Callable[[], Case], ...] = (
    Web,
    lambda: Twilio("sms", SMS, _TWILIO),
    lambda: Twilio("whatsapp", WHATSAPP, _TWILIO),
    Telegram,
    Pager,
)
