"""What supervisors see and switch: the board, the statistics and their table, switches that are in force at once."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import text

from channels.channel import Incoming
from channels.desk.desk import Desk
from channels.desk.statistics import Statistics
from channels.texts import texts
from tests.channels.desk.conftest import PASSWORD, Stage
from tests.channels.desk.test_app import Books

NOTICE = {
    "kind": "notice",
    "texts": {"en": "Offices are closed.", "fr": "Les bureaux sont fermés."},
    "because": "storm",
}


@pytest.fixture
async def boss(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of a supervisor."""
    app = stage.app(Books())  # type: ignore[arg-type]
    headers = {"X-Guichet": "desk"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://desk.example", headers=headers
    ) as http:
        agent = await stage.agent("Boss", "supervisor")
        await http.post("/sign-in", data={"email": agent.email, "password": PASSWORD})
        yield http


def today() -> date:
    return datetime.now(UTC).astimezone(ZoneInfo("America/Toronto")).date()


async def board(boss: httpx.AsyncClient, team: str) -> dict[str, Any]:
    answer = await boss.get("/api/board")
    assert answer.status_code == 200, answer.text
    (found,) = [each for each in answer.json()["teams"] if each["name"] == team]
    return dict(found)


async def test_the_board_counts_who_waits_who_is_there_and_how_today_goes(
    stage: Stage, boss: httpx.AsyncClient
) -> None:
    before = await board(boss, "housing")
    agent = await stage.agent("Ana", teams=["housing"])
    await stage.counter.presence.arrive(agent.id, "one")
    ids = [(await stage.case(team="housing"))[0] for _ in range(3)]
    held = await stage.counter.claim(ids[0], agent.id)
    await stage.counter.say(ids[0], agent.id, held.epoch, "r1", "hello", ())
    await stage.counter.close(ids[0], agent.id, held.epoch, "answered")
    await stage.cases.rate(ids[0], 3)
    await stage.counter.claim(ids[1], agent.id)
    now = await board(boss, "housing")
    waited = datetime.fromisoformat(now["longest"])
    assert datetime.now(UTC) - waited < timedelta(hours=1)
    counts = {name: now[name] - before[name] for name in ("waiting", "claimed", "present")}
    assert counts == {"waiting": 1, "claimed": 1, "present": 1}
    day = now["today"]
    earlier = before["today"] or dict.fromkeys(day, 0)
    grown = {name: day[name] - earlier[name] for name in ("opened", "answered", "closed", "in_time", "solved")}
    assert grown == {"opened": 3, "answered": 1, "closed": 1, "in_time": 1, "solved": 1}
    assert 0 <= day["median_wait"] <= day["most_wait"] < 60
    assert "agent" not in str(now), "agents are not ranked"


async def test_days_are_those_of_the_team_and_late_is_late(stage: Stage) -> None:
    id, _ = await stage.case(team="taxes")
    lost, _ = await stage.case(team="taxes")
    async with stage.engine.begin() as connection:
        # half past eleven in the evening of the last day of 2019, in Toronto
        at = "UPDATE cases SET opened = '2020-01-01 04:30Z', first_due = '2020-01-01 04:40Z', "
        answered = "answered = '2020-01-01 04:45Z', claimed = '2020-01-01 04:44Z', late_replies = 2 WHERE id = :id"
        await connection.execute(text(at + answered), {"id": id})
        gone = "UPDATE cases SET opened = '2019-12-31 15:00Z', state = 'closed', closed = '2019-12-31 15:30Z' WHERE id = :id"
        await connection.execute(text(gone), {"id": lost})
    days = await Statistics(stage.engine).days(date(2019, 12, 31), date(2019, 12, 31), "America/Toronto")
    (day,) = days
    assert (day.day, day.team, day.opened, day.answered, day.closed) == (date(2019, 12, 31), "taxes", 2, 1, 1)
    assert (day.in_time, day.late_replies, day.given_up, day.median_wait) == (0, 2, 1, 900.0)
    assert await Statistics(stage.engine).days(date(2020, 1, 1), date(2020, 1, 2), "America/Toronto") == []


async def test_statistics_come_as_a_table_for_spreadsheets(stage: Stage, boss: httpx.AsyncClient) -> None:
    await stage.case(team="benefits")
    period = {"first": today().isoformat(), "last": today().isoformat()}
    days = (await boss.get("/api/statistics", params=period)).json()["days"]
    answer = await boss.get("/api/statistics.csv", params=period | {"language": "fr"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == len(days)
    assert "Prestations et pensions" in {row["team"] for row in rows}
    assert "median_wait_minutes" in rows[0]


@pytest.mark.parametrize(("first", "last"), [("2026-02-02", "2026-02-01"), ("2020-01-01", "2026-01-01")])
async def test_a_period_that_makes_no_sense_is_refused(boss: httpx.AsyncClient, first: str, last: str) -> None:
    assert (await boss.get("/api/statistics", params={"first": first, "last": last})).status_code == 422


async def test_a_switch_is_in_force_at_once_shown_with_who_and_why_and_ends(
    stage: Stage, boss: httpx.AsyncClient
) -> None:
    answer = await boss.post("/api/switches", json=NOTICE)
    assert answer.status_code == 201, answer.text
    id = answer.json()["id"]
    assert "Important\u00a0: Les bureaux sont fermés." in await stage.switches.notice("c" * 32, "fr")
    (shown,) = [each for each in (await boss.get("/api/board")).json()["switches"] if each["id"] == id]
    assert (shown["by"], shown["because"], shown["texts"]) == ("Boss", "storm", NOTICE["texts"])
    assert (await boss.post(f"/api/switches/{id}/end", json={})).json() == {"ended": True}
    assert (await boss.post(f"/api/switches/{id}/end", json={})).json() == {"ended": False}
    assert "bureaux" not in await stage.switches.notice("d" * 32, "fr")
    did = text("SELECT did FROM audit WHERE about->>'switch' = :id ORDER BY id")
    async with stage.engine.connect() as connection:
        assert list((await connection.execute(did, {"id": str(id)})).scalars()) == ["switch on", "switch off"]


@pytest.mark.parametrize(
    "wrong",
    [
        NOTICE | {"texts": {"en": "Only English."}},
        NOTICE | {"texts": {"en": "x" * 301, "fr": "x"}},
        NOTICE | {"because": ""},
        {"kind": "closed", "subject": "nobody", "because": "x"},
        {"kind": "everything", "because": "x"},
    ],
)
async def test_a_switch_that_is_not_whole_is_refused(boss: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    assert (await boss.post("/api/switches", json=wrong)).status_code == 422


async def test_a_closed_team_takes_nobody_new_but_for_a_crisis(stage: Stage, boss: httpx.AsyncClient) -> None:
    given = {"kind": "closed", "subject": "taxes", "because": "training"}
    id = (await boss.post("/api/switches", json=given)).json()["id"]
    desk = Desk(stage.counter, stage.switches)
    conversation, address = await stage.citizen()
    said = Incoming("m1", address, "a person about my tax refund")
    turn = await desk.begin(conversation, "asked_for_person", said)
    assert (turn.hand_to, turn.replies[0].text) == ("bot", texts("en")["desk_shut"])
    assert await stage.counter.queue.latest(conversation.key) is None
    assert (await desk.begin(conversation, "crisis", said)).hand_to == "line"
    await boss.post(f"/api/switches/{id}/end", json={})
    other, address = await stage.citizen()
    assert (await desk.begin(other, "asked_for_person", Incoming("m1", address, "tax refund"))).hand_to == "line"


async def test_a_supervisor_whispers_and_reassigns(stage: Stage, boss: httpx.AsyncClient) -> None:
    ana, ben = await stage.agent("Ana"), await stage.agent("Ben")
    id, _ = await stage.case()
    held = await stage.counter.claim(id, ana.id)
    whispered = await boss.post(f"/api/cases/{id}/whisper", json={"id": "whisper-1", "text": "ask for the date"})
    assert whispered.status_code == 202
    assert (await boss.post(f"/api/cases/{id}/reassign", json={"agent": ben.id})).status_code == 200
    case = await stage.cases.one(id)
    assert (case.agent, case.epoch) == (ben.id, held.epoch + 1)
    assert [line.kind for line in await stage.cases.lines(id)] == ["opened", "claimed", "whisper", "reassigned"]
    await stage.mend()
    assert await stage.posted() == []
    assert (await boss.post(f"/api/cases/{id}/reassign", json={})).status_code == 422
    assert (await boss.post(f"/api/cases/{id}/reassign", json={"team": "nobody"})).status_code == 422
