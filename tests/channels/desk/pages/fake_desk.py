"""A server that speaks the desk's protocol over a handful of cases, and fails when a test asks for it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

PAGES = Path(__file__).parents[4] / "channels" / "desk" / "pages"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
AMARA, LUC = {"id": "a1", "name": "Amara Diallo"}, {"id": "a2", "name": "Luc Tremblay"}
COST = {
    "text": "An adult 10-year passport costs $163.50.",
    "title": "Renew an adult passport",
    "section": "Cost",
    "url": "https://www.example.org/passport",
    "publisher": "Immigration, Refugees and Citizenship Canada",
    "as_of": "2026-03-31",
    "language": "en",
}
TIME = COST | {"text": "Processing takes 20 business days by mail.", "section": "Processing times"}
CANNED = [
    {"name": "hello", "text": {"en": "Hello, I’m here to help.", "fr": "Bonjour, je suis là pour vous aider."}},
    {"name": "wait", "text": {"en": "One moment, please.", "fr": "Un instant, s’il vous plaît."}},
    {"name": "english only", "text": {"en": "We will call you back."}},
]
TEAMS = [
    {"name": "passports", "title": {"en": "Passports", "fr": "Passeports"}},
    {"name": "benefits", "title": {"en": "Benefits", "fr": "Prestations"}},
]


def ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


@dataclass
class FakeDesk:
    """`refuse` is answered, once each, to the next replies and notes: 502 takes what was sent and loses the confirmation.

    `rival` takes each case just before it is claimed here. Without `streams`, none can be opened. `posted` is (path, body).
    """

    origin: str = ""
    role: str = "agent"
    signed_in: bool = True
    rival: dict[str, str] | None = None
    refuse: list[int] = field(default_factory=list)
    streams: bool = True
    present: list[str] = field(default_factory=lambda: ["a1", "a2"])
    cases: dict[int, dict[str, Any]] = field(default_factory=dict)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    posted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    cuts: int = 0

    def reset(self) -> None:
        """As new, at the same address, with five cases."""
        vars(self).update(vars(FakeDesk(origin=self.origin, cuts=self.cuts + 1)))
        self.add(11, because="not_found", place="ca-on-toronto", waited=4)
        self.add(12, channel="sms", language="fr", team="benefits", because="asked_for_person", place="ca-qc", waited=2)
        self.add(13, channel="telegram", because="crisis", urgent=True, waited=1)
        self.add(14, agent=AMARA, waited=30, channel="whatsapp", because="not_helpful", place="ca")
        self.add(15, agent=LUC, waited=40)
        hello = {"en": "What does a passport cost?", "fr": "Combien coûte un passeport?"}
        for id, case in self.cases.items():
            case["before"] = [
                line(f"{id}-b0", "citizen", hello[case["language"]], minutes=50),
                line(f"{id}-b1", "bot", "I found this:", minutes=50, quotes=[COST]),
            ]
            self.write(id, "opened", case["because"], message=f"{id}-l0", minutes=45)
            self.write(id, "citizen", f"Can somebody help me with {id}?", message=f"{id}-l1", minutes=44)
        self.write(14, "claimed", agent=AMARA, message="14-l2", minutes=20)
        self.write(14, "note", "Their form is from 2019.", agent=LUC, message="14-l3", minutes=19)
        self.write(
            14,
            "agent",
            "Please use the new form.",
            agent=AMARA,
            message="14-l4",
            quotes=[TIME],
            delivery="read",
            minutes=18,
        )
        self.write(
            14, "agent", "It is on the site.", agent=AMARA, message="14-l5", delivery="failed", code="63016", minutes=17
        )
        self.write(15, "claimed", agent=LUC, message="15-l2", minutes=39)
        self.cases[15]["suggestions"] = self.cases[14]["suggestions"] = [TIME]
        self.events.clear()

    def add(self, id: int, *, agent: dict[str, str] | None = None, waited: float = 0, **changes: Any) -> None:
        """Open a case; who is connected hears of it."""
        self.cases[id] = {
            "id": id,
            "channel": "web",
            "language": "en",
            "place": None,
            "team": "passports",
            "because": "not_found",
            "urgent": False,
            "state": "claimed" if agent else "waiting",
            "agent": agent,
            "epoch": int(bool(agent)),
            "opened": ago(45),
            "waiting_since": ago(waited),
            "answered": None,
            "last": None,
            "before": [],
            "lines": [],
            "suggestions": [],
        } | changes
        self.tell(id)

    def write(self, id: int, kind: str, text: str = "", **about: Any) -> None:
        """Add a line to a case; who is connected hears of it."""
        case = self.cases[id]
        added = line(about.pop("message", f"{id}-{len(case['lines'])}-{kind}"), kind, text, **about)
        case["lines"].append(added)
        if kind in ("citizen", "agent"):
            case["last"] = {"kind": kind, "at": added["at"], "text": text}
        self.tell(id)

    def tell(self, id: int) -> None:
        self.events.append(("case", {"id": id}))

    def hand(self, id: int, agent: dict[str, str] | None, state: str = "claimed") -> None:
        case = self.cases[id]
        case.update(agent=agent, state=state, epoch=case["epoch"] + 1)

    def cut(self) -> None:
        """End every open stream."""
        self.cuts += 1

    def sent(self, verb: str) -> list[dict[str, Any]]:
        """What was posted to any case under this verb."""
        return [body for path, body in self.posted if path.endswith(f"/{verb}")]

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.middleware("http")
        async def guard(request: Request, call_next: Any) -> Response:
            if request.url.path.startswith("/api/"):
                if not self.signed_in:
                    return JSONResponse({"error": "signed_out", "message": "Please sign in."}, 401)
                ours = request.headers.get("x-guichet") == "desk"
                ours = ours and request.headers.get("content-type") == "application/json"
                if request.method == "POST" and not ours:
                    return JSONResponse({"error": "forged", "message": "Not from the desk’s page."}, 403)
            response: Response = await call_next(request)
            response.headers["Content-Security-Policy"] = CSP
            return response

        @app.get("/")
        async def home() -> Response:
            return FileResponse(PAGES / "desk.html") if self.signed_in else RedirectResponse("/sign-in", 303)

        @app.get("/sign-in")
        async def sign_in() -> Response:
            return FileResponse(PAGES / "sign-in.html")

        @app.post("/sign-in")
        async def signs_in(request: Request) -> Response:
            fields = {name: value for name, (value,) in parse_qs((await request.body()).decode()).items()}
            self.forms.append(fields)
            self.signed_in = fields["password"] == "right"
            return RedirectResponse("/" if self.signed_in else "/sign-in?wrong", 303)

        @app.post("/sign-out")
        async def signs_out() -> Response:
            self.signed_in = False
            return RedirectResponse("/sign-in", 303)

        @app.get("/static/{name}")
        async def static(name: str) -> Response:
            return FileResponse(PAGES / name)

        @app.get("/api/me")
        async def me() -> dict[str, Any]:
            return AMARA | {"role": self.role, "languages": ["en"], "present": self.present}

        @app.get("/api/desk")
        async def about() -> dict[str, Any]:
            agents = [each | {"present": each["id"] in self.present} for each in (AMARA, LUC)]
            return {"teams": TEAMS, "agents": agents, "canned": CANNED}

        @app.get("/api/cases")
        async def cases() -> dict[str, Any]:
            self.asked.append("cases")
            inner = {"before", "lines", "suggestions"}
            open_ones = [case for case in self.cases.values() if case["state"] != "closed"]
            return {"cases": [{key: case[key] for key in case.keys() - inner} for case in open_ones]}

        @app.get("/api/cases/{id}")
        async def one(id: int) -> Response:
            self.asked.append(f"case {id}")
            if id not in self.cases:
                return JSONResponse({"error": "no_case", "message": "There is no such case."}, 404)
            return JSONResponse({key: value for key, value in self.cases[id].items() if key != "last"})

        @app.get("/api/search")
        async def search(q: str, language: str) -> dict[str, Any]:
            self.asked.append(f"search {language} {q}")
            return {"hits": [] if q == "nothing" else [COST | {"score": 0.8}, TIME | {"score": 0.5}]}

        @app.post("/api/cases/{id}/{verb}")
        async def act(id: int, verb: str, request: Request) -> Response:
            body = await request.json()
            self.posted.append((request.url.path, body))
            return await self._act(self.cases[id], verb, body)

        @app.get("/api/events")
        async def events() -> Response:
            if not self.streams:
                return JSONResponse({"error": "unavailable", "message": "Not now."}, 503)
            return StreamingResponse(self._stream(), media_type="text/event-stream")

        return app

    async def _act(self, case: dict[str, Any], verb: str, body: dict[str, Any]) -> Response:
        id = case["id"]
        if verb == "claim" and self.rival:
            self.hand(id, self.rival)
            self.write(id, "claimed", agent=self.rival)
        holds = case["state"] == "claimed" and case["agent"] == AMARA and case["epoch"] == body.get("epoch")
        if not {"claim": case["state"] == "waiting", "note": True, "take-over": self.role != "agent"}.get(verb, holds):
            by = case["agent"]["name"] if case["agent"] else None
            return JSONResponse({"error": "taken", "by": by, "message": f"{by} has this case."}, 409)
        if verb in ("say", "note"):
            status = self.refuse.pop(0) if self.refuse else 202
            if status not in (202, 502):
                return JSONResponse({"error": "no", "message": "It is too long."}, status)
            if not any(each["message"] == body["id"] for each in case["lines"]):
                kind = "agent" if verb == "say" else "note"
                about = {"quotes": body["quotes"], "delivery": "queued"} if verb == "say" else {}
                self.write(id, kind, body["text"], message=body["id"], agent=AMARA, **about)
            return JSONResponse({"message": body["id"]}, status)
        kind = {"claim": "claimed", "release": "released", "transfer": "transferred", "close": "closed"}.get(
            verb, "taken_over"
        )
        state = {"release": "waiting", "transfer": "waiting", "close": "closed"}.get(verb, "claimed")
        self.hand(id, AMARA if state == "claimed" else None, state)
        self.write(id, kind, body.get("note") or body.get("outcome") or body.get("because") or "", agent=AMARA)
        return JSONResponse({"epoch": case["epoch"]})

    async def _stream(self) -> AsyncIterator[str]:
        cuts, at = self.cuts, len(self.events)
        yield ": here\n\n"
        while cuts == self.cuts:
            for kind, data in self.events[at:]:
                yield f"event: {kind}\ndata: {json.dumps(data)}\n\n"
                at += 1
            await asyncio.sleep(0.01)
        yield 'event: case\ndata: {"id'  # the event under way when the connection breaks


def line(message: str, kind: str, text: str, *, minutes: float = 0, **about: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"agent": None, "quotes": [], "delivery": None, "code": None}
    return {"message": message, "kind": kind, "at": ago(minutes), "text": text} | empty | about
