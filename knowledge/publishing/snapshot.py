"""A snapshot is one immutable folder of all that is known: built, verified, published atomically, read by mmap."""

import errno
import hashlib
import json
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from knowledge.document import Document
from knowledge.encoder import Encoder, Progress, silent
from knowledge.finding.index import Index, Texts
from knowledge.finding.kept import Kept
from knowledge.finding.near import FILE as GRAPH
from knowledge.passage import Passage, about, entry_points
from knowledge.publishing import encoders, retention
from knowledge.reviewed import reviewed
from knowledge.shelf import Shelf, shelve

FORMAT = 12  # raise it when what is in a snapshot changes
KEEP = 3
BUILDING = ".building-"
POINTER, MANIFEST = "current", "manifest.json"


class NoSnapshot(Exception):
    """Nothing has been published yet, or what was cannot be used; the sentence says which, and the way out."""


class NotPublished(Exception):
    """A snapshot could not be written; the one before stays current."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a running process has open. Passage numbers are positions within one language's index."""

    name: str
    manifest: dict[str, Any]
    indexes: dict[str, Index]
    shelves: dict[str, Shelf]

    @classmethod
    def open(cls, home: Path, name: str | None = None) -> Self:
        """The current snapshot of `home`, or the one named. Raises NoSnapshot."""
        name = name or current(home)
        if name is None:
            raise NoSnapshot(f"There is no published knowledge in {home / 'knowledge'}: run `guichet index`.")
        folder = home / "knowledge" / name
        manifest = _verified(folder)
        try:
            languages = manifest["languages"]
            indexes = {code: Index.open(folder / code, code) for code in languages}
            shelves = {code: Shelf.open(folder / code, indexes[code].document) for code in languages}
        except (OSError, ValueError, KeyError) as broken:
            raise NoSnapshot(f"The snapshot {folder} cannot be read ({broken}): run `guichet index` again.") from broken
        return cls(name, manifest, indexes, shelves)


def pointer(home: Path) -> Path:
    """The file that names the published snapshot: another one when another is published."""
    return home / "knowledge" / POINTER


def current(home: Path) -> str | None:
    """The name of the published snapshot."""
    try:
        return pointer(home).read_text().strip() or None
    except OSError:
        return None


def build(
    documents: Iterable[Document],
    encoder: Encoder | None,
    home: Path,
    progress: Progress = silent,
    sources: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> Snapshot:
    """Write a snapshot of `documents`, verify it and make it current; only changed texts are encoded.

    `sources` names where the documents came from, each with a digest. Raises NotPublished, with the snapshot before
    still current, when there is nothing to publish or no room for it.
    """
    shelf = home / "knowledge"
    scratch = shelf / f"{BUILDING}{os.getpid()}-{threading.get_ident()}"
    try:
        scratch.mkdir(parents=True)
        manifest = _write(list(documents), encoder, scratch, home, progress)
        manifest["sources"] = dict(sources or {})
        name = _named(manifest)
        manifest["created"] = (now or datetime.now(UTC)).isoformat(timespec="seconds")
        (scratch / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1))
        for path in (*scratch.rglob("*"), scratch):
            _sync(path)
        if not (shelf / name).exists():  # the same content makes the same name, and is there already
            scratch.rename(shelf / name)
        snapshot = Snapshot.open(home, name)
        _publish(shelf, name)
    except (OSError, NoSnapshot) as error:
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        cause = (
            f"There is no room left on the disk of {shelf}" if full else f"The snapshot could not be written ({error})"
        )
        raise NotPublished(f"{cause}: make room there and index again. The snapshot before stays in use.") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    _forget(shelf, name)
    return snapshot


def _write(
    documents: list[Document], encoder: Encoder | None, folder: Path, home: Path, progress: Progress
) -> dict[str, Any]:
    """The files of a snapshot but for its manifest, which is returned."""
    by_language: dict[str, list[Document]] = {}
    for document in sorted(documents, key=lambda d: d.id):
        by_language.setdefault(document.language, []).append(document)
    counts: dict[str, dict[str, int]] = {}
    asides = reviewed("publishing/asides")
    for language, group in sorted(by_language.items()):
        kept = _kept(home, encoder, language)
        found = kept.passages(group)
        if not any(found):
            continue
        texts = _texts(group, found, asides.get(language, []))
        Index.build(language, texts, encoder, kept, progress).save(folder / language)
        counts[language] = {"documents": len(group), "passages": sum(map(len, found))}
        shelve(folder / language, group, [p for mine in found for p in mine])
    if not counts:
        raise NotPublished("None of the sources has any text: nothing was published, the snapshot before stays in use.")
    files = {str(f.relative_to(folder)): _digest(f) for f in sorted(folder.rglob("*")) if f.is_file()}
    graphs = {name: files.pop(name) for name in list(files) if Path(name).name == GRAPH}
    return {
        "format": FORMAT,
        "encoder": encoder.fingerprint if encoder is not None else None,
        "languages": counts,
        "publishers": dict(Counter(d.publisher for d in documents).most_common()),
        "files": files,
        "graphs": graphs,
    }


def _named(manifest: Mapping[str, Any]) -> str:
    """The name of the snapshot: a digest of all that is in it, but not of when it was made, nor of how its graphs grew."""
    content = {key: value for key, value in manifest.items() if key not in ("created", "graphs")}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _texts(group: list[Document], found: list[list[Passage]], asides: list[str]) -> Texts:
    rows, passage, document, first = [], [], [], 0
    asked: list[tuple[str, int]] = []
    for number, mine in enumerate(found):
        rows += [p.indexed(group[number].title) for p in mine]
        document += [number] * len(mine)
        asked += sorted(((q, first + at) for q, at in entry_points(group[number], mine)), key=lambda pair: pair[1])
        first += len(mine)
    sectioned = [any(s.path for s in d.sections) for d in group]
    passage = [*range(first), *(at for _, at in asked), *[first] * len(asides)]
    return Texts([*rows, *(q for q, _ in asked), *asides], passage, document, [about(d) for d in group], sectioned)


def _kept(home: Path, encoder: Encoder | None, language: str) -> Kept:
    """What can be taken from the current snapshot: vectors, of whatever format it is, if this encoder made them."""
    name = current(home)
    if name is None:
        return Kept()
    folder = home / "knowledge" / name
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        encoded = encoder is not None and manifest["encoder"] == encoder.fingerprint
        return Kept.open(folder / language, encoded, manifest["format"] == FORMAT)
    except (OSError, ValueError, KeyError):
        return Kept()  # a damaged snapshot has nothing to reuse: everything is made again


def _verified(folder: Path) -> dict[str, Any]:
    again = "run `guichet index` again."
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        if manifest["format"] != FORMAT:
            raise NoSnapshot(f"The snapshot {folder} was made by another version of Guichet: {again}")
        if _named(manifest) != folder.name:
            raise NoSnapshot(f"The manifest of the snapshot {folder} was changed after it was published: {again}")
        for name, digest in (manifest["files"] | manifest["graphs"]).items():
            if _digest(folder / name) != digest:
                raise NoSnapshot(f"{name} of the snapshot {folder} is damaged: {again}")
    except (OSError, ValueError, KeyError, TypeError) as broken:
        raise NoSnapshot(f"The snapshot {folder} cannot be read ({broken}): {again}") from broken
    return manifest


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _publish(shelf: Path, name: str) -> None:
    pointer = shelf / f".{POINTER}-{os.getpid()}"
    with open(pointer, "w") as file:
        file.write(name + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(pointer, shelf / POINTER)
    _sync(shelf)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _forget(shelf: Path, name: str) -> None:
    """Delete all but the latest snapshots and those that answers on record may name, and what was left by a build that was
    killed; a process that has a snapshot open keeps its maps until it lets go."""
    folders = [f for f in shelf.iterdir() if f.is_dir() and f.name != name]
    left = [f for f in folders if f.name.startswith(BUILDING) and f.stat().st_mtime < time.time() - 86400]
    old = sorted((f for f in folders if not f.name.startswith(".")), key=lambda f: f.stat().st_mtime, reverse=True)
    retention.note(shelf, name)
    if old:
        retention.share(shelf / name, old[0])
    spared = retention.spared(shelf, old[KEEP - 1 :])
    for folder in (*left, *(f for f in old[KEEP - 1 :] if f not in spared)):
        shutil.rmtree(folder, ignore_errors=True)
    encoders.sweep(shelf)
