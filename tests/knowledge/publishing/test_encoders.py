"""An encoder stays as long as a snapshot that it made, takes no room while it is in use, and then goes."""

import errno
import json
import os
from pathlib import Path

import pytest

from knowledge.encoder import MANIFEST, MODEL, TOKENIZER
from knowledge.publishing import encoders, retention
from knowledge.publishing.encoders import keep, kept_at
from knowledge.publishing.snapshot import KEEP, build, current

from ..conftest import BagOfWords, document, town

DIGEST = "bag-of-words-001" + "f" * 48


def put_in_use(home: Path, digest: str) -> str:
    """Put an encoder in the place of the one before, as `install` does; its fingerprint."""
    new = home / "new"
    new.mkdir(parents=True)
    for name in (MODEL, TOKENIZER):
        (new / name).write_text(f"{name} of {digest}")
    (new / MANIFEST).write_text(json.dumps({"sha256": digest}))
    if (home / "encoder").exists():
        (home / "encoder").rename(home / f"replaced-{digest}")
    new.rename(home / "encoder")
    return digest[:16]


def published(home: Path, fingerprint: str, number: int = 0) -> None:
    encoder = BagOfWords()
    encoder.fingerprint = fingerprint
    name = build([*town(), document("d", "Dogs", intro=f"There are {number} dogs.")], encoder, home).name
    os.utime(home / "knowledge" / name, (number, number))


@pytest.fixture
def used(tmp_path: Path) -> str:
    return put_in_use(tmp_path, DIGEST)


def test_one_that_made_a_snapshot_is_kept_and_takes_no_room_while_it_is_in_use(tmp_path: Path, used: str) -> None:
    keep(tmp_path)
    assert not kept_at(tmp_path, used).exists(), "it has made none"
    published(tmp_path, used)
    for _ in range(2):
        keep(tmp_path)
    assert {each.name for each in kept_at(tmp_path, used).parent.iterdir()} == {used}
    for name in (MODEL, TOKENIZER, MANIFEST):
        assert (kept_at(tmp_path, used) / name).samefile(tmp_path / "encoder" / name)


def test_it_is_there_when_another_has_taken_its_place(tmp_path: Path, used: str) -> None:
    published(tmp_path, used)
    keep(tmp_path)
    other = put_in_use(tmp_path, "0" * 64)
    published(tmp_path, other, 1)
    keep(tmp_path)
    assert (kept_at(tmp_path, used) / MODEL).read_text() == f"{MODEL} of {DIGEST}"
    assert (kept_at(tmp_path, other) / MODEL).read_text() == f"{MODEL} of {'0' * 64}"


def test_it_goes_with_the_last_snapshot_that_it_made(tmp_path: Path, used: str) -> None:
    published(tmp_path, used)
    keep(tmp_path)
    other = put_in_use(tmp_path, "0" * 64)
    for number in range(1, KEEP):
        published(tmp_path, other, number)
        assert kept_at(tmp_path, used).exists()
    published(tmp_path, other, KEEP)
    assert not kept_at(tmp_path, used).exists()


def test_it_stays_as_long_as_answers_on_record_may_name_its_snapshot(tmp_path: Path, used: str) -> None:
    retention.keep(tmp_path, 30)
    published(tmp_path, used)
    keep(tmp_path)
    other = put_in_use(tmp_path, "0" * 64)
    for number in range(1, KEEP + 3):
        published(tmp_path, other, number)
    assert kept_at(tmp_path, used).exists()


def test_on_another_disk_it_is_copied(tmp_path: Path, used: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    published(tmp_path, used)
    monkeypatch.setattr(encoders.os, "link", refuse)
    keep(tmp_path)
    assert (kept_at(tmp_path, used) / MODEL).read_text() == f"{MODEL} of {DIGEST}"


def test_where_there_is_no_room_nothing_of_it_is_left_and_publishing_goes_on(
    tmp_path: Path, used: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Path, copy: Path) -> None:
        copy.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    published(tmp_path, used)
    monkeypatch.setattr(encoders, "_share", full)
    keep(tmp_path)
    assert list((tmp_path / "knowledge" / ".encoders").iterdir()) == []
    published(tmp_path, used, 1)
    assert current(tmp_path)


def test_what_is_being_kept_is_not_swept_away_and_what_was_left_half_is(tmp_path: Path, used: str) -> None:
    begun, left = (kept_at(tmp_path, f".{name}") for name in ("begun", "left"))
    for folder in (begun, left):
        folder.mkdir(parents=True)
    os.utime(left, (0, 0))
    published(tmp_path, used)
    assert begun.exists() and not left.exists()
