"""The tray: what agents said that is not in the outbox yet; it goes there once, in order, whoever is killed meanwhile."""

from collections.abc import Awaitable, Callable

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from channels.desk.case import Unsent
from channels.desk.seal import Seal
from channels.tables import case_lines, cases

Post = Callable[[Unsent], Awaitable[None]]


class Tray:
    """All methods raise `sqlalchemy.exc.SQLAlchemyError` or `OSError` while the database is away."""

    def __init__(self, engine: AsyncEngine, seal: Seal) -> None:
        self._engine, self._seal = engine, seal

    async def unsent(self, most: int = 100) -> list[int]:
        """Cases in which something is to be sent."""
        async with self._engine.connect() as connection:
            wanted = select(case_lines.c.case).where(case_lines.c.to_send).distinct().limit(most)
            return list((await connection.execute(wanted)).scalars())

    async def give(self, case: int, post: Post) -> int:
        """Give what is to be sent in a case to `post`, in order, one process at a time; how many there were.

        If it fails, or the process is killed, they are given again: `post` knows them by their message. Of a closed case,
        where the citizen was to be reached is then forgotten. Raises Unreadable.
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
