"""The record: what must be remembered, in PostgreSQL through SQLAlchemy; texts in it are redacted and expire."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    delete,
    exists,
    func,
    make_url,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from channels.conversation import Conversation

CONNECTIONS = 8
CONNECT_SECONDS = 5
COMMAND_SECONDS = 30  # a database that is reachable but silent counts as away, too
EXPIRE_AT_ONCE = 10_000  # lines, so that no statement takes long
LONGEST_CODE = 64

metadata = MetaData()

conversations = Table(
    "conversations",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("language", String(2), nullable=False),
    Column("chosen", Boolean, nullable=False),
    Column("place", String(LONGEST_CODE)),
    Column("answered_by", String(32), nullable=False),
    Column("began", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

transcript = Table(
    "transcript",
    metadata,
    Column("id", Text, primary_key=True),  # "<conversation>:<id of the message or reply>"
    Column("conversation", ForeignKey("conversations.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("sender", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("reply", JSONB),
    Column("expires", DateTime(timezone=True), nullable=False, index=True),
)

feedback = Table(
    "feedback",
    metadata,
    Column("conversation", String(32), primary_key=True),
    Column("reply", Text, primary_key=True),
    Column("helpful", Boolean, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

wishes = Table(
    "wishes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation", String(32), nullable=False),
    Column("because", String(LONGEST_CODE), nullable=False),
    Column("language", String(2), nullable=False),
    Column("place", String(LONGEST_CODE)),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("wishes_at", "at"),
)


class Record:
    """Reads and writes the tables.

    Every method may raise `sqlalchemy.exc.SQLAlchemyError` or `OSError` while the database is away.
    """

    def __init__(self, database_url: str, keep_days: int) -> None:
        self._engine = engine(database_url)
        # one statement needs no transaction of its own: a third of the round trips
        self._at_once = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._keep = timedelta(days=keep_days)

    async def close(self) -> None:
        await self._engine.dispose()

    async def find(self, key: str) -> Conversation | None:
        async with self._at_once.connect() as connection:
            row = (await connection.execute(_FIND, {"key": key})).one_or_none()
        return Conversation(*row) if row else None

    async def keep(self, conversation: Conversation) -> None:
        """Write the conversation as it stands now."""
        values = {
            name: getattr(conversation, name) for name in ("channel", "language", "chosen", "place", "answered_by")
        }
        statement = insert(conversations).values(key=conversation.key, **values)
        async with self._at_once.connect() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))

    async def write(
        self, entries: list[dict[str, Any]], wanted: list[dict[str, Any]], ratings: list[dict[str, Any]]
    ) -> None:
        """Append lines of transcripts and wishes for a person, and keep whether replies helped: the last word counts.

        What is there already stays as it is.
        """
        now = datetime.now(UTC)
        lines = [entry | {"at": datetime.fromisoformat(entry["at"]), "expires": now + self._keep} for entry in entries]
        async with self._engine.begin() as connection:
            if lines:
                await connection.execute(insert(transcript).on_conflict_do_nothing(), lines)
            if wanted:
                rows = [wish | {"at": datetime.fromisoformat(wish["at"])} for wish in wanted]
                await connection.execute(insert(wishes).on_conflict_do_nothing(), rows)
            if ratings:
                rating = insert(feedback)
                last = {"helpful": rating.excluded.helpful, "at": func.now()}
                await connection.execute(
                    rating.on_conflict_do_update(index_elements=["conversation", "reply"], set_=last), ratings
                )

    async def expire(self) -> int:
        """Delete the lines of transcripts whose time has come, and conversations of which nothing is left.

        Returns how many lines there were.
        """
        some = select(transcript.c.id).where(transcript.c.expires < func.now()).limit(EXPIRE_AT_ONCE)
        begun_long_ago = conversations.c.began < func.now() - self._keep
        lines_left = exists().where(transcript.c.conversation == conversations.c.key)
        lines = 0
        async with self._at_once.connect() as connection:
            while deleted := (await connection.execute(delete(transcript).where(transcript.c.id.in_(some)))).rowcount:
                lines += deleted
            await connection.execute(delete(conversations).where(begun_long_ago, ~lines_left))
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


_COLUMNS = (conversations.c[name] for name in ("key", "channel", "language", "chosen", "place", "answered_by"))
_FIND = select(*_COLUMNS).where(conversations.c.key == bindparam("key"))
