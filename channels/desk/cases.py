"""Cases in PostgreSQL: every change is one transaction, and who has a case is decided by comparing and setting it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, case, exists, func, not_, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from channels.conversation import Conversation
from channels.desk.attached import Sent, sealed
from channels.desk.case import Asks, Case, Line, Outcome, Wants
from channels.desk.rows import add_line, held, one, open_of, refusal
from channels.desk.seal import Seal
from channels.desk.teams import Teams
from channels.tables import agents, audit, case_lines, cases, conversations

REOPENS = timedelta(hours=72)  # for so long after its end a case goes on rather than another beginning


class Cases:
    """Methods that an agent uses take the agent's id. Those that only the holder may use take the epoch, too, and raise
    Taken if the case has changed hands since. All raise `sqlalchemy.exc.SQLAlchemyError` or `OSError` while the
    database is away."""

    def __init__(self, engine: AsyncEngine, seal: Seal, teams: Teams) -> None:
        self._engine, self._seal, self.teams = engine, seal, teams

    # What the citizen does

    async def open(
        self, conversation: Conversation, address: str, *, team: str, because: str, urgent: bool, topic: str = ""
    ) -> int:
        """The id of the open case of a conversation; of the one that ended lately, which waits again; or of a new one."""
        now, sealed, answers = datetime.now(UTC), self._seal.close(address), self.teams[team]
        async with self._engine.begin() as connection:
            found = select(cases.c.id).where(open_of(conversation.key)).with_for_update()
            if (id := (await connection.execute(found)).scalar_one_or_none()) is not None:
                if urgent:
                    await connection.execute(update(cases).where(cases.c.id == id).values(urgent=True))
                return int(id)
            await self._answered_by(connection, conversation.key, "line")
            again = {"because": because, "urgent": urgent, "address": sealed, "reply_due": answers.due("next", now)}
            if (reopened := await self._reopen(connection, conversation.key, again)) is not None:
                return reopened
            about = {name: getattr(conversation, name) for name in ("channel", "language", "place")}
            due = {"first_due": answers.due("first", now), "resolve_due": answers.due("resolve", now)}
            new = insert(cases).values(
                conversation=conversation.key,
                address=sealed,
                team=answers.name,
                because=because,
                urgent=urgent,
                topic=topic or None,
                state="waiting",
                reply_due=due["first_due"],
                **about,
                **due,
            )
            once = new.on_conflict_do_nothing(index_elements=["conversation"], index_where=sql("state <> 'closed'"))
            id = (await connection.execute(once.returning(cases.c.id))).scalar_one_or_none()
            if id is None:
                id = (await connection.execute(select(cases.c.id).where(open_of(conversation.key)))).scalar_one()
            await add_line(connection, id, "opened", "opened", about={"because": because})
        return int(id)

    async def heard(
        self, conversation: str, message: str, text: str, at: datetime, *, urgent: bool = False, files: Sent = ()
    ) -> int | None:
        """Append what the citizen said to their case; the case, or None if nobody has one of theirs now."""
        wanted = select(cases.c.id, cases.c.team, cases.c.reply_due)
        wanted = wanted.where(cases.c.conversation == conversation, cases.c.state == "claimed").with_for_update()
        async with self._engine.begin() as connection:
            row = (await connection.execute(wanted)).one_or_none()
            if row is None:
                return None
            about = sealed(files, self._seal)
            await add_line(connection, row.id, message, "citizen", self._seal.close(text), at=at, about=about)
            due = row.reply_due or self.teams[row.team].due("next", datetime.now(UTC))
            now = {"reply_due": due} | ({"urgent": True} if urgent else {})
            await connection.execute(update(cases).where(cases.c.id == row.id).values(**now))
        return int(row.id)

    async def left(self, case: int, message: str, text: str) -> None:
        """Keep what a citizen leaves for whoever takes the case."""
        async with self._engine.begin() as connection:
            await add_line(connection, case, message, "citizen", text=self._seal.close(text))

    async def ask(
        self, case: int, asks: Asks | None, *, wants: Wants | None = None, callback: dict[str, str] | None = None
    ) -> None:
        """Remember what the citizen was asked, and what they have chosen so far."""
        now: dict[str, Any] = {"asks": asks}
        if wants is not None:
            now["wants"] = wants
        if callback is not None:
            now["callback"] = self._seal.close(json.dumps(callback))
        async with self._engine.begin() as connection:
            await connection.execute(update(cases).where(cases.c.id == case).values(**now))

    async def callback(self, case: int) -> dict[str, str]:
        """Whom to call, by "phone", and "when"; nothing where the citizen has not said."""
        async with self._engine.connect() as connection:
            sealed = (await connection.execute(select(cases.c.callback).where(cases.c.id == case))).scalar_one_or_none()
        found: dict[str, str] = json.loads(self._seal.read(sealed or "") or "{}")
        return found

    async def rate(self, case: int, rating: int) -> None:
        """How the citizen found it: 3 for solved, 2 for partly, 1 for not. The last word counts."""
        now = {"rating": rating, "rated": func.now(), "asks": None}
        async with self._engine.begin() as connection:
            await connection.execute(update(cases).where(cases.c.id == case).values(**now))

    async def give_up(self, conversation: str) -> int | None:
        """The citizen waits no more; the case that ends so, or None where an agent has it already."""
        now = {"state": "closed", "closed": func.now(), "outcome": "no_answer", "reply_due": None, "asks": None}
        waits = update(cases).where(cases.c.conversation == conversation, cases.c.state == "waiting")
        async with self._engine.begin() as connection:
            change = waits.values(epoch=cases.c.epoch + 1, address="", **now).returning(cases.c.id, cases.c.epoch)
            row = (await connection.execute(change)).one_or_none()
            if row is None:
                return None
            await add_line(connection, row.id, f"given_up:{row.epoch}", "given_up")
            await self._answered_by(connection, conversation, "bot")
        return int(row.id)

    async def follow(self, origin: str, conversation: Conversation, address: str) -> int | None:
        """The citizen goes on in another conversation, and their open case with them; None if there is none."""
        there = {"conversation": conversation.key, "channel": conversation.channel, "language": conversation.language}
        other = cases.alias()
        taken = exists().where(other.c.conversation == conversation.key, other.c.state != "closed")
        async with self._engine.begin() as connection:
            change = (
                update(cases).where(open_of(origin), not_(taken)).values(**there, address=self._seal.close(address))
            )
            row = (await connection.execute(change.returning(cases.c.id, cases.c.epoch))).one_or_none()
            if row is None:
                return None
            about = {"channel": conversation.channel}
            await add_line(connection, row.id, f"followed:{conversation.key}", "followed", about=about)
            await self._answered_by(connection, origin, "bot")
        return int(row.id)

    # What an agent does

    async def claim(self, case: int, agent: str, did: Literal["claimed", "assigned"] = "claimed") -> Case:
        """Take a case that waits: of all who try at once, one has it. Raises Taken and NoCase."""
        return await self._move(case, agent, did, cases.c.state == "waiting", _taken_by(agent))

    async def take_over(self, case: int, agent: str, because: str) -> Case:
        """Take a case from whoever has it. For supervisors, who say why."""
        return await self._move(case, agent, "taken_over", cases.c.state != "closed", _taken_by(agent), note=because)

    async def release(self, case: int, agent: str, epoch: int) -> Case:
        """Back to the queue, in the place that its waiting time gives it."""
        return await self._move(case, agent, "released", held(agent, epoch), {"state": "waiting", "agent": None})

    async def transfer(
        self, case: int, agent: str, epoch: int, *, team: str | None = None, to: str | None = None, note: str = ""
    ) -> Case:
        """To a team, where it waits, or to an agent, who then has it."""
        return await self._hand(case, agent, "transferred", held(agent, epoch), team, to, note)

    async def reassign(self, case: int, agent: str, *, team: str | None = None, to: str | None = None) -> Case:
        """The same with a case that somebody else has, or nobody. For supervisors."""
        return await self._hand(case, agent, "reassigned", cases.c.state != "closed", team, to, "")

    async def overflow(self, case: int, epoch: int, team: str) -> Case:
        """To another team, because it has waited too long."""
        waits = and_(cases.c.state == "waiting", cases.c.epoch == epoch)
        now = {"team": team, "overflowed": func.now()}
        return await self._move(case, None, "overflowed", waits, now, about={"team": team})

    async def close(
        self, case: int, agent: str, epoch: int, outcome: Outcome, tags: Sequence[str] = (), farewell: str = ""
    ) -> Case:
        """Done: the bot answers again, and where the citizen was to be reached is forgotten once all is sent. A `farewell`,
        a reply as JSON, is sent next, and does not count as an answer."""
        now: dict[str, Any] = {"state": "closed", "agent": agent, "closed": func.now(), "outcome": outcome}
        now |= {"tags": list(tags), "reply_due": None, "asks": None if outcome == "spam" else "rating"}
        about = {"outcome": outcome}
        return await self._move(case, agent, "closed", held(agent, epoch), now, about=about, farewell=farewell)

    async def say(self, id: int, agent: str, epoch: int, message: str, reply: str, about: Any = None) -> Case:
        """Keep what the holder says, a reply as JSON, to be sent next; the same `message` again changes nothing. `about` is
        what of it stays unsealed."""
        late = and_(cases.c.answered.is_not(None), cases.c.reply_due < func.now())
        said = (
            update(cases)
            .where(cases.c.id == id, held(agent, epoch))
            .values(
                answered=func.coalesce(cases.c.answered, func.now()),
                late_replies=cases.c.late_replies + case((late, 1), else_=0),
                reply_due=None,
            )
        )
        async with self._engine.begin() as connection:
            if (await connection.execute(said)).rowcount == 0:
                raise await refusal(connection, id)
            sealed = self._seal.close(reply)
            await add_line(connection, id, message, "agent", sealed, agent=agent, about=about, to_send=True)
            return await one(connection, id)

    async def note(
        self, case: int, agent: str, message: str, text: str, kind: Literal["note", "whisper"] = "note"
    ) -> None:
        """Keep a note, or a supervisor's word to whoever has the case: there is no way from here to the outbox."""
        async with self._engine.begin() as connection:
            await one(connection, case)
            await add_line(connection, case, message, kind, agent=agent, text=self._seal.close(text))

    async def saw(
        self, agent: str | None, did: str, case: int | None = None, about: dict[str, Any] | None = None
    ) -> None:
        """Write down who looked at or tried what."""
        async with self._engine.begin() as connection:
            await connection.execute(insert(audit).values(agent=agent, did=did, case=case, about=about))

    # What is there

    async def one(self, case: int) -> Case:
        """Raises NoCase."""
        async with self._engine.connect() as connection:
            return await one(connection, case)

    async def lines(self, case: int) -> list[Line]:
        """What was said and done in a case, in order."""
        columns = (case_lines.c[name] for name in ("id", "message", "kind", "at", "agent"))
        wanted = select(*columns, agents.c.name, case_lines.c.text, case_lines.c.about)
        wanted = wanted.outerjoin(agents, agents.c.id == case_lines.c.agent).where(case_lines.c.case == case)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(wanted.order_by(case_lines.c.id))).all()
        return [Line(*row[:6], self._seal.read(row.text), row.about) for row in rows]

    async def _reopen(self, connection: AsyncConnection, conversation: str, now: dict[str, Any]) -> int | None:
        lately = and_(cases.c.conversation == conversation, cases.c.closed > func.now() - REOPENS)
        last = select(cases.c.id).where(lately, cases.c.outcome != "spam").order_by(cases.c.id.desc()).limit(1)
        wait = {"state": "waiting", "agent": None, "waiting_since": func.now(), "closed": None, "outcome": None}
        count = {"epoch": cases.c.epoch + 1, "reopened": cases.c.reopened + 1, "asks": None, "rating": None}
        change = update(cases).where(cases.c.id == last.scalar_subquery()).values(**wait, **count, **now)
        row = (await connection.execute(change.returning(cases.c.id, cases.c.epoch))).one_or_none()
        if row is None:
            return None
        await add_line(connection, row.id, f"reopened:{row.epoch}", "reopened", about={"because": now["because"]})
        return int(row.id)

    async def _hand(
        self,
        case: int,
        agent: str,
        did: str,
        where: ColumnElement[bool],
        team: str | None,
        to: str | None,
        note: str,
    ) -> Case:
        now: dict[str, Any] = _taken_by(to) if to else {"state": "waiting", "agent": None}
        if team:
            now["team"] = team
        return await self._move(case, agent, did, where, now, note=note, about={"team": team, "to": to})

    async def _move(
        self,
        case: int,
        agent: str | None,
        did: str,
        where: ColumnElement[bool],
        values: dict[str, Any],
        *,
        note: str = "",
        about: dict[str, Any] | None = None,
        farewell: str = "",
    ) -> Case:
        change = update(cases).where(cases.c.id == case, where).values(epoch=cases.c.epoch + 1, **values)
        async with self._engine.begin() as connection:
            epoch = (await connection.execute(change.returning(cases.c.epoch))).scalar_one_or_none()
            if epoch is None:
                raise await refusal(connection, case)
            if farewell:
                sealed = self._seal.close(farewell)
                await add_line(connection, case, f"farewell:{epoch}", "agent", sealed, agent=agent, to_send=True)
            text = self._seal.close(note) if note else ""
            await add_line(connection, case, f"{did}:{epoch}", did, agent=agent, text=text, about=about)
            await connection.execute(insert(audit).values(agent=agent, did=did, case=case, about=about))
            moved = await one(connection, case)
            answered_by = "desk" if moved.state == "claimed" else "line"
            await self._answered_by(connection, moved.conversation, answered_by)
            return moved

    async def _answered_by(self, connection: AsyncConnection, conversation: str, who: str) -> None:
        await connection.execute(
            update(conversations).where(conversations.c.key == conversation).values(answered_by=who)
        )


def _taken_by(agent: str) -> dict[str, Any]:
    return {"state": "claimed", "agent": agent, "claimed": func.coalesce(cases.c.claimed, func.now())}
