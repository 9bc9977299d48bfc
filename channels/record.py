"""The record: what must be remembered, in PostgreSQL through SQLAlchemy; texts in it are redacted and expire."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    bindparam,
    Column,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from channels.conversation import Conversation

metadata = MetaData()

conversations = Table(
    "conversations",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("language", String(2), nullable=False),
    Column("chosen", Boolean, nullable=False),
    Column("place", String(64)),
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
    Column("because", String(64), nullable=False),
    Column("language", String(2), nullable=False),
    Column("place", String(64)),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("wishes_at", "at"),
)


class Record:
    """Reads and writes the tables; every method may raise `sqlalchemy.exc.DBAPIError` or `OSError` while the database is away."""

    def __init__(self, database_url: str, keep_days: int) -> None:
        self._engine: AsyncEngine = create_async_engine(
            async_url(database_url), pool_size=4, max_overflow=4, pool_pre_ping=False
        )
        self._keep = timedelta(days=keep_days)

    async def close(self) -> None:
        await self._engine.dispose()

    async def find(self, key: str) -> Conversation | None:
        async with self._engine.connect() as connection:
            row = (await connection.execute(_FIND, {"key": key})).one_or_none()
        return Conversation(*row) if row else None

    async def keep(self, conversation: Conversation) -> None:
        """Write the conversation as it stands now."""
        values = {
            name: getattr(conversation, name) for name in ("channel", "language", "chosen", "place", "answered_by")
        }
        statement = insert(conversations).values(key=conversation.key, **values)
        async with self._engine.begin() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))

    async def write(
        self, entries: list[dict[str, Any]], wanted: list[dict[str, Any]], ratings: list[dict[str, Any]]
    ) -> None:
        """Append lines of transcripts and wishes for a person, and keep whether replies helped: the last word counts."""
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
                last = {"helpful": rating.excluded.helpful}
                await connection.execute(
                    rating.on_conflict_do_update(index_elements=["conversation", "reply"], set_=last), ratings
                )

    async def expire(self) -> int:
        """Delete the lines of transcripts whose time has come; how many there were."""
        async with self._engine.begin() as connection:
            return (await connection.execute(delete(transcript).where(transcript.c.expires < func.now()))).rowcount

    async def count(self) -> dict[str, int]:
        """Rows of each table."""
        async with self._engine.connect() as connection:
            return {
                table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
                for table in metadata.sorted_tables
            }


def async_url(database_url: str) -> str:
    """The address with SQLAlchemy's asynchronous driver, from any usual form of a PostgreSQL address."""
    _, _, rest = database_url.partition("://")
    return f"postgresql+asyncpg://{rest}"


_COLUMNS = (conversations.c[name] for name in ("key", "channel", "language", "chosen", "place", "answered_by"))
_FIND = select(*_COLUMNS).where(conversations.c.key == bindparam("key"))
