"""A desk on the real Redis and PostgreSQL."""

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from channels.conversation import Conversation
from channels.desk.app import desk_app
from channels.desk.cases import Cases
from channels.desk.counter import Counter
from channels.desk.fetching import Files
from channels.desk.history import History
from channels.desk.library import Library
from channels.desk.mending import mend
from channels.desk.people.accounts import Accounts, Agent
from channels.desk.people.oidc import Provider
from channels.desk.seal import Seal
from channels.desk.statistics import Statistics
from channels.desk.switching import Switching
from channels.desk.teams import read
from channels.desk.translation import Translation
from channels.lanes import Lanes
from channels.record import Record, engine
from channels.switches import Switches

SECRET = b"0123456789abcdef" * 2
PASSWORD = "a long enough word"
TEAMS = read()


@dataclass
class Stage:
    engine: AsyncEngine
    redis: Redis
    record: Record
    cases: Cases
    counter: Counter
    accounts: Accounts
    history: History
    outboxes: dict[str, Lanes] = field(default_factory=dict)

    @property
    def switches(self) -> Switches:
        return Switches(self.redis, lambda: datetime.now(UTC))

    def app(
        self,
        library: Library,
        translation: Translation | None = None,
        provider: Provider | None = None,
        attached: Files | None = None,
    ) -> FastAPI:
        switching = Switching(self.engine, self.switches)
        about = (self.accounts, self.history, library, switching, Statistics(self.engine))
        return desk_app(self.counter, *about, provider, translation, attached, secure=False)

    async def mend(self) -> None:
        await mend(self.counter, self.accounts.everybody, Switching(self.engine, self.switches).bring)

    async def agent(self, name: str = "Sam", role: str = "agent", teams: Sequence[str] = ()) -> Agent:
        email = f"{name.lower()}.{secrets.token_hex(4)}@town.example"
        return await self.accounts.add(email, name, role, ["en", "fr"], PASSWORD, teams)  # type: ignore[arg-type]

    async def citizen(self, channel: str = "sms", language: str = "en") -> tuple[Conversation, str]:
        """Somebody who was handed over, and their address."""
        address = f"{channel}:+1613555{secrets.randbelow(10**4):04}"
        conversation = Conversation(secrets.token_hex(16), channel, language, answered_by="desk")
        await self.record.keep(conversation)
        return conversation, address

    async def case(self, urgent: bool = False, team: str = "general") -> tuple[int, Conversation]:
        conversation, address = await self.citizen()
        id = await self.cases.open(conversation, address, team=team, because="asked_for_person", urgent=urgent)
        return id, conversation

    async def posted(self) -> list[dict[str, object]]:
        """What waits in the outbox for texts, in order of arrival."""
        return [task.item for task in await self.counter.out("outbox:sms").take(100, 50)]


@pytest.fixture
async def stage(database_url: str, redis: Redis) -> AsyncIterator[Stage]:
    pool, record = engine(database_url), Record(database_url, keep_days=30)
    outboxes: dict[str, Lanes] = {}

    def out(queue: str) -> Lanes:
        return outboxes.setdefault(queue, Lanes(redis, queue, "desk"))

    await out("outbox:sms").open()
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    counter = Counter.made(pool, Seal(SECRET), TEAMS, redis, out)
    yield Stage(
        pool, redis, record, counter.cases, counter, Accounts(pool, Seal(SECRET), quick), History(pool), outboxes
    )
    await record.close()
    await pool.dispose()
