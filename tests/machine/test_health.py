"""Health: parts that answer are well, and what is wrong with the others is said, also where the servers are your own."""

import asyncio
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from redis.asyncio import Redis

from channels.settings import Settings
from machine import health
from machine.answers import unanswered
from machine.doctor import examine
from machine.health import ailment
from machine.ports import free_port
from machine.servers import EmbeddedRedis
from tests.conftest import ROOT


@pytest.fixture
def server() -> Any:
    """Answers as its path says: /200, /503."""

    class Says(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(int(self.path.strip("/")))
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Says) as http:
        Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def test_an_address_is_well_when_it_answers_200(server: str) -> None:
    assert unanswered(f"{server}/200") is None
    assert unanswered(f"{server}/503") == f"{server}/503 answers 503"
    nobody = f"http://127.0.0.1:{free_port(0)}/"
    assert unanswered(nobody) == f"{nobody} does not answer: [Errno 111] Connection refused"
    assert "does not answer" in (unanswered("nonsense") or "")


@pytest.mark.parametrize(("path", "code"), [("/200", 0), ("/503", 1)])
def test_the_check_in_a_container_ends_with_what_it_found(server: str, path: str, code: int) -> None:
    command = [sys.executable, "-m", "machine.answers", f"{server}{path}"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == code


async def test_a_worker_is_well_while_it_uses_its_connection(
    redis: Redis, redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(_env_file=None, redis_url=redis_server.url)
    assert await ailment("worker", settings) == f"no worker {settings.consumer} is connected to Redis"
    async with Redis.from_url(redis_server.url, client_name=settings.consumer) as worker:
        await worker.ping()
        assert await ailment("worker", settings) is None
        assert await ailment("worker", Settings(_env_file=None, redis_url=redis_server.url, worker="2"))
        await asyncio.sleep(2)
        assert await ailment("worker", settings, age=0.5), (
            "a worker that was there before it was started is another one"
        )
        monkeypatch.setattr(health, "SILENT_SECONDS", 1)
        assert "has not looked for work for" in (await ailment("worker", settings) or "")


async def test_a_worker_without_redis_is_not_well() -> None:
    settings = Settings(_env_file=None, redis_url=f"redis://127.0.0.1:{free_port(0)}/0")
    assert "does not answer" in (await ailment("worker", settings) or "")


def test_the_worker_names_its_connections_so_that_it_can_be_seen(tmp_path: Path) -> None:
    from channels.connections import redis_client

    settings = Settings(_env_file=None, home=tmp_path, redis_url="redis://127.0.0.1:1/0")
    assert (
        redis_client(settings, settings.consumer).connection_pool.connection_kwargs["client_name"] == settings.consumer
    )


def test_the_doctor_looks_at_your_own_servers(redis_server: EmbeddedRedis, database_url: str, tmp_path: Path) -> None:
    nobody = free_port(0)
    settings = Settings(
        _env_file=None,
        home=tmp_path,
        redis_url=redis_server.url,
        database_url=database_url,
        bot_url=f"http://127.0.0.1:{nobody}",
        actions_url=f"http://127.0.0.1:{nobody}/webhook",
        public_port=nobody,
    )
    found = {each.what: each for each in examine(settings)}
    assert found["Redis"].says.startswith("6.2")
    assert found["PostgreSQL"].says.startswith("18")
    assert found["inbox queue"].says == "0 waiting"
    for title in ("dialogue (Rasa)", "action server", "web app", "worker"):
        assert not found[title].well, title
    assert "service" not in found, "they run without a supervisor"
    assert redis_server.password not in " ".join(each.says for each in found.values())
