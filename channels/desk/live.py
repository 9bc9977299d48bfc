"""What agents' pages hear as it happens: one ear for each process reads what changed once and tells all who may know."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from channels.desk.case import Case
from channels.desk.counter import Counter
from channels.desk.people.accounts import Agent
from channels.desk.routes.access import may_see
from channels.desk.routes.shown import shown
from channels.marks import BELL
from channels.worker import stop_if_cancelled

PULSE_SECONDS = 15.0  # how often pages get a sign of life, and it is asked whether who follows is still signed in
PATIENCE_SECONDS = 5.0
GATHER_SECONDS = 0.02  # in which what happens is told together
PRESENCE_SECONDS = 1.0  # in which it is told once who is there: it goes to everybody, and concerns everybody
AGAIN_SECONDS = 1.0  # after what happened could not be read
MOST_BEHIND = 1000  # events that a page may not have read before it is told to begin anew
ALIVE = ":\n\n"

log = structlog.get_logger()

Whose = Callable[[Collection[str]], Awaitable[Mapping[str, Agent]]]


@dataclass(eq=False, slots=True)
class Follower:
    """A page of an agent, of the sign-in of that token. `behind` is set when it does not keep up, or may hear no more: it
    then asks for everything anew."""

    agent: Agent
    token: str
    page: str
    coming: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(MOST_BEHIND))
    behind: bool = False

    def tell(self, told: str) -> None:
        try:
            self.coming.put_nowait(told)
        except asyncio.QueueFull:
            self.behind = True

    def end(self) -> None:
        self.behind = True
        self.tell(ALIVE)


class Live:
    """`listen` and `pulse` run as long as the app does. `whose` says whose sign-ins go on, of many tokens at once."""

    def __init__(self, counter: Counter, whose: Whose) -> None:
        self._counter, self._whose = counter, whose
        self._followers: set[Follower] = set()
        self._owed: set[tuple[str, int]] = set()  # what happened and is not told yet, and to which case
        # cases as they were told last: who heard of them before hears that they are gone
        self._known: dict[int, Case] = {}
        self._presence_told = 0.0

    async def follow(self, agent: Agent, token: str) -> AsyncIterator[str]:
        """Server-sent events for one page. The agent is at the desk as long as one of their pages follows."""
        follower, presence = Follower(agent, token, secrets.token_hex(4)), self._counter.presence
        self._followers.add(follower)
        try:
            await presence.arrive(agent.id, follower.page)
            present, looking = await presence.present(), await self._looking()
            yield event("presence", page=follower.page, present=present, looking=_seen(agent, looking))
            while not follower.behind:
                yield await follower.coming.get()
        except (SQLAlchemyError, RedisError, OSError) as error:  # the page comes again
            log.warning("desk unavailable", why=type(error).__name__)
        finally:
            self._followers.discard(follower)
            with suppress(RedisError, OSError):
                await presence.leave(agent.id, follower.page)

    async def pulse(self) -> None:
        """Give and take signs of life, until cancelled."""
        while True:
            stop_if_cancelled()
            await asyncio.sleep(PULSE_SECONDS)
            try:
                await self.beat()
            except (SQLAlchemyError, RedisError, OSError) as error:
                log.warning("desk unavailable", why=type(error).__name__)

    async def beat(self) -> None:
        """All pages are there still, but those of whom the sign-in has ended, or who may see something else now. Asking
        counts as their request: whoever has the desk open and waits for a case is not idle."""
        pages = list(self._followers)
        for page in pages:
            if page.coming.empty():
                page.tell(ALIVE)
        still = await self._whose({page.token for page in pages})
        here = [page for page in pages if still.get(page.token) == page.agent]
        for page in set(pages) - set(here):
            page.end()
        await self._counter.presence.stay([(page.agent.id, page.page) for page in here])

    async def listen(self) -> None:
        """Hear what happens at any desk, until cancelled. While Redis is away it is tried again, and pages begin anew."""
        while True:
            stop_if_cancelled()
            try:
                async with self._counter.redis.pubsub() as bell:
                    await bell.subscribe(BELL)
                    await bell.get_message(timeout=PATIENCE_SECONDS)  # that it listens
                    await self._hear(bell)
            except (RedisError, OSError, SQLAlchemyError) as error:
                log.warning("desk unavailable", why=type(error).__name__)
            for follower in self._followers:  # what happened meanwhile was not heard
                follower.end()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _hear(self, bell: Any) -> None:
        for follower in self._followers:  # they may have come while nobody listened
            follower.end()
        self._owed.clear()
        self._known = {case.id: case for case in await self._counter.queue.all_open()}
        while True:
            stop_if_cancelled()
            wait = AGAIN_SECONDS if self._owed else PULSE_SECONDS
            rung = await bell.get_message(ignore_subscribe_messages=True, timeout=wait)
            if rung:
                await asyncio.sleep(GATHER_SECONDS)
            while rung:
                self._owed |= {(kind, int(about)) for kind, about in json.loads(rung["data"]).items()}
                rung = await bell.get_message(ignore_subscribe_messages=True, timeout=0)
            try:
                await self._tell()
            except (SQLAlchemyError, OSError) as error:  # it is told as soon as it can be read
                log.warning("desk unavailable", why=type(error).__name__)

    async def _tell(self) -> None:
        """What is owed; who is there may wait a little."""
        owed = {kind: sorted(id for each, id in self._owed if each == kind) for kind, _ in self._owed}
        if "presence" in owed and time.monotonic() - self._presence_told >= PRESENCE_SECONDS:
            await self._all_presence()
            self._owed.discard(("presence", True))
        if "switches" in owed:
            self._all(event("switches"))
            self._owed.discard(("switches", True))
        if ids := owed.get("case", []):
            await self._cases(ids)
            self._owed -= {("case", id) for id in ids}
        for case in await self._those(owed.get("typing", [])):
            told = event("typing", id=case.id)
            for follower in self._followers:
                if may_see(follower.agent, case):
                    follower.tell(told)
        self._owed -= {("typing", id) for id in owed.get("typing", [])}

    async def _those(self, ids: Collection[int]) -> list[Case]:
        """Cases as they were told last, or as they are."""
        new = [id for id in ids if id not in self._known]
        return [self._known[id] for id in ids if id in self._known] + (
            await self._counter.queue.some(new) if new else []
        )

    async def _cases(self, ids: Sequence[int]) -> None:
        last = await self._counter.queue.last_lines(ids)
        for case in await self._counter.queue.some(ids):
            told = event("case", case=shown(case) | {"last": last.get(case.id)})
            gone, before = event("gone", id=case.id), self._known.get(case.id)
            for follower in self._followers:
                if may_see(follower.agent, case):
                    follower.tell(told)
                elif before and may_see(follower.agent, before):
                    follower.tell(gone)
            if case.state == "closed":
                self._known.pop(case.id, None)
            else:
                self._known[case.id] = case

    async def _all_presence(self) -> None:
        """The same to all who see the same."""
        self._presence_told = time.monotonic()
        present, looking = await self._counter.presence.present(), await self._looking()
        told: dict[tuple[object, ...], str] = {}
        for follower in self._followers:
            same = (follower.agent.supervises, *sorted(follower.agent.teams))
            if same not in told:
                told[same] = event("presence", present=present, looking=_seen(follower.agent, looking))
            follower.tell(told[same])

    async def _looking(self) -> list[tuple[Case, list[str]]]:
        looking = await self._counter.presence.looking()
        return [(case, looking[case.id]) for case in await self._those(looking)]

    def _all(self, told: str) -> None:
        for follower in self._followers:
            follower.tell(told)


def _seen(agent: Agent, looking: Sequence[tuple[Case, list[str]]]) -> dict[str, list[str]]:
    """Who looks at which case, of those that somebody may see because of their teams."""
    return {str(case.id): who for case, who in looking if agent.supervises or agent.works_for(case.team)}


def event(kind: str, **data: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n"
