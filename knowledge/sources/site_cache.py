"""What is kept of a site between two readings: its pages as they were fetched, and what to ask whether they have changed."""

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

STATE = "pages.json"


_STALE = 86_400.0  # seconds: a reading that was broken off longer ago begins anew


@dataclass(slots=True)
class Kept:
    """A page. `url` is where redirects led."""

    url: str
    file: str
    etag: str = ""
    changed: str = ""
    translations: dict[str, str] = field(default_factory=dict)

    def question(self) -> dict[str, str]:
        """The headers that ask for the page only if it has changed."""
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.changed}
        return {name: value for name, value in asked.items() if value}


@dataclass(slots=True)
class Cache:
    """A folder of its own for each site; pages are by the address that the sitemap has.

    `pages` are those of the last reading that was published, `documents` how many that made. `fresh` are those of the
    reading that goes on, or was broken off, `gone` what it asked for in vain, `began` when it began, in seconds since 1970.
    """

    folder: Path
    pages: dict[str, Kept] = field(default_factory=dict)
    documents: int = 0
    fresh: dict[str, Kept] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    began: float = 0.0

    @classmethod
    def open(cls, folder: Path) -> "Cache":
        """As it was saved; empty where it was not, or is damaged."""
        try:
            said: dict[str, Any] = json.loads((folder / STATE).read_text(encoding="utf-8"))
            pages, fresh = (
                {url: Kept(**about) for url, about in said.pop(name).items() if (folder / about["file"]).is_file()}
                for name in ("pages", "fresh")
            )
            return cls(folder, pages=pages, fresh=fresh, **said)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return cls(folder)

    def begin(self, now: float) -> None:
        """A new reading; or the last one goes on, if it was broken off not long ago."""
        if not 0 <= now - self.began < _STALE or not (self.fresh or self.gone):
            self.fresh, self.gone, self.began = {}, [], now
        self.folder.mkdir(parents=True, exist_ok=True)

    def keep(self, asked: str, url: str, body: bytes, kind: str, etag: str, changed: str) -> None:
        name = f"{_short(asked.encode('utf-8', 'replace'))}-{_short(body)}.{kind}"
        (self.folder / name).write_bytes(body)
        self.fresh[asked] = Kept(url, name, etag, changed)

    def save(self) -> None:
        said = {key: value for key, value in asdict(self).items() if key != "folder"}
        scratch = self.folder / f"{STATE}.new"
        scratch.write_text(json.dumps(said, indent=1), encoding="utf-8")
        os.replace(scratch, self.folder / STATE)

    def accept(self, documents: int) -> None:
        """The reading is what is published from now on."""
        self.pages, self.documents = self.fresh, documents
        self.drop()

    def drop(self) -> None:
        """The reading is over; of its files only those stay that are published."""
        self.fresh, self.gone = {}, []
        self.save()
        files = {kept.file for kept in self.pages.values()} | {STATE}
        for file in self.folder.iterdir():
            if file.name not in files:
                file.unlink(missing_ok=True)


def _short(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def folder_of(site: str, sites: Path) -> Path:
    """Where a site is kept, within the folder of all: "www.town.example-1f2e3d4c"."""
    host = re.sub(r"[^\w.-]", "-", urlsplit(site).netloc)[:80]
    return sites / f"{host}-{hashlib.blake2b(site.encode(), digest_size=4).hexdigest()}"
