"""Reports to the publisher: what a publication changed, and what is found on the pages; the last of them are kept."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from knowledge.publishing.changes import Changes
    from knowledge.publishing.checks import Finding

KEEP = 50
FINDINGS = 200  # of each report but the latest: thousands of pages may be out of date, and are told of each time


@dataclass(frozen=True, slots=True)
class Held:
    """A reading that waits for somebody's word. `had` and `has` are documents, `why` is a sentence.

    `new` is whether nobody was told of it before.
    """

    id: str
    source: str
    why: str
    had: int
    has: int
    new: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """`snapshot` is None where nothing was published; `problems` are sentences; `at` is when, in UTC."""

    snapshot: str | None
    changes: "Changes"
    findings: "tuple[Finding, ...]"
    held: tuple[Held, ...] = ()
    problems: tuple[str, ...] = ()
    at: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "at": self.at,
            "snapshot": self.snapshot,
            "changes": self.changes.as_dict(),
            "findings": [asdict(finding) for finding in self.findings],
            "held": [asdict(each) for each in self.held],
            "problems": list(self.problems),
        }


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def keep(home: Path, report: Report, most: int = KEEP) -> None:
    """Add a report to those that are kept, and forget the oldest. Raises OSError."""
    path = _path(home)
    lines = [*_lines(path), json.dumps(report.as_dict(), ensure_ascii=True)]
    lines[-2:-1] = [_shortened(line) for line in lines[-2:-1]]
    scratch = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        scratch.write_text("".join(f"{line}\n" for line in lines[-most:]), encoding="utf-8")
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def kept(home: Path) -> Iterator[dict[str, Any]]:
    """The reports that are kept, the latest first."""
    for line in reversed(_lines(_path(home))):
        try:
            yield json.loads(line)
        except ValueError:  # a line that somebody has changed
            continue


def by_kind(findings: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in findings:
        found.setdefault(finding["kind"], []).append(finding)
    return found


def _shortened(line: str) -> str:
    try:
        report = json.loads(line)
        return json.dumps(report | {"findings": report["findings"][:FINDINGS]})
    except (ValueError, TypeError, KeyError):  # a line that somebody has changed
        return line


def _path(home: Path) -> Path:
    return home / "knowledge" / "reports.jsonl"


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError:
        return []
