"""What must be there before anything runs, made once: the exported model, an index of the content, the trained bot."""

import errno
import fcntl
import hashlib
import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channels.settings import Settings
from machine.parts import ROOT
from machine.publishing import Published, publish, sources_of
from machine.reading import named, read

if TYPE_CHECKING:
    from knowledge.sources import Problem

CONTENT = ROOT / "knowledge" / "content"

Progress = Callable[[str, int, int], None]
"""Told of each step: what is being done, how much of it is done, of how much."""


class CannotPrepare(Exception):
    """What could not be made, and what to do about it."""


def prepare(settings: Settings, progress: Progress) -> None:
    """Make what is missing or no longer true to what it is made from. Raises CannotPrepare and knowledge's errors."""
    with _one_at_a_time(settings.home) as lock:
        if not encoder_is_made(settings):
            export_encoder(settings, progress)
        if not index_is_made(settings):
            index(settings, _sources_to_read(settings.home), progress, lambda problem: None, False)
        if not bot_is_made(settings):
            train(settings, progress, (lock,))


def is_prepared(settings: Settings) -> bool:
    """Whether `prepare` has nothing to do. Takes a few milliseconds and loads nothing large."""
    return encoder_is_made(settings) and index_is_made(settings) and bot_is_made(settings)


def encoder_is_made(settings: Settings) -> bool:
    from knowledge.export import bundled

    about = _read(settings.home / "encoder" / "encoder.json")
    if about is None:
        return False
    if settings.model is None:
        return bool(about["sha256"] == bundled()["sha256"])
    return bool(about["name"] == Path(settings.model).name)


def index_is_made(settings: Settings) -> bool:
    """Whether the snapshot is of this version, by this encoder, and true to the bundled content if it has that."""
    from knowledge.publishing.snapshot import FORMAT, current

    home = settings.home
    name, encoder = current(home), _read(home / "encoder" / "encoder.json")
    about = _read(home / "knowledge" / name / "manifest.json") if name else None
    if about is None or about["format"] != FORMAT or (encoder and about["encoder"] != encoder["sha256"][:16]):
        return False
    known = indexed_sources(home).get(str(CONTENT))
    return known is None or known == _digest(CONTENT)


def bot_is_made(settings: Settings) -> bool:
    made_from = _made_from(settings.home)
    return (
        (settings.home / "bot" / "bot.tar.gz").exists()
        and made_from.exists()
        and made_from.read_text() == (_bot_digest(settings.home))
    )


def export_encoder(settings: Settings, progress: Progress) -> None:
    """The bundled encoder as it is, or the model that a setting names, exported; the one before is kept while needed."""
    from knowledge.export import export, install
    from knowledge.publishing import encoders

    encoders.keep(settings.home)  # the one before
    if settings.model is None:
        install(settings.home / "encoder")
        return
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the tracing says to who writes models, not to who runs them
        export(settings.home / "encoder", settings.model, progress)


def index(
    settings: Settings,
    sources: Sequence[str | Path],
    progress: Progress,
    on_problem: "Callable[[Problem], None]",
    ask_sites: bool = True,
) -> dict[str, Any]:
    """Read the sources and publish a snapshot of them; its manifest. Raises SourceError, NotPublished, NoEncoder, NotKept.

    Sites that are among them are asked for what has changed, or else read as they were the last time. Of a source that has
    lost half of its documents what was published before stays, and the reading waits for review.
    """
    return published(settings, sources, progress, on_problem, ask_sites).manifest or {}


def published(
    settings: Settings,
    sources: Sequence[str | Path],
    progress: Progress,
    on_problem: "Callable[[Problem], None]",
    ask_sites: bool = True,
) -> Published:
    """The same, with the report of what it changed."""
    problems: list[str] = []

    def told(problem: "Problem") -> None:
        problems.append(str(problem))
        on_problem(problem)

    names = list(dict.fromkeys(named(source) for source in sources))
    fresh = {name: read(settings.home, name, progress, told, ask_sites) for name in names}
    return publish(settings, names, fresh, progress, always=True, problems=problems)


def indexed_sources(home: Path) -> dict[str, str]:
    """What the current snapshot was read from, with the digest that each source had."""
    return sources_of(home)


def train(settings: Settings, progress: Progress, inherits: tuple[int, ...] = ()) -> None:
    """Train the bot. Rasa runs apart: its imports are large. It gets the descriptors. Raises CannotPrepare."""
    progress("train the bot", 0, 1)
    log = settings.home / "run" / "train.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    made_from = _bot_digest(settings.home)
    with log.open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "bot.train", str(settings.home.resolve())],
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
            pass_fds=inherits,
        )
    if done.returncode:
        told = log.read_text(errors="replace").splitlines()
        if any("No space left on device" in line for line in told):
            raise OSError(errno.ENOSPC, "No space left on device", str(settings.home))
        raise CannotPrepare("\n".join(["The bot could not be trained:", *told[-12:], f"The whole log: {log}"]))
    _made_from(settings.home).write_text(made_from)
    progress("train the bot", 1, 1)


def _sources_to_read(home: Path) -> list[str | Path]:
    """The bundled content; or all that was indexed before, when the index of it is to be made anew."""
    from knowledge.sources import is_site
    from knowledge.sources.site_cache import folder_of

    known = indexed_sources(home) or {str(CONTENT): ""}
    at = {source: folder_of(source, home / "sites") if is_site(source) else Path(source) for source in known}
    gone = [source for source, path in at.items() if not path.exists()]
    if gone:
        raise CannotPrepare(
            f"The index must be made anew, and {gone[0]}, which it was made from, is not there any more. "
            f"Index what should be answered from: guichet index {CONTENT.relative_to(ROOT)} …"
        )
    return [source if is_site(source) else Path(source) for source in known]


@contextmanager
def _one_at_a_time(home: Path) -> Iterator[int]:
    """Two that prepare the same folder at once wait for each other; the second one finds everything made.

    Gives the descriptor of the lock: a training that outlives a killed `prepare` still holds it.
    """
    (home / "run").mkdir(parents=True, exist_ok=True)
    with (home / "run" / "preparing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def _bot_digest(home: Path) -> str:
    """A name for all that the trained bot comes from: its files, the encoder, Rasa."""
    files = sorted(file for file in (ROOT / "bot").rglob("*") if file.suffix in (".yml", ".py"))
    found = hashlib.blake2b(digest_size=16)
    for file in files:
        found.update(f"{file.relative_to(ROOT).as_posix()}\0".encode() + file.read_bytes() + b"\0")
    encoder = _read(home / "encoder" / "encoder.json") or {}
    found.update(f"{encoder.get('sha256')} {version('rasa')}".encode())
    return found.hexdigest()


def _made_from(home: Path) -> Path:
    return home / "bot" / "made-from"


def _digest(source: Path) -> str:
    from knowledge.sources import digest

    return digest(source)


def _read(path: Path) -> dict[str, Any] | None:
    """A file of JSON; None where there is none or it is damaged, and what it tells of must be made again."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        return found
    except (OSError, ValueError):
        return None
