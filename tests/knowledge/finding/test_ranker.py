"""The ranker orders what was found by what the whole conversation tells, and changes nothing but the order."""

from copy import copy
from pathlib import Path

import numpy as np
import pytest

from knowledge.encoder import Encoder
from knowledge.finding.following import said
from knowledge.finding.index import Index, Texts
from knowledge.finding.ranker import CANDIDATES, MODEL, candidates, judged, ranked, together
from knowledge.finding.scores import WITHHELD
from knowledge.finding.signals import OF_LATE, SIGNALS, signals
from knowledge.finding.views import views
from knowledge.rules.veil import Veiled
from tests.knowledge.conftest import BagOfWords

SERVICES = ("canoe", "market", "sauna", "dog", "bench", "tree", "well", "kiln")
PARTS = ("permit to apply form boathouse", "fee dollars year price", "days weeks wait long", "office address phone")
BEFORE = ("user: I would like a sauna permit", "agent: Sauna permit – apply at the office", "user: thanks")


@pytest.fixture(scope="module")
def index() -> Index:
    """Services with four parts each: more passages than the ranker looks at."""
    titles = [f"{service} {kind}" for service in SERVICES for kind in ("licence", "rental")]
    rows = [f"{title}\n{part} of the {title}" for title in titles for part in PARTS]
    document = [n // len(PARTS) for n in range(len(rows))]
    whole = ["\n".join(rows[n : n + len(PARTS)]) for n in range(0, len(rows), len(PARTS))]
    return Index.build("en", Texts(rows, range(len(rows)), document, whole, [False] * len(whole)), BagOfWords())


def seen(index: Index, text: str, before: tuple[str, ...] = ()) -> tuple:
    encoder = BagOfWords()
    newest = index.understand(text, encoder)
    alone = index.score(newest, "en")
    return views(index, newest, alone, before, encoder, "en"), newest, alone, encoder


def test_a_first_turn_has_one_view(index: Index) -> None:
    read, newest, *_ = seen(index, "canoe licence fee")
    assert read.itself is read.near is read.conversation
    assert read.opening.vector is newest.vector and read.opening.words is newest.meant


def test_a_follow_up_is_viewed_with_what_was_said(index: Index) -> None:
    read, *_ = seen(index, "how long is the wait?", BEFORE)
    itself, near, conversation = (view.scores.whole for view in read[:3])
    sauna = index.document == SERVICES.index("sauna") * 2
    for whole in (near, conversation):
        assert whole[sauna].max() > itself[sauna].max()
    assert read.conversation.scores.cosine is read.near.scores.cosine, "they have one meaning, which is looked for once"
    assert read.opening.vector @ BagOfWords().encode(["sauna permit"])[0] > 0
    weights = dict(read.conversation.query.terms)
    assert weights["thank"] > weights["sauna"] > 0, "what was said longer ago counts less"


def test_signals_are_finite_and_named(index: Index) -> None:
    for text, before in (
        ("canoe licence fee", ()), ("and the price?", BEFORE), ("xyzzy", ()), ("canoe", ("user: ",)),
    ):  # fmt: skip
        read, *_ = seen(index, text, before)
        base = together(index, read)
        among = candidates(read, base)
        assert len(among) == CANDIDATES < index.passages
        found = signals(index, read, base.whole, among, len(before), "en")
        assert found.shape == (CANDIDATES, len(SIGNALS)) and np.isfinite(found).all()
        by_name = dict(zip(SIGNALS, found.T, strict=True))
        assert by_name["gap"][0] == 0 and (np.diff(by_name["gap"]) <= 0).all()
        assert set(by_name["place"]) <= {0, 1, 2, 3} and (by_name["turns"] == len(before)).all()


def test_an_index_of_before_words_were_kept_is_still_asked(index: Index) -> None:
    before = copy(index)
    before.late = None
    for turns in ((), BEFORE):
        read, *_ = seen(index, "canoe licence fee", turns)
        base = together(index, read)
        among = candidates(read, base)
        now, then = (signals(each, read, base.whole, among, len(turns), "en") for each in (index, before))
        late = np.array([name in OF_LATE for name in SIGNALS])
        assert (now[:, ~late] == then[:, ~late]).all()
        assert now[:, late].any() and not then[:, late].any()


def test_only_the_order_of_the_candidates_changes(index: Index) -> None:
    read, newest, alone, encoder = seen(index, "what does it cost?", BEFORE)
    base = together(index, read)
    found = ranked(index, newest, alone, BEFORE, encoder, "en")
    assert sorted(found.whole) == pytest.approx(sorted(base.whole))
    others = np.setdiff1d(np.arange(index.passages), candidates(read, base))
    assert (found.whole[others] == base.whole[others]).all()


def test_what_is_withheld_is_not_put_in_anothers_place(index: Index) -> None:
    hidden = index.document < len(SERVICES)  # fewer are left than the ranker looks at
    veiled = Veiled(index, hidden, np.arange(index.about.rows) < len(SERVICES))
    encoder = BagOfWords()
    for before in ((), BEFORE):
        newest = veiled.understand("canoe licence fee", encoder)
        whole = ranked(veiled, newest, veiled.score(newest, "en"), before, encoder, "en").whole
        assert (whole[hidden] < WITHHELD).all() and (whole[~hidden] > WITHHELD).all()
    everything = np.ones(index.passages, bool)
    silent = Veiled(index, everything, np.ones(index.about.rows, bool))
    assert (ranked(silent, newest, silent.score(newest, "en"), (), encoder, "en").whole < WITHHELD).all()


def test_without_an_encoder_the_mixture_alone_ranks(index: Index) -> None:
    newest = index.understand("canoe licence fee", None)
    alone = index.score(newest, "en")
    assert (ranked(index, newest, alone, (), None, "en").whole == alone.whole).all()


def test_the_model_takes_these_signals() -> None:
    assert judged(np.zeros((3, len(SIGNALS)), np.float32)).shape == (3,)
    assert MODEL.stat().st_size < 300_000


def test_a_view_needs_no_turn_encoded_twice(index: Index) -> None:
    encoder = BagOfWords()
    before: tuple[str, ...] = ()
    for text in ("sauna licence", "how long is the wait?", "and the fee?"):
        newest = index.understand(text, encoder)
        ranked(index, newest, index.score(newest, "en"), before, encoder, "en")  # type: ignore[arg-type]
        before = (*before, f"user: {text}", "agent: Sauna licence")
    assert sorted(encoder.encoded) == sorted({said(turn) for turn in before})


def test_the_bundled_encoder_is_what_a_fresh_home_gets(prepared_home: Path) -> None:
    from knowledge.export import BUNDLED

    assert Encoder.open(prepared_home / "encoder").fingerprint == Encoder.open(BUNDLED).fingerprint
