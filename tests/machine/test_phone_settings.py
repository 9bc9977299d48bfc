"""Telephones are for developers: what `guichet up --dev` adds, that nothing else has them, and who can reach them."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import uvicorn
from pydantic import SecretStr
from redis.asyncio import Redis

from channels.app import public_app
from channels.catalogue import ENTRIES, missing
from channels.settings import Settings
from machine import console
from machine.home import CannotStart, read_note
from machine.parts import PARTS, environment, run
from machine.phone.settings import NAMES, PORT, telephones, with_telephones
from machine.ports import free_port
from machine.servers import EmbeddedRedis
from machine.supervisor import Supervisor
from tests.conftest import ROOT
from tests.machine import fake_service
from tests.machine.test_errors import command, fails

REAL = {
    "twilio_account": f"AC{1:032}",
    "twilio_token": SecretStr("a real token"),
    "sms_number": "+15145550142",
    "telegram_token": SecretStr("2:a-real-token"),
}
SECRET = "0123456789abcdef" * 4


def production(tmp_path: Path, **more: Any) -> Settings:
    given = {"environment": "production", "secret": SecretStr(SECRET), "web_origins": ["https://www.example.ca"]}
    return Settings(_env_file=None, home=tmp_path, **{**given, **more})


def test_every_channel_is_on_with_nobodys_account_and_a_provider_on_this_machine(tmp_path: Path) -> None:
    made = with_telephones(Settings(_env_file=None, home=tmp_path, **REAL))  # type: ignore[arg-type]
    assert not [name for entry in ENTRIES for name in missing(entry, made)]
    assert made.twilio_url == made.telegram_url
    address = httpx.URL(made.twilio_url)
    assert (address.scheme, address.host) == ("http", "127.0.0.1")
    assert made.public_url == f"http://127.0.0.1:{made.public_port}"
    told = telephones(made)
    real = {value.get_secret_value() if isinstance(value, SecretStr) else value for value in REAL.values()}
    assert not real & set(told.values()), "a developer's own accounts are left alone"
    again = Settings(_env_file=None, home=tmp_path, **told)  # type: ignore[arg-type]
    assert telephones(again) == told, "what processes are told is valid where it is read"


def test_ports_that_are_taken_are_left_alone(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # another run may have it already
            other.bind(("127.0.0.1", PORT))
            other.listen()
        made = with_telephones(Settings(_env_file=None, home=tmp_path, public_port=0))
    assert httpx.URL(made.twilio_url).port not in (PORT, made.public_port)
    assert made.public_port


def test_without_telephones_processes_are_told_what_was_set_and_no_more(tmp_path: Path) -> None:
    given = environment(Settings(_env_file=None, home=tmp_path))
    assert {name for name in given if name.removeprefix("GUICHET_").lower() in NAMES} == {
        "GUICHET_TWILIO_URL",
        "GUICHET_TELEGRAM_URL",
        "GUICHET_SMS_PER_SECOND",
    }
    assert given["GUICHET_TWILIO_URL"] == "https://api.twilio.com"


def test_in_production_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotStart, match="Telephones are for development only"):
        with_telephones(production(tmp_path))
    monkeypatch.setattr(console, "_prepare_apart", lambda: pytest.fail("it was about to start"))
    with pytest.raises(CannotStart, match="Leave out --dev"):
        console.start(production(tmp_path, public_port=free_port(0)), dev=True)
    assert not list(tmp_path.iterdir()), "nothing was made for it"


def test_the_command_says_so(tmp_path: Path) -> None:
    given = {
        "GUICHET_HOME": str(tmp_path / "home"),
        "GUICHET_ENVIRONMENT": "production",
        "GUICHET_SECRET": SECRET,
        "GUICHET_WEB_ORIGINS": '["https://www.example.ca"]',
    }
    fails(command("up", "--dev", **given), "Telephones are for development only. Leave out --dev")


@pytest.mark.parametrize(
    "url", ["https://api.twilio.com", "http://0.0.0.0:8090", "http://[::]:8090", "http://10.0.0.1:80"]
)
def test_telephones_that_others_could_reach_do_not_start(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uvicorn, "run", lambda *_, **__: pytest.fail("it listens"))
    settings = with_telephones(Settings(_env_file=None, home=tmp_path)).model_copy(update={"twilio_url": url})
    with pytest.raises(CannotStart, match="Telephones listen on this machine alone"):
        run("phone", settings)


@asynccontextmanager
async def running(settings: Settings, dev: bool) -> AsyncIterator[dict[str, psutil.Process]]:
    """A supervisor with small parts, but for the telephones, which are the real ones; its processes by name."""
    ready = asyncio.Event()

    def start(name: str) -> tuple[str, ...]:
        real = (sys.executable, "-m", "guichet", "run", name)
        return real if name == "phone" else fake_service.command(name)

    settings.home.joinpath("run").mkdir(parents=True)
    supervisor = Supervisor(settings, lambda title, state: None, command=start, dev=dev)
    up = asyncio.create_task(supervisor.up(lambda _: ready.set()))
    waiting = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait([up, waiting], timeout=60, return_when=asyncio.FIRST_COMPLETED)
        assert ready.is_set(), up
        note = read_note(settings.home)
        assert note
        yield {name: psutil.Process(pid) for name, pid in note.pids.items()}
    finally:
        waiting.cancel()
        supervisor._stop()
        await up
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().remove_signal_handler(name)


@pytest.fixture
def settings(redis: Redis, redis_server: EmbeddedRedis, database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,
        home=tmp_path / "home",
        redis_url=redis_server.url,
        database_url=database_url,
        public_port=free_port(0),
    )


async def test_a_developer_gets_telephones_that_only_this_machine_reaches(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    given = with_telephones(settings.model_copy(update={"public_host": "0.0.0.0"}))
    async with running(given, dev=True) as processes:
        assert set(processes) == {*PARTS, "phone"}
        listens = [each.laddr for each in processes["phone"].net_connections() if each.status == psutil.CONN_LISTEN]
        assert [(where.ip, where.port) for where in listens] == [("127.0.0.1", httpx.URL(given.twilio_url).port)]
        for name in (*PARTS, "phone"):
            told = processes[name].environ()
            assert {n: told[f"GUICHET_{n.upper()}"] for n in telephones(given)} == telephones(given)
        async with httpx.AsyncClient(base_url=given.twilio_url) as http:
            page = await http.get("/")
            assert (page.status_code, "<title>" in page.text) == (200, True)
            assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
            assert [(await http.get(f"/{path}")).status_code for path in ("phone.js", "phone.css", "settings.py")] == [
                200,
                200,
                404,
            ]
    assert not [each for each in processes.values() if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


async def test_everybody_else_gets_none(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    async with running(settings, dev=False) as processes:
        assert set(processes) == set(PARTS)
        assert not {"GUICHET_SMS_NUMBER", "GUICHET_TELEGRAM_TOKEN", "GUICHET_PUBLIC_URL"} & {
            *processes["web"].environ()
        }


@pytest.mark.parametrize("dev", [True, False])
async def test_the_public_app_has_nothing_of_telephones(dev: bool, settings: Settings) -> None:
    given = with_telephones(settings) if dev else settings
    app = httpx.ASGITransport(public_app(given))
    async with httpx.AsyncClient(transport=app, base_url="http://guichet") as http:
        for path in ("/phone", "/phone.js", "/say", "/bot1:of-nobody/sendMessage", "/2010-04-01/Accounts"):
            assert (await http.get(path)).status_code == 404
            assert (await http.post(path, json={})).status_code in (404, 405)
        assert (await http.post("/sms/messages")).status_code == (403 if dev else 404)
