"""Every route of the desk, asked by everybody: who may get what, what becomes of the rest, and that it is written down."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from channels.desk.access import COOKIE
from channels.desk.accounts import Agent
from channels.desk.app import desk_app
from channels.desk.guard import HEADERS
from channels.desk.oidc import Provider, Registered
from channels.desk.sign_ins import hashed
from channels.desk.statistics import Statistics
from channels.desk.switching import Switching
from channels.tables import audit, sign_ins
from machine.ports import free_port
from tests.channels.desk.conftest import PASSWORD, Stage
from tests.channels.desk.test_app import Books

TEAM, OTHER_TEAM = "passports", "housing"
WHO = ("nobody", "ended", "halfway", "publisher", "stranger", "agent", "supervisor", "administrator")
"""Who asks: nobody; somebody who has signed out; somebody whose code is still to come; an agent of another team …"""

OPEN = (200,) * 8  # to everybody
SIGNED_IN = (401, 401, 401, 200, 200, 200, 200, 200)
AT_DESK = (401, 401, 401, 403, 200, 200, 200, 200)
OF_CASE = (401, 401, 401, 403, 404, 200, 200, 200)
OF_SUPERVISORS = (401, 401, 401, 403, 403, 403, 200, 200)
OF_SUPERVISORS_OF_CASE = (401, 401, 401, 403, 404, 403, 200, 200)
OF_ADMINISTRATORS = (401, 401, 401, 403, 403, 403, 403, 200)
ON = (303,) * 8  # to another page, or to the beginning
PAGE = (303, 303, 303, 200, 200, 200, 200, 200)


def told(expected: tuple[int, ...], done: int) -> tuple[int, ...]:
    """The same, where what is done is answered with another status."""
    return tuple(done if status == 200 else status for status in expected)


@dataclass(frozen=True)
class Route:
    """`expected` is the status by who asks. `held` is whether the asker has the case, where they may see it."""

    path: str
    expected: tuple[int, ...]
    json: dict[str, Any] | None = None
    form: dict[str, str] | None = None
    held: bool = False
    where: dict[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        return "GET" if self.json is None and self.form is None else "POST"


WORD = {"id": "x" * 16, "text": "a word"}
SOMEBODY = {"name": "Somebody", "role": "agent", "languages": ["en"], "teams": []}
CASE = "/api/cases/{id}"
ROUTES = (
    # ways in and out
    Route("/", (*PAGE[:2], 303, 303, *PAGE[4:])),
    Route("/sign-in", OPEN),
    Route("/sign-in", ON, form={"email": "nobody@town.example", "password": "wrong"}),
    Route("/code", (303, 303, 200, *ON[3:])),
    Route("/change", ON),
    Route("/enrol", ON),
    Route("/code", ON, form={"code": "000000"}),
    Route("/change", ON, form={"password": "x"}),
    Route("/welcome", OPEN),
    Route("/welcome/who", told(OPEN, 404), json={"token": "none"}),
    Route("/welcome", told(OPEN, 404), json={"token": "none", "password": PASSWORD}),
    Route("/sign-in/oidc", ON),
    Route("/sign-in/oidc/back", ON),
    Route("/static/{name}", OPEN, where={"name": "desk.css"}),
    Route("/health", OPEN),
    # one's own account
    Route("/me", PAGE),
    Route("/api/account", SIGNED_IN),
    Route("/api/account/enrolling", SIGNED_IN),
    Route("/api/account/password", told(SIGNED_IN, 422), json={"old": "not this one", "new": "another long word"}),
    Route("/api/account/codes/offer", SIGNED_IN, json={}),
    Route("/api/account/codes/on", told(SIGNED_IN, 422), json={"sealed": "x", "code": "000000"}),
    Route("/api/account/codes/off", told(SIGNED_IN, 422), json={"code": "000000"}),
    Route("/api/account/codes/recovery", told(SIGNED_IN, 422), json={"code": "000000"}),
    # the staff and the trail
    Route("/staff", (303, 303, 303, 403, 403, 403, 403, 200)),
    Route("/audit", (303, 303, 303, 403, 403, 403, 200, 200)),
    Route("/api/staff", OF_ADMINISTRATORS),
    Route("/api/staff", OF_ADMINISTRATORS, json=SOMEBODY | {"email": "{new}"}),
    Route("/api/staff/{id}", OF_ADMINISTRATORS, json=SOMEBODY, where={"id": "{colleague}"}),
    Route("/api/staff/{id}/close", OF_ADMINISTRATORS, json={}, where={"id": "{colleague}"}),
    Route("/api/staff/{id}/open", OF_ADMINISTRATORS, json={}, where={"id": "{colleague}"}),
    Route("/api/staff/{id}/reset", OF_ADMINISTRATORS, json={}, where={"id": "{colleague}"}),
    Route("/api/staff/{id}/codes-off", OF_ADMINISTRATORS, json={}, where={"id": "{colleague}"}),
    Route("/api/audit", OF_SUPERVISORS),
    # the desk
    Route("/api/me", AT_DESK),
    Route("/api/desk", AT_DESK),
    Route("/api/cases", AT_DESK),
    Route("/api/search", AT_DESK, where={"?": "q=dog"}),
    Route("/api/events", AT_DESK),
    Route("/api/looking", told(AT_DESK, 204), json={"page": "0" * 8, "case": None}),
    Route("/api/translate", told(AT_DESK, 404), json={"text": "hello", "to": "fr"}),
    # a case
    Route(CASE, OF_CASE),
    Route(f"{CASE}/claim", OF_CASE, json={}),
    Route(f"{CASE}/release", OF_CASE, json={"epoch": 1}, held=True),
    Route(f"{CASE}/transfer", OF_CASE, json={"epoch": 1, "team": OTHER_TEAM}, held=True),
    Route(f"{CASE}/close", OF_CASE, json={"epoch": 1, "outcome": "answered"}, held=True),
    Route(f"{CASE}/say", told(OF_CASE, 202), json={"epoch": 1, **WORD}, held=True),
    Route(f"{CASE}/resend", told(OF_CASE, 404), json={"epoch": 1, "message": "none"}, held=True),
    Route(f"{CASE}/note", told(OF_CASE, 202), json=WORD),
    Route(f"{CASE}/take-over", OF_SUPERVISORS_OF_CASE, json={"because": "a reason"}),
    Route(f"{CASE}/reassign", OF_SUPERVISORS_OF_CASE, json={"team": OTHER_TEAM}),
    Route(f"{CASE}/whisper", told(OF_SUPERVISORS_OF_CASE, 202), json=WORD),
    # supervising
    Route("/api/board", OF_SUPERVISORS),
    Route("/api/statistics", OF_SUPERVISORS, where={"?": "first=2026-11-01&last=2026-11-28"}),
    Route("/api/statistics.csv", OF_SUPERVISORS, where={"?": "first=2026-11-01&last=2026-11-28"}),
    Route("/api/switches", told(OF_SUPERVISORS, 201), json={"kind": "closed", "subject": TEAM, "because": "a reason"}),
    Route("/api/switches/{id}/end", OF_SUPERVISORS, json={}, where={"id": "1"}),
    Route("/sign-out", ON, form={}),  # last: it ends the sign-in
)


@dataclass
class Door:
    """The desk's app, and a client of it for each of those who ask."""

    stage: Stage
    app: FastAPI
    http: httpx.AsyncClient
    crew: dict[str, Agent]
    tokens: dict[str, str]
    colleague: Agent

    async def asks(self, who: str, route: Route, **headers: str) -> tuple[httpx.Response, int]:
        """The answer, and the case that it was about."""
        id, _ = await self.stage.case(team=TEAM)
        if route.held:
            holder = self.crew[who] if who in ("agent", "supervisor", "administrator") else self.colleague
            await self.stage.cases.claim(id, holder.id)
        known = {"new": f"{uuid4().hex}@town.example", "colleague": self.colleague.id}
        where = {"id": str(id)} | {name: value.format(**known) for name, value in route.where.items()}
        path = route.path.format(**where) + (f"?{where['?']}" if "?" in where else "")
        json = route.json and {
            name: value.format(**known) if isinstance(value, str) else value for name, value in route.json.items()
        }
        headers = {"Cookie": f"{COOKIE}={self.tokens[who]}", "X-Guichet": "desk"} | headers
        return await answered(
            self.app, self.http.build_request(route.method, path, json=json, data=route.form, headers=headers)
        ), id

    async def audited(self, agent: Agent) -> list[tuple[str, int | None, Any]]:
        wanted = select(audit.c.did, audit.c.case, audit.c.about).where(audit.c.agent == agent.id)
        async with self.stage.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(wanted.order_by(audit.c.id))]


async def answered(app: FastAPI, request: httpx.Request) -> httpx.Response:
    """What the app answers; of a stream that never ends, its beginning."""
    status, headers, written = 0, list[tuple[bytes, bytes]](), bytearray()
    content, left = await request.aread(), False

    async def receive() -> dict[str, Any]:
        nonlocal content, left
        if left:
            return {"type": "http.disconnect"}
        left = True
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], message["headers"]
        else:
            written.extend(message["body"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 5000),
        "server": ("desk.example", 80),
    }
    await app(scope, receive, send)  # type: ignore[arg-type]
    return httpx.Response(status, headers=headers, content=bytes(written))


@pytest.fixture
async def door(stage: Stage) -> AsyncIterator[Door]:
    registered = Registered(f"http://127.0.0.1:{free_port(0)}", "desk", "secret", "http://desk.example/back", None)
    app = desk_app(
        *(stage.counter, stage.accounts, stage.history, Books()),
        *(Switching(stage.engine, stage.switches), Statistics(stage.engine)),
        Provider(registered, stage.redis),
        secure=False,
    )
    crew = {
        "publisher": await stage.agent("Pat", "publisher"),
        "stranger": await stage.agent("Stranger", teams=[OTHER_TEAM]),
        "agent": await stage.agent("Ana", teams=[TEAM]),
        "supervisor": await stage.agent("Sue", "supervisor", teams=[OTHER_TEAM]),
        "administrator": await stage.agent("Ada", "administrator"),
    }
    tokens = {who: await stage.accounts.sign_in(agent.email, PASSWORD) or "" for who, agent in crew.items()}
    tokens["nobody"] = ""
    tokens["ended"] = await stage.accounts.sign_in(crew["administrator"].email, PASSWORD) or ""
    await stage.accounts.sign_out(tokens["ended"])
    tokens["halfway"] = await stage.accounts.sign_in(crew["administrator"].email, PASSWORD) or ""
    async with stage.engine.begin() as connection:
        halfway = update(sign_ins).where(sign_ins.c.token == hashed(tokens["halfway"])).values(lacks="code")
        assert (await connection.execute(halfway)).rowcount == 1
    async with httpx.AsyncClient(base_url="http://desk.example") as http:
        yield Door(stage, app, http, crew, tokens, await stage.agent("Col", teams=[TEAM]))


def routes_of(router: Any) -> Iterator[Any]:
    for each in router.routes:
        if hasattr(each, "original_router"):  # one that is included
            yield from routes_of(each.original_router)
        else:
            yield each


def test_every_route_is_listed_here(door: Door) -> None:
    there = {(method, route.path) for route in routes_of(door.app) for method in getattr(route, "methods", ("any",))}
    assert there == {(route.method, route.path) for route in ROUTES}


@pytest.mark.parametrize("who", WHO)
async def test_everybody_gets_what_they_may_and_no_more(door: Door, who: str) -> None:
    differs, unwritten, bare = {}, [], []
    for route in ROUTES:
        before = len(await door.audited(door.crew[who])) if who in door.crew else 0
        answer, case = await door.asks(who, route)
        expected = route.expected[WHO.index(who)]
        if answer.status_code != expected:
            differs[f"{route.method} {route.path}"] = (answer.status_code, expected, answer.text[:200])
        if any(answer.headers.get(name) != value for name, value in HEADERS.items()):
            bare.append(route.path)
        if who in door.crew and (expected == 403 or (expected == 404 and route.expected == OF_CASE)):
            path = route.path.format(
                **({"id": case} | {n: v.format(colleague=door.colleague.id) for n, v in route.where.items()})
            )
            written = (await door.audited(door.crew[who]))[before:]
            if path not in [about["path"] for _, _, about in written if about and "path" in about]:
                unwritten.append((route.path, written))
    assert not differs
    assert not unwritten, "what was refused is on record, with who and where"
    assert not bare


@pytest.mark.parametrize("route", [each for each in ROUTES if each.method == "POST"], ids=lambda each: each.path)
async def test_what_another_site_has_a_browser_send_is_refused(door: Door, route: Route) -> None:
    forgeries: list[dict[str, str]] = [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]
    if route.form is None:
        forgeries += [{"X-Guichet": ""}, {"X-Guichet": "other"}]
    else:
        forgeries += [{"Origin": "https://evil.example"}, {"Origin": "null"}]
    for forged in forgeries:
        answer, case = await door.asks("administrator", route, **forged)
        assert answer.status_code == 403, forged
        assert (await door.stage.cases.one(case)).epoch == (1 if route.held else 0)
    if route.path.startswith("/api/"):
        written = [did for did, _, _ in await door.audited(door.crew["administrator"])]
        assert written.count("forged request refused") == len(forgeries)
