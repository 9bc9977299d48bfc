"""Asks are what the student learns to find by: what somebody looks for, and the text that has it, in either language."""

import csv
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge.document import Document
from knowledge.passage import entry_points, passages
from knowledge.text import clean
from knowledge.training.pairs import told, written_services

LANGUAGES = ("en", "fr")
LONGEST = 500  # characters


@dataclass(frozen=True, slots=True)
class Ask:
    """`of` names what both are about: two asks of the same are not told apart."""

    query: str
    found: str
    of: str


def of_inventory(path: Path, train: set[str]) -> Iterator[Ask]:
    """Names of the services in `train`, by id, of the Government of Canada's inventory (CSV), and their descriptions."""
    for row in _rows(path, train):
        name = {code: clean(row[f"service_name_{code}"]) for code in LANGUAGES}
        about = {code: clean(row[f"service_description_{code}"])[:LONGEST] for code in LANGUAGES}
        for asked in LANGUAGES:
            for written in LANGUAGES:
                if name[asked] and about[written]:
                    # across languages the name is found, too; in one language it would give the answer away
                    found = about[written] if asked == written else f"{name[written]}. {about[written]}"
                    yield Ask(name[asked], found, row["service_id"])


def of_services(path: Path) -> Iterator[Ask]:
    """Names of the services of a file (`pairs.written_services`), what is said who needs them, and their descriptions."""
    for service in written_services(path):
        for asked in (0, 1):
            for found in (0, 1):
                named = f"{service.name[found]}. {service.about[found]}"[:LONGEST]
                yield Ask(service.name[asked], service.about[found] if asked == found else named, service.name[0])
                yield Ask(service.ask[asked], service.about[found], service.name[0])


def of_told(path: Path, inventory: Path, train: set[str]) -> Iterator[Ask]:
    """What somebody says who needs a service in `train` (a file as `pairs.told` reads it), and its description."""
    about = {row["service_id"]: row for row in _rows(inventory, train)}
    for service, *said in told(path):
        for code in LANGUAGES if service in about else ():
            found = clean(about[service][f"service_description_{code}"])[:LONGEST]
            yield from (Ask(text, found, service) for text in said if found)


def of_content(documents: Iterable[Document]) -> Iterator[Ask]:
    """The questions that pages say they answer, and the passages that do, in the question's language and the other."""
    pages = {document.id: document for document in documents}
    for document in pages.values():
        mine, other = passages(document), pages.get(document.translation or "")
        theirs = passages(other) if other else []
        for question, number in entry_points(document, mine):
            of = f"{min(document.id, document.translation or document.id)}#{number}"
            yield Ask(question, mine[number].indexed(document.title), of)
            if other and len(theirs) == len(mine):
                yield Ask(question, theirs[number].indexed(other.title), of)


def of_headings(documents: Iterable[Document], chance: random.Random) -> Iterator[Ask]:
    """Titles and headings of pages, half of the headings without the title, and the passages under them, in both
    languages."""
    pages = {document.id: document for document in documents}
    for document in pages.values():
        mine, other = passages(document), pages.get(document.translation or "")
        theirs = passages(other) if other else []
        for number, passage in enumerate(mine):
            of = f"{min(document.id, document.translation or document.id)}#{number}"
            whole = f"{document.title}. {passage.heading}" if passage.heading else document.title
            alone = passage.heading or document.title
            yield Ask(whole if chance.random() < 0.5 else alone, passage.text[:LONGEST], of)
            if len(theirs) == len(mine):
                yield Ask(whole, theirs[number].text[:LONGEST], of)


def _rows(inventory: Path, train: set[str]) -> Iterator[dict[str, str]]:
    """The first row of each service in `train`."""
    seen = set[str]()
    with inventory.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["service_id"] in train and row["service_id"] not in seen:
                seen.add(row["service_id"])
                yield row
