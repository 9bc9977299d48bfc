"""Answers on record, as `guichet explain` and `guichet affected` find them in a real PostgreSQL, and make them again."""

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

import guichet
from channels import outbox
from channels.bot import from_answer
from channels.channel import Incoming, Quote
from channels.conversation import Conversation
from channels.desk.cases import Cases
from channels.desk.people.accounts import Accounts
from channels.desk.seal import Seal
from channels.desk.teams import read
from channels.provenance import Quoted, Recorded, answers, name_of, quoted
from channels.record import Record, engine
from channels.settings import Settings
from channels.tables import case_lines
from knowledge.encoder import SharedEncoder
from knowledge.publishing import retention
from knowledge.publishing.encoders import kept_at
from knowledge.publishing.snapshot import build
from knowledge.rules.withheld import Step, withdraw
from knowledge.service import Knowledge
from machine.home import CannotStart
from machine.prepare import export_encoder, index
from machine.recorded import Affected, affected, explain, latest
from tests.knowledge.conftest import BagOfWords, town
from tests.knowledge.publishing.test_snapshot import Shared

AT = datetime(2026, 3, 31, 12, tzinfo=UTC)
CANOE, PHONE = "https://town.example/canoe", "613-555-0142"
ASKED = f"How much is a canoe permit? Call {PHONE}"


@pytest.fixture
def settings(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    encoder = BagOfWords()
    monkeypatch.setattr(SharedEncoder, "get", lambda self: encoder)
    retention.keep(tmp_path, 30)
    build(town(), encoder, tmp_path)
    return Settings(_env_file=None, home=tmp_path, database_url=database_url)


Tell = Callable[..., str]


@pytest.fixture
def tell(settings: Settings) -> Tell:
    """Answers a question and records it as the switchboard does; the name of the answer."""
    knowledge = Knowledge(settings.home, Shared(BagOfWords()))

    def told(question: str = ASKED, at: datetime = AT, key: str | None = None) -> str:
        return record(settings, knowledge, question, at, key)

    return told


def record(settings: Settings, knowledge: Knowledge, question: str, at: datetime = AT, key: str | None = None) -> str:
    said = Incoming("m1", "sms:+16135550142", question, at=at)
    one = Conversation(key or uuid4().hex, "sms", "en")
    answer = knowledge.ask(question.replace(PHONE, "[phone number]"), language="en")
    reply = replace(from_answer(json.loads(json.dumps(answer.as_dict()))), id="m1/1", in_reply_to="m1")
    entry = {"id": f"{one.key}:m1/1", "conversation": one.key, "at": at.isoformat(), "sender": "bot"}
    entry |= {"text": "", "reply": outbox.pack(reply)}

    async def write() -> None:
        record = Record(str(settings.database_url), 30)
        await record.keep(one)
        await record.write({"entries": [entry], "answers": answers(one, said, [reply])})
        await record.close()

    asyncio.run(write())
    return name_of(entry["id"])


def publish_dearer(settings: Settings) -> None:
    [canoe, *others] = town()
    dearer = tuple(replace(each, text=each.text.replace("$12", "$15")) for each in canoe.sections)
    build([replace(canoe, sections=dearer), *others], BagOfWords(), settings.home)


def test_an_answer_is_made_again_as_it_was_when_the_page_has_changed(settings: Settings, tell: Tell) -> None:
    name = tell()
    publish_dearer(settings)
    build(town()[1:], BagOfWords(), settings.home)
    build(town()[:2], BagOfWords(), settings.home)
    explained = explain(settings, name[:10].upper())
    assert explained.same and not explained.says
    assert explained.again is not None and explained.again.sources[0].quote == explained.recorded.quote
    assert "$12" in explained.recorded.quote
    assert PHONE not in json.dumps(explained.as_dict()) and "[phone number]" in explained.recorded.question
    assert explained.recorded.basis["ranked"][0][0] == "town/en/canoe"


def test_what_was_withdrawn_then_is_withdrawn_when_it_is_made_again(settings: Settings, tell: Tell) -> None:
    withdraw(settings.home, Step(datetime.now(UTC), "page", CANOE, "wrong", "ana"))
    name = tell()
    (settings.home / "knowledge" / "withheld.jsonl").unlink()
    explained = explain(settings, name)
    assert explained.recorded.reply["outcome"] == "not_found" and explained.same


def test_it_is_said_what_is_not_as_it_was(settings: Settings, tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    name = tell()
    other = BagOfWords()
    other.fingerprint = "another"
    monkeypatch.setattr(SharedEncoder, "get", lambda self: other)
    monkeypatch.setattr("knowledge.rules.ruled.code", lambda: "9.9+ffff")
    says = " ".join(explain(settings, name).says)
    assert "encoder bag-of-words; here is another" in says and "this is 9.9+ffff" in says


@pytest.mark.parametrize("kept_when", ["published", "replaced"])
def test_an_answer_is_made_again_with_the_encoder_of_its_day(kept_when: str, tmp_path: Path, database_url: str) -> None:
    settings = Settings(_env_file=None, home=tmp_path, database_url=database_url)
    pages = tmp_path / "pages" / "en"
    pages.mkdir(parents=True)
    for name, cost in (("canoe", "$12"), ("sauna", "$9")):
        (pages / f"{name}.md").write_text(PAGE.format(name=name, cost=cost))
    export_encoder(settings, lambda *_: None)
    then = index(settings, [pages], lambda *_: None, lambda problem: None)["encoder"]
    name = record(settings, Knowledge.open(tmp_path), "What does the canoe permit cost?")
    if kept_when == "replaced":  # it was published by a version that kept none
        shutil.rmtree(kept_at(tmp_path, then))
    replace_encoder(settings)
    now = index(settings, [pages], lambda *_: None, lambda problem: None)["encoder"]
    assert now != then
    explained = explain(settings, name)
    assert explained.recorded.basis["encoder"] == then
    assert explained.same and not explained.says and explained.again is not None
    assert explained.again.confidence == explained.recorded.reply["confidence"]
    assert explained.again.basis["ranked"] == explained.recorded.basis["ranked"]
    shutil.rmtree(kept_at(tmp_path, then))
    assert f"encoder {then}; here is {now}" in " ".join(explain(settings, name).says)


def replace_encoder(settings: Settings) -> None:
    """As a version with another bundled encoder does: this one is of the same files, by another name."""
    manifest = settings.home / "encoder" / "encoder.json"
    about = json.loads(manifest.read_text())
    export_encoder(settings, lambda *_: None)
    manifest.write_text(json.dumps(about | {"sha256": "0" * 64}))


PAGE = """---
title: Get a {name} permit
publisher: Town of Elsewhere
url: https://town.example/{name}
as_of: 2026-08-01
---
A {name} permit lets you use the {name}.

## Cost
A {name} permit costs {cost} a year.
"""


def test_what_is_on_record_is_shown_when_the_snapshot_is_gone(settings: Settings, tell: Tell) -> None:
    name = tell()
    folder = settings.home / "knowledge"
    (folder / (folder / "current").read_text().strip()).rename(folder / "elsewhere")
    explained = explain(settings, name)
    assert explained.again is None and not explained.same and "cannot be made again" in explained.says[-1]
    assert "$12" in explained.recorded.quote


@pytest.mark.parametrize("name", ["", "12", "zzzzzzzz", "00000000", "'; --", "%%%%%%"])
def test_who_asks_for_an_answer_that_is_not_there_is_told(name: str, settings: Settings) -> None:
    with pytest.raises(CannotStart):
        explain(settings, name)


@pytest.mark.parametrize("page", [CANOE, f"{CANOE}/", "town/en/canoe", "town/en/canoe#cost-1"])
def test_whom_a_page_has_reached_is_found(page: str, settings: Settings, tell: Tell) -> None:
    mine = {tell(), tell("What does a canoe permit cost?")}
    tell("What does a market stall cost?")
    tell("How do I renew a Netflix subscription?")
    found = [each for each in affected(settings, page, None, False) if each.told.name in mine]
    assert {each.told.name for each in found} == mine and not any(each.changed for each in found)
    assert not [each for each in affected(settings, page, None, True) if each.told.name in mine]
    publish_dearer(settings)
    changed = [each for each in affected(settings, page, None, True) if each.told.name in mine]
    assert {each.told.name for each in changed} == mine
    everything = affected(settings, page, None, False)
    assert all(each.told.passage.startswith("town/en/canoe#") for each in everything)


def test_a_page_is_not_another_and_a_day_is_the_first_one(settings: Settings, tell: Tell) -> None:
    mine = tell()
    assert not affected(settings, "https://town.example/can", None, False)
    assert not affected(settings, "town/en/canoe#how-to-apply-1", None, False)
    names = [[each.told.name for each in affected(settings, CANOE, since, False)] for since in (AT, AT.replace(day=30))]
    assert all(mine in some for some in names)
    assert mine not in [each.told.name for each in affected(settings, CANOE, AT.replace(hour=13), False)]


@pytest.mark.parametrize("page", [CANOE, f"{CANOE}/", "town/en/canoe", "town/en/canoe#cost-1"])
def test_whom_people_at_the_desk_quoted_a_page_to_is_found(page: str, settings: Settings, tell: Tell) -> None:
    mine, cost = tell(), next(each.text for each in town()[0].sections if "$12" in each.text)
    case = quote(settings, Quote(cost, "Get a canoe permit", "Cost", CANOE, "Town", None, "en"))
    of_section = quote(settings, Quote(cost, "Get a canoe permit", "Cost", f"{CANOE}#cost", "Town", None, "en"))
    found = affected(settings, page, None, False)
    assert mine in [each.told.name for each in found if isinstance(each.told, Recorded)]
    (told,) = (each for each in found if isinstance(each.told, Quoted) and each.told.case == case)
    assert not told.changed and told.quote == cost and told.as_dict()["case"] == case
    assert of_people(affected(settings, f"{CANOE}#cost", None, False)) & {case, of_section} == {of_section}
    assert not of_people(affected(settings, "https://town.example/can", None, False))
    publish_dearer(settings)
    assert case in of_people(affected(settings, page, None, True))
    build(town()[1:], BagOfWords(), settings.home)
    assert case in of_people(affected(settings, CANOE, None, True))


def of_people(found: list[Affected]) -> set[int]:
    return {each.told.case for each in found if isinstance(each.told, Quoted)}


def quote(settings: Settings, quoting: Quote) -> int:
    """A person at the desk quotes something; the number of the case."""

    async def say() -> int:
        pool, seal = engine(str(settings.database_url)), Seal(b"0123456789abcdef" * 2)
        cases = Cases(pool, seal, read())
        agent = await Accounts(pool, seal).add(
            f"{uuid4().hex}@town.example", "Sam", "agent", ["en"], "a long enough word"
        )
        one = Conversation(uuid4().hex, "sms", "en", answered_by="desk")
        record = Record(str(settings.database_url), 30)
        await record.keep(one)
        id = await cases.open(one, "sms:+16135550142", team="general", because="asked_for_person", urgent=False)
        held = await cases.claim(id, agent.id)
        await cases.say(id, agent.id, held.epoch, "r1", "{}", quoted([quoting]))
        async with pool.begin() as connection:  # nothing is to be sent
            await connection.execute(update(case_lines).where(case_lines.c.case == id).values(to_send=False))
        await record.close()
        await pool.dispose()
        return id

    return asyncio.run(say())


def test_the_latest_are_listed_and_expire_with_their_transcript(settings: Settings, tell: Tell) -> None:
    key = uuid4().hex
    name = tell(key=key)
    assert [each.name for each in latest(settings, 5, key)] == [name]

    async def expire() -> None:
        record = Record(str(settings.database_url), -1)
        await record.write({"entries": []})
        async with record.engine.begin() as connection:
            from sqlalchemy import text

            await connection.execute(text("UPDATE transcript SET expires = now() - interval '1 day'"))
        await record.expire()
        await record.close()

    asyncio.run(expire())
    assert latest(settings, 5, key) == []


def test_the_commands_say_it(settings: Settings, tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("machine.ruling._settings", lambda: settings)
    name, run = tell(), CliRunner().invoke
    shown = run(guichet.app, ["explain", name])
    assert shown.exit_code == 0 and "Made again: the same answer" in shown.output and "town/en/canoe" in shown.output
    assert json.loads(run(guichet.app, ["explain", name, "--json"]).output)["same"] is True
    listed = json.loads(run(guichet.app, ["affected", CANOE, "--since", "2026-03-01", "--json"]).output)
    assert name in [each["answer"] for each in listed] and run(guichet.app, ["affected", CANOE]).exit_code == 0
    quote(settings, Quote("A permit is free.", "Get a canoe permit", "Cost", CANOE, "Town", None, "en"))
    told = run(guichet.app, ["affected", CANOE, "--changed"]).output
    assert "by a person at the desk" in told and "no longer published so: A permit is free." in told
    assert "and 1 by people" in told
    assert run(guichet.app, ["explain", "--last", "2"]).exit_code == 0
    assert isinstance(run(guichet.app, ["explain", "nothing"]).exception, CannotStart)
