"""Telegram's side for tests: its API faked at the transport, updates as it writes them, and a channel between."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from redis.asyncio import Redis

from channels.adapters.telegram import Telegram, make
from channels.catalogue import Parts
from channels.channel import Incoming
from channels.menus import Menus
from channels.settings import Settings
from channels.web.problems import PROBLEMS

PAYLOADS = {path.stem: path.read_bytes() for path in Path(__file__).parent.glob("payloads/telegram/*.json")}
AT = datetime(2026, 9, 21, tzinfo=UTC)
KEY = "of a test, and of nothing else but a test"
SECRET = hmac.new(KEY.encode(), b"telegram webhook", hashlib.sha256).hexdigest()
API = "https://api.telegram.org/bot1:of-nobody/"
UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]

Asked = tuple[str, dict[str, Any]]


def ok(result: Any = True) -> httpx.Response:
    return httpx.Response(200, json={"ok": True, "result": result})


def no(status: int, description: str, **more: Any) -> httpx.Response:
    return httpx.Response(status, json={"ok": False, "error_code": status, "description": description, **more})


def page(status: int, words: str) -> httpx.Response:
    return httpx.Response(status, html=f"<html><h1>{status} {words}</h1><hr>nginx/1.18.0</html>")


def asks(method: str, **form: Any) -> Asked:
    return f"POST {API}{method}", form


def updates(*given: str | bytes) -> httpx.Response:
    """What getUpdates answers: updates by their names, or as they are."""
    found = (PAYLOADS[each] if isinstance(each, str) else each for each in given)
    return httpx.Response(200, content=b'{"ok":true,"result":[' + b",".join(found) + b"]}")


def number(name: str) -> int:
    return int(json.loads(PAYLOADS[name])["update_id"])


def took() -> httpx.Response:
    """What sendMessage answers."""
    return ok({"message_id": 77, "date": 1_790_000_000, "chat": {"id": 1001, "type": "private"}, "text": "…"})


@dataclass
class Stage:
    """`answers` are what Telegram answers next, an exception being raised; after those it says nothing, and `silent` is
    set. `refusals` are what the inbox raises, message by message, None where it takes one."""

    channel: Telegram
    menus: Menus
    redis: Redis
    answers: list[httpx.Response | Exception] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    refusals: list[Exception | None] = field(default_factory=list)
    delivered: list[Incoming] = field(default_factory=list)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl(request.content.decode(), keep_blank_values=True, strict_parsing=bool(request.content)))
        structured = ("reply_markup", "link_preview_options", "allowed_updates")
        decoded = {name: json.loads(value) if name in structured else value for name, value in form.items()}
        self.asked.append((f"{request.method} {request.url}", decoded))
        if not self.answers:
            self.silent.set()
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def deliver(self, said: Incoming) -> bool:
        if self.refusals and (refusal := self.refusals.pop(0)):
            raise refusal
        self.delivered.append(replace(said, at=AT))
        return True

    async def bring(self, content: bytes, secret: str = SECRET) -> httpx.Response:
        """An update to the webhook."""
        app = FastAPI(exception_handlers=PROBLEMS)  # type: ignore[arg-type]
        app.include_router(self.channel.routes(self.deliver, None))  # type: ignore[arg-type]
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
            return await http.post("/telegram/updates", content=content, headers=headers)

    @asynccontextmanager
    async def listening(self, public_url: str | None = None) -> AsyncIterator[None]:
        """While it listens; begins once Telegram has said all that it has to."""
        self.silent.clear()
        task = asyncio.create_task(self.channel.listen(self.deliver, public_url, self.redis))
        waiting = asyncio.create_task(self.silent.wait())
        try:
            done, _ = await asyncio.wait([task, waiting], timeout=5, return_when=asyncio.FIRST_COMPLETED)
            assert done == {waiting}, f"it still listens, and has asked: {task} {self.asked}"
            yield
        finally:
            for each in (task, waiting):
                each.cancel()
            await asyncio.gather(task, waiting, return_exceptions=True)


def staged(redis: Redis, home: Path) -> Stage:
    given = Settings(_env_file=None, home=home, secret=SecretStr(KEY), telegram_token=SecretStr("1:of-nobody"))
    menus = Menus(redis)
    made: list[Stage] = []
    transport = httpx.MockTransport(lambda request: made[0].answer(request))
    channel = make(Parts(given, redis, menus, lambda address: f"key of {address}", transport))
    made.append(Stage(channel, menus, redis))
    return made[0]
