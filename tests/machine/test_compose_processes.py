"""The commands of docker-compose.yml as processes on separate ports, until a citizen has an answer."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import asyncpg
import httpx
import psutil
import pytest
from redis import Redis

from channels.settings import Settings
from knowledge import Knowledge
from machine.ports import free_port
from machine.prepare import bot_is_made
from machine.servers import EmbeddedRedis, redis_executable
from tests.conftest import ROOT
from tests.journeys.conftest import Citizen
from tests.machine.compose import GIVEN, services

READY_SECONDS = 150
ORIGIN = "https://www.example.ca"
QUESTIONS = {
    "en": ("How do I renew my passport?", "Renew an adult passport"),
    "fr": ("Comment renouveler mon passeport ?", "Renouveler un passeport pour adulte"),
}
INNER = {"bot": 5005, "actions": 5055, "web": 8000, "desk": 8010}
HOSTS = "|".join((*INNER, "127.0.0.1"))


class Host:
    """This machine in place of the containers: every port of theirs is a free one of the loopback interface."""

    def __init__(self, home: Path, redis_url: str, database_url: str) -> None:
        self.home, self.redis_url, self.database_url = home, redis_url, database_url
        self.ports = {port: free_port(0) for port in INNER.values()}
        self.services = services(GIVEN | {"GUICHET_WEB_ORIGINS": json.dumps([ORIGIN])})
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, name: str) -> dict[str, str]:
        """What the file and the image give the container, and nothing of what this process was given."""
        given = {variable: self.here(value) for variable, value in self.services[name].get("environment", {}).items()}
        for port in {"GUICHET_PUBLIC_PORT", "GUICHET_DESK_PORT"} & given.keys():
            given[port] = str(self.ports[int(given[port])])
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return given | {"PATH": path, "HOME": str(self.home / "tmp"), "GUICHET_HOME": str(self.home)}

    def here(self, text: str) -> str:
        if text.startswith("redis://"):
            return self.redis_url
        if text.startswith("postgresql://"):
            return self.database_url
        moved = re.sub(rf"//(?:{HOSTS}):(\d+)", lambda found: f"//127.0.0.1:{self.ports[int(found[1])]}", text)
        return moved.replace("0.0.0.0", "127.0.0.1")

    def start(self, name: str) -> None:
        with (self.home / f"{name}.out").open("wb") as log:
            self.running[name] = subprocess.Popen(
                self.services[name]["command"],
                cwd=ROOT,
                env=self.environment(name),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def check(self, name: str) -> bool:
        """The health check that the file names, run as the file says."""
        kind, *test = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        command = [self.here(word) for word in test]
        return not subprocess.run(
            command, cwd=ROOT, env=self.environment(name), capture_output=True, check=False
        ).returncode

    def until(self, name: str) -> None:
        """Until the service is what others wait for: ended well, or healthy."""
        process, began = self.running[name], time.monotonic()
        while time.monotonic() - began < READY_SECONDS:
            if "healthcheck" not in self.services[name]:
                assert process.wait(READY_SECONDS) == 0, self.log(name)
                return
            assert process.poll() is None, self.log(name)
            if self.check(name):
                return
            time.sleep(0.5)
        pytest.fail(f"{name} is not healthy after {READY_SECONDS} s: {self.log(name)}")

    def log(self, name: str) -> str:
        return (self.home / f"{name}.out").read_text(errors="replace")[-2000:]

    def stop(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + 10
        for process in self.running.values():
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture(scope="module")
def empty_database(database_url: str) -> Iterator[str]:
    """A database without tables, on the server of the other tests."""

    async def run(statement: str) -> None:
        connection = await asyncpg.connect(database_url)
        await connection.execute(statement)
        await connection.close()

    name = f"compose_{uuid.uuid4().hex[:8]}"
    asyncio.run(run(f"CREATE DATABASE {name}"))
    yield urlsplit(database_url)._replace(path=f"/{name}").geturl()
    asyncio.run(run(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="module")
def host(
    tmp_path_factory: pytest.TempPathFactory,
    redis_server: EmbeddedRedis,
    empty_database: str,
    prepared_home: Path,
    knowledge: Knowledge,
) -> Iterator[Host]:
    if not bot_is_made(Settings(_env_file=None, home=prepared_home)):
        pytest.skip("the bot is not trained from the files that are here: run `guichet prepare`")
    home = tmp_path_factory.mktemp("image")
    for name, made in (("encoder", prepared_home), ("bot", prepared_home), ("knowledge", knowledge.home)):
        shutil.copytree(made / name, home / name)
    (home / "tmp").mkdir()
    Redis.from_url(redis_server.url).flushall()
    host = Host(home, redis_server.url, empty_database)
    yield host
    host.stop()


def test_a_citizen_is_answered_by_the_processes_that_the_file_names(host: Host) -> None:
    for name, service in host.services.items():
        if "build" not in service:
            continue  # Redis and PostgreSQL are there
        for other, wait in service.get("depends_on", {}).items():
            if other in host.running and wait["condition"] != "service_started":
                host.until(other)
        host.start(name)
    for name in host.running:
        host.until(name)
    url = f"http://127.0.0.1:{host.ports[8000]}"
    for language, (question, title) in QUESTIONS.items():
        reply = Citizen(url, {"language": language}).ask(question)
        assert reply["outcome"] == "answered"
        assert reply["quotes"][0]["title"] == title
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    assert httpx.options(f"{url}/web/messages", headers=asked).headers["access-control-allow-origin"] == ORIGIN


def test_the_command_of_redis_starts_one_that_asks_for_the_password_and_keeps_all(tmp_path: Path) -> None:
    [shell, option, script] = services()["redis"]["command"]
    port = free_port(0)
    assert "port 6379\n" in script
    script = script.replace("port 6379\n", f"port {port}\nbind 127.0.0.1\n").replace("dir /data\n", f"dir {tmp_path}\n")
    path = f"{Path(redis_executable()).parent}{os.pathsep}{os.environ['PATH']}"
    given = {"PATH": path, **services()["redis"]["environment"]}
    process = subprocess.Popen([shell, option, script], env=given, stdout=subprocess.DEVNULL)
    try:
        server = EmbeddedRedis(tmp_path, port, quote(GIVEN["REDIS_PASSWORD"]))
        asyncio.run(server.wait())
        told = Redis.from_url(server.url, decode_responses=True).config_get("append*")
        assert told["appendonly"] == "yes"
        assert told["appendfsync"] == "always"
        assert psutil.Process(process.pid).name() == "redis-server", "it gets the container's signals itself"
    finally:
        process.terminate()
        assert process.wait(5) == 0
