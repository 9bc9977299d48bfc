"""What is withheld is published and yet not said: topics, sources, pages and languages that people took out of service."""

import fcntl
import json
import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from knowledge.text import plain

FILE, LOCK = "withheld.jsonl", ".withheld.lock"
Kind = Literal["topic", "source", "page", "language"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ADDRESS = re.compile(r"https?://", re.IGNORECASE)

_log = logging.getLogger("knowledge")


class NotWithheld(Exception):
    """Why something cannot be taken out of service, or brought back; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something was taken out of service, or brought back (`ends`): by whom, when and why, and until when at most.

    `what` is words of a topic, of which commas part several; a publisher, a host, the beginning of an address or of a
    document's id; the address of a page or of a section, or the id of a document or passage; or a language's code.
    """

    at: datetime
    kind: Kind
    what: str
    because: str
    by: str
    until: datetime | None = None
    ends: bool = False

    def stands(self, now: datetime) -> bool:
        return not self.ends and (self.until is None or now < self.until)


def history(home: Path) -> list[Step]:
    """All steps, the first one first; what cannot be read is left out, and logged."""
    try:
        lines = (home / "knowledge" / FILE).read_text().splitlines()
    except FileNotFoundError:
        return []
    steps = []
    for number, line in enumerate(lines, start=1):
        try:
            steps.append(_step(json.loads(line)))
        except (ValueError, KeyError, TypeError):
            _log.error("Line %d of %s cannot be read: what it takes out of service is not withheld.", number, FILE)
    return steps


def standing(steps: Sequence[Step], now: datetime) -> tuple[Step, ...]:
    """Those that hold: the last word on each thing counts."""
    last = {(step.kind, same(step.kind, step.what)): step for step in steps}
    return tuple(step for step in last.values() if step.stands(now))


def withdraw(home: Path, step: Step) -> None:
    """Take something out of service: from the next question on, in every process that has this home."""
    with _alone(home):
        _append(home, step)


def reinstate(home: Path, kind: Kind, what: str, because: str, by: str) -> Step:
    """Bring something back; the step that had taken it out. Raises NotWithheld."""
    now = datetime.now(UTC)
    with _alone(home):
        found = [s for s in standing(history(home), now) if s.kind == kind and same(kind, s.what) == same(kind, what)]
        if not found:
            raise NotWithheld(f"No {kind} {what!r} is withdrawn. What is: guichet withdrawn")
        _append(home, Step(now, kind, found[0].what, because, by, ends=True))
    return found[0]


def same(kind: Kind, what: str) -> str:
    """What two names of one thing have in common."""
    if ADDRESS.match(what):
        return page_address(what, with_fragment=True)
    return plain(what) if kind == "topic" else what.strip().casefold()


def page_address(url: str, *, with_fragment: bool = False) -> str:
    """An address as it is compared: whatever its protocol, the case of its host, its last slash, and its fragment."""
    whole, _, fragment = url.strip().partition("#")
    host, slash, path = ADDRESS.sub("", whole).partition("/")
    kept = f"{host.casefold()}{slash}{path}".rstrip("/")
    return f"{kept}#{fragment}" if with_fragment and fragment else kept


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One writer at a time."""
    folder = home / "knowledge"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _append(home: Path, step: Step) -> None:
    """Readers see the file as it was or with the step, and nothing in between."""
    path = home / "knowledge" / FILE
    written = path.read_text() if path.exists() else ""
    new = path.with_name(f".{FILE}-{os.getpid()}")
    with new.open("w") as file:
        file.write(written + json.dumps(_values(step), ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def _values(step: Step) -> dict[str, Any]:
    return {
        "at": step.at.isoformat(timespec="milliseconds"),
        "did": "reinstate" if step.ends else "withdraw",
        "kind": step.kind,
        "what": step.what,
        "because": step.because,
        "by": step.by,
        "until": step.until.isoformat() if step.until else None,
    }


def _step(values: dict[str, Any]) -> Step:
    if values["kind"] not in KINDS or values["did"] not in ("withdraw", "reinstate"):
        raise ValueError(values["kind"])
    until = datetime.fromisoformat(values["until"]) if values["until"] else None
    words = (values["what"], values["because"], values["by"])
    return Step(datetime.fromisoformat(values["at"]), values["kind"], *words, until, values["did"] == "reinstate")
