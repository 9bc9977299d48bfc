"""docker-compose.yml: what matters of it, and its commands run as processes beside their own Redis and PostgreSQL."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from channels.settings import Settings
from knowledge import Knowledge
from machine.ports import free_port
from machine.servers import EmbeddedRedis
from tests.journeys.conftest import Citizen

ROOT = Path(__file__).parents[2]
OURS = ("web", "worker", "bot", "actions", "prepare", "migrate")
LASTING = ("web", "worker", "bot", "actions", "redis", "postgres")
ORIGIN = "https://www.example.ca"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return read


def test_only_the_web_app_is_published(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert [name for name, service in services.items() if service.get("ports")] == ["web"]
    assert [name for name, service in services.items() if "outside" in service["networks"]] == ["web"]
    assert compose["networks"]["inside"]["internal"] is True


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_has_a_health_check_and_comes_back(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert service["restart"] == "unless-stopped"


def test_nothing_runs_as_root(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["user"].split(":")[0] not in ("root", "0"), name
    assert re.search(r"^USER (?!root)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", OURS)
def test_ours_is_one_image_that_writes_nowhere_but_in_its_volume(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["image"].startswith("guichet:")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["volumes"] == ["home:/var/lib/guichet" + ("" if name == "prepare" else ":ro")]


def test_every_variable_is_a_setting_and_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    for name in OURS:
        for variable, value in compose["services"][name]["environment"].items():
            assert variable.removeprefix("GUICHET_").lower() in Settings.model_fields, variable
            if "SECRET" in variable or "PASSWORD" in str(value):
                assert ":?" in value, f"{variable} must be refused where it is missing"


def test_the_commands_are_the_command_s_own(compose: dict[str, Any]) -> None:
    for name in OURS:
        words = compose["services"][name]["command"]
        assert words[0] == "guichet"
        helped = subprocess.run(
            [sys.executable, "-m", "guichet", words[1], "--help"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert helped.returncode == 0, helped.stderr


def test_the_file_is_read_by_compose(compose: dict[str, Any]) -> None:
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        pytest.skip("docker compose is not installed")
    secrets = {"GUICHET_SECRET": "s" * 64, "REDIS_PASSWORD": "r", "POSTGRES_PASSWORD": "p", "GUICHET_WEB_ORIGINS": "[]"}
    subprocess.run(["docker", "compose", "config", "--quiet"], cwd=ROOT, env=os.environ | secrets, check=True)


@pytest.fixture
def home(prepared_home: Path, knowledge: Knowledge, tmp_path: Path) -> Path:
    if not (prepared_home / "bot" / "bot.tar.gz").exists():
        pytest.skip("the bot is not trained: run `guichet prepare`")
    for name, made in (("encoder", prepared_home), ("bot", prepared_home), ("knowledge", knowledge.home)):
        (tmp_path / name).symlink_to(made / name, target_is_directory=True)
    return tmp_path


@pytest.fixture
def environment(
    compose: dict[str, Any], home: Path, redis_server: EmbeddedRedis, database_url: str
) -> dict[str, dict[str, str]]:
    """What the file gives each service, with this machine's addresses in place of the network's names."""
    bot, actions, web = free_port(0), free_port(0), free_port(0)
    here = {
        "GUICHET_HOME": str(home),
        "GUICHET_REDIS_URL": redis_server.url,
        "GUICHET_DATABASE_URL": database_url,
        "GUICHET_SECRET": "0123456789abcdef" * 4,
        "GUICHET_WEB_ORIGINS": json.dumps([ORIGIN]),
        "GUICHET_BOT_URL": f"http://127.0.0.1:{bot}",
        "GUICHET_ACTIONS_URL": f"http://127.0.0.1:{actions}/webhook",
        "GUICHET_BOT_HOST": "127.0.0.1",
        "GUICHET_PUBLIC_HOST": "127.0.0.1",
        "GUICHET_PUBLIC_PORT": str(web),
    }
    return {name: compose["services"][name]["environment"] | here for name in OURS}


@pytest.fixture
def processes(compose: dict[str, Any], environment: dict[str, dict[str, str]], tmp_path: Path) -> Iterator[list[str]]:
    """The services that last, each started by the command that the file names; their names."""
    started = []
    subprocess.run(_command(compose, "migrate"), cwd=ROOT, env=os.environ | environment["migrate"], check=True)
    names = ["bot", "actions", "worker", "web"]
    for name in names:
        with (tmp_path / f"{name}.log").open("wb") as log:
            command = _command(compose, name)
            started.append(
                subprocess.Popen(command, cwd=ROOT, env=os.environ | environment[name], stdout=log, stderr=log)
            )
    yield names
    for process in started:
        process.terminate()
    for process in started:
        process.wait(timeout=20)


@pytest.mark.timeout(240)
def test_its_commands_started_apart_answer_a_citizen(
    compose: dict[str, Any], environment: dict[str, dict[str, str]], processes: list[str]
) -> None:
    until = time.monotonic() + 150
    for name in processes:
        check = compose["services"][name]["healthcheck"]["test"][1:]
        while True:
            asked = subprocess.run(
                [sys.executable, "-m", *check],
                cwd=ROOT,
                env=os.environ | environment[name],
                capture_output=True,
                text=True,
            )
            if asked.returncode == 0:
                break
            assert time.monotonic() < until, f"{name} is not healthy: {asked.stderr}"
            time.sleep(0.5)
    citizen = Citizen(f"http://127.0.0.1:{environment['web']['GUICHET_PUBLIC_PORT']}", {})
    reply = citizen.ask("How do I renew my passport?")
    assert reply["quotes"][0]["title"] == "Renew an adult passport"
    allowed = citizen.http.options("/web/messages", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"})
    assert allowed.headers["access-control-allow-origin"] == ORIGIN


def _command(compose: dict[str, Any], name: str) -> list[str]:
    """The service's command, with this interpreter's `guichet`."""
    return [sys.executable, "-m", *compose["services"][name]["command"]]
