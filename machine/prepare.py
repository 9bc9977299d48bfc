"""What must be there before anything runs, made once: the exported model, an index of the bundled content, the trained bot."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from channels.settings import Settings
from knowledge.sources import Problem, digest, read
from machine.parts import ROOT

CONTENT = ROOT / "knowledge" / "content"

Progress = Callable[[str, int, int], None]
"""Told of each step: what is being done, how much of it is done, of how much."""


class CannotPrepare(Exception):
    """What could not be made, and what to do about it."""


def prepare(settings: Settings, progress: Progress) -> None:
    """Make what is missing or no longer true to what it is made from. Raises CannotPrepare and knowledge's own errors."""
    if not (settings.home / "encoder" / "encoder.json").exists():
        export_encoder(settings, progress)
    sources = indexed_sources(settings.home)
    if sources is None or (list(sources) == [str(CONTENT)] and sources[str(CONTENT)] != digest(CONTENT)):
        index(settings, [CONTENT], progress, lambda problem: None)
    train(settings, progress)


def export_encoder(settings: Settings, progress: Progress) -> None:
    from knowledge.export import export

    export(settings.home / "encoder", settings.model, progress)


def index(
    settings: Settings, sources: Sequence[Path], progress: Progress, on_problem: Callable[[Problem], None]
) -> dict[str, object]:
    """Read the sources and publish a snapshot of them; its manifest. Raises SourceError, NotPublished."""
    from knowledge import Encoder, build

    documents = []
    for source in sources:
        for document in read(source, on_problem):
            documents.append(document)
            if len(documents) % 50 == 0:
                progress("read", len(documents), 0)
    progress("read", len(documents), len(documents))
    encoder = Encoder.open(settings.home / "encoder", workers=2)
    snapshot = build(documents, encoder, settings.home, progress)
    digests = {str(source.resolve()): digest(source) for source in sources}
    _sources_file(settings.home).write_text(json.dumps(digests))
    return snapshot.manifest


def indexed_sources(home: Path) -> dict[str, str] | None:
    """What the current snapshot was read from, with the digest that it had; None where nothing is published."""
    from knowledge.snapshot import current

    try:
        sources: dict[str, str] = json.loads(_sources_file(home).read_text())
    except (OSError, ValueError):
        return None if current(home) is None else {}
    return sources if current(home) else None


def train(settings: Settings, progress: Progress) -> None:
    """Train the bot, unless it is trained from just these files. Rasa runs apart: its imports are large."""
    progress("train the bot", 0, 1)
    log = settings.home / "run" / "train.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "bot.train", str(settings.home.resolve())]
    with log.open("wb") as file:
        done = subprocess.run(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-12:])
        raise CannotPrepare(f"The bot could not be trained:\n{tail}\nThe whole log: {log}")
    progress("train the bot", 1, 1)


def _sources_file(home: Path) -> Path:
    return home / "knowledge" / "sources.json"
