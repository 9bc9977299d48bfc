"""A large index scores only what could be the best, and finds what scoring everything would."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from knowledge.arrays import best_first
from knowledge.finding.heads import Heads
from knowledge.finding.index import Index, Texts
from knowledge.finding.narrowing import DEEP
from knowledge.finding.near import Near
from knowledge.finding.tokens import Tokens, pairs
from knowledge.finding.vocabulary import Vocabulary, all_digested, digested, paired

from ..conftest import BagOfWords
from .test_finding import lexical

SIZE, A_DOCUMENT = 3000, 3
COMMON = [f"word{n}" for n in range(40)]
RARE = [f"rare{n}" for n in range(900)]


def sentence(chance: np.random.Generator) -> str:
    return " ".join([*chance.choice(COMMON, 12), *chance.choice(RARE, 4)])


@pytest.fixture(scope="module")
def texts() -> Texts:
    chance = np.random.default_rng(1)
    rows = [sentence(chance) for _ in range(SIZE)]
    asked = [f"how {row}" for row in rows[: SIZE // 2]]
    whole = ["\n".join(rows[at : at + A_DOCUMENT]) for at in range(0, SIZE, A_DOCUMENT)]
    passage = [*range(SIZE), *range(SIZE // 2), *[SIZE] * 5]
    document = [n // A_DOCUMENT for n in range(SIZE)]
    return Texts([*rows, *asked, *["pizza recipe"] * 5], passage, document, whole, [False] * len(whole))


@pytest.fixture(scope="module")
def large(texts: Texts, tmp_path_factory) -> Index:
    folder = tmp_path_factory.mktemp("large") / "index"
    Index.build("en", texts, BagOfWords(), exact=100).save(folder)
    return Index.open(folder, "en")


@pytest.fixture(scope="module")
def questions(texts: Texts) -> list[str]:
    chance = np.random.default_rng(2)
    return [" ".join(chance.choice(text.split(), 6)) for text in chance.choice(texts.rows[:SIZE], 40)]


def test_what_is_nearest_is_found(large: Index, questions: list[str]) -> None:
    found = []
    for question in questions:
        vector = BagOfWords().encode([question])[0]
        exact = large.dense.scores(vector)
        tenth = np.sort(exact)[-10]
        near = large.near.search(vector, 40)
        found.append(min(1, np.sum(exact[near] >= tenth - 1e-6) / 10))
    assert np.mean(found) >= 0.98


def test_the_best_are_those_of_scoring_everything(large: Index, questions: list[str]) -> None:
    same = []
    for question in questions:
        query = large.understand(question, BagOfWords())
        narrow, full = large.score(query), large.score_all(query)
        assert narrow.among is not None
        assert len(narrow.among) < SIZE / 2
        assert full.among is None
        assert narrow.whole.shape == full.whole.shape and narrow.words.shape == full.words.shape
        rows = np.flatnonzero(narrow.words)
        assert narrow.words[rows] == pytest.approx(full.words[rows], rel=1e-5)
        best = np.argsort(-full.whole)[:10]
        same.append(len(np.intersect1d(np.argsort(-narrow.whole)[:10], best)) / 10)
        assert narrow.whole[best[0]] == pytest.approx(full.whole[best[0]], abs=0.05)
    assert np.mean(same) >= 0.98


def test_of_the_best_documents_all_rows_are_scored(large: Index, questions: list[str]) -> None:
    query = large.understand(questions[0], BagOfWords())
    narrow, full = large.score(query), large.score_all(query)
    documents = list(dict.fromkeys(large.document[np.argsort(-narrow.whole)].tolist()))[: DEEP // 2]
    rows = large.rows_of(np.array(documents))
    assert narrow.cosine[rows] == pytest.approx(full.cosine[rows], abs=1e-6)
    assert narrow.words[rows] == pytest.approx(full.words[rows], rel=1e-5)
    asides = slice(large.asides, None)
    assert narrow.cosine[asides] == pytest.approx(full.cosine[asides], abs=1e-6)


def test_sixteen_conversations_at_once_get_the_same(large: Index, questions: list[str]) -> None:
    queries = [large.understand(question, BagOfWords()) for question in questions]
    alone = [large.score(query).whole for query in queries]
    with ThreadPoolExecutor(16) as pool:
        for _ in range(3):
            together = list(pool.map(lambda query: large.score(query).whole, queries))
            assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_without_vectors_or_words_the_other_half_is_found(large: Index, texts: Texts) -> None:
    query = large.understand(texts.rows[7], None)
    assert int(np.argmax(large.score(query).whole)) == 7
    unknown = large.understand("xyzzy", BagOfWords())
    assert large.score(unknown).whole.shape == (SIZE,)
    assert large.score(large.understand("", None)).whole.max() <= 0


def test_a_small_index_scores_everything(texts: Texts) -> None:
    small = Index.build("en", texts, BagOfWords())
    assert small.near is None and not small.words.narrows
    assert small.score(small.understand("rare1 word2", BagOfWords())).among is None


def test_the_graph_is_mapped_and_outlives_its_snapshot(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    vectors = chance.standard_normal((500, 32), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    digests = chance.integers(0, 256, (500, 16), np.uint8)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    Near.build(vectors, digests).save(tmp_path / "a")
    before = Near.open(tmp_path / "a")
    assert 3 in before.search(vectors[3], 20)
    assert isinstance(before.keys.base, np.memmap)
    changed, others = vectors.copy(), digests.copy()
    changed[:5], others[:5] = -vectors[:5], chance.integers(0, 256, (5, 16), np.uint8)
    Near.build(changed, others, before).save(tmp_path / "b")
    after = Near.open(tmp_path / "b")
    assert 3 in after.search(changed[3], 20)
    assert 3 not in after.search(vectors[3], 20)
    assert np.mean([after.search(changed[n], 1).tolist() == [n] for n in range(500)]) >= 0.98, "what Near promises"


def test_rows_of_the_same_text_are_found_together() -> None:
    vectors = np.eye(4, dtype=np.float32)[[0, 1, 1, 2]]
    digests = np.array([[n] * 16 for n in (9, 5, 5, 7)], np.uint8)
    assert sorted(Near.build(vectors, digests).search(vectors[1], 1).tolist()) == [1, 2]


def test_the_best_rows_by_words_are_found_without_visiting_all() -> None:
    chance = np.random.default_rng(4)
    index = lexical([sentence(chance).split() for _ in range(2000)], heads=True)
    for _ in range(50):
        asked = {
            str(t): float(chance.choice([0.5, 0.7, 1.0])) for t in [*chance.choice(COMMON, 3), chance.choice(RARE)]
        }
        query = tuple(asked.items())
        full = index.scores(query)
        found = index.best(index.known(query), 10)
        assert set(np.argsort(-full)[:5]) <= set(found.tolist())
        assert index.of(found, index.known(query)) == pytest.approx(full[found], rel=1e-5)
        assert (np.diff(found) > 0).all()


def test_of_a_common_term_only_the_rows_where_it_tells_most_are_visited() -> None:
    from knowledge.finding.bm25 import impacts

    row, term = np.arange(100), all_digested(["word"] * 100)
    lengths = np.repeat(np.arange(100), np.arange(100))  # the later a row, the longer it is, and the less a word tells
    found = impacts(*_ordered(np.append(row, lengths), np.append(term, all_digested(["other"] * len(lengths)))), 100)
    heads = Heads.build(found, 10)
    rows, data, floor = heads.of(Vocabulary(found.terms).number("word"))
    assert rows.tolist() == list(range(10)) and data.min() >= floor > 0


def test_a_pair_the_other_way_round_is_another() -> None:
    first, second = all_digested(["canoe"]), all_digested(["permit"])
    assert paired(first, second)[0] == digested("canoe permit") != digested("permit canoe")
    vocabulary = Vocabulary(np.sort(all_digested(["a b", "c"])))
    assert "b a" not in vocabulary and "a b" in vocabulary and "d" not in vocabulary


def test_words_of_texts_that_stayed_are_not_read_again(monkeypatch) -> None:
    texts = ["How do I apply?", "the of and", "", "A canoe permit costs 1,200 $."]
    digests = np.arange(64, dtype=np.uint8).reshape(4, 16)
    before = Tokens.build(texts, digests, "en", None, np.full(4, -1))
    read: list[str] = []
    real = Tokens.build.__func__.__globals__["words"]
    monkeypatch.setattr(
        "knowledge.finding.tokens.words", lambda text, language: read.append(text) or real(text, language)
    )
    now = [texts[3], "A new one", texts[1]]
    again = Tokens.build(now, digests[:3], "en", before, np.array([3, -1, 1]))
    assert read == ["A new one"]
    fresh = Tokens.build(now, digests[:3], "en", None, np.full(3, -1))
    assert again.words == fresh.words and again.ids.tolist() == fresh.ids.tolist()
    assert pairs(again.terms("en"))[0].tolist() == pairs(fresh.terms("en"))[0].tolist()


def test_the_best_come_first_and_equals_in_their_order() -> None:
    scores = np.random.default_rng(5).integers(0, 50, 400).astype(np.float32)
    assert list(best_first(scores, 16)) == np.argsort(-scores, kind="stable").tolist()
    assert list(best_first(np.zeros(0, np.float32))) == []


def _ordered(row: np.ndarray, term: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(row, kind="stable")
    return row[order], term[order]


def test_an_encoder_may_be_opened_after_a_graph_was_made() -> None:
    first = "from knowledge.finding.near import Near; import numpy as np"
    made = "Near.build(np.eye(8, dtype=np.float32), np.arange(128, dtype=np.uint8).reshape(8, 16))"
    subprocess.run([sys.executable, "-c", f"{first}; {made}; import onnxruntime"], check=True)
