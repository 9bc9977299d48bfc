"""Every route of the desk, asked by everybody: who may get what, what becomes of the rest, and that it is written down."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from json import dumps
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import select, update

from channels.desk.app import desk_app
from channels.desk.copy import copied
from channels.desk.fetching import Files
from channels.desk.live import Live
from channels.desk.people.accounts import Agent
from channels.desk.people.oidc import Provider, Registered
from channels.desk.people.sign_ins import hashed
from channels.desk.people.staff import Staff
from channels.desk.routes.access import COOKIE
from channels.desk.routes.guard import HEADERS
from channels.desk.statistics import Statistics
from channels.desk.switching import Switching
from channels.settings import Settings
from channels.tables import audit, sign_ins
from machine.ports import free_port
from tests.channels.desk.conftest import PASSWORD, SECRET, Stage
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
    Route(f"{CASE}/lines/{{message}}/files/{{number}}", told(OF_CASE, 404), where={"message": "none", "number": "1"}),
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
        given = route.json and {
            name: value.format(**known) if isinstance(value, str) else value for name, value in route.json.items()
        }
        headers = {"Cookie": f"{COOKIE}={self.tokens[who]}", "X-Guichet": "desk"} | headers
        if given is not None:
            headers["Content-Type"] = "application/json"
        content: Any = {"data": route.form} if given is None else {"content": dumps(given)}
        return await answered(self.app, self.http.build_request(route.method, path, **content, headers=headers)), id

    async def looks(
        self, who: str, path: str, *, get: bool = False, content: bytes | None = None, **json: Any
    ) -> httpx.Response:
        """The same by a path; it is posted where there is something to say or to do."""
        headers = {"Cookie": f"{COOKIE}={self.tokens[who]}", "X-Guichet": "desk", "Content-Type": "application/json"}
        posts = not get and (content is not None or bool(json) or path.count("/") > 3)
        written = (dumps(json).encode() if content is None else content) if posts else b""
        address = httpx.URL(f"http://desk.example{path}")
        return await answered(
            self.app, httpx.Request("POST" if posts else "GET", address, content=written, headers=headers)
        )

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
        attached=Files(Settings(_env_file=None, secret=SecretStr(SECRET.decode()))),
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


# Somebody else's case

LOOKS = ("", "/claim", "/release", "/note", "/say", "/take-over", "/whisper", "/reassign")


async def test_a_case_of_others_is_not_told_from_one_that_is_not_there(door: Door) -> None:
    id, _ = await door.stage.case(team=TEAM)
    for look in LOOKS:
        answers = [await door.looks("stranger", f"/api/cases/{each}{look}") for each in (id, id + 10**6, 2**63 - 1)]
        told = {(answer.status_code, answer.content, tuple(sorted(answer.headers.items()))) for answer in answers}
        assert len(told) <= 1 + (look in ("/take-over", "/whisper", "/reassign")), look
        assert b"There is no such case" in answers[1].content or answers[1].status_code == 403
    for odd in (0, -1, 2**63, 10**40, "1.5", "0x1", "%00", "٣", "null", "1 OR 1=1", ".."):
        answer = await door.looks("agent", f"/api/cases/{odd}")
        assert answer.status_code in (404, 422), odd
    assert (await door.stage.cases.one(id)).epoch == 0


async def test_who_gave_a_case_to_another_team_reads_it_no_more(door: Door) -> None:
    stage, ana = door.stage, door.crew["agent"]
    id, _ = await stage.case(team=TEAM)
    held = await stage.counter.claim(id, ana.id)
    await stage.counter.note(id, ana.id, "n" * 16, "between us")
    assert (await door.looks("agent", f"/api/cases/{id}")).status_code == 200
    await stage.counter.transfer(id, ana.id, held.epoch, team=OTHER_TEAM, to=None, note="")
    for look in LOOKS[:5]:
        assert (await door.looks("agent", f"/api/cases/{id}{look}")).status_code == 404, look
    assert id not in {each["id"] for each in (await door.looks("agent", "/api/cases")).json()["cases"]}
    assert (await door.looks("stranger", f"/api/cases/{id}")).status_code == 200


async def test_earlier_cases_of_a_citizen_are_shown_to_those_who_may_see_them(door: Door) -> None:
    stage, ana = door.stage, door.crew["agent"]
    conversation, address = await stage.citizen()
    about: dict[str, Any] = {"because": "asked_for_person", "urgent": False}
    first = await stage.cases.open(conversation, address, team=OTHER_TEAM, **about)
    stranger = door.crew["stranger"]
    held = await stage.counter.claim(first, stranger.id)
    await stage.counter.close(first, stranger.id, held.epoch, "spam")  # which no new one goes on
    second = await stage.cases.open(conversation, address, team=TEAM, **about)
    await stage.counter.claim(second, ana.id)
    assert (await door.looks("agent", f"/api/cases/{second}")).json()["earlier"] == []
    seen = (await door.looks("administrator", f"/api/cases/{second}")).json()["earlier"]
    assert [each["id"] for each in seen] == [first]


# Somebody else's rights


@pytest.mark.parametrize("who", ["publisher", "stranger", "agent", "supervisor"])
async def test_nobody_but_an_administrator_makes_anybody_anything(door: Door, who: str) -> None:
    me, wanted = door.crew[who], {"name": "Me", "role": "administrator", "languages": ["en"], "teams": []}
    for path in (f"/api/staff/{me.id}", f"/api/staff/{door.colleague.id}"):
        assert (await door.looks(who, path, **wanted)).status_code == 403
    invited = wanted | {"email": f"{uuid4().hex}@town.example"}
    assert (await door.looks(who, "/api/staff", **invited)).status_code == 403
    for path in ("/api/account", "/api/me"):
        assert (await door.looks(who, path, **wanted)).status_code in (200, 403, 405)
    roles = {each.agent.id: each.agent.role for each in await Staff(door.stage.accounts).everybody()}
    assert {role: roles[agent.id] for role, agent in door.crew.items()} == {
        role: agent.role for role, agent in door.crew.items()
    }
    assert invited["email"] not in {each.agent.email for each in await Staff(door.stage.accounts).everybody()}


async def test_with_another_role_one_has_to_come_in_again_and_what_one_hears_ends(door: Door) -> None:
    sue = door.crew["supervisor"]
    assert (await door.looks("supervisor", "/api/board")).status_code == 200
    answer = await door.looks("administrator", f"/api/staff/{sue.id}", **SOMEBODY)
    assert answer.status_code == 200
    assert (await door.looks("supervisor", "/api/board")).status_code == 401


# What the desk keeps for itself

ODD = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(str.strip)


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.tuples(st.sampled_from(("say", "note", "whisper", "transfer", "take-over")), ODD), max_size=8))
async def test_only_what_is_said_to_a_citizen_leaves_the_desk(door: Door, texts: list[tuple[str, str]]) -> None:
    """Everything that reaches the outbox, the record, the copy that a citizen may take, and what is told by Redis."""
    stage = door.stage
    conversation, address = await stage.citizen("sms")
    id = await stage.cases.open(conversation, address, team=TEAM, because="asked_for_person", urgent=False)
    sue = door.crew["supervisor"]
    said, kept = [], []
    async with stage.redis.pubsub() as bells:
        await bells.psubscribe("*")
        await door.looks("supervisor", f"/api/cases/{id}/claim")
        for number, (did, words) in enumerate(texts):
            marked, epoch = f"§{number}§ {words}", (await stage.cases.one(id)).epoch
            (said if did == "say" else kept).append(marked)
            word = {"epoch": epoch, "id": f"word-{number:08}", "text": marked, "note": marked, "because": marked}
            answer = await door.looks("supervisor", f"/api/cases/{id}/{did}", **word, agent=sue.id)
            assert answer.status_code in (200, 202), answer.text
        rung = []
        while bell := await bells.get_message(ignore_subscribe_messages=True, timeout=0.05):
            rung.append(str(bell["data"]))
    out = [item["reply"] async for item in posted(stage)]
    mine = [reply["text"] for reply in out if reply["id"].startswith("word-")]
    assert mine == said, "each once, in order, and as it was written"
    lines = await stage.cases.lines(id)
    assert sorted(line.text for line in lines if line.kind not in ("agent", "citizen") and line.text) == sorted(kept)
    copy = copied(await stage.history.before(conversation.key), lines, "en", "America/Toronto")
    assert all(" ".join(words.split()) in " ".join(copy.split()) for words in said)
    everything = " ".join(
        [json.dumps(out, ensure_ascii=False), copy, *rung, *[str(each) async for each in dump(stage)]]
    )
    marks = [words.partition(" ")[0] for words in kept]
    assert not [mark for mark in marks if mark in everything or json.dumps(mark)[1:-1] in everything]


async def posted(stage: Stage) -> AsyncIterator[Any]:
    lanes = stage.counter.out("outbox:sms")
    while tasks := await lanes.take(100, 10):
        for task in tasks:
            yield task.item
        await lanes.finish_all(tasks)


async def dump(stage: Stage) -> AsyncIterator[object]:
    """Everything that Redis has."""
    async for key in stage.redis.scan_iter():
        kind = await stage.redis.type(key)
        read = {
            "string": stage.redis.get,
            "hash": stage.redis.hgetall,
            "set": stage.redis.smembers,
            "list": lambda key: stage.redis.lrange(key, 0, -1),
            "zset": lambda key: stage.redis.zrange(key, 0, -1),
            "stream": stage.redis.xrange,
        }[kind]
        yield key, await read(key)


async def test_no_answer_says_where_a_citizen_can_be_reached(door: Door) -> None:
    stage, ada = door.stage, door.crew["administrator"]
    conversation, address = await stage.citizen("sms")
    number = address.partition(":")[2]
    id = await stage.cases.open(conversation, address, team=TEAM, because="asked_for_person", urgent=False)
    await stage.cases.ask(id, None, callback={"phone": "+16135550142"})
    held = await stage.counter.claim(id, ada.id)
    now = datetime.now(UTC)
    await stage.cases.heard(conversation.key, "m1", "hello, what about my dog?", now)
    await stage.counter.say(id, ada.id, held.epoch, "r" * 16, "hello", ())
    secrets = (number, number[1:], number[2:], conversation.key, address)
    for route in ROUTES:
        if route.method == "GET":
            path = route.path.format(**{"id": str(id)} | route.where) + f"?{route.where.get('?', '')}"
            text = (await door.looks("administrator", path, get=True)).text
            assert not [each for each in secrets if each in text], route.path
            assert ("+16135550142" in text) is (route.path == CASE), route.path
    for did in ("note", "say", "whisper"):
        answer = await door.looks("administrator", f"/api/cases/{id}/{did}", epoch=held.epoch, **WORD)
        assert not [each for each in secrets if each in answer.text]
    async with aclosing(Live(stage.counter, stage.accounts.whose).follow(ada, "")) as stream:
        first = await anext(stream)
        assert not [each for each in secrets if each in first]


# What is no request of ours

STRANGE: tuple[Any, ...] = ("\0", "\ud800", "x" * 5000, "", 10**30, -1, 0.5, True, None, [], {"a": {"a": []}}, ["\0"])


async def test_what_is_strange_is_refused_and_never_a_fault(door: Door) -> None:
    """Every value of every body, one at a time; each answer is a clean one, and what was strange is kept or refused."""
    id, _ = await door.stage.case(team=TEAM)
    await door.stage.cases.claim(id, door.crew["administrator"].id)
    faults = []
    for route in routes_of(door.app):
        listed = next(
            (each for each in ROUTES if each.json is not None and each.path == getattr(route, "path", "")), None
        )
        if listed is None or "POST" not in route.methods or not route.dependant.body_params:
            continue
        assert listed.json is not None
        model = route.dependant.body_params[0].field_info.annotation
        where = {"id": door.colleague.id if "staff" in route.path else str(id)}
        for name in model.model_fields:
            for value in STRANGE:
                answer = await door.looks("administrator", route.path.format(**where), **listed.json | {name: value})
                if answer.status_code >= 500:
                    faults.append((route.path, name, str(value)[:20], answer.text))
    assert not faults


QUOTE = {"text": "a", "title": "b", "section": "", "url": None, "publisher": "c", "as_of": None, "language": "en"}


async def test_a_quote_is_one_that_every_channel_can_show(door: Door) -> None:
    id, _ = await door.stage.case(team=TEAM)
    epoch = (await door.stage.cases.claim(id, door.crew["agent"].id)).epoch
    said = {"epoch": epoch, "text": "Look:"}
    strange: list[dict[str, Any]] = [{name: value} for name in QUOTE for value in (5, [], "\ud800", "x" * 20_000)]
    for odd in [*strange, {"url": "javascript:alert(1)"}, {"text": None}, {"evil": "x"}]:
        told = await door.looks("agent", f"/api/cases/{id}/say", **said, id="q" * 16, quotes=[QUOTE | odd])
        assert told.status_code == 422, odd
    assert (await door.looks("agent", f"/api/cases/{id}/say", **said, id="q" * 16, quotes=[QUOTE])).status_code == 202
    assert [item["reply"]["quotes"] async for item in posted(door.stage)] == [[QUOTE | {"brief": ""}]]


BODIES = (
    b"{" * 60_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b"[" * 30_000 + b"]" * 30_000,
    b"",
    b"null",
    b"\xff\xfe",
    b'"\\ud800"',
    b"1" * 5000,
    b'{"epoch": NaN, "id": Infinity}',
)


@pytest.mark.parametrize("body", [*BODIES, b"x" * 70_000], ids=lambda body: repr(body[:8]))
async def test_a_body_that_is_none_is_refused(door: Door, body: bytes) -> None:
    for route in ROUTES:
        if route.method == "POST" and not route.path.endswith(
            ("claim", "codes/offer", "/close", "open", "reset", "off")
        ):
            path = route.path.format(id=1, name="")
            answer = await door.looks("administrator", path, content=body)
            assert answer.status_code < 500, path
            assert len(body) < 70_000 or (answer.status_code, answer.json()["error"]) == (413, "too_long"), path


@pytest.mark.parametrize(
    "path",
    [
        "/static/%2e%2e/app.py",
        "/static/..%2f..%2fsettings.py",
        "/static//etc/passwd",
        "/static/%5c..%5capp.py",
        "/static/desk.html",
        "/static/desk.js%00.css",
        "/static/../../../../etc/passwd",
        "/static/" + "x" * 4000 + ".js",
        "/static/%ff.js",
        "/../app.py",
        "/api/audit?of=%00",
        "/api/audit?case=99999999999999999999",
        "/api/audit?since=9999-12-31T23:59:59-23:59",
        "/api/audit?before=-1",
        "/api/search?q=%00&language=%00",
        "/api/search?q=" + "x" * 5000,
        "/api/statistics?first=0001-01-01&last=0001-01-02",
        "/api/statistics?first=9999-12-30&last=9999-12-31",
        "/api/statistics.csv?first=2026-11-01&last=2026-11-02&language=%0d%0aX: y",
        "/sign-in/oidc/back?code=%00&state=%00",
    ],
    ids=lambda path: path[:40],
)
async def test_a_path_that_is_none_is_refused(door: Door, path: str) -> None:
    answer = await door.looks("administrator", path, get=True)
    assert answer.status_code < 500, answer.text
    assert b"import" not in answer.content or answer.headers["content-type"].startswith("text/javascript")
    assert "x" not in answer.headers
    if path.startswith(("/static", "/..")):
        assert answer.status_code == 404


@pytest.mark.parametrize("id", ["%00", "%ff", "x" * 4000, "..", "'"], ids=lambda id: id[:4])
async def test_an_account_that_cannot_be_is_not_there(door: Door, id: str) -> None:
    for did in ("", "/close", "/open", "/reset", "/codes-off"):
        answer = await door.looks("administrator", f"/api/staff/{id}{did}", **SOMEBODY)
        assert 400 <= answer.status_code < 500, (did, answer.text)
