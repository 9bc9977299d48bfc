"""A shelf is the passages of one language and their documents, as they are quoted."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Self, overload

import numpy as np

from knowledge.arrays import Integers, mapped
from knowledge.document import Document
from knowledge.passage import Passage, digest

DOCUMENTS, DOCUMENT_OFFSETS = "documents.jsonl", "document_offsets.npy"
PASSAGES, OFFSETS = "passages.jsonl", "offsets.npy"
PLACES, PLACE, SOURCES = "places.json", "place.npy", "sources.npy"
KEPT = 64  # documents that stay decoded


class Documents(Sequence[dict[str, Any]]):
    """Decoded when they are asked for: 300,000 of them would take a gigabyte in every process. Not to be changed: the last
    few are kept, since a turn asks for the same again and again."""

    def __init__(self, text: Integers, offsets: Integers) -> None:
        self._offsets = offsets
        # not bound to self, so that an old snapshot closes at once
        self._decoded = lru_cache(KEPT)(partial(_decoded, text, offsets))

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @overload
    def __getitem__(self, at: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, at: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, at: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(at, slice):
            return [self[n] for n in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self._decoded(int(at) % len(self))


def _decoded(text: Integers, offsets: Integers, at: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text[offsets[at] : offsets[at + 1]].tobytes())
    return found


@dataclass(frozen=True, slots=True)
class Shelf:
    """Read by memory map; a passage is decoded when it is asked for."""

    documents: Documents
    of: Integers  # int32 (passages,): each passage's document
    places: list[str]  # the jurisdictions that documents have
    place: Integers  # int32 (documents,): the position of each document's in `places`
    _text: Integers
    _offsets: Integers
    _sources: Integers  # uint8 (documents, 16)

    @classmethod
    def open(cls, folder: Path, of: Integers) -> Self:
        # plain views: numpy's memmap class makes each slice several times slower
        documents, text = (np.asarray(np.memmap(folder / name, np.uint8, "r")) for name in (DOCUMENTS, PASSAGES))
        places = json.loads((folder / PLACES).read_text())
        return cls(
            Documents(documents, mapped(folder / DOCUMENT_OFFSETS)),
            of,
            places,
            mapped(folder / PLACE),
            text,
            mapped(folder / OFFSETS),
            mapped(folder / SOURCES),
        )

    def passage(self, number: int) -> Passage:
        line = self._text[self._offsets[number] : self._offsets[number + 1]].tobytes()
        name, path, text, url = json.loads(line)
        return Passage(name, self.documents[self.of[number]]["id"], tuple(path), text, url)

    def cut(self) -> dict[bytes, list[tuple[str, list[str], str, str | None]]]:
        """The passages of every document by the digest of what they were cut from: id, path, text and address."""
        lines = self._text.tobytes().split(b"\n")
        found: list[list[Any]] = [[] for _ in self._sources]
        for number, line in zip(self.of.tolist(), lines, strict=False):
            found[number].append(json.loads(line))
        return {source.tobytes(): mine for source, mine in zip(self._sources, found, strict=True)}

    def having(self, words: str) -> list[int]:
        """Numbers of the passages that have `words` in their text, address or id."""
        written = re.escape(json.dumps(words, ensure_ascii=False)[1:-1].encode("utf-8", "replace"))
        found = np.array([match.start() for match in re.finditer(written, self._text)], np.int64)  # type: ignore[call-overload]
        return [int(n) for n in np.unique(np.searchsorted(self._offsets, found, side="right") - 1)]

    def document(self, number: int) -> dict[str, Any]:
        """The document of passage `number`: Document's fields but for its sections, and `questions` as pairs."""
        return self.documents[int(self.of[number])]

    def jurisdiction(self, document: int) -> str:
        return self.places[int(self.place[document])]


def shelve(folder: Path, group: list[Document], found: list[Passage]) -> None:
    """Write the shelf of `group`, the documents, and `found`, all their passages."""
    _write(folder / PASSAGES, folder / OFFSETS, ([p.id, p.path, p.text, p.url] for p in found))
    _write(folder / DOCUMENTS, folder / DOCUMENT_OFFSETS, map(_about, group))
    places = sorted({d.jurisdiction for d in group})
    (folder / PLACES).write_text(json.dumps(places))
    np.save(folder / SOURCES, np.frombuffer(b"".join(map(source, group)), np.uint8).reshape(-1, 16))
    np.save(folder / PLACE, np.array([places.index(d.jurisdiction) for d in group], np.int32))


def source(document: Document) -> bytes:
    """16 bytes that tell whether what a document's passages are cut from has changed."""
    return digest(repr((document.id, document.url, document.sections)))


def _write(lines: Path, offsets: Path, values: Iterable[Any]) -> None:
    ends = [0]
    with open(lines, "wb") as file:
        for value in values:
            line = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
            file.write(line + b"\n")
            ends.append(ends[-1] + len(line) + 1)
    np.save(offsets, np.array(ends, np.int64))


def _about(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "title": document.title,
        "url": document.url,
        "publisher": document.publisher,
        "jurisdiction": document.jurisdiction,
        "topics": list(document.topics),
        "as_of": document.as_of.isoformat() if document.as_of else None,
        "modified": document.modified.isoformat() if document.modified else None,
        "translation": document.translation,
        "contact": document.contact,
        "questions": list(document.questions.items()),
    }
