"""What holds for every answer of the public app."""

import asyncio
import json
import subprocess
from pathlib import Path
from unittest.mock import Mock

import httpx
import pytest

from channels import app
from channels.adapters import web
from channels.guard import Guard
from machine.ports import free_port
from machine.servers import EmbeddedRedis
from tests.channels.conftest import Service

SITE = "https://www.example.ca"


def client(service: Service, **changed: object) -> httpx.AsyncClient:
    public = app.public_app(service.settings.model_copy(update=changed))
    return httpx.AsyncClient(transport=httpx.ASGITransport(public), base_url="http://test")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/fr", 200),
        ("GET", "/guichet-chat.js", 200),
        ("GET", "/health/live", 200),
        ("GET", "/nothing", 404),
        ("GET", "/nothing/at/all", 404),
        ("GET", "/..%2fsettings.py", 404),
        ("GET", "/web/messages", 405),
        ("DELETE", "/web/messages", 405),
        ("GET", "/web/events", 401),
        ("POST", "/web/conversations", 201),
        ("POST", "/web/feedback", 400),
    ],
)
async def test_every_answer_is_guarded_and_every_refusal_has_a_reason(
    service: Service, method: str, path: str, status: int
) -> None:
    response = await service.http.request(method, path)
    assert response.status_code == status
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert response.headers["cache-control"] == ("public, max-age=300" if path.endswith(".js") else "no-store")
    if status >= 400:
        assert response.json().keys() == {"error", "message"}


async def test_only_the_sites_that_may_embed_the_chat_are_allowed(service: Service) -> None:
    async with client(service, web_origins=[SITE]) as http:
        for origin, allowed in ((SITE, SITE), ("https://evil.example", None), ("null", None)):
            asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            asked |= {"Access-Control-Request-Headers": "authorization,content-type,last-event-id"}
            preflight = await http.options("/web/messages", headers=asked)
            response = await http.post("/web/conversations", json={}, headers={"Origin": origin})
            for each in (preflight, response):
                assert each.headers.get("access-control-allow-origin") == allowed
                assert "access-control-allow-credentials" not in each.headers
            assert "Origin" in response.headers["vary"]


async def test_a_refusal_can_be_read_by_a_page_of_another_site(service: Service) -> None:
    response = await service.http.post("/web/messages", json={}, headers={"Origin": SITE})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (401, "*")


async def test_what_nobody_foresaw_is_answered_politely_and_told_nobody(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from channels.web.sessions import Sessions

    async def broken(self: Sessions) -> str:
        raise RuntimeError("my SIN is 046 454 286")

    monkeypatch.setattr(Sessions, "begin", broken)
    response = await service.http.post("/web/conversations", json={}, headers={"Accept-Language": "fr", "Origin": SITE})
    assert response.status_code == 500
    assert response.json()["error"] == "unavailable"
    assert response.headers["access-control-allow-origin"] == "*"
    assert "046" not in response.text


@pytest.mark.parametrize(
    "last",
    ["99999999999999999999-0", "18446744073709551615-18446744073709551615", "٣-٣", "x", "1", "-", "$"],
)
async def test_a_last_event_that_never_was_gives_the_whole_conversation(service: Service, last: str) -> None:
    headers = await service.begin()
    await service.say(headers, "hello")
    seek = headers | {"Last-Event-ID": last}
    async with asyncio.timeout(5):
        request = service.http.build_request("GET", "/web/events", headers=[(k, v.encode()) for k, v in seek.items()])
        response = await service.http.send(request, stream=True)
        assert response.status_code == 200
        async for line in response.aiter_lines():
            if line.startswith("data:"):
                assert json.loads(line[5:])["text"] == "hello"
                break
        await response.aclose()


async def test_when_all_places_are_taken_a_stream_is_refused_for_now(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "most_streams", lambda: 0)
    async with client(service) as http:
        token = (await http.post("/web/conversations", json={})).json()["conversation"]
        response = await http.get("/web/events", headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.json()["error"], response.headers["retry-after"]) == (
        503,
        "unavailable",
        "5",
    )


async def test_the_guard_lets_an_answer_that_has_begun_break_off() -> None:
    async def broken(scope: object, receive: object, send) -> None:  # type: ignore[no-untyped-def]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("too late")

    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    with pytest.raises(RuntimeError):
        await Guard(broken, {}, Mock())({"type": "http", "path": "/", "headers": []}, None, send)  # type: ignore[arg-type]
    assert len(sent) == 1


async def test_the_health_of_the_app_is_that_of_its_redis(service: Service) -> None:
    assert (await service.http.get("/health/ready")).status_code == 200
    async with client(service, redis_url="redis://127.0.0.1:1/0") as http:
        assert (await http.get("/health/live")).status_code == 200
        assert (await http.get("/health/ready")).status_code == 503


async def test_after_a_restart_of_redis_nobody_is_refused(service: Service, tmp_path: Path) -> None:
    server = EmbeddedRedis.at(tmp_path / "other", free_port(0))
    process = await asyncio.to_thread(subprocess.Popen, server.command())
    await server.wait()
    async with client(service, redis_url=server.url) as http:

        async def begin_many() -> set[int]:
            begun = await asyncio.gather(*(http.post("/web/conversations", json={}) for _ in range(10)))
            return {response.status_code for response in begun}

        assert await begin_many() == {201}
        process.kill()
        process.wait()
        assert await begin_many() == {503}
        process = await asyncio.to_thread(subprocess.Popen, server.command())
        await server.wait()
        assert await begin_many() == {201}
    process.kill()
    process.wait()
