"""The section is chosen by words, meaning, the kind of the question and the heading."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.answering.fitted import in_file
from knowledge.answering.section import SIGNALS, choose, signals
from knowledge.publishing.snapshot import Snapshot, build
from tests.knowledge.conftest import BagOfWords, town


@pytest.fixture
def snapshot(tmp_path: Path, encoder: BagOfWords) -> Snapshot:
    return build(town(), encoder, tmp_path)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "heading"),
    [
        ("what is the price of a canoe permit", "Cost"),
        ("how do I apply for a canoe permit", "How to apply"),
        ("how long does the canoe permit take", "How long it takes"),
        ("canoe permit", ""),
    ],
)
@pytest.mark.parametrize("by_meaning", [True, False])
def test_the_section_that_is_asked_for_comes_first(
    snapshot: Snapshot, encoder: BagOfWords, question: str, heading: str, by_meaning: bool
) -> None:
    index, shelf = snapshot.indexes["en"], snapshot.shelves["en"]
    query = index.understand(question, encoder if by_meaning else None)  # type: ignore[arg-type]
    document = next(n for n, each in enumerate(shelf.documents) if each["id"].endswith("canoe"))
    chosen = choose(query, document, index.score(query), index, shelf)
    assert shelf.passage(chosen.passage).heading == heading and 0 < chosen.chance <= 1


def test_every_signal_has_a_weight_and_headings_are_encoded_once(snapshot: Snapshot, encoder: BagOfWords) -> None:
    assert len(in_file()["sections"]) == len(SIGNALS)
    index, shelf = snapshot.indexes["en"], snapshot.shelves["en"]
    document = next(n for n, each in enumerate(shelf.documents) if each["id"].endswith("canoe"))
    numbers = np.sort(index.passages_of(document))
    for question in ("canoe fee", "canoe fees"):
        query = index.understand(question, encoder)  # type: ignore[arg-type]
        found = signals(query, numbers, index.score(query), index, shelf)
        assert found.shape == (len(numbers), len(SIGNALS)) and np.isfinite(found).all()
    assert encoder.encoded.count("How to apply") == 1
