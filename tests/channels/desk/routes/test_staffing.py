"""The staff and the trail, for those who may: nobody locks out the last administrator, and every look is written down."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pyotp
import pytest
from sqlalchemy import delete, select, text, update

from channels.desk.people.accounts import Agent
from channels.desk.people.passwords import Unfit
from channels.desk.people.staff import Change, Staff
from channels.desk.people.trail import PAGE
from channels.desk.routes.access import COOKIE
from channels.tables import agents, audit
from tests.channels.desk.conftest import PASSWORD, Stage
from tests.channels.desk.people.test_accounts import OTHER, done
from tests.channels.desk.test_app import Books

NEW = {"name": "Noa", "role": "agent", "languages": ["fr"], "teams": ["taxes"], "capacity": 3}


@dataclass
class Page:
    """What an administrator's pages do."""

    http: httpx.AsyncClient
    stage: Stage
    me: Agent

    async def get(self, path: str, expected: int = 200, **given: Any) -> Any:
        answer = await self.http.get(path, params=given)
        assert answer.status_code == expected, answer.text
        return answer.json()

    async def post(self, path: str, expected: int = 200, **given: Any) -> Any:
        answer = await self.http.post(path, json=given, headers={"X-Guichet": "desk"})
        assert answer.status_code == expected, answer.text
        return answer.json()

    async def sign_in(self, agent: Agent) -> None:
        self.http.cookies.clear()
        await self.http.post("/sign-in", data={"email": agent.email, "password": PASSWORD})
        self.me = agent

    async def member(self, id: str) -> Any:
        return next(each for each in (await self.get("/api/staff"))["staff"] if each["id"] == id)

    async def invite(self, **given: Any) -> Any:
        return await self.post("/api/staff", **NEW | {"email": f"{secrets.token_hex(6)}@town.example"} | given)


@pytest.fixture
async def alone(stage: Stage) -> None:
    """Nobody of other tests is an administrator."""
    async with stage.engine.begin() as connection:
        await connection.execute(
            update(agents).where(agents.c.role == "administrator").values(role="agent", active=False)
        )


@pytest.fixture
async def page(stage: Stage, alone: None) -> AsyncIterator[Page]:
    transport = httpx.ASGITransport(stage.app(Books()))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as http:
        found = Page(http, stage, await stage.agent("Ada", "administrator"))
        await found.sign_in(found.me)
        yield found


@pytest.mark.parametrize("role", ["agent", "supervisor", "publisher"])
async def test_only_administrators_see_to_the_staff(page: Page, role: str) -> None:
    other = await page.stage.agent()
    await page.sign_in(await page.stage.agent(role=role))
    assert (await page.http.get("/staff")).status_code == 403
    await page.get("/api/staff", 403)
    await page.post("/api/staff", 403, **NEW, email="n@town.example")
    for did in ("", "/close", "/open", "/reset", "/codes-off"):
        await page.post(f"/api/staff/{other.id}{did}", 403, **NEW)
    assert (await done(page.stage, page.me.id)).count("refused") == 8
    assert (await page.http.get("/audit")).status_code == (200 if role == "supervisor" else 403)


async def test_nobody_sees_anything_without_signing_in(page: Page) -> None:
    page.http.cookies.clear()
    for path in ("/staff", "/audit", "/me"):
        assert (await page.http.get(path)).headers["location"] == "/"
    for path in ("/api/staff", "/api/audit", "/api/account"):
        await page.get(path, 401)


async def test_somebody_is_invited_and_comes(page: Page) -> None:
    made = await page.invite()
    assert made["link"].startswith("/welcome#")
    member = await page.member(made["id"])
    assert member["invited"] == made["ends"] and not member["arrived"] and member["seen"] is None
    assert {name: member[name] for name in NEW} == NEW
    given = {"token": made["link"].partition("#")[2], "password": OTHER}
    await page.http.post("/welcome", json=given, headers={"X-Guichet": "desk"})
    await page.sign_in(page.me)
    member = await page.member(made["id"])
    assert member["arrived"] and member["seen"] and member["invited"] is None
    told = [(each["did"], each["of"]) for each in (await page.get("/api/audit", of=made["id"]))["steps"]]
    assert told == [
        ("signed in", None),
        ("password changed", None),
        ("invitation used", None),
        ("account invited", "Noa"),
    ]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"email": "nobody"}, "unfit"),
        ({"name": "  "}, "unfit"),
        ({"languages": []}, "unfit"),
        ({"languages": ["xx"]}, "unfit"),
        ({"teams": ["no such team"]}, "unfit"),
        ({"role": "emperor"}, "unfit"),
        ({"capacity": 0}, "unfit"),
    ],
)
async def test_what_cannot_be_is_not_invited(page: Page, given: dict[str, Any], why: str) -> None:
    values = NEW | {"email": "x@town.example"} | given
    assert (await page.post("/api/staff", 422, **values))["error"] == why


async def test_there_is_one_account_of_an_address(page: Page) -> None:
    assert (await page.post("/api/staff", 422, **NEW, email=page.me.email.upper()))["error"] == "taken"


async def test_somebody_gets_other_work(page: Page) -> None:
    agent = await page.stage.agent()
    token = await page.stage.accounts.sign_in(agent.email, PASSWORD) or ""
    change = {"name": "Sam T.", "role": "agent", "languages": ["en"], "teams": ["housing", "taxes"], "capacity": 2}
    await page.post(f"/api/staff/{agent.id}", **change)
    assert await page.stage.accounts.who(token) == Agent(
        agent.id, "Sam T.", agent.email, "agent", ["en"], ["housing", "taxes"], 2
    ), "they go on working"
    await page.post(f"/api/staff/{agent.id}", **change)
    await page.post(f"/api/staff/{agent.id}", **change | {"role": "supervisor"})
    assert await page.stage.accounts.who(token) is None, "with another role, one signs in again"
    steps = (await page.get("/api/audit", of=agent.id))["steps"]
    assert [each["about"] for each in steps if each["did"] == "account changed"] == [
        {"agent": agent.id, "role": ["agent", "supervisor"]},
        {
            "agent": agent.id,
            "name": ["Sam", "Sam T."],
            "languages": [["en", "fr"], ["en"]],
            "teams": [[], ["housing", "taxes"]],
            "capacity": [None, 2],
        },
    ], "what it was and is, and nothing where nothing changed"
    assert all(each["agent"] == page.me.id for each in steps if each["did"] == "account changed")


async def test_an_account_is_closed_and_opened_again(page: Page) -> None:
    agent = await page.stage.agent()
    token = await page.stage.accounts.sign_in(agent.email, PASSWORD) or ""
    await page.post(f"/api/staff/{agent.id}/close")
    assert await page.stage.accounts.who(token) is None
    assert await page.stage.accounts.sign_in(agent.email, PASSWORD) is None
    assert not (await page.member(agent.id))["active"]
    assert (await page.post(f"/api/staff/{agent.id}/reset", 422))["error"] == "nobody"
    await page.post(f"/api/staff/{agent.id}/open")
    assert await page.stage.accounts.who(token) is None, "what has ended stays ended"
    assert await page.stage.accounts.sign_in(agent.email, PASSWORD)


async def test_a_reset_gives_a_link(page: Page) -> None:
    agent = await page.stage.agent()
    made = await page.post(f"/api/staff/{agent.id}/reset")
    assert await page.stage.accounts.sign_in(agent.email, PASSWORD) is None
    given = {"token": made["link"].partition("#")[2], "password": OTHER}
    assert (await page.http.post("/welcome", json=given, headers={"X-Guichet": "desk"})).status_code == 200


async def test_codes_are_turned_off_for_who_lost_the_device(page: Page) -> None:
    agent = await page.stage.agent()
    async with page.stage.engine.begin() as connection:
        await connection.execute(update(agents).where(agents.c.id == agent.id).values(totp="sealed"))
    assert (await page.member(agent.id))["codes"]
    await page.post(f"/api/staff/{agent.id}/codes-off")
    assert not (await page.member(agent.id))["codes"]
    token = await page.stage.accounts.sign_in(agent.email, PASSWORD) or ""
    assert await page.stage.accounts.who(token) == agent, "with the same password"


async def test_for_oneself_the_settings_are_the_way(page: Page) -> None:
    for did in ("reset", "codes-off"):
        assert (await page.post(f"/api/staff/{page.me.id}/{did}", 422))["error"] == "self"
    for did in ("", "/close", "/open", "/reset", "/codes-off"):
        assert (await page.post(f"/api/staff/nobody{did}", 422, **NEW))["error"] == "nobody"


async def test_the_last_administrator_stays(page: Page) -> None:
    mine = {"name": "Ada", "role": "administrator", "languages": ["en"], "teams": [], "capacity": None}
    assert (await page.post(f"/api/staff/{page.me.id}/close", 422))["error"] == "last"
    assert (await page.post(f"/api/staff/{page.me.id}", 422, **mine | {"role": "agent"}))["error"] == "last"
    await page.post(f"/api/staff/{page.me.id}", **mine)
    invited = await page.invite(role="administrator")
    assert (await page.post(f"/api/staff/{page.me.id}/close", 422))["error"] == "last", (
        "who has not come yet counts not"
    )
    closed = await page.stage.agent("Bo", "administrator")
    await page.post(f"/api/staff/{closed.id}/close")
    assert (await page.post(f"/api/staff/{page.me.id}/close", 422))["error"] == "last", "nor who is closed"
    given = {"token": invited["link"].partition("#")[2], "password": OTHER}
    page.http.cookies.clear()
    await page.http.post("/welcome", json=given, headers={"X-Guichet": "desk"})
    await page.sign_in(page.me)
    await page.post(f"/api/staff/{page.me.id}/close")
    await page.get("/api/staff", 401)


async def test_two_administrators_cannot_close_each_other_at_once(stage: Stage, alone: None) -> None:
    for _ in range(5):
        one, other = [await stage.agent(name, "administrator") for name in ("Ada", "Bo")]
        staff = Staff(stage.accounts)
        to = Change("x", "agent", ["en"], [], None)
        done = await asyncio.gather(
            staff.close(one.id, other.id), staff.change(other.id, to, one.id), return_exceptions=True
        )
        assert [type(each) for each in done if each] == [Unfit]
        async with stage.engine.begin() as connection:
            await connection.execute(
                update(agents).where(agents.c.id.in_([one.id, other.id])).values(role="agent", active=False)
            )


# One's own account


async def test_ones_own_password_and_codes(page: Page) -> None:
    agent = await page.stage.agent()
    await page.sign_in(agent)
    about = await page.get("/api/account")
    assert (about["email"], about["codes"], about["demanded"], about["password"]) == (agent.email, None, False, True)
    wrong = await page.post("/api/account/password", 422, old="not the old one", new=OTHER)
    assert wrong["error"] == "wrong"
    assert (await page.post("/api/account/password", 422, old=PASSWORD, new="short"))["error"] == "length"
    before = page.http.cookies[COOKIE]
    await page.post("/api/account/password", old=PASSWORD, new=OTHER)
    assert page.http.cookies[COOKIE] != before
    offer = await page.post("/api/account/codes/offer")
    code = pyotp.TOTP(offer["secret"]).now()
    recovery = (await page.post("/api/account/codes/on", sealed=offer["sealed"], code=code))["recovery"]
    assert (await page.get("/api/account"))["codes"] == 10
    assert (await page.post("/api/account/codes/off", 422, code=code))["error"] == "code", "it was used"
    new = (await page.post("/api/account/codes/recovery", code=recovery[0]))["recovery"]
    for _ in range(4):
        await page.post("/api/account/codes/off", 422, code=recovery[1])
    assert (await page.get("/api/account"))["codes"] == 10
    await page.post("/api/account/codes/off", code=new[0])
    for _ in range(5):
        await page.post("/api/account/password", 422, old=PASSWORD, new="three blue kettles")
    locked = await page.post("/api/account/password", 423, old=OTHER, new="three blue kettles")
    assert locked["error"] == "locked"


# The trail


@pytest.fixture
async def trail(page: Page) -> None:
    """Nothing of other tests."""
    async with page.stage.engine.begin() as connection:
        await connection.execute(delete(audit))


async def test_who_did_what_newest_first(page: Page, trail: None) -> None:
    agent = await page.stage.agent("Ana")
    id, _ = await page.stage.case()
    case = await page.stage.cases.claim(id, agent.id)
    await page.stage.cases.release(id, agent.id, case.epoch)
    found = await page.get("/api/audit")
    assert [(each["name"], each["did"], each["case"], each["of"]) for each in found["steps"]] == [
        ("Ana", "released", id, None),
        ("Ana", "claimed", id, None),
        (None, "account added", None, "Ana"),
    ]
    assert found["staff"][agent.id] == "Ana" and found["more"] is None
    again = (await page.get("/api/audit", of=agent.id, case=id))["steps"]
    assert [each["did"] for each in again] == ["released", "claimed"]
    looked = (await page.get("/api/audit"))["steps"][:2]
    assert [(each["name"], each["did"], each["about"]) for each in looked] == [
        ("Ada", "audit read", {"agent": agent.id, "of_case": id}),
        ("Ada", "audit read", None),
    ], "a look is written down, with what was looked for"


async def test_a_day_is_that_of_who_looks(page: Page, trail: None) -> None:
    async with page.stage.engine.begin() as connection:
        for at in ("2026-03-08 04:59:59+00", "2026-03-08 05:00+00", "2026-03-09 03:59:59+00", "2026-03-09 04:00+00"):
            await connection.execute(text(f"INSERT INTO audit (at, did) VALUES ('{at}', '{at}')"))
    toronto = {"since": "2026-03-08T05:00:00.000Z", "until": "2026-03-09T04:00:00.000Z"}  # a day of 23 hours
    found = [each["did"] for each in (await page.get("/api/audit", **toronto))["steps"]]
    assert found == ["2026-03-09 03:59:59+00", "2026-03-08 05:00+00"]


async def test_supervisors_see_what_happened_with_cases(page: Page, trail: None) -> None:
    id, _ = await page.stage.case()
    await page.sign_in(await page.stage.agent("Bo", "supervisor"))
    await page.http.get(f"/api/cases/{id}")
    found = await page.get("/api/audit")
    assert found["cases_only"] and {each["did"] for each in found["steps"]} == {"read"}
    await page.sign_in(await page.stage.agent("Bea", "administrator"))
    assert "signed in" in {each["did"] for each in (await page.get("/api/audit"))["steps"]}


async def test_it_is_read_page_by_page_without_gap_or_double(page: Page, trail: None) -> None:
    async with page.stage.engine.begin() as connection:
        rows = [{"did": f"step {number}"} for number in range(2 * PAGE + 7)]
        await connection.execute(audit.insert(), rows)
    seen: list[str] = []
    more: int | None = None
    while True:
        found = await page.get("/api/audit", **({"before": more} if more else {}))
        seen += [each["did"] for each in found["steps"]]
        more = found["more"]
        if more is None:
            break
    assert seen == [f"step {number}" for number in reversed(range(2 * PAGE + 7))]
    async with page.stage.engine.connect() as connection:
        looks = select(audit.c.id).where(audit.c.did == "audit read")
        assert len((await connection.execute(looks)).all()) == 1, "the pages of one look are one look"


@pytest.mark.parametrize(
    "given", [{"case": "x"}, {"case": 0}, {"since": "yesterday"}, {"of": "x" * 33}, {"before": 2**70}]
)
async def test_what_is_no_filter_is_refused(page: Page, given: dict[str, Any]) -> None:
    await page.get("/api/audit", 422, **given)
