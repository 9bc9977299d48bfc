"""Retention is how long a snapshot is kept after another took its place: as long as answers on record may name it."""

import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

DAYS, PUBLISHED, MANIFEST = "retention.json", "published.jsonl", "manifest.json"
IN_FLIGHT = timedelta(days=2)  # in which an answer comes to be on record
MOST_BYTES = 5 * 2**30  # that snapshots take which were replaced; beyond it the oldest go first


def keep(home: Path, days: int) -> None:
    """From now on keep snapshots for as many days after they were replaced, as records of what was said are kept."""
    path = home / "knowledge" / DAYS
    written = json.dumps({"days": days})
    if not path.exists() or path.read_text() != written:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{DAYS}-{os.getpid()}")
        new.write_text(written)
        os.replace(new, path)


def publications(shelf: Path) -> list[tuple[str, datetime]]:
    """Which snapshot became current when, the first one first."""
    try:
        lines = [json.loads(line) for line in (shelf / PUBLISHED).read_text().splitlines()]
        return [(each["name"], datetime.fromisoformat(each["at"])) for each in lines]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def note(shelf: Path, name: str, now: datetime | None = None) -> None:
    """That a snapshot has become current."""
    known = publications(shelf)
    if known and known[-1][0] == name:
        return
    with (shelf / PUBLISHED).open("a") as file:
        file.write(json.dumps({"name": name, "at": (now or datetime.now(UTC)).isoformat(timespec="seconds")}) + "\n")


def spared(shelf: Path, older: Sequence[Path], now: datetime | None = None) -> set[Path]:
    """Which of the snapshots `older`, the newest first, are kept though enough newer ones are there."""
    try:
        days = int(json.loads((shelf / DAYS).read_text())["days"])
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    since = (now or datetime.now(UTC)) - timedelta(days=days) - IN_FLIGHT
    replaced, room, counted = _replaced(shelf), MOST_BYTES, set[int]()
    kept = set[Path]()
    for folder in older:
        new = {node: size for node, size in _sizes(folder) if node not in counted}
        counted |= new.keys()
        room -= sum(new.values())
        if room >= 0 and replaced.get(folder.name, since) >= since:
            kept.add(folder)
    return kept


def share(newer: Path, older: Path) -> None:
    """Let two snapshots have the files that are the same in both once on the disk, where it has such links."""
    known = {digest: name for name, digest in _files(newer).items()}
    for name, digest in _files(older).items():
        if digest in known:
            try:
                _link(newer / known[digest], older / name)
            except OSError:
                return  # it costs room, and nothing else


def _link(file: Path, copy: Path) -> None:
    """Put `file` in the place of a copy of it; whoever has the copy open keeps it."""
    if os.stat(file).st_ino != os.stat(copy).st_ino:
        new = copy.with_name(f".{copy.name}-{os.getpid()}")
        os.link(file, new)
        os.replace(new, copy)


def _replaced(shelf: Path) -> dict[str, datetime]:
    """When each snapshot was replaced, last; those of before that was noted count as replaced when it began to be."""
    known = publications(shelf)
    first = known[0][1] if known else datetime.now(UTC)
    found = dict.fromkeys((each.name for each in shelf.iterdir() if each.is_dir()), first)
    return found | {name: known[at + 1][1] for at, (name, _) in enumerate(known[:-1])}


def _sizes(folder: Path) -> Iterator[tuple[int, int]]:
    for file in folder.rglob("*"):
        stat = file.stat()
        yield stat.st_ino, stat.st_size


def _files(folder: Path) -> dict[str, str]:
    """The files of a snapshot by their digest, as its manifest has them."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        return dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
