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
from channels.provenance import name_of
from channels.record import Record, async_url, engine
from channels.tables import metadata
from knowledge import page_address
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

ANA, LUC = "1" * 16, "2" * 16
THIRD: Rows = {
    "agents": [
        {"id": ANA, "email": "ana@town.example", "name": "Ana", "password": "$argon2id$…", "role": "administrator"}
        | {"languages": ["en", "fr"], "active": True, "failures": 0, "locked_until": None},
        {"id": LUC, "email": "luc@town.example", "name": "Luc", "password": "$argon2id$…", "role": "agent"}
        | {"languages": ["fr"], "active": False, "failures": 4, "locked_until": AT},
    ],
    "sign_ins": [{"token": "3" * 64, "agent": ANA}, {"token": "4" * 64, "agent": LUC}],
    "cases": [
        {"id": 1, "conversation": ONE, "address": "sealed", "channel": "sms", "language": "en", "place": "ca-on"}
        | {"team": "general", "because": "asked_for_person", "urgent": True, "state": "claimed", "agent": ANA}
        | {"epoch": 3, "claimed": AT, "answered": AT, "closed": None, "outcome": None},
        {"id": 2, "conversation": OTHER, "address": "", "channel": "web", "language": "fr", "place": None}
        | {"team": "general", "because": "crisis", "urgent": False, "state": "closed", "agent": None}
        | {"epoch": 5, "claimed": None, "answered": None, "closed": AT, "outcome": "answered"},
    ],
    "case_lines": [
        {"id": 1, "case": 1, "message": "opened", "kind": "opened", "agent": None, "text": "", "about": None}
        | {"to_send": False},
        {"id": 2, "case": 1, "message": "m1", "kind": "agent", "agent": ANA, "text": "sealed", "about": {"to": "x"}}
        | {"to_send": True},
    ],
    "audit": [
        {"id": 1, "agent": ANA, "did": "claimed", "case": 1, "about": {"team": None}},
        {"id": 2, "agent": None, "did": "sign-in refused", "case": None, "about": None},
    ],
}
"""Rows of the tables that the third version brought: of who is at the desk and who is not, of a case that is open and one
that is not."""

FOURTH: Rows = {
    "agents": [
        {"id": "5" * 16, "email": "noa@town.example", "name": "Noa", "password": "", "role": "supervisor"}
        | {"languages": ["fr"], "active": True, "failures": 0, "locked_until": None, "teams": ["taxes"], "capacity": 3}
        | {"must_change": True, "totp": "sealed", "totp_used": 2**40, "subject": "https://id.example 1"},
    ],
    "sign_ins": [{"token": "6" * 64, "agent": ANA, "lacks": "code"}],
    "invitations": [{"token": "7" * 64, "agent": LUC}],
    "cases": [
        {"id": 3, "conversation": GONE, "address": "sealed", "channel": "web", "language": "en", "place": None}
        | {"team": "taxes", "because": "not_found", "urgent": False, "state": "waiting", "agent": None, "epoch": 0}
        | {"claimed": None, "answered": None, "closed": None, "outcome": None, "topic": "Renew a passport"}
        | {"first_due": AT, "reply_due": None, "resolve_due": AT, "late_replies": 2, "overflowed": AT}
        | {"asks": "phone", "wants": "callback", "callback": "sealed", "rating": 3, "rated": AT, "tags": ["moved"]}
        | {"reopened": 1},
    ],
    "switches": [
        {"id": 1, "kind": "closed", "subject": "taxes", "texts": {"en": "Closed", "fr": "Fermé"}, "because": "fire"}
        | {"ends": AT, "by": ANA, "ended": AT, "ended_by": ANA},
        {"id": 2, "kind": "notice", "subject": "", "texts": {}, "because": "storm"}
        | {"ends": None, "by": ANA, "ended": None, "ended_by": None},
    ],
}
"""Rows of the tables that the fourth version brought, and of those to which it added something."""

FIFTH: Rows = {
    "answers": [
        {"id": "8" * 16, "entry": f"{OTHER}:m1", "question": "combien [nom]", "snapshot": "9" * 16}
        | {"document": "content/fr/passport", "page": "town.example/passeport", "basis": {"ranked": [["a", 0.5]]}},
        {"id": "9" * 16, "entry": f"{ONE}:m1", "question": "?", "snapshot": "", "document": None, "page": None}
        | {"basis": {}},
    ],
}
"""Rows of the table that the fifth version brought, of an answer that quoted and one that did not."""

VERSIONS = {"0001": FIRST, "0002": SECOND, "0003": THIRD, "0004": FOURTH, "0005": FIFTH}

TIMES = {
    "conversations": ("began",),
    "transcript": ("at", "expires"),
    **dict.fromkeys(("feedback", "wishes", "consents", "deliveries", "case_lines", "audit", "answers"), ("at",)),
    **dict.fromkeys(("agents", "switches"), ("began",)),
    **dict.fromkeys(("sign_ins", "invitations"), ("began", "ends")),
    "cases": ("opened", "waiting_since"),
}
ADDED: Mapping[str, Mapping[str, dict[str, Any]]] = {
    "0002": {"conversations": {"stopped": False, "thread": None, "continues": None}},
    "0004": {
        "agents": {"teams": [], "capacity": None, "must_change": False, "totp": None, "totp_used": 0, "subject": None},
        "sign_ins": {"lacks": None},
        "cases": {"topic": None, "late_replies": 0, "wants": "chat", "rating": None, "tags": [], "reopened": 0},
    },
}
"""What a version says of the rows of those before it."""


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


def revisions() -> list[str]:
    """All versions, in order."""
    return [each.revision for each in reversed(list(ScriptDirectory.from_config(configured()).walk_revisions()))]


def reflected(connection: Connection) -> dict[str, Any]:
    """The tables that there are, as the database knows them."""
    found = MetaData()
    found.reflect(connection)
    return {name: table for name, table in found.tables.items() if name != "alembic_version"}


def expected(newest: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of all versions up to one, as they are read in that version, in the order of their keys."""
    found: dict[str, list[dict[str, Any]]] = {}
    for version, rows in VERSIONS.items():
        for name, some in rows.items() if version <= newest else ():
            later = [about[name] for each, about in ADDED.items() if version < each <= newest and name in about]
            added = {key: value for about in later for key, value in about.items()}
            found.setdefault(name, []).extend(row | dict.fromkeys(TIMES[name], AT) | added for row in some)
    return found


def known(rows: Rows, then: Rows) -> dict[str, list[dict[str, Any]]]:
    """Of what is there, what there was then; what came later is after it."""
    return {
        name: [{key: row[key] for key in before} for row, before in zip(rows[name][: len(some)], some, strict=True)]
        for name, some in then.items()
    }


def filled(database: "Database", newest: str) -> None:
    """Bring a database to a version, with the rows of each version on the way."""
    for version, rows in VERSIONS.items():
        if version <= newest:
            database.up(version)
            database.put(rows)


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


def test_there_are_rows_for_every_table_and_column(database: Database) -> None:
    assert [*VERSIONS] == revisions()
    for version, rows in VERSIONS.items():
        before = database.form()
        database.up(version)
        now = database.form()
        for name, about in now.items():
            new = about["columns"].keys() - before.get(name, {"columns": {}})["columns"].keys()
            rowed = {column for row in rows.get(name, ()) for column in row} | {*TIMES[name]}
            told = ADDED.get(version, {}).get(name, {}).keys()
            assert new <= rowed | told | {"seen"}, (version, name)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_rows_of_every_version_are_all_there_in_the_newest(database: Database, version: str) -> None:
    filled(database, version)
    assert known(database.rows(), expected(version)) == expected(version)
    migrate(database.url)
    newest = database.rows()
    then = {name: some for name, some in expected([*VERSIONS][-1]).items() if name in expected(version)}
    then = {name: some[: len(expected(version)[name])] for name, some in then.items()}
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


def test_answers_that_are_on_record_already_are_entered(database: Database) -> None:
    database.up("0004")
    quote = {"text": "It costs $25.", "url": "HTTPS://Town.Example/Dogs/#cost"}
    answered = {"outcome": "answered", "snapshot": "5" * 16, "in_reply_to": "m1", "quotes": [quote]}
    answered |= {"passages": ["town/en/dog#cost-1", "town/en/cat#intro-1"]}
    unknown = {"outcome": "not_found", "snapshot": "5" * 16, "in_reply_to": "m2", "quotes": [], "passages": []}
    said = [("m1", "citizen", "how much", None), ("m1/1", "bot", "Here:", answered), ("m2/1", "bot", "No.", unknown)]
    said += [("m3/1", "bot", "Hello.", {"outcome": None, "in_reply_to": "m3"})]
    columns = ("id", "sender", "text", "reply", "conversation")
    database.put({"conversations": FIRST["conversations"][:1]})
    database.put({"transcript": [dict(zip(columns, (f"{ONE}:{s[0]}", *s[1:], ONE), strict=True)) for s in said]})
    migrate(database.url)
    made = [name_of(f"{ONE}:{reply}") for reply in ("m1/1", "m2/1")]
    found = {row["id"]: row for row in database.rows()["answers"]}
    assert found.keys() == set(made)
    first, second = (found[name] for name in made)
    assert first | {"entry": "", "id": ""} == {
        "id": "",
        "entry": "",
        "at": AT,
        "question": "how much",
        "snapshot": "5" * 16,
        "document": "town/en/dog",
        "page": page_address(quote["url"]),
        "basis": {},
    }
    assert (second["question"], second["document"], second["page"]) == ("", None, None)
    assert page_address(quote["url"]) == "town.example/Dogs"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_way_back_keeps_what_a_version_knows(database: Database, version: str) -> None:
    filled(database, version)
    form = database.form()
    for later, rows in VERSIONS.items():
        if later > version:
            database.up(later)
            database.put(rows)
    migrate(database.url)
    all_rows = database.rows()
    database.down(version)
    assert database.form() == form
    assert database.rows() == {
        name: [{column: row[column] for column in about["columns"]} for row in all_rows[name]]
        for name, about in form.items()
    }
    migrate(database.url)
    assert known(database.rows(), expected(version)) == expected(version)


def test_every_step_can_be_taken_back_and_taken_again(database: Database) -> None:
    steps = revisions()
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


def test_a_desk_that_was_made_by_an_early_third_version_is_brought_up_too(database: Database) -> None:
    database.up("0003")
    early = "ALTER TABLE agents ADD teams JSONB NOT NULL DEFAULT '[]', ADD must_change BOOLEAN NOT NULL DEFAULT true"
    database.ask(lambda connection: connection.execute(text(early)))
    database.up("head")
    assert {"teams", "must_change", "totp"} <= set(database.form()["agents"]["columns"])
