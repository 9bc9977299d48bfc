"""The servers whose data are kept or brought back: those that run, your own, or embedded ones, for the time being."""

import asyncio
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from channels.settings import Settings
from machine.home import CannotStart, held, living, read_note
from machine.kept import ending_with_parent
from machine.postgres import EmbeddedPostgres
from machine.servers import EmbeddedRedis

ENDING_SECONDS = 30.0


def runs(home: Path) -> bool:
    """Whether `guichet up` runs from this home, or something else works on its data."""
    note = read_note(home)
    return note is not None and "supervisor" in living(home, note)


@contextmanager
def serving(settings: Settings) -> Iterator[Settings]:
    """The settings with the addresses of both servers: your own, those of the running service, or the embedded ones, which
    are started and ended again. Raises CannotStart where there are no data yet, ServerFailed."""
    home, note = settings.home, read_note(settings.home)
    if settings.redis_url and settings.database_url:
        yield settings
    elif note is not None and runs(home):
        if not note.settings:
            raise CannotStart(f"{home} is just being started, backed up or restored. Try again in a moment.")
        yield settings.model_copy(update=dict(note.settings))
    elif not settings.database_url and not (home / "postgres" / "PG_VERSION").exists():
        raise CannotStart(f"There are no data in {home}: nothing has run from it yet. Name another: GUICHET_HOME=…")
    else:
        with held(home) as lock, embedded(settings, home, lock) as served:
            yield served


@contextmanager
def embedded(settings: Settings, folder: Path, lock: int) -> Iterator[Settings]:
    """Start each server that no setting names, its data in `folder`; end it in order afterwards. Raises ServerFailed.

    They hold the lock on the home folder, too, and end when this process is killed.
    """
    update: dict[str, str] = {}
    log = settings.home / "run" / "meanwhile.log"
    with ExitStack() as started:
        if not settings.redis_url:
            redis = EmbeddedRedis.at(folder / "redis")
            started.enter_context(_running(redis.command(), signal.SIGTERM, lock, folder, log))
            asyncio.run(redis.wait())
            update["redis_url"] = redis.url
        if not settings.database_url:
            postgres = EmbeddedPostgres(folder / "postgres", settings.home / "run" / "private")
            postgres.make()
            command = postgres.command()
            started.enter_context(
                _running(command, signal.SIGINT, lock, folder / "postgres", log, postgres.user),
            )
            asyncio.run(postgres.wait(log))
            update["database_url"] = postgres.url
        yield settings.model_copy(update=update)


@contextmanager
def _running(
    command: list[str], ends_on: signal.Signals, lock: int, folder: Path, log: Path, user: str | None = None
) -> Iterator[None]:
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            cwd=folder,
            user=user,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            pass_fds=(lock,),
            start_new_session=True,
            preexec_fn=ending_with_parent(ends_on),
        )
    try:
        yield
    finally:
        process.send_signal(ends_on)
        try:
            process.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
