"""A reading is what one source says at one time; of each source the reading that is published is kept."""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from knowledge import Document
    from knowledge.sources import Problem
    from knowledge.sources.site_fetch import Fetcher

    OnProblem = Callable[[Problem], None]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Reading:
    """`source` is an address, or the whole path of files. `digest` is that of the files, empty for a site. `gone` are pages
    that a site does not have any more. `asked` is whether a site was asked for it. `read` is when, in UTC."""

    source: str
    documents: "tuple[Document, ...]"
    digest: str = ""
    gone: tuple[str, ...] = ()
    asked: bool = False
    read: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def name(self) -> str:
        """Eight characters that stand for what it says: two readings have the same name if they say the same."""
        from knowledge.publishing.lines import written

        found = hashlib.blake2b(f"{self.source}\0".encode(), digest_size=4)
        for line in sorted(written(self.documents)):
            found.update(line.encode() + b"\n")
        return found.hexdigest()

    def save(self, path: Path, about: Mapping[str, Any] | None = None) -> None:
        """Into a file that is there wholly or not at all, with what else is to be known `about` it. Raises OSError."""
        from knowledge.publishing.lines import written

        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f"{path.name}.{os.getpid()}.new")
        said = {"source": self.source, "digest": self.digest, "gone": self.gone, "read": self.read, **(about or {})}
        try:
            with scratch.open("w", encoding="utf-8") as file:
                file.write(json.dumps(said) + "\n")
                file.writelines(f"{line}\n" for line in written(self.documents))
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)

    @classmethod
    def open(cls, path: Path) -> Self | None:
        """None where there is none, or it is damaged."""
        from knowledge.publishing.lines import read

        about = about_of(path)
        if about is None:
            return None
        try:
            with path.open(encoding="utf-8") as file:
                next(file)
                documents = tuple(read(file))
            return cls(about["source"], documents, about["digest"], tuple(about["gone"]), read=about["read"])
        except (OSError, ValueError, TypeError, KeyError):
            return None


def about_of(path: Path) -> dict[str, Any] | None:
    """What is to be known of a kept reading, without its documents; None where there is none."""
    try:
        with path.open(encoding="utf-8") as file:
            found = json.loads(file.readline())
        return found if isinstance(found, dict) else None
    except (OSError, ValueError):
        return None


def kept_at(home: Path, source: str) -> Path:
    """Where the reading of a source that is published is kept."""
    name = hashlib.blake2b(source.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    return home / "knowledge" / ".read" / f"{name}.jsonl"


def named(source: str | Path) -> str:
    """A source as it is remembered: an address as it is, a path whole."""
    from knowledge.sources import is_site

    return str(source) if is_site(source) else str(Path(source).resolve())


def read(
    home: Path,
    source: str,
    progress: Progress,
    on_problem: "OnProblem",
    ask_sites: bool = True,
    fetcher: "Fetcher | None" = None,
) -> Reading:
    """What a source says now; a site is asked, or else read as it was the last time. Raises SourceError."""
    from knowledge.sources import digest, is_site

    if is_site(source):
        return _site(home, source, progress, on_problem, ask_sites, fetcher)
    before = digest(source)  # what is changed while it is read will differ from this
    parsed = kept_at(home, source).with_suffix(".parsed")
    return Reading(source, tuple(_files(source, progress, on_problem, parsed)), before)


def _files(source: str, progress: Progress, on_problem: "OnProblem", parsed: Path) -> "Iterator[Document]":
    from knowledge.sources import read

    done = 0
    for done, document in enumerate(read(source, on_problem, parsed), start=1):
        if done % 50 == 0:
            progress(f"read {Path(source).name}", done, 0)
        yield document
    progress(f"read {Path(source).name}", done, done)


def _site(
    home: Path, site: str, progress: Progress, on_problem: "OnProblem", ask: bool, fetcher: "Fetcher | None"
) -> Reading:
    from knowledge.sources.site import asked, is_gone, kept
    from knowledge.sources.site_cache import folder_of

    folder, gone = folder_of(site, home / "sites"), list[str]()

    def told(problem: "Problem") -> None:
        if is_gone(problem):
            gone.append(str(problem.file))
        on_problem(problem)

    if not ask:
        return Reading(site, tuple(kept(folder, on_problem)))
    with alone(home, folder.name):
        return Reading(site, tuple(asked(site, folder, told, progress, fetcher)), gone=tuple(gone), asked=True)


def settle(home: Path, reading: Reading, published: bool) -> None:
    """Keep what a site was asked for as what is published of it, or let it go."""
    from knowledge.sources.site import settle as end
    from knowledge.sources.site_cache import folder_of

    if reading.asked:
        folder = folder_of(reading.source, home / "sites")
        with alone(home, folder.name):
            end(folder, len(reading.documents) if published else None)


def lock_at(home: Path, what: str) -> Path:
    """The file of a lock: beside what is published, where all see it who can publish, also from another container."""
    return home / "knowledge" / ".locks" / f"{what}.lock"


@contextmanager
def alone(home: Path, what: str) -> Iterator[int]:
    """One process at a time does `what`; the others wait. It is free again when its holder ends, however it ends."""
    path = lock_at(home, what)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()
