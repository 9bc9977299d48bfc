"""The ways in and out: one step after the other, from the desk's own pages, not too often, and for publishers to no case."""

import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pyotp
import pytest

from channels.desk.live import ALIVE, Live
from channels.desk.people.accounts import Agent
from channels.desk.people.factors import Factors
from channels.desk.people.guesses import MOST_FAILURES
from channels.desk.people.invitations import Invitations
from channels.desk.people.limits import TRIES_PER_MINUTE, Limits
from channels.desk.people.staff import Change, Staff
from channels.desk.routes.access import COOKIE
from tests.channels.desk.conftest import PASSWORD, Stage
from tests.channels.desk.people.test_accounts import OTHER, done, seen_ago
from tests.channels.desk.test_app import Books

DESK = {"X-Guichet": "desk"}


@pytest.fixture
async def http(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(stage.app(Books()))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as client:
        yield client
    stage.accounts.demand = "none"


async def enter(http: httpx.AsyncClient, agent: Agent, password: str = PASSWORD) -> str:
    """Where somebody is led who gives their password."""
    answer = await http.post("/sign-in", data={"email": agent.email, "password": password})
    assert answer.headers["location"] == "/"
    return str((await http.get("/")).headers.get("location", ""))


async def opens_nothing(http: httpx.AsyncClient, but: str) -> None:
    """A sign-in that lacks something opens its own page, and no other."""
    for path in ("/api/me", "/api/cases", "/api/account", "/api/staff", "/api/audit", "/api/events"):
        assert (await http.get(path)).status_code == 401, path
    for path in ("/me", "/staff", "/audit", *({"/code", "/change", "/enrol"} - {but})):
        assert (await http.get(path)).headers["location"] == "/", path
    assert (await http.get("/")).headers["location"] == but
    assert (await http.get(but)).status_code == 200


async def with_codes(stage: Stage, agent: Agent) -> str:
    """Their secret; the last code used is long ago."""
    factors = Factors(stage.accounts, lambda: time.time() - 300)
    offer = factors.offer(agent)
    code = pyotp.TOTP(offer.secret).at(int(time.time()) - 300)
    await factors.turn_on(agent, offer.sealed, code, "")
    return offer.secret


async def test_a_code_after_the_password(stage: Stage, http: httpx.AsyncClient) -> None:
    agent = await stage.agent()
    secret = await with_codes(stage, agent)
    assert await enter(http, agent) == "/code"
    await opens_nothing(http, "/code")
    assert (await http.post("/code", data={"code": "nonsense"})).headers["location"] == "/code?wrong#wrong"
    before = http.cookies[COOKIE]
    answer = await http.post("/code", data={"code": pyotp.TOTP(secret).now()})
    assert answer.headers["location"] == "/" and "samesite=strict" in answer.headers["set-cookie"].lower()
    assert http.cookies[COOKIE] != before
    assert (await http.get("/")).status_code == 200
    assert (await http.post("/code", data={"code": "123456"})).headers["location"] == "/code?wrong#wrong"


async def test_too_many_wrong_codes_lead_to_the_beginning(stage: Stage, http: httpx.AsyncClient) -> None:
    agent = await stage.agent()
    await with_codes(stage, agent)
    await enter(http, agent)
    for _ in range(MOST_FAILURES):
        assert (await http.post("/code", data={"code": "nonsense"})).headers["location"] == "/code?wrong#wrong"
    assert (await http.post("/code", data={"code": "nonsense"})).headers["location"] == "/sign-in?locked#locked"


async def test_a_given_password_is_changed_first(stage: Stage, http: httpx.AsyncClient) -> None:
    agent = await stage.agent()
    await stage.accounts.set_password(agent.email, "somebody else wrote")
    assert await enter(http, agent, "somebody else wrote") == "/change"
    await opens_nothing(http, "/change")
    for password, why in (("short", "length"), ("aaaaaaaaaaaaaaaa", "guessed"), ("somebody else wrote", "same")):
        answer = await http.post("/change", data={"password": password})
        assert answer.headers["location"] == f"/change?{why}#{why}"
    assert (await http.post("/change", data={"password": OTHER})).headers["location"] == "/"
    assert (await http.get("/")).status_code == 200
    assert (await http.post("/change", data={"password": PASSWORD})).headers["location"] == "/"
    assert await stage.accounts.sign_in(agent.email, OTHER), "this page changes no other password"


async def test_codes_are_set_up_first_where_the_role_needs_them(stage: Stage, http: httpx.AsyncClient) -> None:
    stage.accounts.demand = "privileged"
    agent = await stage.agent(role="supervisor")
    assert await enter(http, agent) == "/enrol"
    await opens_nothing(http, "/enrol")
    assert (await http.get("/api/account/enrolling")).json()["role"] == "supervisor"
    assert (await http.post("/api/account/codes/offer")).status_code == 403, "a request of another page"
    offer = (await http.post("/api/account/codes/offer", headers=DESK)).json()
    given = {"sealed": offer["sealed"], "code": "nonsense"}
    wrong = await http.post("/api/account/codes/on", json=given, headers=DESK)
    assert (wrong.status_code, wrong.json()["error"]) == (422, "code")
    given["code"] = pyotp.TOTP(offer["secret"]).now()
    answer = await http.post("/api/account/codes/on", json=given, headers=DESK)
    assert len(answer.json()["recovery"]) == 10
    assert (await http.get("/")).status_code == 200


@pytest.mark.parametrize(
    ("headers", "fine"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://desk.example"}, False),
        ({"Origin": "http://desk.example"}, True),
        ({"Origin": "https://desk.example"}, True),
        ({"Origin": "http://desk.example:8080"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({}, True),
    ],
)
async def test_forms_come_from_the_desks_own_pages(
    stage: Stage, http: httpx.AsyncClient, headers: dict[str, str], fine: bool
) -> None:
    agent = await stage.agent()
    token = await stage.accounts.sign_in(agent.email, PASSWORD) or ""
    headers = headers | {"Cookie": f"{COOKIE}={token}"}
    for path, form in (
        ("/sign-in", {"email": "a", "password": "b"}),
        ("/code", {}),
        ("/change", {}),
        ("/sign-out", {}),
    ):
        assert ((await http.post(path, data=form, headers=headers)).status_code == 303) == fine, path
    assert (await stage.accounts.who(token) is None) == fine


async def test_an_address_of_the_internet_tries_so_often_in_a_minute(
    stage: Stage, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr("channels.desk.people.limits.time.time", lambda: now)
    found = [
        (await http.post("/sign-in", data={"email": f"{n}@town.example", "password": "x"})).headers["location"]
        for n in range(TRIES_PER_MINUTE + 2)
    ]
    assert found == ["/sign-in?wrong#wrong"] * TRIES_PER_MINUTE + ["/sign-in?busy#busy"] * 2
    agent = await stage.agent()
    form = {"email": agent.email, "password": PASSWORD}
    assert (await http.post("/sign-in", data=form)).headers["location"] == "/sign-in?busy#busy", "whoever it is"
    assert (await http.post("/code", data={"code": "x"})).headers["location"] == "/code?busy#busy"
    given = {"token": "x", "password": OTHER}
    assert (await http.post("/welcome", json=given, headers=DESK)).status_code == 429
    now += 60
    assert (await http.post("/sign-in", data=form)).headers["location"] == "/"


async def test_one_cannot_tell_an_account_by_its_lock(stage: Stage, http: httpx.AsyncClient) -> None:
    agent = await stage.agent()
    for email in (agent.email, f"{secrets.token_hex(4)}@town.example"):
        form = {"email": email, "password": "wrong"}
        found = [(await http.post("/sign-in", data=form)).headers["location"] for _ in range(MOST_FAILURES + 1)]
        assert found == ["/sign-in?wrong#wrong"] * MOST_FAILURES + ["/sign-in?locked#locked"], email


async def test_without_redis_limits_refuse_nobody(stage: Stage) -> None:
    from redis.asyncio import Redis

    limits = Limits(Redis(port=9))
    assert not await limits.busy("192.0.2.1") and not await limits.missed("a@town.example")


async def test_a_link_leads_in(stage: Stage, http: httpx.AsyncClient) -> None:
    invitations = Invitations(stage.accounts)
    made = await invitations.invite(f"{secrets.token_hex(4)}@town.example", "Noa", "agent", ["en"])
    assert (await http.get("/welcome")).status_code == 200
    given: dict[str, Any] = {"token": made.token}
    who = await http.post("/welcome/who", json=given, headers=DESK)
    assert who.json() == {"name": "Noa", "email": made.agent.email}
    assert (await http.post("/welcome", json=given | {"password": OTHER})).status_code == 403
    short = await http.post("/welcome", json=given | {"password": "short"}, headers=DESK)
    assert (short.status_code, short.json()["error"]) == (422, "length")
    assert (await http.post("/welcome", json=given | {"password": OTHER}, headers=DESK)).status_code == 200
    assert (await http.get("/")).status_code == 200
    assert (await http.post("/welcome/who", json=given, headers=DESK)).status_code == 404
    assert (await http.post("/welcome", json=given | {"password": OTHER}, headers=DESK)).status_code == 404


async def test_a_publisher_comes_in_but_sees_no_case(stage: Stage, http: httpx.AsyncClient) -> None:
    agent = await stage.agent("Pia", "publisher")
    id, _ = await stage.case()
    assert await enter(http, agent) == "/me"
    for path in ("/api/cases", f"/api/cases/{id}", "/api/desk", "/api/events"):
        assert (await http.get(path)).status_code == 403, path
    for did in ("claim", "note"):
        assert (await http.post(f"/api/cases/{id}/{did}", json={}, headers=DESK)).status_code == 403, did
    assert (await done(stage, agent.id)).count("refused") == 6
    assert (await http.get("/api/account")).json()["role"] == "publisher"


async def test_who_signs_out_is_out(stage: Stage, http: httpx.AsyncClient) -> None:
    agent = await stage.agent()
    await enter(http, agent)
    token = http.cookies[COOKIE]
    assert (await http.post("/sign-out")).headers["location"] == "/sign-in"
    assert COOKIE not in http.cookies and await stage.accounts.who(token) is None
    assert (await done(stage, agent.id))[-1] == "signed out"


@pytest.mark.parametrize("what", ["closed", "other teams", "signed out", "open for long"])
async def test_what_a_page_hears_ends_with_the_sign_in(stage: Stage, what: str) -> None:
    agent, administrator = await stage.agent(), await stage.agent("Ada", "administrator")
    token = await stage.accounts.sign_in(agent.email, PASSWORD) or ""
    live = Live(stage.counter, stage.accounts.whose)
    heard = live.follow(agent, token)
    assert (await anext(heard)).startswith("event: presence")
    await live.beat()
    assert await anext(heard) == ALIVE
    if what == "closed":
        await Staff(stage.accounts).close(agent.id, administrator.id)
    elif what == "other teams":
        change = Change(agent.name, agent.role, agent.languages, ["taxes"], None)
        await Staff(stage.accounts).change(agent.id, change, administrator.id)
    elif what == "signed out":
        await stage.accounts.sign_out(token)
    else:
        await seen_ago(stage, agent.id, 59)
    await live.beat()
    if what == "open for long":
        assert await anext(heard) == ALIVE
        await seen_ago(stage, agent.id, 1)
        assert await stage.accounts.who(token) == agent, "an open page is not idle"
        await heard.aclose()  # type: ignore[attr-defined]
    else:
        assert {each async for each in heard} <= {ALIVE}
    assert await stage.counter.presence.present() == []
