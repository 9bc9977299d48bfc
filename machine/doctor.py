"""The doctor: looks at what is installed, prepared and running, and says what is wrong and what to do."""

import json
import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from channels.settings import Settings

PACKAGES = (
    "rasa",
    "fastapi",
    "sentence-transformers",
    "onnxruntime",
    "redis",
    "sqlalchemy",
    "twilio",
    "python-telegram-bot",
)
LEAST_FREE_GB = 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` is what to do where something is not well."""

    what: str
    well: bool
    says: str
    remedy: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine(settings: Settings) -> list[Finding]:
    return [*_installed(), *_prepared(settings), *_running(settings)]


def _installed() -> Iterator[Finding]:
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    yield Finding("python", sys.version_info[:2] == (3, 11), python, "Guichet runs on Python 3.11.")
    for package in PACKAGES:
        try:
            yield Finding(package, True, version(package))
        except PackageNotFoundError:
            yield Finding(package, False, "is not installed", "make up")


def _prepared(settings: Settings) -> Iterator[Finding]:
    from knowledge.snapshot import NoSnapshot, Snapshot

    home = settings.home
    free = shutil.disk_usage(home if home.exists() else Path()).free / 1e9
    yield Finding("disk", free >= LEAST_FREE_GB, f"{free:.1f} GB free", "Free some space.")
    manifest = home / "encoder" / "encoder.json"
    name = json.loads(manifest.read_text()).get("name", "?") if manifest.exists() else "is not exported"
    yield Finding("encoder", manifest.exists(), str(name), "guichet prepare")
    try:
        snapshot = Snapshot.open(home)
        counts = ", ".join(
            f"{language}: {count['documents']:,} documents, {count['passages']:,} passages"
            for language, count in snapshot.manifest["languages"].items()
        )
        yield Finding("index", True, f"{snapshot.name} of {snapshot.manifest['created']} ({counts})")
    except NoSnapshot as error:
        yield Finding("index", False, str(error), "guichet index knowledge/content")
    model = home / "bot" / "bot.tar.gz"
    yield Finding(
        "bot",
        model.exists(),
        f"trained, {model.stat().st_size / 1e6:.1f} MB" if model.exists() else "is not trained",
        "guichet train",
    )


def _running(settings: Settings) -> Iterator[Finding]:
    state_file = settings.home / "run" / "state.json"
    if not state_file.exists():
        yield Finding("service", False, "is not running", "make up")
        return
    state = json.loads(state_file.read_text())
    for name, pid in {"supervisor": state["pid"], **state["pids"]}.items():
        memory = _resident_mb(pid)
        yield Finding(
            name,
            memory is not None,
            f"process {pid}, {memory:.0f} MB" if memory else f"process {pid} is gone",
            "make up",
        )
    ran = settings.model_copy(update=state["settings"])
    from machine.parts import parts

    for part in parts(ran):
        if part.ready:
            yield _answers(part.title, part.ready)
    yield _redis(ran.redis_url or "")


def _answers(title: str, url: str) -> Finding:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310
            return Finding(title, response.status == 200, f"answers at {url}")
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        return Finding(title, False, f"does not answer at {url}: {error}", "See its log in .guichet/run/")


def _redis(url: str) -> Finding:
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        with Redis.from_url(url, socket_timeout=2, decode_responses=True) as redis:
            information = redis.info("server")
            waiting = {name: redis.xlen(f"{name}:ready") for name in ("inbox", "outbox", "record", "poison")}
    except (RedisError, OSError) as error:
        return Finding("Redis", False, f"does not answer: {error}", "See .guichet/redis/redis.log")
    counts = ", ".join(f"{name} {count}" for name, count in waiting.items())
    well = not waiting["poison"]
    return Finding(
        "Redis",
        well,
        f"{information['redis_version']}; waiting: {counts}",
        "A message could not be answered; see the worker's log.",
    )


def _resident_mb(pid: int) -> float | None:
    import psutil

    try:
        return (
            float(psutil.Process(pid).memory_info().rss) / 1e6
            if os.path.exists(f"/proc/{pid}") or psutil.pid_exists(pid)
            else None
        )
    except psutil.NoSuchProcess:
        return None
