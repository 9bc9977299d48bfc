"""Migrations on a real PostgreSQL: whoever comes from an earlier version loses no row, on the way there and back."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect, make_url, select, text

from channels.conversation import Conversation
from channels.record import Record, async_url, engine
from channels.tables import metadata
from machine.servers import migrate

AT = datetime(2026, 3, 31, 13, 30, 0, 123_456, tzinfo=UTC)
ONE, OTHER, GONE = "a" * 32, "b" * 32, "c" * 32
Rows = Mapping[str, list[dict[str, Any]]]
Result = TypeVar("Result")

FIRST: Rows = {
    "conversations": [
        {"key": ONE, "channel": "web", "language": "en", "chosen": False, "place": None, "answered_by": "bot"},
        {"key": OTHER, "channel": "web", "language": "fr", "chosen": True, "place": "ca-on", "answered_by": "desk"},
    ],
    "transcript": [
        {"id": f"{ONE}:m1", "conversation": ONE, "sender": "citizen", "text": "\t“ok” 🗳 [name]", "reply": None},
        {"id": f"{OTHER}:m1", "conversation": OTHER, "sender": "bot", "text": "163,50 $", "reply": {"id": ["m1/1"]}},
    ],
    "feedback": [
        {"conversation": ONE, "reply": "m1/1", "helpful": True},
        {"conversation": ONE, "reply": "m1/2", "helpful": False},
    ],
    "wishes": [
        {"id": f"{OTHER}:m1", "conversation": OTHER, "because": "asked", "language": "fr", "place": None},
        {"id": f"{GONE}:m1", "conversation": GONE, "because": "asked", "language": "en", "place": "ca"},
    ],
}
"""Rows of every table of the first version, with and without what may be missing; one of a conversation that is gone."""

SECOND: Rows = {
    "consents": [
        {"id": f"{ONE}:m1", "conversation": ONE, "channel": "sms", "kind": "stop", "word": "arret", "by": "citizen"},
    ],
    "deliveries": [
        {"conversation": ONE, "reply": "m1/1", "channel": "sms", "state": "sent", "rank": 2, "code": ""}
        | {"provider_id": "SM1"},
    ],
}
"""Rows of the tables that the second version brought."""

TIMES = {
    "conversations": ("began",),
    "transcript": ("at", "expires"),
    **dict.fromkeys(("feedback", "wishes", "consents", "deliveries"), ("at",)),
}
ADDED = {"stopped": False, "thread": None, "continues": None}
"""What the second version says of a conversation of the first."""


@dataclass(frozen=True, slots=True)
class Database:
    url: str

    def ask(self, asking: Callable[[Connection], Result]) -> Result:
        async def connected() -> Result:
            made = engine(self.url)
            try:
                async with made.begin() as connection:
                    return await connection.run_sync(asking)
            finally:
                await made.dispose()

        return asyncio.run(connected())

    def up(self, revision: str) -> None:
        command.upgrade(self._config(), revision)

    def down(self, revision: str) -> None:
        command.downgrade(self._config(), revision)

    def _config(self) -> Config:
        config = configured()
        config.attributes["url"] = async_url(self.url)
        return config

    def put(self, rows: Rows) -> None:
        def insert(connection: Connection) -> None:
            tables = reflected(connection)
            for name, some in rows.items():
                times = dict.fromkeys(TIMES[name], AT)
                connection.execute(tables[name].insert(), [row | times for row in some])

        self.ask(insert)

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """What each table has, in the order of its key."""

        def read(connection: Connection) -> dict[str, list[dict[str, Any]]]:
            return {
                name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
                for name, table in reflected(connection).items()
            }

        return self.ask(read)

    def form(self) -> dict[str, Any]:
        """Of each table its columns, key, indexes and what it refers to."""

        def look(connection: Connection) -> dict[str, Any]:
            found = inspect(connection)
            return {
                name: {
                    "columns": {
                        each["name"]: (str(each["type"]), each["nullable"], each["default"])
                        for each in found.get_columns(name)
                    },
                    "key": found.get_pk_constraint(name)["constrained_columns"],
                    "indexes": {
                        each["name"]: (each["column_names"], each["unique"]) for each in found.get_indexes(name)
                    },
                    "refers to": found.get_foreign_keys(name),
                }
                for name in reflected(connection)
            }

        return self.ask(look)


def configured() -> Config:
    config = Config()
    config.set_main_option("script_location", "channels:migrations")
    return config


def reflected(connection: Connection) -> dict[str, Any]:
    """The tables that there are, as the database knows them."""
    found = MetaData()
    found.reflect(connection)
    return {name: table for name, table in found.tables.items() if name != "alembic_version"}


def with_times(rows: Rows, **more: Any) -> dict[str, list[dict[str, Any]]]:
    """The rows as they are read again; `more` is what their conversations have since."""
    return {
        name: [row | dict.fromkeys(TIMES[name], AT) | (more if name == "conversations" else {}) for row in some]
        for name, some in rows.items()
    }


def known(rows: Rows, then: Rows) -> dict[str, list[dict[str, Any]]]:
    """Of what is there, the tables and columns that there were then."""
    return {name: [{column: row[column] for column in some[0]} for row in rows[name]] for name, some in then.items()}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database of its own, without tables."""
    name = f"old_{uuid4().hex}"

    def on_server(statement: str) -> None:
        async def execute() -> None:
            server = engine(database_url).execution_options(isolation_level="AUTOCOMMIT")
            async with server.connect() as connection:
                await connection.execute(text(statement))
            await server.dispose()

        asyncio.run(execute())

    on_server(f"CREATE DATABASE {name}")
    yield Database(make_url(database_url).set(database=name).render_as_string(hide_password=False))
    on_server(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_rows_of_the_first_version_are_all_there_in_the_newest(database: Database) -> None:
    database.up("0001")
    assert {name: set(about["columns"]) for name, about in database.form().items()} == {
        name: {*some[0], *TIMES[name]} for name, some in FIRST.items()
    }, "there are rows for every table and column"
    database.put(FIRST)
    database.up("0002")
    database.put(SECOND)
    migrate(database.url)
    newest, then = database.rows(), with_times(FIRST, **ADDED) | with_times(SECOND)
    assert newest.keys() == metadata.tables.keys()
    assert known(newest, then) == then
    migrate(database.url)
    assert database.rows() == newest, "what is up to date stays as it is"


def test_an_old_conversation_goes_on_in_the_newest_version(database: Database) -> None:
    database.up("0001")
    database.put(FIRST)
    migrate(database.url)

    async def go_on() -> list[Conversation | None]:
        record = Record(database.url, keep_days=100_000)
        found = [await record.find(ONE), await record.find(OTHER)]
        assert await record.expire() == 2, "their lines expire when they were to"
        await record.close()
        return found

    assert asyncio.run(go_on()) == [
        Conversation(ONE, "web", "en"),
        Conversation(OTHER, "web", "fr", chosen=True, place="ca-on", answered_by="desk"),
    ]


def test_the_way_back_keeps_what_the_first_version_knows(database: Database) -> None:
    database.up("0001")
    form = database.form()
    database.put(FIRST)
    database.up("0002")
    database.put(SECOND)
    migrate(database.url)
    database.down("0001")
    assert database.form() == form
    assert database.rows() == with_times(FIRST)
    migrate(database.url)
    then = with_times(FIRST, **ADDED)
    assert known(database.rows(), then) == then


def test_every_step_can_be_taken_back_and_taken_again(database: Database) -> None:
    steps = [each.revision for each in reversed(list(ScriptDirectory.from_config(configured()).walk_revisions()))]
    assert steps[0] == "0001"
    forms = [database.form()]
    for revision in steps:
        database.up(revision)
        forms.append(database.form())
    assert forms[0] == {} and all(before != after for before, after in pairwise(forms))
    for form in reversed(forms[:-1]):
        database.down("-1")
        assert database.form() == form
    migrate(database.url)
    assert database.form() == forms[-1]
