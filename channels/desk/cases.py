"""Cases in PostgreSQL: every change is one transaction, and who has a case is decided by comparing and setting it."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, literal, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from channels.conversation import Conversation
from channels.desk.case import Case, Line, NoCase, Outcome, Taken, Unsent
from channels.desk.seal import Seal
from channels.tables import agents, audit, case_lines, cases, conversations

Post = Callable[[Unsent], Awaitable[None]]


class Cases:
    """Methods that an agent uses take the agent's id. Those that only the holder may use take the epoch, too, and raise
    Taken if the case has changed hands since. All raise `sqlalchemy.exc.SQLAlchemyError` or `OSError` while the
    database is away."""

    def __init__(self, engine: AsyncEngine, seal: Seal) -> None:
        self._engine, self._seal = engine, seal

    # What the citizen does

    async def open(self, conversation: Conversation, address: str, *, team: str, because: str, urgent: bool) -> int:
        """The id of the open case of a conversation; a new one that waits, if there was none."""
        about = {name: getattr(conversation, name) for name in ("channel", "language", "place")}
        new = insert(cases).values(
            conversation=conversation.key,
            address=self._seal.close(address),
            team=team,
            because=because,
            urgent=urgent,
            state="waiting",
            **about,
        )
        once = new.on_conflict_do_nothing(index_elements=["conversation"], index_where=sql("state <> 'closed'"))
        async with self._engine.begin() as connection:
            id = (await connection.execute(once.returning(cases.c.id))).scalar_one_or_none()
            if id is None:
                id = (await connection.execute(select(cases.c.id).where(_open_of(conversation.key)))).scalar_one()
            await self._line(connection, id, "opened", "opened")
        return int(id)

    async def heard(self, conversation: str, message: str, text: str, at: datetime) -> int | None:
        """Append what the citizen said to their case; the case, or None if nobody has one of theirs now."""
        wanted = select(cases.c.id).where(cases.c.conversation == conversation, cases.c.state == "claimed")
        async with self._engine.begin() as connection:
            id = (await connection.execute(wanted)).scalar_one_or_none()
            if id is not None:
                await self._line(connection, id, message, "citizen", text=self._seal.close(text), at=at)
        return id

    # What an agent does

    async def claim(self, case: int, agent: str) -> Case:
        """Take a case that waits: of all who try at once, one has it. Raises Taken and NoCase."""
        return await self._move(
            case,
            agent,
            "claimed",
            cases.c.state == "waiting",
            {"state": "claimed", "agent": agent, "claimed": func.coalesce(cases.c.claimed, func.now())},
        )

    async def take_over(self, case: int, agent: str, because: str) -> Case:
        """Take a case from whoever has it. For supervisors, who say why."""
        now = {"state": "claimed", "agent": agent, "claimed": func.coalesce(cases.c.claimed, func.now())}
        is_open = cases.c.state != "closed"
        return await self._move(case, agent, "taken_over", is_open, now, note=because)

    async def release(self, case: int, agent: str, epoch: int) -> Case:
        """Back to the queue, in the place that its waiting time gives it."""
        return await self._move(case, agent, "released", _held(agent, epoch), {"state": "waiting", "agent": None})

    async def transfer(
        self, case: int, agent: str, epoch: int, *, team: str | None = None, to: str | None = None, note: str = ""
    ) -> Case:
        """To a team, where it waits, or to an agent, who then has it."""
        now: dict[str, Any] = {"state": "claimed", "agent": to} if to else {"state": "waiting", "agent": None}
        if team:
            now["team"] = team
        about = {"team": team, "to": to}
        return await self._move(case, agent, "transferred", _held(agent, epoch), now, note=note, about=about)

    async def close(self, case: int, agent: str, epoch: int, outcome: Outcome) -> Case:
        """Done: the bot answers again, and where the citizen was to be reached is forgotten once all is sent."""
        now = {"state": "closed", "agent": agent, "closed": func.now(), "outcome": outcome}
        return await self._move(case, agent, "closed", _held(agent, epoch), now, about={"outcome": outcome})

    async def say(self, case: int, agent: str, epoch: int, message: str, reply: str) -> Case:
        """Keep what the holder says, a reply as JSON, to be sent next; the same `message` again changes nothing."""
        answered = update(cases).where(cases.c.id == case, _held(agent, epoch))
        answered = answered.values(answered=func.coalesce(cases.c.answered, func.now()))
        async with self._engine.begin() as connection:
            if (await connection.execute(answered)).rowcount == 0:
                raise await self._refusal(connection, case)
            sealed = self._seal.close(reply)
            await self._line(connection, case, message, "agent", agent=agent, text=sealed, to_send=True)
            return await self._one(connection, case)

    async def note(self, case: int, agent: str, message: str, text: str) -> None:
        """Keep a note: it is for the desk, and there is no way from here to the outbox."""
        async with self._engine.begin() as connection:
            await self._one(connection, case)
            await self._line(connection, case, message, "note", agent=agent, text=self._seal.close(text))

    async def saw(
        self, agent: str | None, did: str, case: int | None = None, about: dict[str, Any] | None = None
    ) -> None:
        """Write down who looked at or tried what."""
        async with self._engine.begin() as connection:
            await connection.execute(insert(audit).values(agent=agent, did=did, case=case, about=about))

    # What is there

    async def staffed(self) -> bool:
        """Whether there is anybody who could answer, present or not."""
        async with self._engine.connect() as connection:
            return bool((await connection.execute(select(exists().where(agents.c.active)))).scalar_one())

    async def all_open(self) -> list[Case]:
        """All open cases: urgent ones first, then who has waited longest."""
        order = (cases.c.urgent.desc(), cases.c.waiting_since, cases.c.id)
        async with self._engine.connect() as connection:
            rows = await connection.execute(_CASE.where(cases.c.state != "closed").order_by(*order))
            return [_case(row) for row in rows]

    async def one(self, case: int) -> Case:
        """Raises NoCase."""
        async with self._engine.connect() as connection:
            return await self._one(connection, case)

    async def claimed_among(self, keys: Sequence[str]) -> set[str]:
        """Those of the conversations that an agent has."""
        wanted = select(cases.c.conversation).where(cases.c.conversation.in_(keys), cases.c.state == "claimed")
        async with self._engine.connect() as connection:
            return set((await connection.execute(wanted)).scalars())

    async def last_lines(self) -> dict[int, dict[str, Any]]:
        """What was last said in each open case, for a list of them."""
        said = case_lines.c.kind.in_(("citizen", "agent"))
        columns = (case_lines.c[name] for name in ("case", "kind", "at", "text"))
        wanted = select(*columns).distinct(case_lines.c.case).join(cases, cases.c.id == case_lines.c.case)
        wanted = wanted.where(said, cases.c.state != "closed").order_by(case_lines.c.case, case_lines.c.id.desc())
        async with self._engine.connect() as connection:
            rows = (await connection.execute(wanted)).all()
        return {
            row.case: {"kind": row.kind, "at": row.at.isoformat(), "text": _plain(row.kind, self._seal.read(row.text))}
            for row in rows
        }

    async def lines(self, case: int) -> list[Line]:
        """What was said and done in a case, in order."""
        columns = (case_lines.c[name] for name in ("id", "message", "kind", "at", "agent"))
        wanted = select(*columns, agents.c.name, case_lines.c.text, case_lines.c.about)
        wanted = wanted.outerjoin(agents, agents.c.id == case_lines.c.agent).where(case_lines.c.case == case)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(wanted.order_by(case_lines.c.id))).all()
        return [Line(*row[:6], self._seal.read(row.text), row.about) for row in rows]

    async def ahead(self, case: Case) -> int:
        """How many cases of the same team come before it."""
        before = or_(
            and_(cases.c.urgent == case.urgent, cases.c.waiting_since < case.waiting_since),
            and_(cases.c.urgent, literal(not case.urgent)),
        )
        waiting = select(func.count()).where(cases.c.state == "waiting", cases.c.team == case.team, before)
        async with self._engine.connect() as connection:
            return int((await connection.execute(waiting)).scalar_one())

    # What is to be sent

    async def unsent(self, most: int = 100) -> list[int]:
        """Cases in which something is to be sent."""
        async with self._engine.connect() as connection:
            wanted = select(case_lines.c.case).where(case_lines.c.to_send).distinct().limit(most)
            return list((await connection.execute(wanted)).scalars())

    async def give(self, case: int, post: Post) -> int:
        """Give what is to be sent in a case to `post`, in order, one process at a time; how many there were.

        If it fails, or the process is killed, they are given again: `post` knows them by their message.
        """
        mine = select(cases.c.conversation, cases.c.address).where(cases.c.id == case).with_for_update()
        wanted = select(case_lines.c.id, case_lines.c.message, case_lines.c.text).where(
            case_lines.c.case == case, case_lines.c.to_send
        )
        async with self._engine.begin() as connection:
            conversation, address = (await connection.execute(mine)).one()
            rows = (await connection.execute(wanted.order_by(case_lines.c.id))).all()
            for id, message, reply in rows:
                await post(Unsent(id, conversation, self._seal.open(address), message, self._seal.open(reply)))
            done = [row.id for row in rows]
            await connection.execute(update(case_lines).where(case_lines.c.id.in_(done)).values(to_send=False))
            over = update(cases).where(cases.c.id == case, cases.c.state == "closed")
            await connection.execute(over.values(address=""))
        return len(rows)

    async def _move(
        self,
        case: int,
        agent: str,
        did: str,
        where: ColumnElement[bool],
        values: dict[str, Any],
        *,
        note: str = "",
        about: dict[str, Any] | None = None,
    ) -> Case:
        change = update(cases).where(cases.c.id == case, where).values(epoch=cases.c.epoch + 1, **values)
        async with self._engine.begin() as connection:
            epoch = (await connection.execute(change.returning(cases.c.epoch))).scalar_one_or_none()
            if epoch is None:
                raise await self._refusal(connection, case)
            text = self._seal.close(note) if note else ""
            await self._line(connection, case, f"{did}:{epoch}", did, agent=agent, text=text, about=about)
            await connection.execute(insert(audit).values(agent=agent, did=did, case=case, about=about))
            moved = await self._one(connection, case)
            answered_by = "desk" if moved.state == "claimed" else "bot"
            of_it = update(conversations).where(conversations.c.key == moved.conversation)
            await connection.execute(of_it.values(answered_by=answered_by))
            return moved

    async def _one(self, connection: AsyncConnection, case: int) -> Case:
        row = (await connection.execute(_CASE.where(cases.c.id == case))).one_or_none()
        if row is None:
            raise NoCase
        return _case(row)

    async def _refusal(self, connection: AsyncConnection, case: int) -> Taken:
        found = await self._one(connection, case)
        return Taken(found.agent_name if found.state == "claimed" else None)

    async def _line(
        self, connection: AsyncConnection, case: int, message: str, kind: str, text: str = "", **about: Any
    ) -> None:
        line = insert(case_lines).values(case=case, message=message, kind=kind, text=text, **about)
        await connection.execute(line.on_conflict_do_nothing())


def _plain(kind: str, text: str) -> str:
    """What was said, in short; what an agent says is kept as a reply."""
    return str(json.loads(text or "{}").get("text", "") if kind == "agent" else text)[:200]


def _case(row: Row[*tuple[Any, ...]]) -> Case:
    return Case(**row._mapping)


def _open_of(conversation: str) -> ColumnElement[bool]:
    return and_(cases.c.conversation == conversation, cases.c.state != "closed")


def _held(agent: str, epoch: int) -> ColumnElement[bool]:
    return and_(cases.c.state == "claimed", cases.c.agent == agent, cases.c.epoch == epoch)


_BEFORE = ("id", "conversation", "channel", "language", "place", "team", "because", "urgent", "state", "agent")
_AFTER = ("epoch", "opened", "waiting_since", "answered")
_CASE = select(
    *(cases.c[name] for name in _BEFORE), agents.c.name.label("agent_name"), *(cases.c[name] for name in _AFTER)
).outerjoin(agents, agents.c.id == cases.c.agent)
