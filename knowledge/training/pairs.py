"""Pairs are what the student learns French from: the same said in English and in French."""

import csv
import gzip
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from knowledge.document import Document
from knowledge.text import clean, sentences

LONGEST = 400  # characters


@dataclass(frozen=True, slots=True)
class Pair:
    """`often` is how many times it is learnt from in one round: what citizens write is rarer than law, and matters more."""

    en: str
    fr: str
    often: int = 1


class Service(NamedTuple):
    """A kind of service, in English and in French: its name, what it is, what somebody says who needs it."""

    name: tuple[str, str]
    about: tuple[str, str]
    ask: tuple[str, str]


def written_services(path: Path) -> Iterator[Service]:
    """The services of a file with six fields on each line, parted by tabs: each of `Service`, in English and in French."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            name_en, name_fr, about_en, about_fr, ask_en, ask_fr = map(clean, line.rstrip("\n").split("\t"))
            yield Service((name_en, name_fr), (about_en, about_fr), (ask_en, ask_fr))


def told(path: Path) -> Iterator[tuple[str, str, str]]:
    """What somebody says who needs a service, of a file with the service's id, English and French on each line."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            service, en, fr = map(clean, line.split("\t"))
            yield service, en, fr


def written(path: Path, often: int = 1) -> Iterator[Pair]:
    """Pairs of a file with English, a tab and French on each line; compressed, if its name ends in .gz."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            en, _, fr = line.rstrip("\n").partition("\t")
            if en and fr and not line.startswith("#"):
                yield Pair(clean(en)[:LONGEST], clean(fr)[:LONGEST], often)


def inventory(path: Path, train: set[str], often: int = 1) -> Iterator[Pair]:
    """Names and descriptions of the services in `train`, by id, of the Government of Canada's inventory (CSV)."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["service_id"] in train:
                for of in ("service_name", "service_description", "program_name"):
                    yield from _aligned(row[f"{of}_en"], row[f"{of}_fr"], often)
                name, about = "service_name", "service_description"
                en, fr = (f"{row[f'{name}_{code}']}. {row[f'{about}_{code}']}" for code in ("en", "fr"))
                yield Pair(clean(en)[:LONGEST], clean(fr)[:LONGEST], often)


def services(path: Path, often: int = 1) -> Iterator[Pair]:
    """What a service is called, what it is and what is said who needs it, of a file of such (see `Service`)."""
    for service in written_services(path):
        yield Pair(*service.name, often)
        yield Pair(*service.ask, often)
        en, fr = (f"{name}. {about}" for name, about in zip(service.name, service.about, strict=True))
        yield Pair(en[:LONGEST], fr[:LONGEST], often)
        yield from _aligned(*service.about, often)


def bundled(documents: Iterable[Document], often: int = 1) -> Iterator[Pair]:
    """Titles, headings and sentences of pages that exist in both languages and have as many sections."""
    pages = {document.id: document for document in documents}
    for english in pages.values():
        french = pages.get(english.translation or "")
        if english.language != "en" or french is None or len(french.sections) != len(english.sections):
            continue
        yield Pair(english.title, french.title, often)
        for mine, theirs in zip(english.sections, french.sections, strict=True):
            if mine.path and theirs.path:
                yield Pair(f"{english.title}. {mine.path[-1]}", f"{french.title}. {theirs.path[-1]}", often)
            yield from _aligned(mine.text, theirs.text, often)


def _aligned(en: str, fr: str, often: int) -> Iterator[Pair]:
    """Sentence by sentence where both have as many, else as a whole."""
    mine, theirs = ([clean(text[a:b]) for a, b in sentences(text)] for text in (en, fr))
    if len(mine) == len(theirs):
        yield from (Pair(a[:LONGEST], b[:LONGEST], often) for a, b in zip(mine, theirs, strict=True) if a and b)
    elif mine and theirs:
        yield Pair(clean(en)[:LONGEST], clean(fr)[:LONGEST], often)


def misspelt(text: str, chance: random.Random) -> str:
    """`text` with a slip as people make them: a letter left out, doubled, swapped with the next, or another one."""
    letters = [i for i, c in enumerate(text) if c.isalpha()]
    if len(letters) < 8:
        return text
    for _ in range(1 + len(letters) // 40):
        at = chance.choice(letters)
        if at >= len(text) - 1:
            continue
        kind = chance.randrange(4)
        if kind == 0:
            text = text[:at] + text[at + 1 :]
        elif kind == 1:
            text = text[:at] + text[at] + text[at:]
        elif kind == 2:
            text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        else:
            text = text[:at] + chance.choice("aeiourstln") + text[at + 1 :]
    return text
