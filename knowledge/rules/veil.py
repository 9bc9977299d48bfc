"""A veil lies over a snapshot: what is withheld is hidden under it from whoever asks, and all else found as it was."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.finding.index import Index, Scores
from knowledge.finding.query import Query
from knowledge.publishing.snapshot import Snapshot
from knowledge.rules.withheld import ADDRESS, Kind, Step, page_address
from knowledge.shelf import Shelf
from knowledge.text import plain

Document = dict[str, Any]
Mask = npt.NDArray[np.bool_]
HIDDEN = -1.0  # the score of what may not be said: below scores.WITHHELD


class Veil:
    """Safe to use from several threads."""

    def __init__(self, snapshot: Snapshot, steps: Sequence[Step]) -> None:
        self.snapshot, self.steps = snapshot, tuple(steps)
        self._hidden = {language: _hidden(snapshot, language, self.steps) for language in snapshot.indexes}
        self._ids = {passage for hidden in self._hidden.values() for passage in hidden.passages}
        self._documents = {document for hidden in self._hidden.values() for document in hidden.documents}

    def covers(self, passage: str) -> bool:
        """Whether the passage of that id is withheld."""
        return passage in self._ids or passage.rpartition("#")[0] in self._documents

    @property
    def count(self) -> dict[str, int]:
        """How many documents of each language are withheld, in whole or in part."""
        parts = {language: {p.rpartition("#")[0] for p in about.passages} for language, about in self._hidden.items()}
        return {language: len(about.documents | parts[language]) for language, about in self._hidden.items()}

    def mask(self, language: str) -> Mask:
        """bool (passages,): which are withheld."""
        return self._masks[language]

    @cached_property
    def under(self) -> Snapshot:
        """The snapshot without what is withheld."""
        veiled: dict[str, Index] = {}
        for language, index in self.snapshot.indexes.items():
            veiled[language] = Veiled(index, self.mask(language), self._whole[language])
        return replace(self.snapshot, indexes=veiled)

    @cached_property
    def _whole(self) -> dict[str, Mask]:
        """bool (documents,), by language: which are withheld in whole."""
        shelves = self.snapshot.shelves.items()
        return {
            language: np.array([d["id"] in self._hidden[language].documents for d in shelf.documents], np.bool_)
            for language, shelf in shelves
        }

    @cached_property
    def _masks(self) -> dict[str, Mask]:
        masks = {}
        for language, shelf in self.snapshot.shelves.items():
            masks[language] = self._whole[language][shelf.of]
            for passage in self._hidden[language].passages:
                numbers = (number for number in shelf.having(passage) if shelf.passage(number).id == passage)
                masks[language][list(numbers)] = True
        return masks


class Veiled(Index):
    """An index in which what is withheld answers nothing."""

    def __init__(self, index: Index, hidden: Mask, whole: Mask) -> None:
        """`hidden` are its passages that are withheld, `whole` its documents of which nothing may be said."""
        self.__dict__.update(index.__dict__)
        self._hidden, self._whole = hidden, whole

    def score(self, query: Query, asked: str | None = None, alike: Scores | None = None) -> Scores:
        scores = super().score(query, asked)  # not `alike`, whose hidden documents would be farther than the farthest
        about = np.where(self._whole, np.float32(0), scores.about)
        gist = None if scores.gist is None else np.where(self._whole, np.float32(HIDDEN), scores.gist)
        whole = np.where(self._hidden, np.float32(HIDDEN), scores.whole)
        return replace(scores, whole=whole, about=about, gist=gist)


@dataclass(frozen=True, slots=True)
class _Hidden:
    """Ids of documents that are withheld, and of single passages."""

    documents: frozenset[str]
    passages: frozenset[str]


def _hidden(snapshot: Snapshot, language: str, steps: Sequence[Step]) -> _Hidden:
    shelf = snapshot.shelves[language]
    documents, passages = set[str](), set[str]()
    for step in steps:
        if step.kind == "language":
            documents |= {d["id"] for d in shelf.documents} if step.what.strip().casefold() == language else set()
            continue
        is_meant = MATCHES[step.kind](step.what)
        documents |= {document["id"] for document in shelf.documents if is_meant(document)}
        if step.kind == "page":
            passages |= set(_sections(step.what, shelf))
    return _Hidden(frozenset(documents), frozenset(passages))


def _of_topic(what: str) -> Callable[[Document], bool]:
    sought = [f" {plain(each)} " for each in what.split(",") if plain(each)]

    def is_about(document: Document) -> bool:
        said = " | ".join(f" {plain(text)} " for text in (document["title"], *document["topics"]))
        return any(words in said for words in sought)

    return is_about


def _of_source(what: str) -> Callable[[Document], bool]:
    publisher, beginning, prefix = plain(what), what.strip().strip("/"), page_address(what)

    def is_from(document: Document) -> bool:
        id, url = document["id"], page_address(document["url"] or "")
        below = any(
            whole == start or whole.startswith(f"{start}/") for whole, start in ((id, beginning), (url, prefix))
        )
        return below or plain(document["publisher"]) == publisher

    return is_from


def _of_page(what: str) -> Callable[[Document], bool]:
    if not ADDRESS.match(what):
        return lambda document: bool(document["id"] == what.strip())
    of_section = "#" in what
    page = page_address(what, with_fragment=of_section)
    return lambda document: page_address(document["url"] or "", with_fragment=of_section) == page


def _sections(what: str, shelf: Shelf) -> Iterator[str]:
    """Ids of the passages that have that address, as those of a heading that leads elsewhere, or that id."""
    of_section = "#" in what
    page = page_address(what, with_fragment=of_section)
    sought = page.partition("/")[2] or page if ADDRESS.match(what) else what.strip()
    for passage in map(shelf.passage, shelf.having(sought)):
        of_address = ADDRESS.match(what) and page_address(passage.url or "", with_fragment=of_section) == page
        if of_address or passage.id == what.strip():
            yield passage.id


MATCHES: dict[Kind, Callable[[str], Callable[[Document], bool]]] = {
    "topic": _of_topic,
    "source": _of_source,
    "page": _of_page,
}
