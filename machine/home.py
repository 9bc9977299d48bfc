"""The home folder in use: who holds it, and the note of what runs where."""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

ENDING_SECONDS = 10.0


class CannotStart(Exception):
    """Why the service cannot start, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Note:
    """What `guichet up` leaves word of: its own process, those that it keeps running, and the addresses it chose."""

    pid: int
    pids: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def held(home: Path) -> Iterator[int]:
    """Holds the home folder: only one `guichet up` may use it. Raises CannotStart.

    Gives the descriptor of the lock. Whoever inherits it holds the folder too: what a killed supervisor left behind
    keeps the next one out until it has ended, so that no two servers ever write the same data.
    """
    folder = home / "run"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise CannotStart(
            f"The home folder {home} cannot be written: {error.strerror}. "
            "Check whose it is, or choose one of yours: GUICHET_HOME=~/guichet make up"
        ) from error
    with lock:
        _lock(lock.fileno(), home)
        write_note(home, Note(os.getpid()))
        try:
            yield lock.fileno()
        finally:
            _path(home).unlink(missing_ok=True)


def write_note(home: Path, note: Note) -> None:
    """Readable by the owner only: the addresses have passwords in them."""
    new = _path(home).with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(asdict(note)))
    new.replace(_path(home))


def read_note(home: Path) -> Note | None:
    """None where nothing runs, as far as anyone left word."""
    try:
        return Note(**json.loads(_path(home).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def living(home: Path, note: Note) -> dict[str, psutil.Process]:
    """The noted processes that still run. A process younger than the note only has the number of one that is gone."""
    found = {}
    for name, pid in {"supervisor": note.pid, **note.pids}.items():
        with suppress(psutil.Error, OSError):
            process = psutil.Process(pid)
            if process.create_time() <= _path(home).stat().st_mtime + 1 and process.status() != psutil.STATUS_ZOMBIE:
                found[name] = process
    return found


def _lock(descriptor: int, home: Path) -> None:
    until = time.monotonic() + ENDING_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            note = read_note(home)
            alive = living(home, note) if note else {}
            if not note or "supervisor" in alive:
                raise CannotStart(
                    f"Guichet is already running from {home}. Stop it first (Ctrl-C where it runs), "
                    "or start another one beside it: GUICHET_HOME=.guichet-2 GUICHET_PUBLIC_PORT=8001 make up"
                ) from None
            if time.monotonic() > until:
                numbers = " ".join(str(process.pid) for process in alive.values())
                raise CannotStart(
                    f"Processes of an earlier start still use {home} and do not end. End them: kill {numbers}"
                ) from None
            time.sleep(0.1)


def _path(home: Path) -> Path:
    return home / "run" / "state.json"
