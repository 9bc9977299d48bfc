"""What a fake desk tells supervisors: the board, statistics, and the switches that they throw."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from tests.channels.web.conftest import ZONE

TEAMS: list[dict[str, Any]] = [
    {"name": "passports", "title": {"en": "Passports", "fr": "Passeports"}, "languages": ["en", "fr"]},
    {"name": "benefits", "title": {"en": "Benefits", "fr": "Prestations"}, "languages": ["en", "fr"]},
]


def at(minutes: float) -> str:
    """In so many minutes; before now, if there are fewer than none."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


def teams() -> list[dict[str, Any]]:
    """Passports are open for two hours more, benefits closed for three."""
    hours = [
        {"open": True, "opens": at(0), "closes": at(120)},
        {"open": False, "opens": at(180), "closes": None},
    ]
    return [team | about for team, about in zip(TEAMS, hours, strict=True)]


def day(when: date, team: str, answered: int = 25, median: float | None = 192.0) -> dict[str, Any]:
    counts = {"opened": answered + 5, "answered": answered, "closed": answered + 2, "given_up": 2}
    counts |= {"in_time": answered - 2, "late_replies": 3, "resolved_in_time": answered - 1, "reopened": 1}
    waits = {"median_wait": median, "most_wait": median and median * 3}
    return {"day": when.isoformat(), "team": team} | counts | waits | {"solved": 12, "partly": 3, "unsolved": 1}


class FakeBoard:
    """`on` are the switches that are on, `known` what the last day was like by team, `days` what statistics say."""

    def __init__(self) -> None:
        today = datetime.now(ZoneInfo(ZONE)).date()
        self.on: list[dict[str, Any]] = []
        self.known: dict[str, dict[str, Any] | None] = {"passports": day(today, "passports"), "benefits": None}
        self.days = [day(today - timedelta(days=back), "passports", 25 + back, 60.0 * (back + 1)) for back in (2, 1, 0)]
        self.days.insert(1, day(today - timedelta(days=1), "benefits", 4, None))

    def shown(self, present: int) -> dict[str, Any]:
        now = {"waiting": 0, "longest": None, "claimed": 0, "late": 0, "present": present}
        return {
            "teams": [team | now | {"today": self.known[team["name"]]} for team in teams()],
            "switches": self.on,
        }

    def routes(self, app: FastAPI, desk: Any) -> None:
        @app.get("/api/board")
        async def board() -> Response:
            desk.asked.append("board")
            if desk.role == "agent":
                return JSONResponse({"error": "refused", "message": "Your role does not allow this."}, 403)
            return JSONResponse(desk.board.shown(len(desk.present)))

        @app.get("/api/statistics")
        async def statistics(first: date, last: date) -> dict[str, Any]:
            desk.asked.append(f"statistics {first} {last}")
            within = [each for each in desk.board.days if str(first) <= each["day"] <= str(last)]
            return {"days": within}

        @app.get("/api/statistics.csv")
        async def as_csv(first: date, last: date, language: str) -> Response:
            desk.asked.append(f"csv {first} {last} {language}")
            headers = {"Content-Disposition": 'attachment; filename="guichet.csv"'}
            return Response("day,team\n", media_type="text/csv", headers=headers)

        @app.post("/api/switches", status_code=201)
        async def begin(request: Request) -> dict[str, int]:
            wanted = await request.json()
            desk.posted.append(("/api/switches", wanted))
            id = len(desk.board.on) + 1
            desk.board.on.insert(0, wanted | {"id": id, "began": at(0), "by": "Amara Diallo"})
            desk.events.append(("switches", {}))
            return {"id": id}

        @app.post("/api/switches/{id}/end")
        async def end(id: int, request: Request) -> dict[str, bool]:
            desk.posted.append((f"/api/switches/{id}/end", await request.json()))
            desk.board.on = [each for each in desk.board.on if each["id"] != id]
            desk.events.append(("switches", {}))
            return {"ended": True}
