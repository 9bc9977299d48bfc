"""The restore: what a backup has, brought into a home folder and its servers; nothing is changed unless all of it fits.

It is as if the power had failed at the instant of the backup, but for what was on its way to or from a telephone then:
the service went on, and most likely that was answered and sent. So that nothing is said twice, it is set aside, and
somebody who knows decides (`guichet outbox`). What is for a web page goes on by itself: a page shows a reply once.

A backup does not know what came after it. Who has said stop since then, was answered, or was given another password,
is as they were. Marks against doubles keep the time that they had left; all else that expires has expired.
"""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

from channels.settings import Settings
from machine import archive, postgres_dump, redis_dump
from machine.backup import (
    DATABASE,
    KNOWLEDGE,
    NO_ROOM,
    QUEUES,
    SECRET,
    SOURCES,
    fingerprint,
    secret_of,
    write,
)
from machine.home import CannotStart, held
from machine.meanwhile import embedded, runs
from machine.parts import ROOT
from machine.prepare import CONTENT, Progress
from machine.servers import ServerFailed, migrate, postgres_version
from machine.under_way import set_aside
from machine.watch import is_watched

SCRATCH = ".restoring"
BEFORE = "guichet.backup"
SERVERS = {"redis": "appendonly.aof", "postgres": "PG_VERSION"}
"""Folders of the embedded servers, each with the file that it has once there are data."""


@dataclass(slots=True)
class Restored:
    """What was brought back, and what somebody has to know or to do about it. `aside` is where is what was there before."""

    about: archive.Manifest
    keys: int = 0
    set_aside: int = 0
    aside: Path | None = None
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """What is there already, in words; and whether your own servers are among it."""

    what: list[str]
    database: bool
    redis: bool


def restore(settings: Settings, file: Path, replace: bool, progress: Progress) -> Restored:
    """Bring a backup back. Raises CannotStart, ServerFailed; then all is as it was, unless the error says otherwise.

    What is there already is in the way, or with `replace` is kept aside in the home folder.
    """
    home = settings.home
    if not file.is_file():
        raise CannotStart(f"There is no file {file}. Name the backup to restore from.")
    if runs(home) or is_watched(home):
        raise CannotStart(f"Guichet runs from {home}. Stop it first (Ctrl-C where it runs), then restore.")
    _fits(archive.read_manifest(file))
    with held(home) as lock, _scratch(home) as scratch:
        content = scratch / "content"
        restored = Restored(archive.unpack(file, content, _fits, progress))
        found = _found(settings, restored.about, content)
        if found.what and not replace:
            raise CannotStart(
                f"There are data already: {', '.join(found.what)}. Restore beside them (GUICHET_HOME=…), "
                f"or add --replace: what is there is kept in a folder of {home} then."
            )
        aside = _aside(home)
        if found.database or found.redis:  # they cannot be moved away, so they are backed up first
            aside.mkdir()
            with embedded(settings, home, lock) as before:
                write(before, aside / BEFORE, progress)
        try:
            with embedded(settings, scratch, lock) as served:
                _load(served, content, found, restored, progress)
        except ServerFailed as error:
            if not aside.exists():
                raise
            back = f"guichet restore --replace {aside / BEFORE}"
            raise ServerFailed(
                f"{error} Your servers may not be as they were. Bring back what they had: {back}"
            ) from error
        _move(settings, scratch, aside, restored)
    return restored


def said(restored: Restored) -> str:
    """What a person is told of it."""
    about = restored.about
    lines = [
        f"Restored what was backed up at {_moment(about)}: {sum(about['rows'].values()):,} rows of "
        f"{len(about['rows'])} tables, {restored.keys:,} keys of Redis"
        + (f", knowledge {about['knowledge']}" if about["knowledge"] else "")
        + (", and the secret." if about["secret"] else ".")
    ]
    if restored.aside:
        lines.append(f"What was there before is in {restored.aside}. Delete it when you are sure.")
    if restored.set_aside:
        lines.append(
            f"Set aside for two days: {restored.set_aside} messages and replies that were on their way to or from "
            "telephones, since the service may have answered and sent them after the backup. When it runs, look at them "
            "with guichet outbox. If it did not run after the backup, send them: guichet outbox --again all"
        )
    lines += [f"Attention: {warning}" for warning in restored.warnings]
    lines.append("Start: guichet up. Then see whether all is well: guichet doctor")
    return "\n".join(lines)


def _fits(about: archive.Manifest) -> None:
    """Raises CannotStart where the tables are of a later version than this one."""
    versions = ROOT / "channels" / "migrations" / "versions"
    known = {path.name.partition("_")[0] for path in versions.glob("[0-9]*_*.py")}
    if about["revision"] is not None and about["revision"] not in known:
        raise CannotStart(
            f"This backup was made by a later Guichet ({about['guichet']}, tables {about['revision']}); this one knows "
            f"tables up to {max(known)}. Install that version, or a later one, and restore with it."
        )


def _found(settings: Settings, about: archive.Manifest, content: Path) -> Found:
    from knowledge.publishing.snapshot import current

    home, what, database, redis = settings.home, list[str](), False, False
    own = {"redis": settings.redis_url, "postgres": settings.database_url}
    what += [str(home / name) for name, mark in SERVERS.items() if not own[name] and _has_data(home / name / mark)]
    if settings.database_url:
        programs = _programs(settings.database_url, about)
        with postgres_dump.session(programs, settings.database_url) as session:
            if database := session.has_tables():
                what.append("tables in your PostgreSQL")
    if settings.redis_url:
        with redis_dump.client(settings.redis_url) as client:
            if connected := redis_dump.workers(client):
                raise CannotStart(
                    f"Guichet still works with your Redis ({', '.join(connected)}). Stop it, then restore."
                )
            redis_dump.check_form(client, content / QUEUES, about["redis"])
            if redis := client.dbsize() > 0:
                what.append("keys in your Redis")
    kept = home / SECRET
    if not settings.secret and about["secret"] and kept.exists() and not _same(kept.read_bytes(), about):
        what.append(f"another secret in {kept}")
    if about["knowledge"] and current(home) not in (None, about["knowledge"]):
        what.append(f"knowledge in {home / KNOWLEDGE}")
    return Found(what, database, redis)


def _load(served: Settings, content: Path, found: Found, restored: Restored, progress: Progress) -> None:
    """Fill the servers, and see that all of it is there."""
    about, database_url, redis_url = restored.about, served.database_url or "", served.redis_url or ""
    programs, server = _programs(database_url, about), asyncio.run(postgres_version(database_url))
    with redis_dump.client(redis_url) as redis:
        redis_dump.check_form(redis, content / QUEUES, about["redis"])
        progress("restore PostgreSQL", 0, 0)
        postgres_dump.load(programs, database_url, content / DATABASE, server, found.database)
        with postgres_dump.session(programs, database_url) as session:
            if (rows := session.rows()) != about["rows"]:
                raise ServerFailed(f"Other rows came back than were backed up: {rows}, not {about['rows']}.")
        progress("restore Redis", 0, 0)
        if found.redis:
            redis.flushdb()
        taken = datetime.fromisoformat(about["taken"]).timestamp()
        restored.keys = redis_dump.load(redis, redis_dump.read(content / QUEUES), taken)
    if about["revision"] is not None:
        progress("bring the tables up to date", 0, 0)
        migrate(database_url)
    secret = _secret(served, content, restored)
    why = f"restored from the backup of {_moment(about)}: it may have been answered or sent since then"
    done = asyncio.run(set_aside(redis_url, database_url if about["revision"] else "", secret, why))
    restored.set_aside = done.count
    restored.warnings += done.warnings


def _secret(served: Settings, content: Path, restored: Restored) -> bytes | None:
    """The secret that will be in use, with a warning where the data were written with another one."""
    about = restored.about
    kept = content / SECRET
    if served.secret is None and kept.exists():
        return kept.read_bytes()
    secret = secret_of(served)
    if about["fingerprint"] and (secret is None or not _same(secret, about)):
        which = "GUICHET_SECRET is not" if served.secret else "There is no GUICHET_SECRET set that is"
        restored.warnings.append(
            f"{which} the one that these data were written with. Set that one before you start: with another, sealed "
            "texts stay unreadable and nobody is found by their address."
        )
    return secret


def _move(settings: Settings, scratch: Path, aside: Path, restored: Restored) -> None:
    """Put what was made in the place of what was there, which goes aside."""
    from knowledge.publishing.snapshot import current

    home, content, about = settings.home, scratch / "content", restored.about
    own = {"redis": settings.redis_url, "postgres": settings.database_url}
    new = {name: scratch / name for name in SERVERS if not own[name]}
    if settings.secret is None and about["secret"]:
        new[SECRET] = content / SECRET
        new[SECRET].chmod(0o600)
    if about["knowledge"] and current(home) != about["knowledge"]:
        new[KNOWLEDGE] = content / KNOWLEDGE
        _rename_content(content / KNOWLEDGE / SOURCES, about["content"])
    for name, made in new.items():
        place = home / name
        if place.exists() or place.is_symlink():
            aside.mkdir(exist_ok=True)
            place.rename(aside / name)
        made.rename(place)
    if aside.exists():
        restored.aside = aside


def _rename_content(sources: Path, before: str) -> None:
    """The bundled content may be in another folder here than where the backup was made."""
    if sources.exists():
        sources.write_text(sources.read_text().replace(f'"{before}"', f'"{CONTENT}"'))


def _has_data(mark: Path) -> bool:
    return mark.exists() and mark.stat().st_size > 0


def _same(secret: bytes, about: archive.Manifest) -> bool:
    return bool(fingerprint(secret, about["salt"]) == about["fingerprint"])


def _aside(home: Path) -> Path:
    """A folder that is not there yet for what is replaced now."""
    name = f"replaced-{datetime.now():%Y-%m-%dT%H-%M-%S}"
    return next(path for number in count(1) if not (path := home / f"{name}{f'-{number}' * (number > 1)}").exists())


def _moment(about: archive.Manifest) -> str:
    return f"{about['taken'][:16].replace('T', ' ')} UTC"


def _programs(url: str, about: archive.Manifest) -> postgres_dump.Programs:
    return postgres_dump.programs(asyncio.run(postgres_version(url)), url, about["pg_dump"])


@contextmanager
def _scratch(home: Path) -> Iterator[Path]:
    """A folder in the home, on the same disk; PostgreSQL's own user reaches its folder in it."""
    scratch = home / SCRATCH
    shutil.rmtree(scratch, ignore_errors=True)  # of a restore that was killed
    try:
        scratch.mkdir()
        (scratch / "content").mkdir(mode=0o700)
        yield scratch
    except (OSError, ServerFailed) as error:
        full = isinstance(error, OSError) and error.errno in NO_ROOM
        if not full and "No space left on device" not in str(error):
            raise
        raise CannotStart(
            f"There is no room in {home} for what the backup has; what was there is as it was. "
            "Free some space, or restore into a home on another disk: GUICHET_HOME=…"
        ) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
