"""A small town's services, and an encoder that needs no model: what most tests of knowledge ask."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from knowledge.document import Document, Section
from knowledge.encoder import Reading, Words, silent
from knowledge.text import terms

DATA = Path(__file__).parents[3] / "shared" / "data"


ASKING = {"how", "much", "when"}  # an encoder that reads knows "how much" from "how to"
ALIKE = 0.05  # what all words have in common, in each direction: a cosine of .2, for no two are wholly unlike


class BagOfWords:
    """Texts that share stems are near each other: a real, if modest, encoder. It counts what it is given."""

    dim, width, fingerprint = 64, 64, "bag-of-words"

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str], progress=silent) -> np.ndarray:
        self.encoded += texts
        return (
            np.stack([self._reading(text).vector for text in texts]) if texts else np.zeros((0, self.dim), np.float32)
        )

    def read(self, texts: Sequence[str], progress=silent) -> Iterator[Reading]:
        self.encoded += texts
        return map(self._reading, texts)

    def _reading(self, text: str) -> Reading:
        said = list(terms(text, "en"))
        tokens = np.array([int(hashlib.md5(term.encode()).hexdigest(), 16) % self.dim for term in said], np.int32)
        words = np.eye(self.dim, dtype=np.float32)[tokens]
        named = np.array([term not in ASKING for term in said], bool)
        whole = words[named].sum(0)
        vector = whole / max(float(np.linalg.norm(whole)), 1e-9)
        pointed = (words[named] + ALIKE) / np.linalg.norm(np.eye(self.dim)[0] + ALIKE)
        return Reading(vector, Words(tokens[named], pointed.astype(np.float16)))

    def knows(self, word: str, language: str) -> bool:
        return False


def document(
    name: str, title: str, *, language: str = "en", place: str = "ca", questions=None, **sections: str
) -> Document:
    """A page; a section's heading is its name with spaces for underscores, `intro` comes before the first heading."""
    parts = tuple(
        Section(() if heading == "intro" else (heading.replace("_", " "),), text, f"https://town.example/{name}")
        for heading, text in sections.items()
    )
    return Document(
        f"town/{language}/{name}",
        language,
        title,
        "Town of Elsewhere",
        parts,
        url=f"https://town.example/{name}",
        jurisdiction=place,
        as_of=date(2026, 3, 31),
        contact="1-800-555-0100",
        questions=questions or {},
    )


def town() -> list[Document]:
    return [
        document(
            "canoe",
            "Canoe permit",
            intro="A canoe permit lets you paddle on the town's lakes.",
            How_to_apply="Apply for a canoe permit at the boathouse.\n\n1. Fill out the form.\n2. Show the canoe.",
            Cost="A canoe permit costs $12 a year. It is free under the age of 18.",
            How_long_it_takes="You get the canoe permit on the same day.",
            questions={"How do I get a canoe permit?": "How to apply", "How much is a canoe permit?": "Cost"},
        ),
        document(
            "market",
            "Market stall",
            intro="Sell vegetables at the Saturday market.",
            How_to_apply="Write to the market office for a stall.",
            Cost="A market stall costs $30 a day.",
            questions={"What does a market stall cost?": "Cost"},
        ),
        document("sauna", "Sauna booking", place="ca-on", intro="The public sauna is booked by telephone in Ontario."),
        document("canot", "Permis de canot", language="fr", Coût="Un permis de canot coûte 12 $ par année."),
    ]


@pytest.fixture
def encoder() -> BagOfWords:
    return BagOfWords()
