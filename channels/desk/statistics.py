"""Statistics of the desk: by team and day, how many cases came, how long people waited, and how they found it."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Date, Float, cast, extract, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from channels.tables import cases


@dataclass(frozen=True, slots=True)
class Day:
    """What became of the cases of a team that were opened on a day. Waits are seconds until a person's first reply, None
    where there was none; `in_time` is how many had it in time, `solved`, `partly` and `unsolved` what citizens said."""

    day: date
    team: str
    opened: int
    answered: int
    closed: int
    given_up: int
    in_time: int
    late_replies: int
    resolved_in_time: int
    median_wait: float | None
    most_wait: float | None
    solved: int
    partly: int
    unsolved: int
    reopened: int


class Statistics:
    """Counts cases, and no agent's. Raises `sqlalchemy.exc.SQLAlchemyError` or `OSError` while the database is away."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def days(self, first: date, last: date, zone: str, teams: Sequence[str] | None = None) -> list[Day]:
        """The days from `first` to `last` as `zone` has them, by team; of some teams, or of all."""
        c = cases.c
        local = cast(func.timezone(zone, c.opened), Date)
        wait = cast(extract("epoch", c.answered - c.opened), Float)
        waited = func.percentile_cont

        def count(*where: Any) -> Any:
            return func.count().filter(*where)

        wanted = (
            select(
                local,
                c.team,
                func.count(),
                count(c.answered.is_not(None)),
                count(c.state == "closed"),
                count(c.state == "closed", c.claimed.is_(None)),
                count(c.answered <= c.first_due),
                func.coalesce(func.sum(c.late_replies), 0),
                count(c.closed <= c.resolve_due, c.claimed.is_not(None)),
                waited(0.5).within_group(wait),
                waited(0.9).within_group(wait),
                *(count(c.rating == rating) for rating in (3, 2, 1)),
                func.coalesce(func.sum(c.reopened), 0),
            )
            .where(local.between(first, last))
            .where(c.opened >= datetime.combine(first, time(), UTC) - timedelta(days=1))
            .group_by(local, c.team)
            .order_by(local, c.team)
        )
        if teams is not None:
            wanted = wanted.where(c.team.in_(teams))
        async with self._engine.connect() as connection:
            return [Day(*row) for row in await connection.execute(wanted)]


def csv_of(days: Sequence[Day], titles: Mapping[str, str]) -> str:
    """As comma-separated values with a line of names; times are in minutes."""
    written = io.StringIO()
    writer = csv.writer(written)
    names = [each.name for each in fields(Day)]
    writer.writerow([f"{name}_minutes" if name.endswith("_wait") else name for name in names])
    for day in days:
        values = {name: getattr(day, name) for name in names} | {"team": titles.get(day.team, day.team)}
        for name in ("median_wait", "most_wait"):
            values[name] = "" if values[name] is None else round(values[name] / 60, 1)
        writer.writerow([_harmless(value) for value in values.values()])
    return written.getvalue()


def _harmless(value: object) -> object:
    """A spreadsheet takes what begins with one of these for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value
