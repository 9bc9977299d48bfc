"""Words are compared one by one: each with the nearest of a passage, the rare ones first."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.arrays import mapped
from knowledge.encoder import Encoder, Words
from knowledge.finding.dense import Dense
from knowledge.finding.index import Index, Texts
from knowledge.finding.kept import Kept
from knowledge.finding.late import COMMON, Late
from tests.knowledge.conftest import BagOfWords


def words(*tokens: int) -> Words:
    return Words(np.array(tokens, np.int32), np.eye(8, dtype=np.float16)[list(tokens)])


def late(*passages: Words) -> Late:
    return Late.build(passages, 8, None, np.full(len(passages), -1))


def built(*texts: str, kept: Kept | None = None, encoder: BagOfWords | None = None) -> Index:
    each = range(len(texts))
    whole = [f"{text}\n" for text in texts]
    return Index.build("en", Texts(texts, each, each, whole, [False] * len(texts)), encoder or BagOfWords(), kept)


def test_each_word_is_compared_with_the_nearest_of_each_passage() -> None:
    found = late(words(1, 2), words(1, 3), words(4)).of(np.array([2, 0, 1]), [words(2), words(1), words(2, 3)])
    assert found == pytest.approx(np.array([[0, 1, 0], [0, 1, 1], [0, 0.5, 0.5]]), abs=1e-3)


def test_the_rarer_a_word_is_the_more_it_counts() -> None:
    index = late(words(1, 2), words(1), words(1), words(1), words(3))
    rare, common = np.log(6 / 1.5), np.log(6 / 4.5)
    ((found,),) = index.of(np.array([1]), [words(1, 2)])
    assert found == pytest.approx(common / (rare + common), abs=1e-3)
    for nowhere in (5, 7):  # of fewer and of more tokens than are anywhere
        ((found,),) = index.of(np.array([0]), [words(2, nowhere)])
        assert found == pytest.approx(rare / (rare + np.log(6 / 0.5)), abs=1e-3), "what is nowhere is rarest"
    often = late(words(*[1] * 9), words(2))
    ((found,),) = often.of(np.array([0]), [words(1, 2)])
    assert found == pytest.approx(COMMON / (COMMON + np.log(3 / 1.5)), abs=1e-3)


def test_what_has_no_words_is_near_to_nothing_and_nothing_to_it() -> None:
    index = late(words(), words(1))
    assert index.of(np.array([0, 1]), [words(1), words()]) == pytest.approx(np.array([[0, 1], [0, 0]]), abs=1e-3)
    assert not late(words()).of(np.array([0]), [words()]).any()


def test_the_more_a_word_tells_passages_apart_the_more_it_counts() -> None:
    index = late(words(1, 2), words(1, 3), words(1, 4), words(5), words(5))
    here = np.array([0, 1])
    assert index.apart(here, words(1, 2)) == pytest.approx([1, 0], abs=1e-3), "both have 1"
    assert index.of(here, [words(1, 2)])[0, 1] > 0
    assert not index.apart(here, words(1)).any() and not index.apart(here, words()).any()


def test_the_word_that_a_passage_tells_the_least_of_is_a_rare_one_if_any_is() -> None:
    index = late(words(1, 2), *[words(1)] * 9, words(3))
    assert index.least(0, words(1, 2)) == pytest.approx(1, abs=1e-3)
    assert index.least(0, words(1, 2, 3)) == pytest.approx(0, abs=1e-3)
    assert index.least(10, words(1, 3)) == pytest.approx(1, abs=1e-3), "1 is common, and does not count beside 3"
    assert index.least(10, words(1)) == pytest.approx(0, abs=1e-3)
    assert index.least(0, words()) == 0


def test_of_an_encoder_that_gives_no_words_nothing_is_near() -> None:
    none = Words(np.zeros(0, np.int32), np.zeros((0, 0), np.float16))
    index = Late.build([none, none], 0, None, np.full(2, -1))
    assert not index.of(np.arange(2), [none]).any() and not index.apart(np.arange(2), none).any()
    assert index.least(0, none) == 0


def test_what_is_saved_is_the_same(tmp_path: Path) -> None:
    index = built("sauna permit fee", "canoe licence")
    index.save(tmp_path / "index")
    opened = Late.open(tmp_path / "index")
    assert opened is not None and index.late is not None
    for name in ("words", "tokens", "offsets", "counts"):
        assert np.array_equal(getattr(opened, name), getattr(index.late, name))
    assert Late.open(tmp_path) is None


def test_only_what_changed_is_read_again(tmp_path: Path) -> None:
    one, two, three = "sauna permit fee", "canoe licence", "the dog licence costs little"
    built(one, two).save(tmp_path / "index")
    before, encoder = tmp_path / "index", BagOfWords()
    kept = Kept(mapped(before / "digests.npy"), Dense.open(before), late=Late.open(before))
    again, anew = built(three, two, one, kept=kept, encoder=encoder), built(three, two, one)
    assert encoder.encoded == [three]
    assert again.late is not None and anew.late is not None and again.dense is not None and anew.dense is not None
    assert np.array_equal(again.dense.vectors, anew.dense.vectors)
    for name in ("words", "tokens", "offsets", "counts"):
        assert np.array_equal(getattr(again.late, name), getattr(anew.late, name))


def test_vectors_of_before_words_were_kept_are_read_again(tmp_path: Path) -> None:
    one, two = "sauna permit fee", "canoe licence"
    built(one, two).save(tmp_path / "index")
    before, encoder = tmp_path / "index", BagOfWords()
    kept = Kept(mapped(before / "digests.npy"), Dense.open(before))
    again = built(two, one, kept=kept, encoder=encoder)
    assert encoder.encoded == [two, one]
    assert again.late is not None and again.late.passages == 2


def test_the_bundled_encoder_finds_a_word_in_the_other_language(prepared_home: Path) -> None:
    encoder = Encoder.open(prepared_home / "encoder")
    texts = [
        "Dog licences. Each dog needs a tag.",
        "Passports. A passport is valid for ten years.",
        "Garbage is collected.",
    ]
    index = Late.build([r.words for r in encoder.read(texts)], encoder.width, None, np.full(3, -1))
    asked = [r.words for r in encoder.read(["permis pour mon chien", "passeport expiré", "collecte des ordures"])]
    assert index.of(np.arange(3), asked).argmax(1).tolist() == [0, 1, 2]
