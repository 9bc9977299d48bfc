"""Fills every table of PostgreSQL and every queue of Redis, as many tables and columns as there are, for backups."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from sqlalchemy import Boolean, Column, DateTime, Integer, MetaData, String, insert, inspect, text
from sqlalchemy.dialects.postgresql import JSONB

from channels import inbox, outbox
from channels.channel import Incoming, Reply
from channels.lanes import Lanes
from channels.record import engine
from channels.settings import Settings
from machine.meanwhile import serving

PHONE, PAGE = "sms:+16135550198", "web:abcdef"
AT = datetime(2026, 9, 21, 13, 30, 0, 123_456, tzinfo=UTC)
ENTRIES = {"entries": [], "wanted": []}


def settings(home: Path, **more: Any) -> Settings:
    """Of a home, and whatever the environment says of none."""
    return Settings(_env_file=None, **{"home": home, "secret": None, "redis_url": None, "database_url": None, **more})


@contextmanager
def opened(home: Path) -> Iterator[Settings]:
    """The embedded servers of a home, as long as somebody looks into them."""
    with serving(settings(home)) as served:
        yield served


def silent(step: str, done: int, of: int) -> None: ...


def everything(database_url: str) -> dict[str, list[Any]]:
    """All rows of all tables, as PostgreSQL writes them."""

    async def read() -> dict[str, list[Any]]:
        pool = engine(database_url)
        try:
            async with pool.connect() as connection:
                names = await connection.run_sync(lambda each: inspect(each).get_table_names())
                rows = {name: await connection.execute(text(f'SELECT t::text FROM "{name}" t')) for name in names}
                return {name: sorted(found.scalars()) for name, found in rows.items()}
        finally:
            await pool.dispose()

    return asyncio.run(read())


def fill(database_url: str) -> None:
    """A row in each table, with something in each column."""

    async def write() -> None:
        pool = engine(database_url)
        made: dict[str, Mapping[str, Any]] = {}
        try:
            async with pool.begin() as connection:
                found = MetaData()
                await connection.run_sync(found.reflect)
                for table in found.sorted_tables:
                    if table.name == "alembic_version":
                        continue
                    values = {each.name: _value(each, made) for each in table.columns if each.identity is None}
                    row = (await connection.execute(insert(table).values(values).returning(*table.columns))).one()
                    made[table.name] = row._mapping
        finally:
            await pool.dispose()

    asyncio.run(write())


def _value(column: Column[Any], made: Mapping[str, Mapping[str, Any]]) -> Any:
    for key in column.foreign_keys:
        return made.get(key.column.table.name, {}).get(key.column.name)
    kind = column.type
    if isinstance(kind, JSONB):
        return {"œuvre": ["“é” \t\\ 🗳", 1, None]}
    if isinstance(kind, DateTime):
        return AT + timedelta(microseconds=len(column.name))
    if isinstance(kind, Boolean):
        return column.name != "to_send"
    if isinstance(kind, Integer):
        return 7
    words = f"{uuid4().hex} é\t\\N\n“🗳”"
    return words[: kind.length] if isinstance(kind, String) and kind.length else words


def said(address: str, id: str) -> dict[str, Any]:
    return inbox.pack(Incoming(id, address, f"hello {id}", at=AT))


def reply(address: str, id: str) -> dict[str, Any]:
    return {"address": address, "reply": outbox.pack(Reply(f"good day {id}", id=id)), "at": 1.0}


def under_way(redis_url: str) -> None:
    """In each queue something that waits, something that a worker has begun, and what is behind it."""

    async def put() -> None:
        async with Redis.from_url(redis_url, decode_responses=True) as redis:
            for name, address, item in (
                ("inbox", PHONE, said),
                ("inbox", PAGE, said),
                ("outbox:sms", PHONE, reply),
                ("outbox:web", PAGE, reply),
            ):
                lanes, lane = Lanes(redis, name, "host-1"), address.partition(":")[0]
                await lanes.open()
                await lanes.put(lane, item(address, "1"), once=f"{lane}:1")
                await lanes.put(lane, item(address, "2"), once=f"{lane}:2")
                (task,) = await lanes.take(1, 100)
                await lanes.begin(task)
                await lanes.put(f"{lane}-other", item(address, "3"))
            lanes = Lanes(redis, "outbox:sms", "host-1")
            await lanes.put("later", reply(PHONE, "4"))
            *_, last = await lanes.take(10, 100)
            await lanes.finish(last, at=datetime.now(UTC).timestamp() + 3600)
            record = Lanes(redis, "record", "host-1")
            await record.open()
            await record.put("r", ENTRIES)
            await redis.set("stopped:sms", "1")
            await redis.set("menu:k", json.dumps("é"), ex=1000)
            await redis.hset("pace:k", mapping={"a": "1", "b": "2"})
            await redis.zadd("traffic", {"x": 1.5})
            await redis.sadd("web:told:k", "a", "b")
            await redis.xadd("web:events:k", {"event": "said", "data": "“é”"}, id="5-1")

    asyncio.run(put())


def waiting(redis_url: str, queue: str) -> list[dict[str, Any]]:
    """What a worker of another name finds in a queue and does, once the first one counts as gone."""

    async def take() -> list[dict[str, Any]]:
        found = []
        async with Redis.from_url(redis_url, decode_responses=True) as redis:
            lanes = Lanes(redis, queue, "host-2")
            await lanes.open()
            while tasks := await lanes.take_over(0, 1) or await lanes.take(1, 10):
                for task in tasks:
                    assert task.tries <= 2, "to be restored counts as no try"
                    found.append(task.item)
                    await lanes.finish(task)
        return found

    return asyncio.run(take())


def aside(redis_url: str, queue: str) -> list[tuple[dict[str, Any], str]]:
    async def look() -> list[tuple[dict[str, Any], str]]:
        async with Redis.from_url(redis_url, decode_responses=True) as redis:
            return [(each.item, each.why) for each in await Lanes(redis, queue, "operator").aside()]

    return asyncio.run(look())


def knowledge(home: Path) -> dict[str, bytes]:
    """A published snapshot that nobody reads; its files."""
    shelf = home / "knowledge"
    (shelf / "0123456789abcdef" / "en").mkdir(parents=True)
    (shelf / "0123456789abcdef" / "manifest.json").write_text('{"format": 0}')
    (shelf / "0123456789abcdef" / "en" / "vectors.npy").write_bytes(bytes(range(256)) * 40)
    (shelf / "fedcba9876543210").mkdir()
    (shelf / "fedcba9876543210" / "manifest.json").write_text("an earlier one")
    (shelf / "current").write_text("0123456789abcdef\n")
    return files(shelf)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
