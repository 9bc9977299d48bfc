"""Knowledge is what a running process asks: the current snapshot, swapped when a newer one is published."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from knowledge.answer import Answer
from knowledge.encoder import SharedEncoder
from knowledge.passage import Passage
from knowledge.query import Query
from knowledge.snapshot import NoSnapshot, Snapshot, stamp


@dataclass(frozen=True, slots=True)
class Filter:
    """Where to look: passages of `language` (any, where None)."""

    language: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, and how well: `score` is 0…1 within one search."""

    passage: Passage
    title: str
    language: str
    score: float


class Knowledge:
    """Safe to ask from several threads."""

    def __init__(self, home: Path, encoder: SharedEncoder) -> None:
        self.home, self.encoder = home, encoder
        self._lock = threading.Lock()
        self._stamp = stamp(home)
        self._snapshot = Snapshot.open(home)

    @classmethod
    def open(cls, home: Path) -> Self:
        """`home` is $GUICHET_HOME. Raises NoSnapshot."""
        return cls(home, SharedEncoder(home / "encoder"))

    @property
    def snapshot(self) -> Snapshot:
        """The current one; a newer one that cannot be opened is not taken."""
        now = stamp(self.home)
        if now != self._stamp:
            with self._lock:
                if now != self._stamp:
                    self._stamp = now
                    try:
                        self._snapshot = Snapshot.open(self.home)
                    except NoSnapshot as why:
                        import logging

                        logging.getLogger("knowledge").error("A new snapshot was not taken: %s", why)
        return self._snapshot

    def search(self, query: str, k: int, where: Filter | None = None) -> list[Hit]:
        """The best `k` passages, best first."""
        snapshot, where = self.snapshot, where or Filter()
        hits: list[Hit] = []
        for language, index in snapshot.indexes.items():
            if where.language in (None, language):
                scores = index.score(self.understand(query, language, snapshot)).whole
                shelf = snapshot.shelves[language]
                for number in np.argsort(-scores)[:k]:
                    n = int(number)
                    hits.append(Hit(shelf.passage(n), shelf.document(n)["title"], language, float(scores[n])))
        return sorted(hits, key=lambda h: -h.score)[:k]

    def ask(self, question: str, *, language: str, place: str | None = None) -> Answer:
        """What the published knowledge says to `question`, asked in `language` by someone in `place`."""
        from knowledge.answering import answer

        snapshot = self.snapshot
        language = language if language in snapshot.indexes else next(iter(snapshot.indexes))
        return answer(self.understand(question, language, snapshot), snapshot, language, place)

    def understand(self, question: str, language: str, snapshot: Snapshot) -> Query:
        encoder = self.encoder.get()
        if encoder is not None and encoder.fingerprint != snapshot.manifest["encoder"]:
            encoder = None  # vectors of two encoders cannot be compared
        return snapshot.indexes[language].understand(question, encoder)
