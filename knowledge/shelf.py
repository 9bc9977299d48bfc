"""A shelf is the passages of one language and their documents, as they are quoted."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from knowledge.arrays import Integers, mapped
from knowledge.document import Document
from knowledge.passage import Passage

DOCUMENTS, PASSAGES, OFFSETS = "documents.json", "passages.jsonl", "offsets.npy"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Read by memory map; a passage is decoded when it is asked for."""

    documents: list[dict[str, Any]]
    of: Integers  # int32 (passages,): each passage's document
    _text: Integers
    _offsets: Integers

    @classmethod
    def open(cls, folder: Path, of: Integers) -> Self:
        documents = json.loads((folder / DOCUMENTS).read_text())
        text = np.memmap(folder / PASSAGES, np.uint8, "r")
        return cls(documents, of, text, mapped(folder / OFFSETS))

    def passage(self, number: int) -> Passage:
        line = self._text[self._offsets[number] : self._offsets[number + 1]].tobytes()
        name, path, text, url = json.loads(line)
        return Passage(name, self.documents[self.of[number]]["id"], tuple(path), text, url)

    def document(self, number: int) -> dict[str, Any]:
        """The document of passage `number`: Document's fields but for its sections, and `questions` as pairs."""
        return self.documents[int(self.of[number])]


def shelve(folder: Path, group: list[Document], found: list[Passage]) -> None:
    """Write the shelf of `group`, the documents, and `found`, all their passages."""
    lines = [json.dumps([p.id, p.path, p.text, p.url], ensure_ascii=False).encode("utf-8", "replace") for p in found]
    (folder / PASSAGES).write_bytes(b"\n".join(lines) + b"\n")
    np.save(folder / OFFSETS, np.cumsum([0] + [len(line) + 1 for line in lines]).astype(np.int64))
    (folder / DOCUMENTS).write_text(json.dumps([_about(d) for d in group], ensure_ascii=False))


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
