"""Switches as supervisors throw them: kept in PostgreSQL with who and why, and brought to Redis for those who answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from channels.switches import Kind, Switch, Switches
from channels.tables import agents, audit, switches


@dataclass(frozen=True, slots=True)
class Thrown:
    """A switch that is on: by whom, when and why."""

    switch: Switch
    because: str
    began: datetime
    by: str


class Switching:
    """All methods raise `sqlalchemy.exc.SQLAlchemyError` or `OSError` while the database is away."""

    def __init__(self, engine: AsyncEngine, mirror: Switches) -> None:
        self._engine, self._mirror = engine, mirror

    async def on(self) -> list[Thrown]:
        """All that are on, the newest first."""
        columns = (switches.c[name] for name in ("id", "kind", "subject", "texts", "ends", "because", "began"))
        wanted = select(*columns, agents.c.name).join(agents, agents.c.id == switches.c.by)
        lasts = or_(switches.c.ends.is_(None), switches.c.ends > func.now())
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                wanted.where(switches.c.ended.is_(None), lasts).order_by(switches.c.id.desc())
            )
            return [Thrown(Switch(*row[:5]), row.because, row.began, row.name) for row in rows]

    async def begin(
        self, by: str, kind: Kind, subject: str, texts: Mapping[str, str], because: str, ends: datetime | None
    ) -> int:
        values = {"kind": kind, "subject": subject, "texts": dict(texts), "because": because, "ends": ends, "by": by}
        async with self._engine.begin() as connection:
            id = (await connection.execute(insert(switches).values(**values).returning(switches.c.id))).scalar_one()
            about = {"switch": id, "kind": kind, "subject": subject, "because": because}
            await connection.execute(insert(audit).values(agent=by, did="switch on", about=about))
        await self.bring()
        return int(id)

    async def end(self, by: str, id: int) -> bool:
        """Whether it was on."""
        change = update(switches).where(switches.c.id == id, switches.c.ended.is_(None))
        async with self._engine.begin() as connection:
            ended = await connection.execute(change.values(ended=func.now(), ended_by=by))
            if ended.rowcount:
                await connection.execute(insert(audit).values(agent=by, did="switch off", about={"switch": id}))
        await self.bring()
        return bool(ended.rowcount)

    async def bring(self) -> None:
        """Bring to Redis what is on, as after a restart of it without its memory."""
        await self._mirror.set([each.switch for each in await self.on()])
