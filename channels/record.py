"""The record: what must be remembered, in PostgreSQL through SQLAlchemy; texts in it are redacted and expire."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, delete, exists, func, make_url, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from channels.channel import STATES
from channels.conversation import Conversation
from channels.provenance import Quoted, Recorded
from channels.tables import (
    answers,
    case_lines,
    cases,
    consents,
    conversations,
    deliveries,
    feedback,
    metadata,
    transcript,
    wishes,
)

CONNECTIONS = 8
CONNECT_SECONDS = 5
NOT_NOW = ("08", "53", "57P")  # SQLSTATE: connection exception, insufficient resources, shutting down or starting
COMMAND_SECONDS = 30  # a database that is reachable but silent counts as away, too
EXPIRE_AT_ONCE = 10_000  # lines, so that no statement takes long
KINDS = (
    "entries",
    "answers",
    "wanted",
    "ratings",
    "consents",
    "statuses",
)  # of rows that the queue of the record brings


class Record:
    """Reads and writes the tables.

    Every method may raise `sqlalchemy.exc.SQLAlchemyError` or `OSError` while the database is away.
    """

    def __init__(self, database_url: str, keep_days: int) -> None:
        self._engine = engine(database_url)
        # one statement needs no transaction of its own: a third of the round trips
        self._at_once = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._keep = timedelta(days=keep_days)

    @property
    def engine(self) -> AsyncEngine:
        return self._engine

    async def close(self) -> None:
        await self._engine.dispose()

    async def find(self, key: str) -> Conversation | None:
        async with self._at_once.connect() as connection:
            row = (await connection.execute(_FIND, {"key": key})).one_or_none()
        return Conversation(*row) if row else None

    async def keep(self, conversation: Conversation, before: Conversation | None = None) -> None:
        """Write the conversation as it stands now. Who answers and whether it has stopped stay as they are written if they
        are as they were `before`: an agent may have claimed it meanwhile, or a provider have said that it stopped.
        """
        values = {name: getattr(conversation, name) for name in _KEPT}
        statement = insert(conversations).values(key=conversation.key, **values)
        for name in ("stopped", "answered_by"):
            if before and getattr(before, name) == getattr(conversation, name):
                del values[name]
        async with self._at_once.connect() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))

    async def write(self, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Append what queues have brought, by the names of KINDS: lines of transcripts, how answers came about, wishes for a
        person, words of consent; and keep whether replies helped, the last word counting, and what became of them, the
        furthest.

        What is there already stays as it is.
        """
        now = datetime.now(UTC)
        lines = [_at(row) | {"expires": now + self._keep} for row in rows.get("entries", ())]
        made = ((table, map(_at, rows.get(kind, ()))) for table, kind in ((answers, "answers"), (wishes, "wanted")))
        appended = ((transcript, lines), *made)
        async with self._engine.begin() as connection:
            for table, values in appended:
                if some := list(values):
                    await connection.execute(insert(table).on_conflict_do_nothing(), some)
            if ratings := list(rows.get("ratings", ())):
                rating = insert(feedback)
                last = {"helpful": rating.excluded.helpful, "at": func.now()}
                await connection.execute(
                    rating.on_conflict_do_update(index_elements=["conversation", "reply"], set_=last), ratings
                )
            if states := _furthest(rows.get("statuses", ())):
                await connection.execute(_FURTHER, states)
            if words := list(map(_at, rows.get("consents", ()))):
                new = insert(consents).values(words).on_conflict_do_nothing()
                written = (await connection.execute(new.returning(consents.c.conversation, consents.c.by))).all()
                if refused := [row.conversation for row in written if row.by != "citizen"]:
                    stop = update(conversations).where(conversations.c.key.in_(refused)).values(stopped=True)
                    await connection.execute(stop)

    async def answers(
        self,
        *,
        name: str = "",
        conversation: str = "",
        of: tuple[str, str] | None = None,
        since: datetime | None = None,
        most: int | None = None,
    ) -> list[Recorded]:
        """Answers on record, the newest first: those whose name begins so, of a conversation, that quoted a document or a
        page (`of`: its id, its address as `knowledge.page_address` has it), since a time; all of them for what is not
        said."""
        columns = (answers.c.id, conversations.c.key, conversations.c.channel, answers.c.at, answers.c.question)
        wanted = select(*columns, transcript.c.reply, answers.c.basis).order_by(answers.c.at.desc(), answers.c.id)
        wanted = wanted.join(transcript, transcript.c.id == answers.c.entry)
        wanted = wanted.join(conversations, conversations.c.key == transcript.c.conversation).limit(most)
        if name:
            wanted = wanted.where(answers.c.id.startswith(name, autoescape=True))
        if conversation:
            wanted = wanted.where(transcript.c.conversation == conversation)
        if of is not None:
            wanted = wanted.where((answers.c.document == of[0]) | (answers.c.page == of[1]))
        if since is not None:
            wanted = wanted.where(answers.c.at >= since)
        async with self._at_once.connect() as connection:
            return [Recorded(*row) for row in (await connection.execute(wanted)).all()]

    async def quoted(self, page: str, since: datetime | None = None) -> list[Quoted]:
        """What people quoted of a page (its address as `knowledge.page_address` has it) at the desk, the newest first."""
        columns = (cases.c.id, cases.c.conversation, cases.c.channel, case_lines.c.at, case_lines.c.about)
        wanted = select(*columns).join(case_lines, case_lines.c.case == cases.c.id)
        wanted = wanted.where(case_lines.c.about.contains({"quoted": [{"page": page}]})).order_by(
            case_lines.c.at.desc()
        )
        if since is not None:
            wanted = wanted.where(case_lines.c.at >= since)
        async with self._at_once.connect() as connection:
            rows = (await connection.execute(wanted)).all()
        return [
            Quoted(*row[:4], each["url"], each["text"])
            for row in rows
            for each in row.about["quoted"]
            if each["page"] == page
        ]

    async def expire(self) -> int:
        """Delete the lines of transcripts, the states of replies and what was said in closed cases whose time has come, and
        conversations of which nothing is left; of those who said stop, that they did is kept. Of a case stays what
        statistics count, and nothing that leads to anybody.

        Returns how many lines there were.
        """
        some = select(transcript.c.id).where(transcript.c.expires < func.now()).limit(EXPIRE_AT_ONCE)
        begun_long_ago = conversations.c.began < func.now() - self._keep
        lines_left = exists().where(transcript.c.conversation == conversations.c.key)
        lines = 0
        async with self._at_once.connect() as connection:
            while deleted := (await connection.execute(delete(transcript).where(transcript.c.id.in_(some)))).rowcount:
                lines += deleted
            stopped = conversations.c.stopped
            with_desk = exists().where(cases.c.conversation == conversations.c.key, cases.c.state != "closed")
            await connection.execute(delete(conversations).where(begun_long_ago, ~lines_left, ~stopped, ~with_desk))
            await connection.execute(delete(deliveries).where(deliveries.c.at < func.now() - self._keep))
            ended = (cases.c.closed < func.now() - self._keep, cases.c.conversation != "")
            said = select(cases.c.id).where(*ended)
            await connection.execute(delete(case_lines).where(case_lines.c.case.in_(said)))
            nobody = {"conversation": "", "address": "", "topic": None, "callback": None}
            await connection.execute(update(cases).where(*ended).values(**nobody))
        return lines

    async def count(self) -> dict[str, int]:
        """Rows of each table."""
        async with self._engine.connect() as connection:
            return {
                table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
                for table in metadata.sorted_tables
            }


def engine(database_url: str) -> AsyncEngine:
    """The pool of connections. What is written never stands in an error's message, and so in no log."""
    return create_async_engine(
        async_url(database_url),
        pool_size=CONNECTIONS,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"timeout": CONNECT_SECONDS, "command_timeout": COMMAND_SECONDS},
    )


def async_url(database_url: str) -> str:
    """The address with SQLAlchemy's asynchronous driver, from any usual form of a PostgreSQL address."""
    url = make_url(database_url).set(drivername="postgresql+asyncpg")
    if "sslmode" in url.query:  # libpq's name of it; asyncpg calls it ssl
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": url.query["sslmode"]})
    return url.render_as_string(hide_password=False)


def _at(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "at": datetime.fromisoformat(row["at"])}


def _furthest(statuses: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of each reply the state that comes last: one statement cannot change a row twice."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for status in statuses:
        row = {**status, "rank": STATES[status["state"]]}
        before = found.get(key := (row["conversation"], row["reply"]), row)
        last, other = (row, before) if row["rank"] > before["rank"] else (before, row)
        found[key] = last | {"provider_id": last["provider_id"] or other["provider_id"]}
    return list(found.values())


_KEPT = ("channel", "language", "chosen", "place", "answered_by", "stopped", "thread", "continues")
_STATUS = insert(deliveries)
_IS_FURTHER = _STATUS.excluded.rank > deliveries.c.rank
_FURTHER = _STATUS.on_conflict_do_update(
    index_elements=["conversation", "reply"],
    set_={
        name: case((_IS_FURTHER, new), else_=deliveries.c[name])
        for name, new in {
            "state": _STATUS.excluded.state,
            "rank": _STATUS.excluded.rank,
            "code": _STATUS.excluded.code,
            "at": func.now(),
        }.items()
    }
    | {
        "provider_id": case(
            (_IS_FURTHER & (_STATUS.excluded.provider_id != ""), _STATUS.excluded.provider_id),
            (deliveries.c.provider_id == "", _STATUS.excluded.provider_id),
            else_=deliveries.c.provider_id,
        )
    },
)
"""A state never goes back. What the provider calls the message may be told with any of them."""
_FIND = select(*(conversations.c[name] for name in ("key", *_KEPT))).where(conversations.c.key == bindparam("key"))


def database_away(error: Exception) -> bool:
    """Whether the database could not be reached, or has no room: the same may succeed later."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or state.startswith(NOT_NOW)
    return isinstance(error, NoConnection | OSError)
