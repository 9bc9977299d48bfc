"""What was said before a case was opened, as it was recorded, and what became of what was sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from channels.tables import deliveries, transcript

MOST_LINES = 60


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line of a transcript, redacted; `quotes` are those of a reply."""

    id: str
    sender: str
    at: datetime
    text: str
    quotes: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Delivery:
    state: str
    code: str


class History:
    """Reads what the record has written."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def before(self, conversation: str) -> list[Spoken]:
        """The last lines of a conversation, the oldest first."""
        columns = (transcript.c[name] for name in ("id", "sender", "at", "text", "reply"))
        wanted = select(*columns).where(transcript.c.conversation == conversation)
        wanted = wanted.order_by(transcript.c.at.desc(), transcript.c.id.desc()).limit(MOST_LINES)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(wanted)).all()
        return [
            Spoken(row.id.partition(":")[2], row.sender, row.at, row.text, (row.reply or {}).get("quotes", []))
            for row in reversed(rows)
        ]

    async def deliveries(self, conversation: str) -> dict[str, Delivery]:
        """What became of the replies of a conversation, by their id."""
        wanted = select(deliveries.c.reply, deliveries.c.state, deliveries.c.code)
        async with self._engine.connect() as connection:
            rows = await connection.execute(wanted.where(deliveries.c.conversation == conversation))
            return {row.reply: Delivery(row.state, row.code) for row in rows}
