"""A passage's sentences are compared one by one, and made again only where it has changed."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.arrays import mapped
from knowledge.finding.dense import Dense
from knowledge.finding.index import Index, Texts
from knowledge.finding.kept import Kept
from knowledge.finding.late import Late
from knowledge.finding.parts import MOST, Parts, sentences_of
from tests.knowledge.conftest import BagOfWords

LONG = "Boats. Fees\nA canoe needs no licence at all. The yearly price of a sauna permit is listed below."
SHORT = "Boats. Hours\nThe office opens at nine."


def built(*texts: str, kept: Kept | None = None, encoder: BagOfWords | None = None) -> Index:
    whole = [f"{text}\n" for text in texts]
    each = range(len(texts))
    return Index.build("en", Texts(texts, each, each, whole, [False] * len(texts)), encoder or BagOfWords(), kept)


def test_each_sentence_is_read_with_where_it_stands() -> None:
    assert sentences_of(LONG) == [
        "Boats. Fees. A canoe needs no licence at all.",
        "Boats. Fees. The yearly price of a sauna permit is listed below.",
    ]
    assert sentences_of("\nOne canoe for two people. Another canoe for three.")[0] == "One canoe for two people."


@pytest.mark.parametrize("text", [SHORT, "", "\n", "No line below", "Boats\nYes. No. The office opens at nine."])
def test_what_has_one_sentence_is_not_cut(text: str) -> None:
    assert sentences_of(text) == []


def test_of_a_very_long_passage_the_first_sentences_are_read() -> None:
    assert len(sentences_of("Boats\n" + "There is one more canoe here. " * 3 * MOST)) == MOST


def test_the_best_sentence_of_each_passage_counts() -> None:
    index, encoder = built(LONG, SHORT), BagOfWords()
    assert index.parts is not None and index.dense is not None
    asked = encoder.encode(["the yearly price of a sauna permit", "the office opens at nine"])
    best = index.parts.best(np.array([0, 1]), asked)
    expected = [encoder.encode(sentences_of(LONG)) @ vector for vector in asked]
    assert best[:, 0] == pytest.approx([each.max() for each in expected], abs=0.01)
    assert best[:, 1] == pytest.approx(asked @ index.dense.vectors[1], abs=0.01)
    assert index.parts.best(np.array([1, 0]), asked)[:, ::-1] == pytest.approx(best)


def test_the_sentences_of_passages_come_in_their_order() -> None:
    index, encoder = built(LONG, SHORT), BagOfWords()
    assert index.parts is not None and index.dense is not None
    vectors, starts = index.parts.of(np.array([1, 0]))
    expected = np.concatenate([index.dense.vectors[1:2], encoder.encode(sentences_of(LONG))])
    assert starts.tolist() == [0, 1] and vectors == pytest.approx(expected, abs=0.01)


def test_what_is_saved_is_the_same(tmp_path: Path) -> None:
    index = built(LONG, SHORT)
    index.save(tmp_path / "index")
    opened = Parts.open(tmp_path / "index")
    assert opened is not None and index.parts is not None
    assert (opened.vectors == index.parts.vectors).all() and (opened.offsets == index.parts.offsets).all()
    assert Parts.open(tmp_path) is None


def test_only_what_changed_is_read_again(tmp_path: Path) -> None:
    built(SHORT, LONG).save(tmp_path / "index")
    changed = LONG.replace("canoe", "kayak")
    encoder, before = BagOfWords(), tmp_path / "index"
    kept = Kept(mapped(before / "digests.npy"), Dense.open(before), parts=Parts.open(before), late=Late.open(before))
    again = built(LONG, changed, SHORT, kept=kept, encoder=encoder)
    assert encoder.encoded == [changed, *sentences_of(changed)]
    anew = built(LONG, changed, SHORT)
    assert again.parts is not None and anew.parts is not None
    assert (again.parts.vectors == anew.parts.vectors).all() and (again.parts.offsets == anew.parts.offsets).all()
