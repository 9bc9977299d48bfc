"""The backup: all that cannot be made again, as it was at one instant, in one file; the service may run meanwhile.

What is in it: PostgreSQL, Redis, the published snapshot of knowledge, and the secret where it is kept in the home folder.
What is not: the exported model, the trained bot, logs, and settings, which are yours to keep.

Redis and PostgreSQL are taken at the same instant: Redis lets nobody write while PostgreSQL fixes a snapshot, some
hundredths of a second. All that was acknowledged before is in the file, on its way or recorded. What comes later is not.
"""

import asyncio
import errno
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from channels.settings import Settings
from machine import archive, postgres_dump, redis_dump
from machine.home import CannotStart
from machine.meanwhile import serving
from machine.prepare import CONTENT, Progress
from machine.servers import ServerFailed, postgres_version, redis_version

DATABASE, QUEUES, SECRET = "postgres.dump", "redis.jsonl", "secret"
KNOWLEDGE, SOURCES, POINTER = "knowledge", "sources.json", "current"
DECIDED = ("withheld.jsonl", "pins.yml")  # what people took out of service, and what they pinned
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
SPARE_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made, its size in bytes, and what its manifest says."""

    file: Path
    size: int
    about: archive.Manifest


def backup(settings: Settings, file: Path, progress: Progress) -> Made:
    """Back up all of it into a file that does not exist yet. Raises CannotStart, ServerFailed, and then there is none."""
    _check(file)
    with serving(settings) as served:
        return write(served, file, progress, wanted=True)


def write(served: Settings, file: Path, progress: Progress, wanted: bool = False) -> Made:
    """The same, of servers that answer. Where it is `wanted`, a database without Guichet's tables is an error."""
    with _scratch(file) as folder:
        about = _take(served, folder, progress)
        if wanted and about["revision"] is None:
            raise CannotStart(
                "There is nothing to back up: the database has no tables of Guichet. Was it ever started?"
            )
        contents = {name: folder / name for name in (DATABASE, QUEUES)} | _kept(served)
        packed = folder / "packed"
        room, needed = shutil.disk_usage(folder).free, sum(path.stat().st_size for path in contents.values())
        if needed + SPARE_BYTES > room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
        try:
            archive.pack(packed, contents, about, progress)
        except FileNotFoundError as error:
            raise CannotStart(
                f"{error.filename} has gone while it was packed: knowledge was published several times. Try again."
            ) from error
        packed.rename(file)
        _sync(file.absolute().parent)
    return Made(file, file.stat().st_size, about)


def said(made: Made) -> str:
    """What a person is told of it."""
    about = made.about
    lines = [
        f"Backed up to {made.file} ({made.size / 1e6:,.1f} MB): {sum(about['rows'].values()):,} rows of "
        f"{len(about['rows'])} tables, {about['keys']:,} keys of Redis, "
        + (f"knowledge {about['knowledge']}" if about["knowledge"] else "no knowledge, since none is published")
        + (", and the secret." if about["secret"] else "."),
        "It holds what citizens wrote. Keep it where nobody else reads it, and on another machine.",
    ]
    if about["fingerprint"] and not about["secret"]:
        lines.append(
            "GUICHET_SECRET is not in it: it is yours to keep. Without it, sealed texts stay unreadable and nobody is "
            "found by their address any more."
        )
    lines.append(f"Bring it back: guichet restore {made.file}")
    return "\n".join(lines)


def fingerprint(secret: bytes, salt: str) -> str:
    """By which a secret is known again, and not found: scrypt, in hexadecimal."""
    return hashlib.scrypt(secret, salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=16).hex()


def secret_of(settings: Settings) -> bytes | None:
    """The secret in use; None where there is none yet."""
    if settings.secret:
        return settings.secret.get_secret_value().encode()
    try:
        return (settings.home / SECRET).read_bytes()
    except FileNotFoundError:
        return None


def _take(served: Settings, folder: Path, progress: Progress) -> dict[str, Any]:
    """Put what is in both servers into the folder; what the manifest says of it."""
    redis_url, database_url = served.redis_url or "", served.database_url or ""
    redis_is, postgres_is = asyncio.run(redis_version(redis_url)), asyncio.run(postgres_version(database_url))
    programs = postgres_dump.programs(postgres_is, database_url)
    progress("back up Redis", 0, 0)
    with redis_dump.client(redis_url) as redis, postgres_dump.session(programs, database_url) as session:
        session.ask("SELECT 1;")  # the connection is there before anybody has to wait
        with redis_dump.standing_still(redis) as moving:
            session.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;")
            (instant,) = session.ask("SELECT pg_export_snapshot();")
            taken = time.time()
        keys = redis_dump.write(moving, folder / QUEUES)
        keys += redis_dump.write(redis_dump.standing_alone(redis), folder / QUEUES)
        progress("back up PostgreSQL", 0, 0)
        postgres_dump.dump(programs, database_url, instant, folder / DATABASE)
        rows, revision = session.rows(), session.revision()
    return {
        "guichet": version("guichet"),
        "taken": datetime.fromtimestamp(taken, UTC).isoformat(),
        "revision": revision,
        "redis": redis_is,
        "postgres": postgres_is,
        "pg_dump": programs.major,
        "rows": rows,
        "keys": keys,
        **_known_by(served),
    }


def _known_by(served: Settings) -> dict[str, Any]:
    from knowledge.publishing.snapshot import current

    secret, salt = secret_of(served), secrets.token_hex(16)
    return {
        "secret": served.secret is None and secret is not None,
        "salt": salt,
        "fingerprint": fingerprint(secret, salt) if secret else None,
        "knowledge": current(served.home),
        "content": str(CONTENT),
    }


def _kept(served: Settings) -> dict[str, Path]:
    """Files of the home folder that cannot be made again, by their names in the backup."""
    from knowledge.publishing.snapshot import current

    shelf, name = served.home / KNOWLEDGE, current(served.home)
    about = [shelf / each for each in (POINTER, SOURCES, *DECIDED)]
    found = [*about, *sorted((shelf / name).rglob("*"))] if name else []
    contents = {f"{KNOWLEDGE}/{path.relative_to(shelf).as_posix()}": path for path in found if path.is_file()}
    if served.secret is None and (served.home / SECRET).exists():
        contents[SECRET] = served.home / SECRET
    return contents


def _check(file: Path) -> None:
    """Whether it can be written, said before anything is begun. Raises CannotStart."""
    folder = file.absolute().parent
    if file.is_dir():
        raise CannotStart(f"{file} is a folder. Name a file in it: guichet backup {file / 'guichet.backup'}")
    if file.exists():
        raise CannotStart(
            f"{file} is there already, and no backup is overwritten. Choose another name, or move it away."
        )
    if not folder.is_dir():
        raise CannotStart(f"There is no folder {folder} to put {file.name} into. Make it: mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CannotStart(f"{folder} may not be written by this user. Choose another folder, or ask whoever owns it.")


@contextmanager
def _scratch(file: Path) -> Iterator[Path]:
    """A folder beside the file, its owner's alone, gone afterwards; what fills the disk is said with what to do."""
    folder = file.absolute().parent
    try:
        with tempfile.TemporaryDirectory(prefix=f".{file.name}-", dir=folder) as scratch:
            yield Path(scratch)
    except (OSError, ServerFailed) as error:
        full = isinstance(error, OSError) and error.errno in NO_ROOM
        if not full and "No space left on device" not in str(error):
            raise
        raise CannotStart(
            f"There is no room in {folder} for the backup, and nothing is left of it. Free some space, "
            "or write it to another disk: guichet backup /another/disk/guichet.backup"
        ) from None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
