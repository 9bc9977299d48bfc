"""Publishing: from what the sources say now to a snapshot and a report of it; what looks like a mishap is held back."""

import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channels.settings import Settings
from machine import review
from machine.reading import Progress, Reading, alone, kept_at, settle
from machine.reports import Held, Report, keep, now

if TYPE_CHECKING:
    from knowledge import Document
    from knowledge.publishing.checks import Finding


class NotKept(Exception):
    """What a source that cannot be read now said before is not known, so that nothing can be published with it."""


@dataclass(frozen=True, slots=True)
class Published:
    """`manifest` is the snapshot's, None where nothing had changed. `report` is None if there is nothing to tell.

    `held` are all that were held back, also those of which a report has told before.
    """

    manifest: dict[str, Any] | None
    report: Report | None
    held: tuple[Held, ...] = ()


def sources_of(home: Path) -> dict[str, str]:
    """What the current snapshot was read from, with the digest that each source had."""
    try:
        found: dict[str, str] = json.loads((home / "knowledge" / "sources.json").read_text())
        return found
    except (OSError, ValueError):
        return {}


def publish(
    settings: Settings,
    sources: Sequence[str],
    fresh: Mapping[str, Reading],
    progress: Progress,
    *,
    always: bool = False,
    reviewed: bool = False,
    approved: Collection[str] = (),
    problems: Sequence[str] = (),
) -> Published:
    """Publish what `fresh` says of the sources that it has, and of the others what is published already.

    A source that lost half of its documents is held back, and with `reviewed` whatever has changed, but for the sources
    that are `approved`. Nothing is built where nothing changed, unless it is to be `always`. `problems` are told in the
    report. One process at a time does this. Raises NotKept, NotPublished, NoEncoder and OSError; then the snapshot before
    stays in use.
    """
    from knowledge.publishing import retention
    from knowledge.publishing.changes import compare

    home = settings.home
    retention.keep(home, settings.keep_transcripts_days)
    with alone(home, "publishing"):
        known = sources_of(home)
        kept = {source: Reading.open(kept_at(home, source)) for source in dict.fromkeys([*known, *sources])}
        before = {source: reading for source, reading in kept.items() if reading}
        held: list[Held] = []
        for source, reading in fresh.items():
            sure = source in approved or (reading.digest and reading.digest == known.get(source))
            why = None if sure else _doubt(before.get(source), reading, reviewed)
            if why:
                held.append(review.hold(home, reading, before.get(source), why))
        waiting = {each.source for each in held}
        after = before | {source: reading for source, reading in fresh.items() if source not in waiting}
        _are_known(after, sources, waiting)
        old = _together(before[source] for source in known if source in before)
        new = _together(after[source] for source in sources)
        changes = compare(old, new)
        snapshot = _build(home, new, progress) if changes or always else None
        digests = {source: known.get(source, "") for source in sources}
        for source, reading in fresh.items():
            if source not in waiting:
                reading.save(kept_at(home, source))
                review.dismiss(home, source)
                digests[source] = reading.digest
            settle(home, reading, source not in waiting)
        _remember(home, digests)
        told = tuple(each for each in held if each.new)
        if not changes and not told:
            return Published(snapshot and snapshot.manifest, None, tuple(held))
        findings = _findings(new, [after[source] for source in sources], settings.stale_months)
        name = snapshot.name if snapshot else None
        report = Report(name, changes, tuple(findings), told, tuple(problems), now())
        with suppress(OSError):  # no room for it must not undo what it tells of
            keep(home, report)
        return Published(snapshot and snapshot.manifest, report, tuple(held))


def _doubt(before: Reading | None, reading: Reading, reviewed: bool) -> str | None:
    """Why a reading is not to be published without somebody's word, as a sentence."""
    from knowledge.sources.site import is_lost

    had, has = len(before.documents) if before else 0, len(reading.documents)
    if is_lost(had, has):
        return f"It has {has} documents, and had {had} when it was published last."
    if reviewed and (before is None or before.documents != reading.documents):
        return "It has changed, and changes are reviewed."
    return None


def _are_known(after: Mapping[str, Reading], sources: Iterable[str], waiting: Collection[str]) -> None:
    for source in sources:
        if source not in after and source in waiting:
            raise NotKept(f"{source} waits for review, and is published only then: guichet review")
        if source not in after:
            raise NotKept(f"{source} cannot be read now, and what it said before is not kept: index again once it can.")


def _together(readings: Iterable[Reading]) -> "list[Document]":
    from knowledge.sources.duplicates import once

    return once(document for reading in readings for document in reading.documents)


def _build(home: Path, documents: "list[Document]", progress: Progress) -> Any:
    from knowledge import Encoder, build
    from knowledge.publishing import encoders

    snapshot = build(documents, Encoder.open(home / "encoder", workers=2), home, progress)
    encoders.keep(home)
    return snapshot


def _findings(documents: "list[Document]", readings: Sequence[Reading], months: int) -> "list[Finding]":
    from knowledge.publishing.checks import check
    from knowledge.sources import is_site
    from knowledge.sources.links import dead

    gone = [url for reading in readings for url in reading.gone]
    files = [Path(reading.source) for reading in readings if not is_site(reading.source)]
    broken = {page: links for file in files for page, links in dead(file).items()}
    return check(documents, datetime.now(UTC).date(), months, gone, broken)


def _remember(home: Path, digests: Mapping[str, str]) -> None:
    path = home / "knowledge" / "sources.json"
    scratch = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        scratch.write_text(json.dumps(digests))
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
