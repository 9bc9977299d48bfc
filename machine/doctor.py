"""The doctor: looks at what is installed, prepared and running, and says what is wrong and what to do."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import psutil

from channels.settings import Settings
from machine.health import SERVERS, ailment
from machine.health import version as server_version
from machine.home import CannotStart, living, read_note
from machine.parts import PARTS, ready_url

PACKAGES = ("rasa", "fastapi", "onnxruntime", "tokenizers", "redis", "sqlalchemy", "alembic")
LEAST_FREE_GB = 1.0
SOON_DAYS = 7  # in which somebody can look through a pin again before it expires
SERVER_TITLES = {"redis": "Redis", "postgres": "PostgreSQL"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` is what to do where something is not well; else empty."""

    what: str
    well: bool
    says: str
    remedy: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine(settings: Settings) -> list[Finding]:
    made = (*_prepared(settings), *_pins(settings))
    return [*_installed(settings), *_set(), _teams(settings), *made, *asyncio.run(_running(settings))]


def _installed(settings: Settings) -> Iterator[Finding]:
    found = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    yield _finding("python", sys.version_info[:2] == (3, 11), found, "Guichet runs on Python 3.11: make up PYTHON=…")
    exporting = () if (settings.home / "encoder" / "encoder.json").exists() else ("sentence-transformers", "torch")
    for package in ("guichet", *PACKAGES, *exporting):
        try:
            yield Finding(package, True, version(package))
        except PackageNotFoundError:
            yield Finding(package, False, "is not installed", "make up")


def _set() -> Iterator[Finding]:
    """Names in the environment that look like settings and are none: misspelt, they would have no effect in silence."""
    known = {f"GUICHET_{name.upper()}" for name in Settings.model_fields}
    for name in sorted(os.environ):
        if name.startswith("GUICHET_") and name not in known:
            yield Finding(name, False, "is not a setting, so it has no effect", "Correct its name or remove it.")


def _teams(settings: Settings) -> Finding:
    from channels.desk.teams import TeamsUnfit, read

    try:
        return Finding("teams", True, ", ".join(read(settings.desk_teams)))
    except TeamsUnfit as error:
        return Finding("teams", False, "cannot be read", str(error))


def _prepared(settings: Settings) -> Iterator[Finding]:
    from knowledge.publishing.snapshot import NoSnapshot, Snapshot
    from machine.prepare import bot_is_made, encoder_is_made, index_is_made

    home = settings.home
    there = next(path for path in (home.absolute(), *home.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free / 1e9
    yield _finding("disk", free >= LEAST_FREE_GB, f"{free:.1f} GB free for {home}", "Free some space.")
    made = encoder_is_made(settings)
    name = json.loads((home / "encoder" / "encoder.json").read_text())["name"] if made else "is not exported"
    yield _finding("encoder", made, name, "guichet prepare")
    try:
        about, name = (snapshot := Snapshot.open(home)).manifest, snapshot.name
        counts = "; ".join(
            f"{language}: {count['documents']:,} documents, {count['passages']:,} passages"
            for language, count in about["languages"].items()
        )
        says = f"{name} of {about['created']} ({counts})"
        if not (up_to_date := index_is_made(settings)):
            says += ", made from other content or by another model than is here now"
        yield _finding("index", up_to_date, says, "guichet prepare")
    except NoSnapshot as error:
        yield Finding("index", False, str(error), "guichet prepare")
    model = home / "bot" / "bot.tar.gz"
    trained = f"trained, {model.stat().st_size / 1e6:.1f} MB" if model.exists() else "is not trained"
    if model.exists() and not bot_is_made(settings):
        trained += ", from other files than bot/ has now"
    yield _finding("trained bot", bot_is_made(settings), trained, "guichet train")


def _pins(settings: Settings) -> Iterator[Finding]:
    """How many are used, which are not, and which soon will not be."""
    from knowledge.publishing.snapshot import NoSnapshot
    from machine.pinning import listed

    try:
        found = listed(settings)
    except NoSnapshot:
        return  # that nothing is published was said
    except CannotStart as error:
        remedy = (
            f"Correct {settings.home / 'knowledge' / 'pins.yml'}; until then running processes use those from before."
        )
        yield Finding("pins", False, str(error), remedy)
        return
    if found:
        yield Finding("pins", True, f"{sum(not each.idle for each in found)} of {len(found)} used")
    today = datetime.now(UTC).date()
    for each in found:
        name, left = each.pin.name, (each.pin.expires - today).days
        again = f"guichet pin add {name} … --expires DAY"
        if each.idle:
            remedy = (
                f"Pin what is published now, until a later day: {again}. Or take it away: guichet pin remove {name}"
            )
            yield Finding(f"pin {name}", False, f"is not used. {each.idle}", remedy)
        elif left <= SOON_DAYS:
            when = {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")
            says = f"is used for the last time {when}, {each.pin.expires}. To keep it longer: {again}"
            yield Finding(f"pin {name}", True, says)


async def _running(settings: Settings) -> list[Finding]:
    """What `guichet up` left word of; without a word, what your own addresses in the settings lead to."""
    note = read_note(settings.home)
    if note is None and not settings.redis_url:
        return [Finding("service", False, "is not running", "make up")]
    found = []
    if note is not None:
        alive = living(settings.home, note)
        if not alive:
            return [Finding("service", False, "was ended by force: none of its processes is left", "make up")]
        for name, pid in {"supervisor": note.pid, **note.pids}.items():
            found.append(_process(name, pid, alive.get(name)))
        if len(note.pids) < len(PARTS):
            found.append(
                Finding("service", False, "is starting, or did not finish to", "Wait a little and look again.")
            )
        settings = settings.model_copy(update=dict(note.settings))
    names = [*(name for name, (url, _) in SERVERS.items() if url(settings)), *PARTS]
    found += await asyncio.gather(*(_works(name, settings) for name in names))
    if settings.redis_url:
        found += [each async for each in _queues(settings)]
    return found


def _process(name: str, pid: int, process: psutil.Process | None) -> Finding:
    if process is None:
        remedy = "Stop what is left (Ctrl-C, or kill), then make up" if name == "supervisor" else "See its log."
        return Finding(f"{name} process", False, f"{pid} is gone", remedy)
    with process.oneshot():
        return Finding(f"{name} process", True, f"{pid}, {process.memory_info().rss / 1e6:.0f} MB")


async def _works(name: str, settings: Settings) -> Finding:
    title = SERVER_TITLES.get(name) or PARTS[name]
    if why := await ailment(name, settings):
        return Finding(title, False, why, f"See {settings.home / 'run' / name}.log")
    if name in SERVER_TITLES:
        return Finding(title, True, await server_version(name, settings))
    return Finding(title, True, "looks for work" if name == "worker" else f"answers at {ready_url(name, settings)}")


async def _queues(settings: Settings) -> AsyncIterator[Finding]:
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    from channels import inbox
    from channels.catalogue import ENTRIES, missing
    from channels.lanes import Lanes
    from channels.outbox import RECORD_QUEUE, queue

    ways_out = [queue(f"{each.name}:") for each in ENTRIES if not missing(each, settings)]

    try:
        async with Redis.from_url(settings.redis_url or "", socket_timeout=2, decode_responses=True) as redis:
            for name in (inbox.QUEUE, *ways_out, RECORD_QUEUE):
                lanes = Lanes(redis, name, settings.consumer)
                waiting, aside = await lanes.waiting(), len(await lanes.aside())
                says = f"{waiting} waiting" + (f", {aside} set aside because they failed" if aside else "")
                yield _finding(f"{name} queue", not aside, says, "See why: guichet outbox")
    except (RedisError, OSError, ValueError):
        return  # that Redis is away was said


def _finding(what: str, well: bool, says: str, remedy: str) -> Finding:
    return Finding(what, well, says, "" if well else remedy)
