"""The parts of the running service: what each is started with, and how one knows that it is ready."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from channels.settings import Settings
from machine.home import CannotStart
from machine.phone.settings import telephones
from machine.ports import reachable

ROOT = Path(__file__).parent.parent

PARTS = {"bot": "dialogue (Rasa)", "actions": "action server", "worker": "worker", "web": "web app", "desk": "desk"}
"""Name and title of the processes of ours."""

TITLES = PARTS | {"phone": "telephones", "watch": "watch"}
"""The same with the one that only developers start, and the one that a setting asks for."""

LOOPBACK = "127.0.0.1"

SHARED = ("redis_url", "database_url", "bot_url", "actions_url", "public_host", "public_port", "desk_host", "desk_port")
"""Settings that the supervisor may choose, and that all parts must agree on."""


def run(name: str, settings: Settings) -> None:
    """Be one part until told to stop."""
    if name == "web":
        _run_web(settings)
    elif name == "worker":
        _run_worker(settings)
    elif name == "desk":
        _run_desk(settings)
    elif name == "phone":
        _run_phone(settings)
    elif name == "watch":
        from machine.publisher import be_watch

        be_watch(settings)
    else:
        command, environment = external(name, settings)
        os.chdir(ROOT)
        os.execvpe(command[0], command, {**os.environ, **environment})  # noqa: S606 - it is ours # nosec B606


def ready_url(name: str, settings: Settings) -> str:
    """The address that answers 200 once the part works. The worker has none."""
    if name == "bot":
        return f"{settings.bot_url}/"
    if name == "actions":
        return urlsplit(settings.actions_url)._replace(path="/health", query="").geturl()
    if name == "desk":
        return f"http://{reachable(settings.desk_host)}:{settings.desk_port}/health"
    if name == "phone":
        return f"{settings.twilio_url}/health"
    return f"http://{reachable(settings.public_host)}:{settings.public_port}/health/ready"


def environment(settings: Settings) -> dict[str, str]:
    """The settings that children must share, as environment variables."""
    shared = {f"GUICHET_{name.upper()}": str(getattr(settings, name)) for name in SHARED}
    shared |= {f"GUICHET_{name.upper()}": value for name, value in telephones(settings).items()}
    return shared | {"GUICHET_HOME": str(settings.home.resolve()), "PYTHONUNBUFFERED": "1"}


def external(name: str, settings: Settings) -> tuple[list[str], Mapping[str, str]]:
    """Command line and environment of a part that is not ours to run in-process: Rasa and its action server."""
    environment = {
        "GUICHET_HOME": str(settings.home.resolve()),
        "GUICHET_REDIS_URL": settings.redis_url or "",
        "GUICHET_ACTIONS_URL": settings.actions_url,
        "RASA_TELEMETRY_ENABLED": "false",
        "LOG_LEVEL": "WARNING",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "PYTHONWARNINGS": "ignore",
    }
    if name == "actions":
        # the action server listens on every interface unless it is told otherwise
        environment["SANIC_HOST"] = settings.bot_host
        port = urlsplit(settings.actions_url).port
        return [
            *(sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", str(port)),
            *("--logging-config_file", "bot/logging.yml"),
        ], environment
    model = settings.home.resolve() / "bot" / "bot.tar.gz"
    return [
        *(sys.executable, "-m", "rasa", "run", "--model", str(model)),
        *("--interface", settings.bot_host, "--port", str(urlsplit(settings.bot_url).port)),
        *("--endpoints", "bot/endpoints.yml", "--credentials", "bot/credentials.yml"),
        *("--logging-config-file", "bot/logging.yml"),
    ], environment


def _run_web(settings: Settings) -> None:
    import uvicorn

    from channels.app import public_app
    from channels.logs import configure

    configure()
    uvicorn.run(
        public_app(settings),
        host=settings.public_host,
        port=settings.public_port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,  # event streams never end by themselves
        proxy_headers=True,
    )


def _run_desk(settings: Settings) -> None:
    import uvicorn

    from channels.desk.serving import served
    from channels.logs import configure

    configure()
    config = {"log_level": "warning", "access_log": False, "server_header": False, "timeout_graceful_shutdown": 1}
    uvicorn.run(served(settings), host=settings.desk_host, port=settings.desk_port, **config)  # type: ignore[arg-type]


def _run_phone(settings: Settings) -> None:
    import uvicorn

    from machine.phone.app import phone_app

    where = urlsplit(settings.twilio_url)
    if where.hostname != LOOPBACK or not where.port:
        raise CannotStart("Telephones listen on this machine alone. They are started by: guichet up --dev")
    config = {"log_level": "warning", "access_log": False, "timeout_graceful_shutdown": 1}
    uvicorn.run(phone_app(settings), host=LOOPBACK, port=where.port, **config)  # type: ignore[arg-type]


def _run_worker(settings: Settings) -> None:
    import uvloop

    from channels.app import run_worker
    from channels.logs import configure

    configure()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_worker(settings))
