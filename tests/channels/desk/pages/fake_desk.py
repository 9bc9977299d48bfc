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

from tests.channels.desk.pages.fake_board import FakeBoard, teams

PAGES = Path(__file__).parents[4] / "channels" / "desk" / "pages"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
AMARA, LUC = {"id": "a1", "name": "Amara Diallo"}, {"id": "a2", "name": "Luc Tremblay"}
ABOUT = {"a1": {"languages": ["en"], "teams": []}, "a2": {"languages": ["en", "fr"], "teams": ["passports"]}}
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
    {"name": "call", "text": {"en": "{agent} will call you at {phone}.", "fr": "{agent} vous appellera au {phone}."}},
]
TAGS = [
    {"name": "form", "title": {"en": "Help with a form", "fr": "Aide pour un formulaire"}},
    {"name": "complaint", "title": {"en": "Complaint", "fr": "Plainte"}},
]
KINDS = {
    "claim": "claimed",
    "release": "released",
    "transfer": "transferred",
    "reassign": "reassigned",
    "close": "closed",
    "take-over": "taken_over",
}
INNER = {"before", "lines", "suggestions", "callback", "earlier"}


def ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


@dataclass
class FakeDesk:
    """`refuse` is answered, once each, to the next replies and notes: 502 takes what was sent and loses the confirmation.

    `rival` takes each case just before it is claimed here. Without `streams`, none can be opened. `posted` is (path, body),
    `looked` which case was said to be open.
    """

    origin: str = ""
    role: str = "agent"
    teams: list[str] = field(default_factory=list)
    translates: bool = False
    signed_in: bool = True
    rival: dict[str, str] | None = None
    refuse: list[int] = field(default_factory=list)
    streams: bool = True
    present: list[str] = field(default_factory=lambda: ["a1", "a2"])
    cases: dict[int, dict[str, Any]] = field(default_factory=dict)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    posted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    looked: list[int | None] = field(default_factory=list)
    looking: dict[str, list[str]] = field(default_factory=dict)
    board: FakeBoard = field(default_factory=FakeBoard)
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
            self.write(id, "opened", message=f"{id}-l0", minutes=45, about={"because": case["because"]})
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
            "topic": None,
            "urgent": False,
            "state": "claimed" if agent else "waiting",
            "agent": agent,
            "epoch": int(bool(agent)),
            "opened": ago(45),
            "waiting_since": ago(waited),
            "answered": None,
            "closed": None,
            "first_due": None,
            "reply_due": None,
            "resolve_due": None,
            "asks": None,
            "wants": "chat",
            "outcome": None,
            "tags": [],
            "reopened": 0,
            "last": None,
            "callback": None,
            "earlier": [],
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
        self.events.append(("case", {"case": self.summary(id)}))

    def summary(self, id: int) -> dict[str, Any]:
        """What the list shows of a case."""
        return {key: value for key, value in self.cases[id].items() if key not in INNER}

    def seen(self) -> dict[str, Any]:
        return {"present": self.present, "looking": self.looking}

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
        async def me() -> Response:
            if self.role == "publisher":
                return JSONResponse({"error": "refused", "message": "Your role does not allow this."}, 403)
            about = {"role": self.role, "languages": ["en"], "teams": self.teams, "present": self.present}
            return JSONResponse(AMARA | about)

        @app.get("/api/desk")
        async def about() -> dict[str, Any]:
            agents = [each | ABOUT[each["id"]] | {"present": each["id"] in self.present} for each in (AMARA, LUC)]
            extras = {"canned": CANNED, "tags": TAGS, "translates": self.translates}
            return {"teams": teams(), "agents": agents} | extras

        @app.get("/api/cases")
        async def cases() -> dict[str, Any]:
            self.asked.append("cases")
            return {"cases": [self.summary(id) for id, case in self.cases.items() if case["state"] != "closed"]}

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

        @app.post("/api/looking", status_code=204)
        async def look(request: Request) -> None:
            self.looked.append((await request.json())["case"])

        @app.post("/api/translate")
        async def translate(request: Request) -> Response:
            body = await request.json()
            self.posted.append(("/api/translate", body))
            if not self.translates:
                return JSONResponse({"error": "refused", "message": "No translation service is set."}, 404)
            return JSONResponse({"text": f"[{body['to']}] {body['text']}"})

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

        self.board.routes(app, self)
        return app

    async def _act(self, case: dict[str, Any], verb: str, body: dict[str, Any]) -> Response:
        id = case["id"]
        if verb == "claim" and self.rival:
            self.hand(id, self.rival)
            self.write(id, "claimed", agent=self.rival)
        holds = case["state"] == "claimed" and case["agent"] == AMARA and case["epoch"] == body.get("epoch")
        above = self.role != "agent"
        may = {
            "claim": case["state"] == "waiting",
            "note": True,
            "take-over": above,
            "whisper": above,
            "reassign": above,
        }
        if not may.get(verb, holds):
            by = case["agent"]["name"] if case["agent"] else None
            return JSONResponse({"error": "taken", "by": by, "message": f"{by} has this case."}, 409)
        if verb == "resend":
            failed = next(each for each in case["lines"] if each["message"] == body["message"])
            self.write(id, "agent", failed["text"], message=f"{failed['message']}~2", agent=AMARA, delivery="queued")
            return JSONResponse({"message": body["message"]}, 202)
        if verb in ("say", "note", "whisper"):
            status = self.refuse.pop(0) if self.refuse else 202
            if status not in (202, 502):
                return JSONResponse({"error": "too_long", "message": "This is too long."}, status)
            if not any(each["message"] == body["id"] for each in case["lines"]):
                kind = "agent" if verb == "say" else verb
                about = {"quotes": body["quotes"], "delivery": "queued"} if verb == "say" else {}
                self.write(id, kind, body["text"], message=body["id"], agent=AMARA, **about)
            return JSONResponse({"message": body["id"]}, status)
        kind = KINDS[verb]
        to = next((each for each in (AMARA, LUC) if each["id"] == body.get("agent")), None)
        state = {"release": "waiting", "close": "closed"}.get(verb, "claimed")
        if verb in ("transfer", "reassign"):
            state = "claimed" if to else "waiting"
            case["team"] = body.get("team") or case["team"]
        self.hand(id, to or (AMARA if state == "claimed" else None), state)
        case.update(outcome=body.get("outcome"), tags=body.get("tags", []))
        about = {"outcome": body.get("outcome"), "team": body.get("team"), "to": body.get("agent")}
        self.write(id, kind, body.get("note") or body.get("because") or "", agent=AMARA, about=about)
        return JSONResponse({"epoch": case["epoch"]})

    async def _stream(self) -> AsyncIterator[str]:
        cuts, at = self.cuts, len(self.events)
        yield f"event: presence\ndata: {json.dumps(self.seen() | {'page': f'{cuts:08x}'})}\n\n"
        while cuts == self.cuts:
            for kind, data in self.events[at:]:
                yield f"event: {kind}\ndata: {json.dumps(data)}\n\n"
                at += 1
            await asyncio.sleep(0.01)
        yield 'event: case\ndata: {"case'  # the event under way when the connection breaks


def line(message: str, kind: str, text: str, *, minutes: float = 0, **about: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"agent": None, "quotes": [], "delivery": None, "code": None}
    return {"message": message, "kind": kind, "at": ago(minutes), "text": text} | empty | about
