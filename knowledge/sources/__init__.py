"""Published content, read: one file for each kind of source, and the choice between them."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from knowledge.document import Document
from knowledge.sources import inventory, markdown
from knowledge.sources.problem import OnProblem, Problem, SourceError, refuse

__all__ = ["OnProblem", "Problem", "SourceError", "digest", "read"]

_KINDS = (
    "A source is a folder with .md or .html pages, a .html page, a .txt list of pages, or the service inventory's .csv."
)


def read(source: str | Path, on_problem: OnProblem = refuse) -> Iterator[Document]:
    """The documents of a source, whose kind is told from what it holds.

    `on_problem` is told of each page or row that is wrong, and the rest is read; without it the first problem raises.
    Raises SourceError where there is no such source or nothing in it.
    """
    path = Path(source)
    if path.suffix.lower() == ".csv" and path.is_file():
        return inventory.read(path, on_problem)
    return markdown.read(path, on_problem)


def digest(source: str | Path) -> str:
    """A name for all that a source says: it changes when a file is changed, added, renamed or removed."""
    path = Path(source)
    found = hashlib.blake2b(digest_size=16)
    for file in sorted(f for f in path.rglob("*") if f.is_file()) if path.is_dir() else [path]:
        content = file.read_bytes()
        found.update(f"{file.relative_to(path).as_posix()}\0{len(content)}\0".encode() + content)
    return found.hexdigest()
