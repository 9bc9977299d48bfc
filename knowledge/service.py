"""Knowledge is what a running process asks: the current snapshot, swapped when a newer one is published, and what people
have decided about it since."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from knowledge.answer import Answer
from knowledge.arrays import best_first
from knowledge.encoder import Encoder, SharedEncoder
from knowledge.passage import Passage
from knowledge.places.place import holds
from knowledge.publishing.snapshot import NoSnapshot, Snapshot, pointer
from knowledge.rules.current import Rules
from knowledge.stamp import stamp

_log = logging.getLogger("knowledge")


@dataclass(frozen=True, slots=True)
class Filter:
    """Where to look: passages of `language`, and those that hold in `place` ("ca-on-toronto"); anywhere, where None."""

    language: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, and how well: `score` is 0…1 within one search."""

    passage: Passage
    title: str
    language: str
    score: float
    publisher: str
    as_of: str | None


class Knowledge:
    """Safe to ask from several threads."""

    def __init__(self, home: Path, encoder: SharedEncoder) -> None:
        self.home, self.encoder = home, encoder
        self._lock = threading.Lock()
        self._stamp = stamp(pointer(home))
        self._snapshot = Snapshot.open(home)
        self.rules = Rules(home)

    @classmethod
    def open(cls, home: Path) -> Self:
        """`home` is $GUICHET_HOME. Raises NoSnapshot."""
        return cls(home, SharedEncoder(home / "encoder"))

    @property
    def snapshot(self) -> Snapshot:
        """The current one; a newer one that cannot be opened is not taken."""
        now = stamp(pointer(self.home))
        if now != self._stamp:
            with self._lock:
                if now != self._stamp:
                    self._stamp = now
                    try:
                        self._snapshot = Snapshot.open(self.home)
                    except NoSnapshot as why:
                        _log.error("A new snapshot was not taken: %s", why)
        return self._snapshot

    def search(self, query: str, k: int, where: Filter = Filter()) -> list[Hit]:
        """The best `k` passages, best first."""
        from knowledge.finding.ranker import ranked

        snapshot = self.snapshot
        encoder, veil = self.encoder_of(snapshot), self.rules.veil(snapshot)
        hits: list[Hit] = []
        for language in snapshot.indexes if where.language is None else {where.language} & snapshot.indexes.keys():
            index, shelf = snapshot.indexes[language], snapshot.shelves[language]
            asked = index.understand(query, encoder)
            found = ranked(index, asked, index.score(asked), (), encoder, language)
            scores = found.whole if found.among is None else found.whole[found.among]
            hidden = veil.mask(language) if veil is not None else None
            mine: list[Hit] = []
            for at in best_first(scores):
                number = at if found.among is None else int(found.among[at])
                if hidden is not None and hidden[number]:
                    continue
                document = shelf.document(number)
                if where.place is None or holds(document["jurisdiction"], where.place):
                    passage, score, about = shelf.passage(number), float(scores[at]), document
                    mine.append(Hit(passage, about["title"], language, score, about["publisher"], about["as_of"]))
                if len(mine) == k:
                    break
            hits += mine
        return sorted(hits, key=lambda h: -h.score)[:k]

    def ask(self, question: str, *, language: str, place: str | None = None, before: Sequence[str] = ()) -> Answer:
        """What the published knowledge says to `question`, asked in `language` by someone in `place`. `before` are the
        turns before it, oldest first, as "user: …" and "agent: …"."""
        from knowledge.rules.ruled import Asked, ruled

        snapshot = self.snapshot
        encoder, veil = self.encoder_of(snapshot), self.rules.veil(snapshot)
        pinned = self.rules.pinned(snapshot, veil, encoder)
        return ruled(Asked(question, language, place, tuple(before)), snapshot, encoder, veil, pinned)

    def stands(self, passages: Sequence[str], told_from: str | None = None) -> bool:
        """Whether these passages, by their ids, are all published still, with the words that they had in the snapshot
        `told_from`, and none of them is withdrawn. Raises NoSnapshot where that one is gone."""
        from knowledge.rules.pins import text_of

        snapshot = self.snapshot
        veil = self.rules.veil(snapshot)
        if veil is not None and any(map(veil.covers, passages)):
            return False
        then = snapshot if told_from in (None, snapshot.name) else Snapshot.open(self.home, told_from)
        return all((now := text_of(snapshot, id)) is not None and now == text_of(then, id) for id in passages)

    def encoder_of(self, snapshot: Snapshot) -> Encoder | None:
        """The encoder, if it made the snapshot's vectors: those of two encoders cannot be compared."""
        encoder = self.encoder.get()
        return encoder if encoder is not None and encoder.fingerprint == snapshot.manifest["encoder"] else None
