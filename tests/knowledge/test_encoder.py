"""The encoder gives unit vectors, the same however texts are batched, near to what the original model gives."""

import json
import shutil
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from knowledge.encoder import (
    MANIFEST,
    MODEL,
    Encoder,
    NoEncoder,
    Progress,
    SharedEncoder,
    foresee,
    meaning,
    meanings,
    silent,
)
from knowledge.export import FAITHFUL
from tests.knowledge.conftest import BagOfWords

TEXTS = [
    "passport",
    "How do I renew my passport?",
    "Comment renouveler mon passeport? " * 30,
    "",
    "\ud800 🙂",
    "garbage day",
]


@pytest.fixture(scope="module")
def real(prepared_home: Path) -> Encoder:
    return Encoder.open(prepared_home / "encoder")


def test_vectors_are_of_length_one(real: Encoder) -> None:
    vectors = real.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), real.dim) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)


def test_a_vector_is_the_same_whatever_stands_beside_the_text(real: Encoder, prepared_home: Path) -> None:
    alone = np.vstack([real.encode([text]) for text in TEXTS])
    assert np.array_equal(Encoder.open(prepared_home / "encoder", workers=2).encode(TEXTS), alone)


def test_each_word_that_tells_points_somewhere_as_it_is_meant(real: Encoder) -> None:
    ((vector, words),) = real.read(["How do I renew my passport?"])
    assert np.array_equal(vector, real.encode(["How do I renew my passport?"])[0])
    assert words.vectors.shape == (len(words.tokens), real.width) == (3, 64) and words.vectors.dtype == np.float16
    assert np.linalg.norm(words.vectors.astype(np.float32), axis=1) == pytest.approx(1, abs=0.01)
    first, again, other = (reading.words for reading in real.read(["bank", "a bank?", "the bank of a river"]))
    assert first.tokens[0] == again.tokens[0] == other.tokens[0] and len(first.tokens) == len(again.tokens) == 1
    assert not np.array_equal(first.vectors[0], other.vectors[0])


@pytest.mark.parametrize("text", ["", "who are you?", "où est-ce que c'est?", "?!"])
def test_where_no_word_tells_all_are_kept(real: Encoder, text: str) -> None:
    ((_, words),) = real.read([text])
    assert words.vectors.shape == (len(words.tokens), real.width) and bool(len(words.tokens)) == bool(text)


def test_an_encoder_that_gives_no_words_still_gives_vectors(real: Encoder, prepared_home: Path) -> None:
    before = Encoder.open(prepared_home / "encoder")
    before.width = 0
    ((vector, words),) = before.read(["passport"])
    assert np.array_equal(vector, real.encode(["passport"])[0])
    assert words.vectors.shape == (0, 0) and not len(words.tokens)


def test_near_in_meaning_is_near(real: Encoder) -> None:
    asked, near, far = real.encode(["I lost my job", "unemployment benefits", "garbage collection calendar"])
    assert asked @ near > asked @ far + 0.1


@pytest.mark.parametrize("word", ["climatique", "oeuvre", "vaccins"])
def test_a_french_word_is_known_in_french_alone(real: Encoder, word: str) -> None:
    assert real.knows(word, "fr") and not real.knows(word, "en")


def test_an_english_word_is_known_in_english_alone(real: Encoder) -> None:
    assert real.knows("unemployed", "en") and not real.knows("unemployed", "fr")
    assert not real.knows("unemployde", "en") and not real.knows("climatiqe", "fr")


def test_the_exported_model_is_faithful(prepared_home: Path) -> None:
    assert json.loads((prepared_home / "encoder" / MANIFEST).read_text())["cosine"] >= FAITHFUL


def test_what_comes_again_is_computed_once_and_forgotten_last(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder: Any = BagOfWords()
    monkeypatch.setattr("knowledge.encoder.REMEMBERED", 3)
    one, other, again = meanings(encoder, ["one", "other", "one"])
    assert np.array_equal(one, again) and np.array_equal(other, encoder.encode(["other"])[0])
    encoder.encoded.clear()
    meanings(encoder, ["third"])
    meaning(encoder, "one")
    meanings(encoder, ["fourth", "one"])
    meaning(encoder, "other")
    assert encoder.encoded == ["third", "fourth", "other"]
    assert np.array_equal(meaning(BagOfWords(), "one"), one), "each encoder has a memory of its own"  # type: ignore[arg-type]


def test_what_was_begun_ahead_is_waited_for_and_not_computed_again() -> None:
    class Slow(BagOfWords):
        def __init__(self) -> None:
            super().__init__()
            self.began, self.may_end = threading.Event(), threading.Event()

        def read(self, texts: Sequence[str], progress: Progress = silent) -> Any:
            self.began.set()
            assert self.may_end.wait(5)
            return super().read(texts, progress)

    encoder: Any = Slow()
    foresee(encoder, ["later"])
    assert encoder.began.wait(5)
    asked = ThreadPoolExecutor(1).submit(meaning, encoder, "later")
    with pytest.raises(TimeoutError):
        asked.result(0.05)
    encoder.may_end.set()
    assert np.array_equal(asked.result(5), BagOfWords().encode(["later"])[0])
    assert encoder.encoded == ["later"]


def test_what_failed_is_tried_again_and_whoever_waited_is_told() -> None:
    class Failing(BagOfWords):
        def __init__(self) -> None:
            super().__init__()
            self.fails, self.began, self.may_end = True, threading.Event(), threading.Event()

        def read(self, texts: Sequence[str], progress: Progress = silent) -> Any:
            self.began.set()
            assert self.may_end.wait(5)
            if self.fails:
                raise OSError("no memory")
            return super().read(texts, progress)

    encoder: Any = Failing()
    foresee(encoder, ["later"])
    assert encoder.began.wait(5)
    waiting = ThreadPoolExecutor(1).submit(meaning, encoder, "later")
    encoder.may_end.set()
    with pytest.raises(OSError):
        waiting.result(5)
    encoder.fails = False
    assert np.array_equal(meaning(encoder, "later"), BagOfWords().encode(["later"])[0])


def test_a_text_that_cannot_be_encoded_is_remembered_as_what_is_read_of_it(real: Encoder) -> None:
    assert np.array_equal(meaning(real, "\ud800 🙂"), real.encode(["\ud800 🙂"])[0])


def test_progress_is_told(real: Encoder) -> None:
    told = []
    real.encode(TEXTS * 3, progress=lambda *step: told.append(step))
    assert told[-1] == ("encode", len(TEXTS) * 3, len(TEXTS) * 3)


def test_an_absent_or_broken_encoder_is_said_with_the_way_out(tmp_path: Path, prepared_home: Path) -> None:
    with pytest.raises(NoEncoder, match="guichet index"):
        Encoder.open(tmp_path)
    broken = tmp_path / "broken"
    shutil.copytree(prepared_home / "encoder", broken)
    (broken / MODEL).write_bytes(b"not a model")
    with pytest.raises(NoEncoder, match="cannot be used"):
        Encoder.open(broken)


def test_an_encoder_that_comes_later_is_taken(tmp_path: Path, prepared_home: Path) -> None:
    shared = SharedEncoder(tmp_path / "encoder")
    assert shared.get() is None
    shutil.copytree(prepared_home / "encoder", tmp_path / "encoder")
    assert shared.get() is not None and shared.why == ""
