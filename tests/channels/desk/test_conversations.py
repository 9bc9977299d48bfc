"""Whatever citizens, agents, workers and the desk itself do, in any order: one owner, no lost word, and a silent bot."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from unittest.mock import AsyncMock

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from redis.asyncio import Redis
from sqlalchemy import select

from channels.channel import Incoming, Receipt, Reply
from channels.continuation import Codes, Origin
from channels.conversation import Addresses, Conversation
from channels.copies import Copies
from channels.desk.case import Case, NoCase, Taken
from channels.desk.counter import Counter
from channels.desk.desk import Desk
from channels.desk.history import History
from channels.desk.line import Line
from channels.desk.mending import mend
from channels.desk.people.accounts import Accounts, Agent
from channels.desk.seal import Seal
from channels.desk.switching import Switching
from channels.lanes import Lanes
from channels.marks import claim_key
from channels.menus import Menus
from channels.outbox import RECORD_QUEUE, Outbox
from channels.pace import Pace
from channels.quiet import hours
from channels.reception import Reception
from channels.record import Record, engine
from channels.responder import Turn
from channels.switchboard import Switchboard
from channels.switches import Switches
from channels.tables import cases, transcript
from channels.texts import texts
from channels.throttle import Throttle
from channels.traffic import Traffic
from machine.servers import EmbeddedRedis
from tests.channels.desk.conftest import PASSWORD, SECRET, TEAMS

PERSON = "a person please"
NUMBER = "+16135550100"
RATINGS = ("rate_yes", "rate_partly", "rate_no")


@dataclass
class Bot:
    """It answers everything, and hands over whoever asks for a person; `meanwhile` happens while it thinks."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def begin(self, conversation: Conversation, because: str, said: Incoming, topic: str = "") -> Turn:
        return Turn()

    async def follow(self, origin: str, conversation: Conversation, address: str) -> None: ...

    async def answer(self, conversation: Conversation, said: Incoming) -> Turn:
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            await happens()
        if said.text == PERSON:
            return Turn(hand_to="desk", because="asked_for_person")
        return Turn((Reply(f"answer to {said.text}", language=conversation.language),))


@dataclass
class Shown:
    """A channel that shows what it is given, and calls `sees` first."""

    name: str
    sees: Callable[[str, Reply], Awaitable[None]]
    repeatable: bool = False
    per_second: float | None = None

    async def send(self, address: str, reply: Reply) -> Receipt:
        await self.sees(address, reply)
        return Receipt(secrets.token_hex(8))

    async def sent(self, address: str, reply: Reply, since: datetime) -> Receipt | None:
        return None


class World:
    """One citizen, who begins in the web chat, three agents, the desk, a worker, and the real Redis and PostgreSQL."""

    def __init__(self, redis: Redis, database_url: str) -> None:
        self.redis, pool = redis, engine(database_url)
        self.record, self.pool = Record(database_url, keep_days=30), pool
        self.out = {f"outbox:{name}": Lanes(redis, f"outbox:{name}", "model") for name in ("web", "sms")}
        self.counter = Counter.made(pool, Seal(SECRET), TEAMS, redis, self.out.__getitem__)
        self.accounts = Accounts(pool, Seal(SECRET), PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.switches = Switches(redis, lambda: datetime.now(UTC))
        self.codes, self.bot = Codes(redis, SECRET), Bot()
        desk = Desk(self.counter, self.switches, frozenset({"web"}))
        line = Line(desk, History(pool), Copies(redis, "https://www.example.ca"), self.codes, NUMBER)
        self.addresses, pace, stands = Addresses(SECRET), Pace(redis, 100_000), AsyncMock(return_value=True)
        reception = Reception(Menus(redis), pace, self.codes, self.record.find, time.time, stands)
        responders: dict[str, Any] = {"bot": self.bot, "desk": desk, "line": line}
        self.board = Switchboard(responders, self.record, self.addresses, reception, self.switches)
        self.crew: list[Agent] = []

    async def begin(self) -> None:
        await self.redis.flushall()
        for lanes in self.out.values():
            await lanes.open()
        if not self.crew:
            email = f"{secrets.token_hex(6)}@town.example"
            self.crew = [
                await self.accounts.add(f"{n}.{email}", f"Agent{n}", "supervisor", ["en", "fr"], PASSWORD)
                for n in range(3)
            ]
        for agent in self.crew:
            await self.counter.presence.arrive(agent.id, "page")
        self.address, self.origin = f"web:{secrets.token_hex(12)}", ""
        self.number, self.at = count(1), datetime.now(UTC) - timedelta(days=1)
        self.said: list[tuple[str, str]] = []  # key and id of each message of the citizen
        self.to_people: list[str] = []  # those of which an agent had the case
        self.language = "en"
        self.said_by_bot_while_claimed: list[str] = []

    @property
    def key(self) -> str:
        return self.addresses.key(self.address)

    async def case(self) -> Case | None:
        return await self.counter.queue.latest(self.key)

    async def says(self, text: str, *, twice: bool = False, language: str | None = None) -> None:
        """A message, and its turn; `twice` is whether a worker dies after it, and another one makes it again."""
        number = next(self.number)
        said = Incoming(f"m{number}", self.address, text, language=language, at=self.at + number * timedelta(minutes=1))
        case = await self.case()
        if case and (case.state == "claimed" or (case.state == "waiting" and self.leaves(case, text))):
            self.to_people.append(said.id)
        self.said.append((self.key, said.id))
        self.language = language or self.language
        if twice:
            await self.board.turn(said)
        for follow in await self.board.turn(said):
            if follow.queue == RECORD_QUEUE:
                await self.record.write(follow.item)
            else:
                await self.out[follow.queue].put(follow.lane, follow.item)

    def leaves(self, case: Case, text: str) -> bool:
        """Whether what is said is the message that the citizen was asked for."""
        own = [texts(language) for language in ("en", "fr")]
        offers = {each[name] for each in own for name in each if name.startswith("offer_")}
        return case.asks == "message" and text not in offers

    async def deliver(self) -> None:
        async def sees(address: str, reply: Reply) -> None:
            case = await self.counter.queue.latest(self.addresses.key(address))
            if reply.sender == "bot" and case and case.state == "claimed":
                self.said_by_bot_while_claimed.append(reply.text)

        for queue, lanes in self.out.items():
            channel: Any = Shown(queue.partition(":")[2], sees)
            about: Any = (
                Throttle(self.redis),
                hours("21:00-08:00", "UTC"),
                Traffic(self.redis),
                lambda: datetime.now(UTC),
            )
            outgoing = Outbox(lanes, channel, *about)
            while tasks := await lanes.take(20, 5):
                for task in tasks:
                    await outgoing.deliver(task)

    async def agent(self, did: str, who: int, other: int) -> None:
        """What an agent wants to do; what they may not do changes nothing."""
        case, me, to = await self.case(), self.crew[who], self.crew[other]
        if case is None:
            return
        id, epoch, counter = case.id, case.epoch, self.counter
        todo: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
            "claim": lambda: counter.claim(id, me.id),
            "say": lambda: counter.say(id, me.id, epoch, f"r{next(self.number)}", "hello", ()),
            "give": lambda: counter.transfer(id, me.id, epoch, team=None, to=to.id, note="take it"),
            "send on": lambda: counter.transfer(id, me.id, epoch, team="taxes", to=None, note="for you"),
            "release": lambda: counter.release(id, me.id, epoch),
            "close": lambda: counter.close(id, me.id, epoch, "answered"),
            "take over": lambda: counter.take_over(id, me.id, "because"),
            "reassign": lambda: counter.reassign(id, me.id, team=None, to=to.id),
            "send away": lambda: counter.reassign(id, me.id, team="housing", to=None),
        }
        try:
            await todo[did]()
        except (Taken, NoCase):
            assert await self.case() == case, "what is refused changes nothing"

    async def check(self) -> None:
        case, kept = await self.case(), await self.record.find(self.key)
        mark = await self.redis.get(claim_key(self.key))
        state = case.state if case else "none"
        if case:
            assert (case.agent is not None) >= (state == "claimed") and (case.agent is None) >= (state == "waiting")
        assert mark == (str(case.id) if case and state == "claimed" else None), "the mark is there while it is claimed"
        if kept:
            by = {"claimed": ("desk",), "waiting": ("line",), "closed": ("line", "bot"), "none": ("bot",)}[state]
            assert kept.answered_by in by
            assert kept.language == self.language, "as they chose, whoever answers"
        assert self.said_by_bot_while_claimed == []
        keys = {self.key, self.origin} - {""}
        async with self.pool.connect() as connection:
            rows = await connection.execute(
                select(transcript.c.id)
                .where(transcript.c.conversation.in_(keys), transcript.c.sender == "citizen")
                .order_by(transcript.c.at)
            )
            written = list(rows.scalars())
            ids = (await connection.execute(select(cases.c.id).where(cases.c.conversation.in_(keys)))).scalars()
            mine = sorted(ids)
        assert written == [f"{key}:{id}" for key, id in self.said], "each once, and in order"
        lines = [line for each in mine for line in await self.counter.cases.lines(each) if line.kind == "citizen"]
        assert [line.message for line in lines] == self.to_people, "each once, and in order"

    async def goes_on_by_telephone(self) -> None:
        """With the code that the web page shows."""
        code = await self.codes.make(Origin(self.address, self.key))
        self.origin, self.address = self.key, f"sms:+1613{secrets.randbelow(10**7):07}"
        known = await self.record.find(self.origin)
        await self.says(code)
        if known is None:  # there was nothing to go on with
            self.language = "en"


def machine(run: Callable[[Coroutine[Any, Any, Any]], Any], world: World) -> type[RuleBasedStateMachine]:
    class Conversations(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            run(world.begin())

        @rule(twice=st.booleans())
        def asks(self, twice: bool) -> None:
            run(world.says("what does a licence cost?", twice=twice))

        @rule(twice=st.booleans())
        def asks_for_a_person(self, twice: bool) -> None:
            run(world.says(PERSON, twice=twice))

        @rule(language=st.sampled_from(["en", "fr"]))
        def chooses_a_language(self, language: str) -> None:
            run(world.says("and what now?", language=language))

        @rule(who=st.integers(0, 2))
        def asks_while_an_agent_claims(self, who: int) -> None:
            world.bot.meanwhile = lambda: world.agent("claim", who, who)
            run(world.says("what does it cost?"))
            world.bot.meanwhile = None

        @rule(offer=st.sampled_from(["offer_stop", "offer_message", "offer_callback", *RATINGS]))
        def answers_an_offer(self, offer: str) -> None:
            run(world.says(texts(world.language)[offer]))

        @precondition(lambda self: not world.origin and world.said)
        @rule()
        def goes_on_by_telephone(self) -> None:
            run(world.goes_on_by_telephone())

        @rule(
            did=st.sampled_from(
                [
                    "claim",
                    "claim",
                    "say",
                    "give",
                    "send on",
                    "release",
                    "close",
                    "close",
                    "take over",
                    "reassign",
                    "send away",
                ]
            ),
            who=st.integers(0, 2),
            other=st.integers(0, 2),
        )
        def an_agent_acts(self, did: str, who: int, other: int) -> None:
            run(world.agent(did, who, other))

        @rule()
        def the_worker_sends(self) -> None:
            run(world.deliver())

        @rule()
        def the_desk_mends_itself(self) -> None:
            run(mend(world.counter, world.accounts.everybody, Switching(world.pool, world.switches).bring))

        @rule()
        def a_case_overflows(self) -> None:
            case = run(world.case())
            if case and case.state == "waiting":
                moved = run(world.counter.cases.overflow(case.id, case.epoch, "general"))
                run(world.counter.moved(moved))

        @invariant()
        def it_is_as_it_should(self) -> None:
            run(world.check())

        def teardown(self) -> None:
            run(world.deliver())
            run(world.check())

    return Conversations


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as made:
        yield made


def test_whatever_happens_in_a_conversation(
    runner: asyncio.Runner, redis_server: EmbeddedRedis, database_url: str
) -> None:
    async def made() -> World:
        return World(Redis.from_url(redis_server.url, decode_responses=True), database_url)

    world = runner.run(made())
    quick = settings(
        max_examples=20,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(machine(runner.run, world), settings=quick)
    finally:
        runner.run(world.redis.aclose())
        runner.run(world.pool.dispose())
        runner.run(world.record.close())
