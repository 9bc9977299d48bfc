"""Telegram's side of the wire: brings updates with the secret it was told, takes what we send."""

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from machine.phone.picture import KIND, picture

Show = Callable[[dict[str, Any]], None]
STRUCTURED = ("allowed_updates", "link_preview_options", "reply_markup")  # fields that are JSON


@dataclass
class Telegram:
    """One bot. `webhook` and `secret` are what the bot has told Telegram."""

    token: str
    http: httpx.AsyncClient
    show: Show
    webhook: str = ""
    secret: str = ""
    waiting: list[dict[str, Any]] = field(default_factory=list)
    new: asyncio.Event = field(default_factory=asyncio.Event)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(int(time.time())))
    messages: list[dict[str, Any]] = field(default_factory=list)

    async def say(self, sender: int, text: str, *, language: str = "en", media: bool = False, id: int = 0) -> int:
        """Bring a citizen's message; the status that the webhook answers, 0 where none is registered."""
        message = self._message(sender, language) | {"date": int(time.time())}
        if media:
            message["photo"] = [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]
            message |= {"caption": text} if text else {}
        else:
            message["text"] = text
        return await self._bring({"message": message}, id)

    async def touch(self, sender: int, data: str, *, language: str = "en", id: int = 0) -> int:
        """Bring the touch of a button."""
        person = self._message(sender, language)["from"]
        message = self._message(sender, language) | {"date": int(time.time()), "text": "…"}
        query = {"id": str(next(self.numbers)), "from": person, "chat_instance": "1", "data": data, "message": message}
        return await self._bring({"callback_query": query}, id)

    async def _bring(self, what: dict[str, Any], id: int) -> int:
        update = {"update_id": id or next(self.numbers), **what}
        if not self.webhook:
            self.waiting.append(update)
            self.new.set()
            return 0
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret}
        try:
            return (await self.http.post(self.webhook, json=update, headers=headers)).status_code
        except httpx.HTTPError:
            return 0

    def routes(self) -> APIRouter:
        router = APIRouter()

        @router.post("/bot{token}/{method}")
        async def call(token: str, method: str, request: Request) -> JSONResponse:
            if token != self.token:
                return JSONResponse({"ok": False, "error_code": 401, "description": "Unauthorized"}, 401)
            form = parse_qsl((await request.body()).decode())
            given = {name: json.loads(value) if name in STRUCTURED else value for name, value in form}
            if method == "getUpdates" and not self.answer(method, given):
                self.new.clear()
                with suppress(TimeoutError):  # it is answered then, too
                    await asyncio.wait_for(self.new.wait(), float(given.get("timeout", 0)))
            return JSONResponse({"ok": True, "result": self.answer(method, given)})

        @router.get("/file/bot{token}/photos/{name}")
        async def file(token: str, name: str) -> Response:
            return Response(picture(), media_type=KIND) if token == self.token else Response(status_code=404)

        return router

    def answer(self, method: str, given: dict[str, Any]) -> Any:
        """What the API answers to a call."""
        if method == "setWebhook":
            self.webhook, self.secret = str(given["url"]), str(given.get("secret_token", ""))
        if method == "deleteWebhook":
            self.webhook = ""
        if method == "getUpdates":
            self.waiting = [each for each in self.waiting if each["update_id"] >= int(given.get("offset") or 0)]
            return self.waiting
        if method == "getFile":
            id, size = str(given["file_id"]), len(picture())
            return {"file_id": id, "file_unique_id": id, "file_size": size, "file_path": "photos/file_1.png"}
        if method != "sendMessage":
            return True
        chat = int(given["chat_id"])
        message = {"message_id": next(self.numbers), "date": int(time.time()), "text": given["text"]}
        message |= {"chat": {"id": chat, "type": "private"}}
        self.messages.append(message)
        buttons = [
            {"label": button["text"], "data": button["callback_data"]}
            for row in (given.get("reply_markup") or {}).get("inline_keyboard", ())
            for button in row
        ]
        about = {"channel": "telegram", "to": str(chat), "sid": str(message["message_id"]), "text": given["text"]}
        self.show({"kind": "message", "buttons": buttons} | about)
        return message

    def _message(self, sender: int, language: str) -> dict[str, Any]:
        person = {"id": sender, "is_bot": False, "first_name": "Somebody", "language_code": language}
        return {"message_id": next(self.numbers), "from": person, "chat": {"id": sender, "type": "private"}}
