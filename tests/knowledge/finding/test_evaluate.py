"""An evaluation counts right, and reads folders in BEIR's form, with follow-ups, in either language."""

import json
from pathlib import Path

import pytest

from knowledge.encoder import Encoder
from knowledge.finding.evaluate import METRICS, NotAFolder, Question, evaluate, find, read, score
from knowledge.finding.index import Index, Texts

from ..conftest import DATA, BagOfWords


def test_metrics_by_hand() -> None:
    questions = [
        Question("q1", "", (), {"a": 1}),
        Question("q2", "", (), {"b": 2, "c": 1}),
        Question("q3", "", (), {"x": 1}),
    ]
    found = score([["a", "z"], ["z", "c", "b"], ["y"]], questions)
    assert found["R@1"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["R@5"] == found["R@10"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["MRR@10"] == pytest.approx((1 + 1 / 2) / 3, abs=1e-4)
    second = (1 / 1.58496 + 2 / 2) / (2 / 1 + 1 / 1.58496)
    assert found["nDCG@10"] == pytest.approx((1 + second) / 3, abs=1e-3)


def folder(path: Path, queries: list[dict]) -> Path:
    corpus = [
        {"_id": "1", "title": "Canoe permit", "text": "Paddle on the lake with a permit."},
        {"_id": "2", "title": "Canoe permit", "text": "The fee is twelve dollars."},
        {"_id": "3", "title": "Market stall", "text": "Sell vegetables for a fee."},
    ]
    (path / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    (path / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(f"{q['_id']}\t2\t1\n" for q in queries))
    return path


def test_a_folder_is_measured(tmp_path: Path, encoder: BagOfWords) -> None:
    asked = [{"_id": "q", "text": "canoe permit fee"}, {"_id": "r", "text": "twelve dollars"}]
    found = evaluate(folder(tmp_path, asked), encoder)
    assert set(METRICS) <= found.keys()
    assert (found["R@1"], found["questions"], found["passages"], found["language"]) == (1.0, 2, 3, "en")
    assert found["ms_per_query"] > 0


def test_the_index_is_kept(tmp_path: Path, encoder: BagOfWords) -> None:
    source = folder(tmp_path, [{"_id": "q", "text": "canoe permit fee"}])
    first = evaluate(source, encoder, tmp_path / "kept")
    another = BagOfWords()
    second = evaluate(source, another, tmp_path / "kept")
    assert another.encoded == ["canoe permit fee"] and second["R@1"] == first["R@1"]


def test_a_follow_up_is_understood_from_the_turns_before_it(tmp_path: Path) -> None:
    rows = ["Canoe permit fee twelve dollars", "Market stall fee thirty dollars"]
    index = Index.build("en", Texts(rows, range(2), range(2), rows, [0, 0]), None)
    alone = find(index, Question("q", "what is the fee?", (), {}), None, "en")
    after = find(
        index, Question("q", "what is the fee?", ("user: I want a market stall", "agent: Yes."), {}), None, "en"
    )
    assert alone[0] == pytest.approx(alone[1], rel=0.05) and after[1] > 1.2 * after[0]


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotAFolder, match=r"corpus\.jsonl"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "least"),
    # what BM25 and an English encoder, fused half and half, reach on the same questions
    [
        ("qc_covidfaq_en", (0.790, 0.943, 0.968)),
        ("gc_services_fr2fr", (0.573, 0.743, 0.803)),
        ("gc_services_fr2en", (0.241, 0.494, 0.596)),
    ],
)
def test_published_sets_are_found_no_worse_than_by_a_plain_build(prepared_home: Path, name: str, least: tuple) -> None:
    if not (DATA / name).exists():
        pytest.skip("the data for measuring is not beside the checkout")
    found = evaluate(DATA / name, Encoder.open(prepared_home / "encoder", workers=2), prepared_home / "evaluated")
    assert all(found[metric] >= worst for metric, worst in zip(("R@1", "R@5", "R@10"), least, strict=True))
