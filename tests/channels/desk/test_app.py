"""The desk's app: nothing without signing in, nothing by a forged request, and what agents do does what it says."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import uuid4

import httpx
import pytest

from channels.channel import Quote
from channels.desk.library import Library
from channels.desk.people.accounts import Agent
from channels.desk.routes.access import COOKIE
from tests.channels.desk.conftest import PASSWORD, Stage

HIT: dict[str, Any] = {
    "text": "A licence costs a little.",
    "title": "Dog licence",
    "section": "Cost",
    "url": "https://town.example",
    "publisher": "Town",
    "as_of": "2026-03-31",
    "language": "en",
}


class Books(Library):
    """A library of one passage, about dogs."""

    def __init__(self) -> None: ...

    async def search(self, question: str, language: str) -> list[Quote]:
        return [Quote(**HIT | {"language": language})] if "dog" in question else []

    async def suggest(self, said: Sequence[str], language: str, place: str | None) -> list[Quote]:
        return await self.search(said[-1], language) if said else []


class Browser:
    def __init__(self, http: httpx.AsyncClient, stage: Stage) -> None:
        self.http, self.stage = http, stage

    async def sign_in(self, role: str = "agent", name: str = "Sam") -> Agent:
        agent = await self.stage.agent(name, role)
        self.http.cookies.clear()
        answer = await self.http.post("/sign-in", data={"email": agent.email, "password": PASSWORD})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        return agent

    async def does(self, path: str, expected: int = 200, **values: Any) -> Any:
        answer = await self.http.post(f"/api/cases/{path}", json=values, headers={"X-Guichet": "desk"})
        assert answer.status_code == expected, answer.text
        return answer.json()


@pytest.fixture
async def browser(stage: Stage) -> AsyncIterator[Browser]:
    app = stage.app(Books())  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as http:
        yield Browser(http, stage)


READS = ["/api/me", "/api/cases", "/api/cases/1", "/api/desk", "/api/search?q=dog", "/api/events"]
WRITES = ["claim", "release", "transfer", "take-over", "close", "say", "note"]


@pytest.mark.parametrize("cookie", ["", "x" * 43, "é"])
async def test_nothing_is_told_and_nothing_done_without_signing_in(browser: Browser, cookie: str) -> None:
    id, _ = await browser.stage.case()
    headers = {"Cookie": f"{COOKIE}={cookie}".encode(), "X-Guichet": "desk"}
    for path in READS:
        assert (await browser.http.get(path, headers=headers)).status_code == 401, path  # type: ignore[arg-type]
    for did in WRITES:
        answer = await browser.http.post(f"/api/cases/{id}/{did}", json={}, headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 401, did
    assert (await browser.http.get("/")).headers["location"] == "/sign-in"
    assert (await browser.stage.cases.one(id)).state == "waiting"


async def test_a_request_from_another_page_is_refused(browser: Browser) -> None:
    await browser.sign_in()
    id, _ = await browser.stage.case()
    for did in WRITES:
        assert (await browser.http.post(f"/api/cases/{id}/{did}", json={})).status_code == 403, did
    forged = {"Sec-Fetch-Site": "cross-site"}
    signed = await browser.http.post("/sign-in", data={"email": "a@b", "password": "c"}, headers=forged)
    assert signed.status_code == 403
    assert (await browser.stage.cases.one(id)).state == "waiting"
    cookie = await browser.http.post(
        "/sign-in", data={"email": (await browser.stage.agent()).email, "password": PASSWORD}
    )
    assert (
        "samesite=strict" in cookie.headers["set-cookie"].lower() and "httponly" in cookie.headers["set-cookie"].lower()
    )


async def test_a_wrong_password_and_a_locked_account_are_told_apart_from_each_other_only(browser: Browser) -> None:
    agent = await browser.stage.agent()
    for email in (agent.email, "nobody@town.example"):
        answer = await browser.http.post("/sign-in", data={"email": email, "password": "wrong"})
        assert answer.headers["location"] == "/sign-in?wrong#wrong"
    for _ in range(5):
        answer = await browser.http.post("/sign-in", data={"email": agent.email, "password": "wrong"})
    assert answer.headers["location"] == "/sign-in?locked#locked"


async def test_a_case_is_claimed_answered_noted_and_closed(browser: Browser) -> None:
    id, conversation = await browser.stage.case()
    agent = await browser.sign_in(name="Ana")
    listed = {each["id"]: each for each in (await browser.http.get("/api/cases")).json()["cases"]}
    assert (listed[id]["state"], listed[id]["agent"]) == ("waiting", None)
    assert not {"address", "conversation"} & listed[id].keys(), "by which the citizen could be reached"
    epoch = (await browser.does(f"{id}/claim"))["epoch"]
    await browser.stage.cases.heard(
        conversation.key, "m2", "what about my dog?", (await browser.stage.cases.one(id)).opened
    )
    mine = str(uuid4())
    for _ in range(2):
        await browser.does(f"{id}/say", 202, epoch=epoch, id=mine, text="Here it is:", quotes=[HIT])
    await browser.does(f"{id}/note", 202, id=str(uuid4()), text="A kind person.")
    case = (await browser.http.get(f"/api/cases/{id}")).json()
    assert case["agent"] == {"id": agent.id, "name": "Ana"}
    assert [(line["kind"], line["text"]) for line in case["lines"]] == [
        ("opened", ""),
        ("claimed", ""),
        ("citizen", "what about my dog?"),
        ("agent", "Here it is:"),
        ("note", "A kind person."),
    ]
    assert case["lines"][3]["quotes"] == [HIT | {"brief": ""}]
    assert case["suggestions"] == [HIT | {"brief": ""}]
    await browser.does(f"{id}/close", epoch=epoch, outcome="answered")
    assert id not in {each["id"] for each in (await browser.http.get("/api/cases")).json()["cases"]}


async def test_who_comes_late_is_told_who_has_it(browser: Browser) -> None:
    id, _ = await browser.stage.case()
    await browser.sign_in(name="Ana")
    epoch = (await browser.does(f"{id}/claim"))["epoch"]
    await browser.sign_in(name="Ben")
    told = await browser.does(f"{id}/claim", 409)
    assert (told["error"], told["by"]) == ("taken", "Ana")
    late = {"epoch": epoch, "id": str(uuid4()), "text": "hi"}
    assert (await browser.does(f"{id}/say", 409, **late))["by"] == "Ana"
    await browser.does(f"{id}/take-over", 403, because="I want it")
    await browser.sign_in("supervisor", "Bo")
    await browser.does(f"{id}/take-over", because="Ana has gone home")
    assert (await browser.stage.cases.one(id)).agent_name == "Bo"


@pytest.mark.parametrize(
    ("did", "values"),
    [
        ("say", {"epoch": 1, "id": "short", "text": "hi"}),
        ("say", {"epoch": 1, "id": "x" * 36, "text": "x" * 4001}),
        ("say", {"epoch": 1, "id": "x" * 36, "text": "  "}),
        ("say", {"epoch": 1, "id": "x" * 36, "text": "hi", "quotes": [{"evil": 1}]}),
        ("say", {"epoch": "one", "id": "x" * 36, "text": "hi"}),
        ("note", {"id": "x" * 36, "text": ""}),
        ("close", {"epoch": 1, "outcome": "whatever"}),
        ("transfer", {"epoch": 1, "agent": "nobody"}),
        ("take-over", {}),
    ],
)
async def test_what_is_not_as_agreed_is_refused_and_changes_nothing(
    browser: Browser, did: str, values: dict[str, Any]
) -> None:
    id, _ = await browser.stage.case()
    await browser.sign_in("supervisor")
    await browser.does(f"{id}/claim")
    assert (await browser.does(f"{id}/{did}", 422, **values))["message"]
    assert [line.kind for line in await browser.stage.cases.lines(id)] == ["opened", "claimed"]


async def test_a_case_that_is_not_there_is_not_there(browser: Browser) -> None:
    await browser.sign_in()
    assert (await browser.http.get(f"/api/cases/{10**12}")).status_code == 404
    for id in (0, -1, 2**63, "one", "%00"):
        assert (await browser.http.get(f"/api/cases/{id}")).status_code == 422
    await browser.does(f"{10**12}/claim", 404)


async def test_every_answer_forbids_what_pages_do_not_need(browser: Browser) -> None:
    for path in ("/sign-in", "/api/me", "/static/none.js", "/nowhere"):
        answer = await browser.http.get(path)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'"), path
        assert answer.headers["cache-control"] == "no-store"


async def test_what_is_too_long_is_refused(browser: Browser) -> None:
    for path in ("/sign-in", "/api/cases/1/note"):
        answer = await browser.http.post(path, content=b"x" * 10**6, headers={"X-Guichet": "desk"})
        assert (answer.status_code, answer.json()["error"]) == (413, "too_long")

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 10_000

    assert (await browser.http.post("/sign-in", content=stream())).status_code == 413


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "desk.html", "none.js", "%00.js"])
async def test_only_files_for_pages_are_given(browser: Browser, name: str) -> None:
    assert (await browser.http.get(f"/static/{name}")).status_code in (404, 401)
