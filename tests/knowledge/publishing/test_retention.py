"""Snapshots are kept as long as answers on record may name them, and what is the same in two is on the disk once."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from knowledge.publishing import retention
from knowledge.publishing.snapshot import KEEP, NoSnapshot, Snapshot, build
from knowledge.rules.ruled import Asked, again, ruled
from knowledge.rules.veil import Veil
from knowledge.rules.withheld import Step

from ..conftest import BagOfWords, document, town

NEWER = KEEP + 2
ASKED = Asked("How much is a canoe permit?", "en", "ca-on")


def published(home: Path, encoder: BagOfWords, number: int) -> str:
    name = build([*town(), document("d", "Dogs", intro=f"There are {number} dogs.")], encoder, home).name
    os.utime(home / "knowledge" / name, (number, number))
    return name


def kept(home: Path) -> set[str]:
    return {each.name for each in (home / "knowledge").iterdir() if each.is_dir()}


def test_an_answer_is_made_again_after_newer_snapshots(tmp_path: Path, encoder: BagOfWords) -> None:
    retention.keep(tmp_path, 30)
    names = [published(tmp_path, encoder, 0)]
    first = Snapshot.open(tmp_path)
    step = Step(datetime.now(UTC), "page", "https://town.example/sauna", "", "")
    answers = [ruled(ASKED, first, encoder, veil, None) for veil in (None, Veil(first, [step]))]

    names += [published(tmp_path, encoder, number) for number in range(1, NEWER)]
    build([town()[1]], encoder, tmp_path)
    then = Snapshot.open(tmp_path, names[0])
    for answer, veil in zip(answers, (None, Veil(then, [step])), strict=True):
        made = again(answer.basis, then, encoder, veil)
        assert made == answer and made.sources[0].quote.startswith("A canoe permit costs $12")
        assert made.basis["ranked"] == answer.basis["ranked"]
    assert set(names) <= kept(tmp_path)
    assert ruled(ASKED, Snapshot.open(tmp_path), encoder, None, None) != answers[0]


def test_without_records_the_latest_alone_are_kept(tmp_path: Path, encoder: BagOfWords) -> None:
    names = [published(tmp_path, encoder, number) for number in range(NEWER)]
    assert kept(tmp_path) == set(names[-KEEP:])
    with pytest.raises(NoSnapshot):
        Snapshot.open(tmp_path, names[0])


def test_they_go_when_no_record_can_name_them(tmp_path: Path, encoder: BagOfWords) -> None:
    retention.keep(tmp_path, 30)
    names = [published(tmp_path, encoder, number) for number in range(4)]
    shelf = tmp_path / "knowledge"
    older = [shelf / name for name in reversed(names[:-1])]
    now = datetime.now(UTC)
    assert retention.spared(shelf, older, now) == set(older)
    assert retention.spared(shelf, older, now + timedelta(days=31)) == set(older), "some answers were on their way"
    assert retention.spared(shelf, older, now + timedelta(days=33)) == set()


def test_they_take_a_bounded_room_and_the_oldest_go_first(
    tmp_path: Path, encoder: BagOfWords, monkeypatch: pytest.MonkeyPatch
) -> None:
    retention.keep(tmp_path, 30)
    names = [published(tmp_path, encoder, number) for number in range(4)]
    older = [tmp_path / "knowledge" / name for name in reversed(names[:-1])]
    size = sum(file.stat().st_size for file in older[0].rglob("*"))
    monkeypatch.setattr(retention, "MOST_BYTES", size + 1)
    assert retention.spared(tmp_path / "knowledge", older) == {older[0]}


def test_what_did_not_change_is_on_the_disk_once(tmp_path: Path, encoder: BagOfWords) -> None:
    one, other = (Snapshot.open(tmp_path, published(tmp_path, encoder, number)) for number in (1, 2))
    old, new = (tmp_path / "knowledge" / each.name for each in (one, other))
    newer = {(new / name).stat().st_ino for name in other.manifest["files"]}
    shared = {name for name in one.manifest["files"] if (old / name).stat().st_ino in newer}
    digests = set(other.manifest["files"].values())
    assert shared == {name for name, digest in one.manifest["files"].items() if digest in digests}
    assert any(name.startswith("fr/") for name in shared) and "en/passages.jsonl" not in shared
    assert Snapshot.open(tmp_path, one.name).manifest == one.manifest


def test_when_each_became_current_is_known(tmp_path: Path, encoder: BagOfWords) -> None:
    names = [published(tmp_path, encoder, number) for number in (1, 2, 2, 1)]
    assert [name for name, _ in retention.publications(tmp_path / "knowledge")] == [names[0], names[1], names[0]]
