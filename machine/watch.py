"""The watch: looks at what was indexed, publishes what has changed, says so, and goes on whatever happens."""

import fcntl
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from channels.settings import Settings
from machine.errors import sentence
from machine.publishing import Published, publish, sources_of
from machine.reading import Progress, Reading, kept_at, lock_at, read

if TYPE_CHECKING:
    from knowledge.sources import Problem

LOOK_SECONDS = 2.0
SETTLE_SECONDS = 30.0  # files that go on changing are read after so long all the same
RETRY_SECONDS = 60.0
ENDING_SECONDS = 2.0


class AlreadyWatching(Exception):
    """Two would do the same work; the sentence says what to do."""


class Stopped(Exception):
    """The reading of a site is broken off; it goes on the next time."""


@dataclass(frozen=True, slots=True)
class Tellers:
    """Who is told of what: sentences on how it goes, sentences on what went wrong, and what was published or held."""

    say: Callable[[str], None]
    wrong: Callable[[str], None]
    published: Callable[[Published], None]
    progress: Progress = lambda step, done, of: None


@dataclass(slots=True)
class Look:
    """What is known of a source in files: how it looked when it was read last, and at the last look."""

    done: str | None = None
    last: str | None = None
    changing_since: float = 0.0
    not_before: float = 0.0
    going: bool = False  # whether a file of it was not there any more when it was looked at
    away: bool = False


@contextmanager
def watching(home: Path) -> Iterator[None]:
    """Only one watches a home; a watch that was killed is none. Raises AlreadyWatching and OSError."""
    path = lock_at(home, "watching")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyWatching(
                f"What is published from {home} is watched already, by another guichet watch or by guichet up "
                "(GUICHET_WATCH). One is enough: end that one first, or leave it to it."
            ) from None
        yield


def is_watched(home: Path) -> bool:
    """Whether a watch runs."""
    with suppress(OSError), lock_at(home, "watching").open("r") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@dataclass
class Watch:
    """Files are looked at every few seconds, sites are asked every `every` seconds by a thread of their own."""

    settings: Settings
    tell: Tellers
    every: float
    review: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    _looks: dict[str, Look] = field(default_factory=dict)
    _due: dict[str, float] = field(default_factory=dict)
    _told: dict[str, str] = field(default_factory=dict)
    _read: "queue.Queue[Reading]" = field(default_factory=queue.Queue)

    @property
    def home(self) -> Path:
        return self.settings.home

    def once(self) -> bool:
        """Read all sources now, and publish what has changed; whether all of them could be read and published."""
        fresh: dict[str, Reading] = {}
        sources = list(sources_of(self.home))
        for source in sources:
            if reading := self._reading(source):
                fresh[source] = reading
        return self._publish(fresh) and len(fresh) == len(sources)

    def run(self) -> None:
        """Until `stop` is set, or an interrupt: whatever is under way then is left whole."""
        sites = threading.Thread(target=self._ask_sites, name="sites", daemon=True)
        sites.start()
        self.tell.say(self._begins())
        try:
            while not self.stop.is_set():
                self._look()
                self.stop.wait(LOOK_SECONDS)
        finally:
            self.stop.set()
            sites.join(ENDING_SECONDS)  # where it waits for a site, it ends with the process

    def _begins(self) -> str:
        sources = sources_of(self.home)
        if not sources:
            return "Nothing is indexed yet: guichet index …, in another terminal. It is watched from then on."
        return f"Watching {', '.join(sources)}"

    def _look(self) -> None:
        """At all files, and at what the sites have said meanwhile; what has changed is published together."""
        fresh: dict[str, Reading] = {}
        for source in _in_files(sources_of(self.home)):
            look = self._looks.setdefault(source, Look())
            if self._is_due(source, look) and (reading := self._changed(source, look)):
                fresh[source] = reading
        while not self._read.empty():
            reading = self._read.get()
            fresh[reading.source] = reading
        if fresh and not self._publish(fresh):
            for source in fresh.keys() & self._looks.keys():
                self._looks[source].done = None
                self._looks[source].not_before = time.monotonic() + RETRY_SECONDS

    def _is_due(self, source: str, look: Look) -> bool:
        """Whether a source looks otherwise than when it was read, and has come to rest."""
        from knowledge.sources import SourceError, stamp

        now = time.monotonic()
        if now < look.not_before:
            return False
        try:
            seen = stamp(source)
        except (SourceError, OSError) as error:  # taken away, or put in place at this moment
            look.last = None
            if isinstance(error, FileNotFoundError) and not look.going:  # the next look will see what is left
                look.going = True
                return False
            self._wrong(source, f"{said(error)} What was published of it stays.")
            look.away = True
            return False
        look.going = False
        if look.away:
            self.tell.say(f"{source} is there again.")
            look.away = False
            self._told.pop(source, None)
        if seen == look.done:
            look.last, look.changing_since = seen, 0.0
            return False
        look.changing_since = look.changing_since or now
        rests = seen == look.last or look.done is None or now - look.changing_since > SETTLE_SECONDS
        look.last = seen
        return rests

    def _changed(self, source: str, look: Look) -> Reading | None:
        """What a source says, if that is not what is published; files that were only touched say the same."""
        from knowledge.sources import SourceError, digest

        look.done, look.changing_since = look.last, 0.0
        try:
            if digest(source) == sources_of(self.home).get(source):
                return None
        except (SourceError, OSError):
            look.done = None  # it changes at this moment: at the next look
            return None
        reading = self._reading(source)
        if reading is None:
            look.not_before = time.monotonic() + RETRY_SECONDS
            look.done = None
        return reading

    def _reading(self, source: str) -> Reading | None:
        """None where it cannot be read, and that has been told. A page that cannot be read stays as it was."""
        from knowledge.sources import is_site, pages
        from knowledge.sources.site_fetch import Fetcher

        def told(problem: "Problem") -> None:
            self.tell.wrong(str(problem))

        try:
            fetcher = Fetcher(source, pause=self._pause) if is_site(source) else None
            reading = read(self.home, source, self.tell.progress, told, fetcher=fetcher)
            self._told.pop(source, None)
            return reading if is_site(source) else _with_broken_pages(self.home, reading, pages(source).keys())
        except Stopped:
            return None
        except Exception as error:
            self._wrong(source, f"{said(error)} What was published of {source} stays.")
            return None

    def _publish(self, fresh: Mapping[str, Reading]) -> bool:
        """Whether it could be."""
        try:
            published = publish(
                self.settings,
                list(sources_of(self.home)),
                {source: reading for source, reading in fresh.items() if source in sources_of(self.home)},
                self.tell.progress,
                reviewed=self.review,
            )
        except Exception as error:
            says = "It could not be published: what was before stays, and it is tried again in a minute."
            self._wrong("", f"{says} {said(error)}")
            return False
        self._told.pop("", None)
        if published.report:
            self.tell.published(published)
        return True

    def _wrong(self, what: str, says: str) -> None:
        """Tell what is wrong once, and not at every try."""
        if self._told.get(what) != says:
            self._told[what] = says
            self.tell.wrong(says)

    def _ask_sites(self) -> None:
        """Each site when its time has come; the first time so long after it was read last."""
        while not self.stop.is_set():
            for source in sources_of(self.home):
                if self._is_site_due(source):
                    self.tell.say(f"Asking {source} for what has changed")
                    if reading := self._reading(source):
                        self._read.put(reading)
                    self._due[source] = time.time() + self.every
            self.stop.wait(LOOK_SECONDS)

    def _is_site_due(self, source: str) -> bool:
        from knowledge.sources import is_site

        if not is_site(source) or self.stop.is_set():
            return False
        if source not in self._due:
            kept = kept_at(self.home, source)
            self._due[source] = (kept.stat().st_mtime if kept.exists() else 0.0) + self.every
        return time.time() >= self._due[source]

    def _pause(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise Stopped


def _in_files(sources: Mapping[str, str]) -> list[str]:
    from knowledge.sources import is_site

    return [source for source in sources if not is_site(source)]


def _with_broken_pages(home: Path, reading: Reading, files: Collection[str]) -> Reading:
    """With what was published of pages whose file is there and cannot be read now: somebody is at work on them."""
    there = {document.id for document in reading.documents}
    missing = [name for name in files if name not in there]
    before = Reading.open(kept_at(home, reading.source)) if missing else None
    broken = [document for document in before.documents if document.id in set(missing)] if before else []
    return replace(reading, documents=(*reading.documents, *broken)) if broken else reading


def said(error: Exception) -> str:
    """What went wrong, as a sentence."""
    return sentence(error) or f"{type(error).__name__}: {error}"
