"""The record on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from channels.channel import STATES
from channels.conversation import Conversation
from channels.record import Record, async_url, database_away, engine
from channels.tables import consents, conversations, deliveries, feedback, metadata, transcript, wishes
from machine.servers import migrate


@pytest.fixture
async def record(database_url: str) -> AsyncIterator[Record]:
    kept = Record(database_url, keep_days=30)
    yield kept
    await kept.close()


def somebody() -> Conversation:
    return Conversation(uuid4().hex, "web", "en")


def line(conversation: Conversation, id: str, said: str = "hello") -> dict[str, Any]:
    at = datetime(2026, 3, 31, tzinfo=UTC).isoformat()
    about = {"conversation": conversation.key, "at": at, "sender": "citizen", "text": said, "reply": None}
    return about | {"id": f"{conversation.key}:{id}"}


async def rows(record: Record, statement: Any) -> list[Any]:
    async with record._engine.connect() as connection:
        return list((await connection.execute(statement)).all())


async def test_a_conversation_is_found_as_it_was_kept_last(record: Record) -> None:
    one = somebody()
    assert await record.find(one.key) is None
    await record.keep(one)
    changed = Conversation(one.key, "sms", "fr", True, "ca-on", "desk", True, "t" * 32, "c" * 32)
    await record.keep(changed)
    assert await record.find(one.key) == changed
    await record.keep(one)
    assert await record.find(one.key) == one


async def test_a_line_that_is_written_twice_stands_once(record: Record) -> None:
    one = somebody()
    await record.keep(one)
    for _ in range(2):
        await record.write({"entries": [line(one, "m1"), line(one, "m1/1")]})
    found = await rows(record, select(transcript.c.id).where(transcript.c.conversation == one.key))
    assert sorted(id for (id,) in found) == [f"{one.key}:m1", f"{one.key}:m1/1"]


async def test_the_last_word_on_a_reply_counts(record: Record) -> None:
    key, times = somebody().key, []
    for helpful in (True, False):
        await record.write({"ratings": [{"conversation": key, "reply": "m1/1", "helpful": helpful}]})
        ((at,),) = await rows(record, select(feedback.c.at).where(feedback.c.conversation == key))
        times.append(at)
    assert await rows(record, select(feedback.c.helpful).where(feedback.c.conversation == key)) == [(False,)]
    assert times[0] < times[1]


async def test_one_batch_may_hold_the_same_rating_twice(record: Record) -> None:
    key = somebody().key
    await record.write({"ratings": [{"conversation": key, "reply": "m1/1", "helpful": each} for each in (True, False)]})
    assert await rows(record, select(feedback.c.helpful).where(feedback.c.conversation == key)) == [(False,)]


async def test_a_wish_is_kept_once(record: Record) -> None:
    one = somebody()
    wish = {"id": f"{one.key}:m1", "because": "asked_for_person", "at": "2026-03-31T12:00:00+00:00"}
    wish |= {"conversation": one.key, "language": "fr", "place": None}
    for _ in range(2):
        await record.write({"wanted": [wish]})
    found = await rows(record, select(wishes.c.because).where(wishes.c.conversation == one.key))
    assert found == [("asked_for_person",)]


def consent(conversation: Conversation, id: str = "m1", **about: Any) -> dict[str, Any]:
    kept = {"id": f"{conversation.key}:{id}", "conversation": conversation.key, "channel": "sms", "kind": "stop"}
    return kept | {"word": "stop", "by": "citizen", "at": "2026-03-31T12:00:00+00:00"} | about


async def test_a_word_of_consent_is_kept_once_with_its_time(record: Record) -> None:
    one = somebody()
    await record.keep(one)
    for word in ("stop", "arret"):
        await record.write({"consents": [consent(one, word=word), consent(one, "m2", kind="start", word="oui")]})
    columns = (consents.c[name] for name in ("channel", "kind", "word", "by", "at"))
    found = await rows(record, select(*columns).where(consents.c.conversation == one.key).order_by(consents.c.id))
    at = datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert found == [("sms", "stop", "stop", "citizen", at), ("sms", "start", "oui", "citizen", at)]
    assert await record.find(one.key) == one, "what the citizen said is the switchboard's to keep"


async def test_who_said_stop_to_the_provider_has_stopped(record: Record) -> None:
    one, other = somebody(), somebody()
    for each in (one, other):
        await record.keep(each)
    await record.write({"consents": [consent(one, "m1/1", word="", by="sms 21610"), consent(other)]})
    assert await record.find(one.key) == replace(one, stopped=True)
    assert await record.find(other.key) == other


async def test_the_same_refusal_told_again_does_not_stop_who_has_begun_again(record: Record) -> None:
    one = somebody()
    await record.keep(one)
    for _ in range(2):
        await record.write({"consents": [consent(one, "m1/1", word="", by="sms 21610")]})
        stopped = await record.find(one.key)
        await record.keep(one, stopped)
    assert stopped == one


async def test_a_refusal_during_a_turn_is_not_written_over_by_it(record: Record) -> None:
    one = somebody()
    await record.keep(one)
    await record.write({"consents": [consent(one, "m1/1", word="", by="sms 21610")]})
    await record.keep(replace(one, language="fr"), one)
    assert await record.find(one.key) == replace(one, language="fr", stopped=True)


def status(reply: str, state: str, provider_id: str = "", code: str = "") -> dict[str, Any]:
    return {"reply": reply, "state": state, "provider_id": provider_id, "code": code}


async def told(record: Record, conversation: Conversation, *statuses: dict[str, Any]) -> list[Any]:
    """What is known of the replies after these statuses, as (reply, state, the provider's id, code)."""
    about = {"conversation": conversation.key, "channel": "sms"}
    await record.write({"statuses": [about | each for each in statuses]})
    columns = (deliveries.c[name] for name in ("reply", "state", "provider_id", "code"))
    of_it = deliveries.c.conversation == conversation.key
    return await rows(record, select(*columns).where(of_it).order_by(deliveries.c.reply))


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
async def test_what_became_of_a_reply_never_goes_back(record: Record, before: str, after: str, together: bool) -> None:
    one, first, second = somebody(), status("m1/1", before, "SM1", "1"), status("m1/1", after, "SM1", "2")
    if together:
        found = await told(record, one, first, second)
    else:
        await told(record, one, first)
        found = await told(record, one, second)
    further = STATES[after] > STATES[before]
    assert found == [("m1/1", after if further else before, "SM1", "2" if further else "1")]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("states", [("queued", "sent", "read"), ("sent", "queued", "queued")])
@pytest.mark.parametrize("named", [("SM1", "", ""), ("", "SM1", ""), ("", "", "SM1"), ("SM1", "", "SM1")])
async def test_the_provider_s_name_of_a_reply_is_kept_whichever_state_gives_it(
    record: Record, states: tuple[str, ...], named: tuple[str, ...], together: bool
) -> None:
    one, told_of = somebody(), [status("m1/1", *each) for each in zip(states, named, strict=True)]
    found = []
    for batch in [told_of] if together else [[each] for each in told_of]:
        found = await told(record, one, *batch)
    assert found == [("m1/1", max(states, key=STATES.__getitem__), "SM1", "")]
    assert await told(record, one, status("m2/1", "failed", "", "30003")) == [*found, ("m2/1", "failed", "", "30003")]


async def test_expiry_keeps_those_who_stopped_and_what_became_of_young_replies(record: Record) -> None:
    gone, stopped = somebody(), replace(somebody(), stopped=True)
    for each in (gone, stopped):
        await record.keep(each)
        await record.write({"consents": [consent(each)]})
        await told(record, each, status("old", "sent"), status("young", "sent"))
    both = {"a": gone.key, "b": stopped.key}
    async with record._engine.begin() as connection:
        for change in (
            "UPDATE conversations SET began = now() - interval '40 days' WHERE key IN (:a, :b)",
            "UPDATE deliveries SET at = now() - interval '31 days' WHERE reply = 'old' AND conversation IN (:a, :b)",
        ):
            await connection.execute(text(change), both)
    await record.expire()
    assert [await record.find(each.key) for each in (gone, stopped)] == [None, stopped]
    for each in (gone, stopped):
        assert await told(record, each) == [("young", "sent", "", "")]
        assert len(await rows(record, select(consents.c.id).where(consents.c.conversation == each.key))) == 1


async def test_what_has_had_its_time_is_deleted_and_nothing_else(record: Record, database_url: str) -> None:
    old, young, quiet = somebody(), somebody(), somebody()
    for each in (old, young, quiet):
        await record.keep(each)
        await record.write({"entries": [line(each, "m1")]})
    past = "UPDATE transcript SET expires = now() - interval '1 second' WHERE conversation IN (:a, :b)"
    async with record._engine.begin() as connection:
        await connection.execute(text(past), {"a": old.key, "b": quiet.key})
        await connection.execute(
            text("UPDATE conversations SET began = now() - interval '40 days' WHERE key IN (:a, :b)"),
            {"a": old.key, "b": young.key},
        )
    assert await record.expire() == 2
    left = await rows(record, select(transcript.c.conversation).where(transcript.c.conversation.in_([young.key])))
    assert left == [(young.key,)]
    kept = [each for each in (old, young, quiet) if await record.find(each.key)]
    assert kept == [young, quiet], "a conversation goes when it is old and nothing is left of it"
    assert await record.expire() == 0


async def test_what_is_kept_expires_after_the_days_that_are_set(database_url: str) -> None:
    record, one = Record(database_url, keep_days=7), somebody()
    await record.keep(one)
    await record.write({"entries": [line(one, "m1")]})
    ((expires,),) = await rows(record, select(transcript.c.expires).where(transcript.c.conversation == one.key))
    await record.close()
    assert 6.9 < (expires - datetime.now(UTC)).total_seconds() / 86_400 < 7.1


@pytest.mark.parametrize("broken", [{"text": "a\x00b"}, {"sender": "x" * 40}, {"conversation": "0" * 32}, {"text": 7}])
async def test_what_the_database_refuses_is_not_told_in_the_error(record: Record, broken: dict[str, Any]) -> None:
    one = somebody()
    await record.keep(one)
    with pytest.raises(SQLAlchemyError) as refused:
        await record.write({"entries": [line(one, "m1", "my secret") | broken]})
    assert "my secret" not in str(refused.value)


async def test_the_migrations_make_from_nothing_what_the_code_expects(database_url: str) -> None:
    name = f"fresh_{uuid4().hex}"
    server = engine(database_url).execution_options(isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await server.dispose()
    fresh = make_url(database_url).set(database=name).render_as_string(hide_password=False)

    await asyncio.to_thread(migrate, fresh)
    await asyncio.to_thread(migrate, fresh)
    made = engine(fresh)
    async with made.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"compare_type": True}), metadata)
        )
    await made.dispose()
    assert differences == []


async def test_the_tables_hold_what_they_must(record: Record) -> None:
    assert (
        (await record.count()).keys()
        == {table.name for table in metadata.sorted_tables}
        >= {"consents", "deliveries", "transcript"}
    )
    assert "text" not in conversations.c


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p%40ss@db:5432/guichet", "postgresql+asyncpg://u:p%40ss@db:5432/guichet"),
        ("postgresql://u@db/guichet?sslmode=require", "postgresql+asyncpg://u@db/guichet?ssl=require"),
        ("postgresql+psycopg2://u@/guichet?host=/run/x", "postgresql+asyncpg://u@/guichet?host=%2Frun%2Fx"),
    ],
)
def test_any_usual_address_of_a_database_is_understood(given: str, used: str) -> None:
    assert async_url(given) == used


async def test_a_database_that_is_not_there_is_away() -> None:
    record = Record("postgresql://nobody@127.0.0.1:1/nothing", keep_days=1)
    with pytest.raises((OSError, DBAPIError)) as refused:
        await record.find("x")
    assert database_away(refused.value)
    await record.close()
