"""Words, spelling, meaning and their fusion: each half finds what it should, and together they agree."""

from collections import Counter

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.finding.bm25 import K1, B
from knowledge.finding.dense import Dense
from knowledge.finding.fusion import ACROSS, Shares, fuse, fuse_documents, share_of_history, shares
from knowledge.finding.index import Index, Texts
from knowledge.finding.lexical import Lexical
from knowledge.finding.spelling import Spelling, sound
from knowledge.finding.vocabulary import all_digested

ROWS = [["canoe", "permit", "lake"], ["market", "stall"], ["canoe", "rental"], []]


def lexical(rows: list[list[str]], heads: bool = False) -> Lexical:
    found = np.repeat(np.arange(len(rows)), [len(row) for row in rows]), all_digested(t for row in rows for t in row)
    return Lexical.build(found, len(rows), heads)


def test_scores_are_those_of_bm25s(tmp_path) -> None:
    theirs = bm25s.BM25(k1=K1, b=B, method="lucene")
    theirs.index([row or ["∅"] for row in ROWS], show_progress=False)
    lexical(ROWS).save(tmp_path / "words")
    ours = Lexical.open(tmp_path / "words")
    expected = theirs.get_scores(["canoe", "permit"])
    # bm25s cannot hold an empty row: with a word of its own the mean length differs a little
    assert ours.scores([("canoe", 1.0), ("permit", 1.0)]) == pytest.approx(expected, rel=0.1)
    assert np.argmax(ours.scores([("canoe", 1.0), ("permit", 1.0)])) == 0


def test_a_term_counts_by_its_weight_and_an_unknown_one_not_at_all() -> None:
    index = lexical(ROWS)
    assert index.scores([("stall", 0.5), ("zebra", 1.0)]) == pytest.approx(0.5 * index.scores([("stall", 1.0)]))
    assert index.idf("zebra") > index.idf("stall") > index.idf("canoe")
    assert index.has("stall", range(2)) and not index.has("stall", range(2, 4)) and not index.has("zebra", range(9))


def test_an_index_of_nothing_finds_nothing() -> None:
    assert lexical([[], []]).scores([("canoe", 1.0)]).tolist() == [0, 0]


def test_what_is_saved_is_mapped_not_read(tmp_path) -> None:
    Dense(np.eye(3, dtype=np.float32)).save(tmp_path)
    vectors = Dense.open(tmp_path).vectors
    assert isinstance(vectors.base, np.memmap) and not vectors.flags.writeable
    assert Dense.open(tmp_path / "nowhere") is None


VOCABULARY = [
    "passport",
    "licence",
    "pension",
    "business",
    "benefit",
    "insurance",
    "certificate",
    "passeport",
    "assurance",
]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("pasport", "passport"),
        ("lisence", "licence"),
        ("penshun", "pension"),
        ("buisness", "business"),
        ("benifit", "benefit"),
        ("sertificate", "certificate"),
        ("umbrella", None),
        ("lassurance", "assurance"),
        ("zebra", None),
        ("pas", None),
        ("12345", None),
    ],
)
def test_a_misspelt_word_is_taken_for_the_one_it_resembles(written: str, meant: str | None) -> None:
    assert Spelling.build(Counter(VOCABULARY)).guess(written) == meant


def test_of_two_as_close_the_frequent_word_is_meant() -> None:
    assert Spelling.build({"form": 9, "farm": 1}).guess("firm") == "form"


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", max_size=20))
def test_every_word_has_a_sound(word: str) -> None:
    assert len(sound(word)) <= 2 * len(word) + 1


def test_spelling_survives_saving(tmp_path) -> None:
    Spelling.build(Counter(VOCABULARY)).save(tmp_path / "spelling.json")
    assert Spelling.open(tmp_path / "spelling.json").guess("pasport") == "passport"


def test_fusion_by_hand() -> None:
    found = fuse(np.array([4.0, 2.0]), np.array([0.0, 1.0]), np.array([0.2, 0.6]), Shares(0.3, 0.1, 0.6))
    assert found == pytest.approx([0.3 * 1 + 0.6 * 0, 0.3 * 0.5 + 0.1 + 0.6 * 1])


@given(st.lists(st.floats(0, 50, width=32), min_size=1, max_size=20), st.booleans())
def test_fusion_is_between_0_and_1(scores: list[float], meaning: bool) -> None:
    words = np.array(scores, np.float32)
    found = fuse(words, words[::-1], words / 50 if meaning else None, shares("en", "en"))
    assert (found >= -1e-6).all() and (found <= 1 + 1e-5).all()


def test_between_languages_meaning_counts_most() -> None:
    assert shares("fr", "en") is ACROSS
    assert shares("de", "de").meaning > 0


def test_headings_break_a_tie_of_documents() -> None:
    even = np.ones(2, np.float32)
    assert np.argmax(fuse_documents(even, even, np.array([0.0, 1.0]), shares("en", "en"))) == 1


def test_the_less_a_turn_tells_the_more_the_conversation_counts() -> None:
    told = [share_of_history(t) for t in (0, 0.5, 1, 2, 3, 9)]
    assert told == sorted(told, reverse=True) and told[0] == 0.8 and told[-1] == 0.4


def test_a_passage_is_as_good_as_its_best_row(encoder) -> None:
    texts = Texts(
        ["red canoe", "blue stall", "how do I sell fish", "pizza"],
        [0, 1, 1, 2],
        [0, 1],
        ["red canoe", "blue stall"],
        [0, 0],
    )
    index = Index.build("en", texts, encoder)
    assert index.passages == 2 and index.asides == 3
    assert np.argmax(index.score(index.understand("sell fish", encoder)).whole) == 1
    assert index.questions(1, 1) == slice(2, 3) and index.questions(0, 0) == slice(2, 2)
    assert index.telling(index.understand("sell fish", encoder)) > index.telling(index.understand("fish", encoder))
