"""Agents' pages that follow the desk, and when each of them hears of a change."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from channels.desk.people.accounts import Agent

HEARD = re.compile(rb'^data: \{"case": \{"id": (\d+), .*?"team": "(\w+)"')


@dataclass
class Page:
    """An agent's page, which follows the desk. `told` is what calls for each case it hears of, with the team it is of."""

    agent: Agent
    token: str
    told: Callable[["Page", int, str], None]
    bytes: int = 0
    events: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        writer.write(f"GET /api/events HTTP/1.1\r\nHost: desk\r\nCookie: guichet-desk={self.token}\r\n\r\n".encode())
        try:
            while line := await reader.readline():
                self.bytes += len(line)
                self.events += line.startswith(b"event: ")
                if line.startswith(b"event: presence"):
                    self.open.set()
                elif found := HEARD.match(line):
                    self.told(self, int(found[1]), found[2].decode())
        finally:
            writer.close()


@dataclass
class Change:
    """Something that was done to a case, and when each page heard of it, in seconds."""

    began: float
    wanted: set[str]
    heard: dict[str, float] = field(default_factory=dict)
    by_all: asyncio.Event = field(default_factory=asyncio.Event)

    def hears(self, agent: str) -> None:
        self.heard.setdefault(agent, time.perf_counter() - self.began)
        if self.wanted <= self.heard.keys():
            self.by_all.set()
