"""What is learnt of words lets an encoder find by them; the vectors of texts stay what they were."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from knowledge.encoder import MANIFEST, MODEL, Encoder, Words
from knowledge.export import bundled_teacher, export
from knowledge.finding.late import Late
from knowledge.training import compare
from knowledge.training.asks import Ask
from knowledge.training.head import attach

THINGS = [
    "canoe",
    "sauna",
    "dog",
    "tree",
    "boat",
    "library",
    "garbage",
    "passport",
    "bridge",
    "garden",
    "market",
    "pool",
]
ASKS = [
    Ask(f"{thing} thing", f"The {other} office has forms.", thing) for thing, other in zip(THINGS, THINGS, strict=True)
]


def test_a_head_is_learnt_and_attached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "STEPS", 30)
    encoder = export(tmp_path / "encoder", bundled_teacher(), french_from=7)
    assert encoder.width == encoder.dim == 384
    operations = [node.op_type for node in onnx.load(str(tmp_path / "encoder" / MODEL)).graph.node]
    assert operations.count("QAttention") == 6, "the attention of each layer is one operation"
    before, told = encoder.encode(THINGS), set[str]()
    head = compare.compare(ASKS, encoder, 1, lambda step, done, total: told.add(step))
    assert told == {"read what is asked", "read what is found", "compare words"}
    assert head.shape == (384, compare.WIDTH)
    attach(tmp_path / "encoder", head)
    after = Encoder.open(tmp_path / "encoder")
    assert np.array_equal(after.encode(THINGS), before) and after.fingerprint != encoder.fingerprint
    manifest = json.loads((tmp_path / "encoder" / MANIFEST).read_text())
    assert manifest["width"] == compare.WIDTH and manifest["french_from"] == 7 and manifest["cosine"] > 0.98

    states, given = (next(iter(each.read([ASKS[0].query]))).words for each in (encoder, after))
    assert np.linalg.norm(states.vectors.astype(np.float32), axis=1) == pytest.approx(1, abs=0.01)
    pointed = states.vectors.astype(np.float32) @ head
    assert given.vectors == pytest.approx(pointed / np.linalg.norm(pointed, axis=1, keepdims=True), abs=0.01)

    def likeness(asked: Words, found: list[Words]) -> np.ndarray:
        return Late.build(found, after.width, None, np.full(len(found), -1)).of(np.arange(len(found)), [asked])[0]

    found = [reading.words for reading in after.read([ask.found for ask in ASKS])]
    asked = [reading.words for reading in after.read([ask.query for ask in ASKS])]
    assert [int(likeness(each, found).argmax()) for each in asked] == list(range(len(ASKS)))


def test_learning_lessens_what_is_confused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = export(tmp_path / "encoder", bundled_teacher())
    asks = [
        Ask(f"{a} {b}", f"{THINGS[-1 - n]} {b}", a)
        for n, (a, b) in enumerate(zip(THINGS, THINGS[1:] + THINGS[:1], strict=True))
    ]

    def right(steps: int) -> float:
        monkeypatch.setattr(compare, "STEPS", steps)
        head = compare.compare(asks, encoder, 1)

        def pointing(text: str) -> np.ndarray:
            pointed = next(iter(encoder.read([text]))).words.vectors.astype(np.float32) @ head
            return np.asarray(pointed / np.linalg.norm(pointed, axis=1, keepdims=True))

        table = np.array([[(pointing(a.query) @ pointing(b.found).T).max(1).mean() for b in asks] for a in asks])
        return float((np.diag(table) - np.median(table, axis=1)).mean())

    assert right(60) > right(0) + 0.05


def test_an_ask_that_nothing_can_be_confused_with_is_left_out() -> None:
    vectors = {"one": np.ones(2, np.float32), "two": np.ones(2, np.float32)}
    same = [Ask("one", "two", "a"), Ask("two", "one", "a")]
    assert compare._others(same, vectors, vectors) == {}
    apart = [Ask("one", "two", "a"), Ask("two", "one", "b")]
    assert compare._others(apart, vectors, vectors) == {apart[0]: ["one"], apart[1]: ["two"]}
