"""The review: readings that wait for somebody's word, what they would change, and who gave their word and why."""

import getpass
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from machine.reading import Reading, about_of
from machine.reports import Held, now

if TYPE_CHECKING:
    from knowledge.publishing.changes import Changes


class NotWaiting(Exception):
    """Nothing waits under that name; the sentence says what does."""


def hold(home: Path, reading: Reading, before: Reading | None, why: str) -> Held:
    """Let a reading wait, in place of an earlier one of its source; not `new` where it waits or was rejected already."""
    name = reading.name
    held = Held(name, reading.source, why, len(before.documents) if before else 0, len(reading.documents))
    path = _folder(home) / f"{name}.jsonl"
    if path.exists() or name in _rejected(home):
        return Held(**{**asdict(held), "new": False})
    dismiss(home, reading.source)
    reading.save(path, {"held": {**asdict(held), "at": now()}})
    return held


def waiting(home: Path) -> list[tuple[Held, str]]:
    """What waits, the eldest first, each with the time since when, in UTC."""
    found = []
    for path in sorted(_folder(home).glob("*.jsonl")):
        if about := about_of(path):
            said = dict(about["held"])
            found.append((said.pop("at"), Held(**said)))
    return [(held, at) for at, held in sorted(found, key=lambda pair: pair[0])]


def reading(home: Path, name: str) -> Reading:
    """What waits under a name. Raises NotWaiting."""
    names = [held.id for held, _ in waiting(home)]
    found = Reading.open(_folder(home) / f"{name}.jsonl") if name in names else None
    if found is None:
        says = f"What waits: {', '.join(names)}." if names else "Nothing waits for review."
        raise NotWaiting(f"There is no {name!r} that waits for review. {says}")
    return found


def changes(home: Path, waits: Reading) -> "Changes":
    """What it would change of its source."""
    from knowledge.publishing.changes import compare
    from machine.reading import kept_at

    before = Reading.open(kept_at(home, waits.source))
    return compare(before.documents if before else (), waits.documents)


def dismiss(home: Path, source: str) -> None:
    """What waits of a source waits no more: another reading has taken its place."""
    for held, _ in waiting(home):
        if held.source == source:
            (_folder(home) / f"{held.id}.jsonl").unlink(missing_ok=True)


def decide(home: Path, name: str, word: str, who: str | None, why: str) -> None:
    """Write down that somebody approved or rejected what waits, before it is done. Raises NotWaiting and OSError."""
    waits = reading(home, name)
    said = {"at": now(), "id": name, "source": waits.source, "word": word, "by": who or getpass.getuser(), "why": why}
    with _log(home).open("a", encoding="utf-8") as log:
        log.write(json.dumps(said, ensure_ascii=False) + "\n")
    if word == "rejected":
        (_folder(home) / f"{name}.jsonl").unlink(missing_ok=True)


def words(home: Path) -> Iterator[dict[str, Any]]:
    """What was decided, in its order."""
    try:
        lines = _log(home).read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:  # the end of a line that a full disk cut off
            continue


def _rejected(home: Path) -> frozenset[str]:
    last = {said["id"]: said["word"] for said in words(home)}
    return frozenset(name for name, word in last.items() if word == "rejected")


def _folder(home: Path) -> Path:
    return home / "knowledge" / ".waiting"


def _log(home: Path) -> Path:
    return home / "knowledge" / "review.jsonl"
