"""Two ways to talk to the bot, timed: a citizen in web chat, and Rasa's own REST channel with nothing of ours around it."""

import asyncio
import json
import time
import uuid

import aiohttp


class Conversation:
    """One citizen in web chat: says something and waits for the reply event."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url
        self._waiting: dict[str, asyncio.Future[float]] = {}

    async def open(self) -> None:
        async with self._http.post(f"{self._url}/web/conversations", json={}) as response:
            self._headers = {"Authorization": f"Bearer {(await response.json())['conversation']}"}
        self._following = asyncio.create_task(self._follow())

    async def close(self) -> None:
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)

    async def turn(self, text: str) -> tuple[float, float]:
        """Seconds until the message was accepted, and until its first reply."""
        id = uuid.uuid4().hex
        self._waiting[id] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        body = {"id": id, "text": text}
        async with self._http.post(f"{self._url}/web/messages", json=body, headers=self._headers) as response:
            assert response.status == 202, await response.text()
        accepted = time.perf_counter() - began
        replied = await asyncio.wait_for(self._waiting[id], 20)
        del self._waiting[id]
        return accepted, replied - began

    async def _follow(self) -> None:
        async with self._http.get(f"{self._url}/web/events", headers=self._headers) as response:
            kind = ""
            async for line in response.content:
                if line.startswith(b"event: "):
                    kind = line[7:].decode().strip()
                elif line.startswith(b"data: ") and kind == "reply":
                    waiting = self._waiting.get(json.loads(line[6:])["in_reply_to"])
                    if waiting and not waiting.done():
                        waiting.set_result(time.perf_counter())


class Bare:
    """The same bot by Rasa's own REST channel, without anything of ours around it."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, f"{url}/webhooks/rest/webhook"
        self.sender = uuid.uuid4().hex

    async def turn(self, text: str, language: str) -> float:
        began = time.perf_counter()
        metadata = {"id": uuid.uuid4().hex, "language": language, "place": None}
        async with self._http.post(
            self._url, json={"sender": self.sender, "message": text, "metadata": metadata}
        ) as response:
            assert await response.json(), "Rasa answered with nothing"
        return time.perf_counter() - began
