"""What was found in PDF files is kept under the digest of their content: one that did not change is not parsed again."""

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

Told = dict[str, Any]
_DAMAGED = (OSError, EOFError, zlib.error, ValueError)


class Kept:
    """A folder for one source. `parser` names how files are parsed: by another way, another thing may be found."""

    def __init__(self, folder: Path, parser: str) -> None:
        self._folder, self._parser = folder, parser.encode()
        self._needed: set[str] = set()

    def told(self, file: Path, parse: Callable[[Path], Told]) -> Told:
        """What `parse` finds in the file, now or when it had this content before. Raises OSError and what `parse` does, of
        which nothing is kept."""
        name = self._name(file)
        self._needed.add(name)
        found = self._open(name)
        if found is None:
            found = parse(file)
            if self._name(file) == name:  # it was not written meanwhile
                self._save(name, found)
        return found

    def sweep(self) -> None:
        """Delete what was not asked for: the files have changed, or gone."""
        for each in self._folder.glob("*"):
            if each.name not in self._needed:
                each.unlink(missing_ok=True)

    def _name(self, file: Path) -> str:
        with file.open("rb") as content:
            of_file = hashlib.file_digest(content, "sha256").digest()
        return hashlib.blake2b(of_file + self._parser, digest_size=16).hexdigest()

    def _open(self, name: str) -> Told | None:
        try:
            found = json.loads(gzip.decompress((self._folder / name).read_bytes()))
        except _DAMAGED:
            return None
        return found if isinstance(found, dict) else None

    def _save(self, name: str, told: Told) -> None:
        scratch = self._folder / f"{name}.{os.getpid()}.new"
        with suppress(OSError):  # where there is no room, it is parsed again the next time
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                scratch.write_bytes(gzip.compress(json.dumps(told).encode(), compresslevel=1))
                scratch.replace(self._folder / name)
            finally:
                scratch.unlink(missing_ok=True)


def parser(script: Path, bounds: str) -> str:
    """The name of how files are parsed: by which script and library, within which bounds."""
    return f"{hashlib.sha256(script.read_bytes()).hexdigest()} {version('pdfminer.six')} {bounds}"
