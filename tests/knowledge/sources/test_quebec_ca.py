"""Twenty pages of quebec.ca against somebody else's reading of them: what is found, and how much is said beside it."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from knowledge.document import Document
from knowledge.sources import read
from knowledge.text import fold

DATA = Path(__file__).parents[3].parent / "shared" / "data" / "quebec_ca"

# sections of the reference that stand around the content: the comment form, the contact box in it, alerts
AROUND = {
    "comments",
    "you have questions or require additional information?",
    "evaluation de page",
    "des questions ou besoin de renseignements?",
    "page alerts",
}


def letters(text: str) -> str:
    return re.sub(r"\W+", "", fold(text))


def shingles(text: str) -> Counter[str]:
    """Six letters at a time, without spaces: the reference has none between the items of a list."""
    text = letters(text)
    return Counter(text[i : i + 6] for i in range(max(1, len(text) - 5)))


def share(text: str, of: str) -> float:
    """How much of `of` is in `text`."""
    if letters(of) in letters(text):
        return 1.0
    wanted = shingles(of)
    return (shingles(text) & wanted).total() / wanted.total()


def best(document: Document, title: str, wanted: str) -> tuple[float, float]:
    """How much of what is wanted the section with that title has, under it; and how much of its own text is wanted."""
    found = (0.0, 0.0)
    for section in document.sections:
        if letters(section.path[-1] if section.path else document.title) == letters(title):
            below = [s for s in document.sections if s.path[: len(section.path)] == section.path]
            said = " ".join(" ".join((*s.path[-1:], s.text)) for s in below)
            found = max(found, (share(said, wanted), share(wanted, section.text)))
    return found


def test_sections_and_their_text() -> None:
    if not DATA.is_dir():
        pytest.skip("needs the 20 reference pages of quebec.ca in ../shared/data/quebec_ca")
    documents = {d.id.split("/")[1]: d for d in read(DATA)}
    assert len(documents) == 20
    scores = []
    for name, document in documents.items():
        sections = json.loads((DATA / f"{name}.json").read_text())
        sections.pop("document_URL")
        scores += [
            best(document, about["title"], "".join(about["plaintext"]))
            for about in sections.values()
            if fold(about["title"]) not in AROUND
        ]
    found = [own for whole, own in scores if whole >= 0.95]
    # 320 of 324 (98.8 %) when last measured: two that are missed are lists of related pages, which are left out,
    # two run on over headings of their own level
    assert len(scores) == 324
    assert len(found) / len(scores) >= 0.98
    assert sum(found) / len(found) >= 0.98  # of a section's own text is in the reference
    assert all(d.url and d.publisher == "Gouvernement du Québec" for d in documents.values())


def test_every_page_has_its_own_language() -> None:
    if not DATA.is_dir():
        pytest.skip("needs the 20 reference pages of quebec.ca in ../shared/data/quebec_ca")
    assert all(d.language == d.id.split("-")[1] for d in read(DATA))
