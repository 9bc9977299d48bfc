"""A snapshot is published whole or not at all; readers never fail meanwhile, and only what changed is encoded."""

import errno
import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from knowledge.document import Section
from knowledge.encoder import SharedEncoder
from knowledge.publishing import snapshot as snapshots
from knowledge.publishing.snapshot import KEEP, NoSnapshot, NotPublished, Snapshot, build, current
from knowledge.service import Filter, Knowledge

from ..conftest import DATA, BagOfWords, document, town


class Shared(SharedEncoder):
    """An encoder that is there already, or is not."""

    def __init__(self, encoder: BagOfWords | None) -> None:
        self.encoder = encoder

    def get(self) -> BagOfWords | None:
        return self.encoder


def test_what_was_built_is_what_is_opened(tmp_path: Path, encoder: BagOfWords) -> None:
    built = build(town(), encoder, tmp_path, sources={"town": "abc"})
    opened = Snapshot.open(tmp_path)
    assert opened.name == built.name == current(tmp_path)
    assert opened.manifest["languages"] == {
        "en": {"documents": 3, "passages": 8},
        "fr": {"documents": 1, "passages": 1},
    }
    assert opened.manifest["sources"] == {"town": "abc"}
    shelf = opened.shelves["en"]
    assert shelf.passage(1).text.startswith("Apply for a canoe permit") and shelf.passage(1).heading == "How to apply"
    assert shelf.document(1)["contact"] == "1-800-555-0100" and shelf.document(1)["as_of"] == "2026-03-31"


def test_what_is_open_is_mapped(tmp_path: Path, encoder: BagOfWords) -> None:
    index = build(town(), encoder, tmp_path).indexes["en"]
    for array in (index.dense.vectors, index.words._data, index.passage):
        assert isinstance(array.base, np.memmap)


def test_the_same_content_has_the_same_name(tmp_path: Path, encoder: BagOfWords) -> None:
    assert build(town(), encoder, tmp_path).name == build(reversed(town()), encoder, tmp_path).name


def test_only_what_changed_is_encoded(tmp_path: Path, encoder: BagOfWords) -> None:
    build(town(), encoder, tmp_path)
    encoder.encoded.clear()
    changed = town()
    changed[1] = replace(
        changed[1], sections=(*changed[1].sections[:2], Section(("Cost",), "A market stall costs $35 a day."))
    )
    built = build(changed, encoder, tmp_path)
    assert encoder.encoded == ["Market stall. Cost\nA market stall costs $35 a day."]
    number = next(n for n in range(8) if "$35" in built.shelves["en"].passage(n).text)
    expected = BagOfWords().encode(["Market stall. Cost\nA market stall costs $35 a day."])[0]
    assert built.indexes["en"].dense.vectors[number] == pytest.approx(expected)


def test_another_encoder_encodes_everything_again(tmp_path: Path, encoder: BagOfWords) -> None:
    build(town(), encoder, tmp_path)
    other = BagOfWords()
    other.fingerprint = "another"
    build(town(), other, tmp_path)
    assert len(other.encoded) == len(encoder.encoded)


def test_a_full_disk_leaves_the_old_snapshot(tmp_path: Path, encoder: BagOfWords, monkeypatch) -> None:
    before = build(town(), encoder, tmp_path).name

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for step in ("shelve", "os.fsync", "os.replace"):
        with monkeypatch.context() as patched:
            patched.setattr(f"knowledge.publishing.snapshot.{step}", full)
            with pytest.raises(NotPublished, match=r"no room left on the disk.*stays in use"):
                build(town()[:1], encoder, tmp_path)
        assert current(tmp_path) == before and Snapshot.open(tmp_path).name == before
        assert not list((tmp_path / "knowledge").glob(".building-*"))


def test_a_build_that_dies_leaves_the_old_snapshot_and_its_rest_is_cleared(tmp_path: Path, encoder: BagOfWords) -> None:
    before = build(town(), encoder, tmp_path).name
    left = tmp_path / "knowledge" / ".building-1-1"
    left.mkdir()
    (left / "half").write_text("written")
    assert Snapshot.open(tmp_path).name == before
    os.utime(left, (0, 0))
    build(town()[:1], encoder, tmp_path)
    assert not left.exists()


def test_nothing_is_not_published(tmp_path: Path, encoder: BagOfWords) -> None:
    with pytest.raises(NotPublished, match="None of the sources"):
        build([], encoder, tmp_path)
    with pytest.raises(NoSnapshot, match="guichet index"):
        Snapshot.open(tmp_path)


@pytest.mark.parametrize("harm", ["flip", "cut", "remove", "manifest", "format"])
def test_a_damaged_snapshot_is_refused_with_a_sentence(tmp_path: Path, encoder: BagOfWords, harm: str) -> None:
    folder = tmp_path / "knowledge" / build(town(), encoder, tmp_path).name
    vectors, manifest = folder / "en" / "vectors.npy", folder / "manifest.json"
    if harm == "flip":
        content = bytearray(vectors.read_bytes())
        content[-1] ^= 1
        vectors.write_bytes(content)
    elif harm == "cut":
        vectors.write_bytes(vectors.read_bytes()[:-8])
    elif harm == "remove":
        vectors.unlink()
    elif harm == "manifest":
        manifest.write_text(manifest.read_text().replace("Town of Elsewhere", "Town of Nowhere"))
    else:
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 0}))
    with pytest.raises(NoSnapshot, match=r"guichet index"):
        Snapshot.open(tmp_path)


def test_the_latest_snapshots_are_kept(tmp_path: Path, encoder: BagOfWords) -> None:
    names = []
    for n in range(KEEP + 2):
        names.append(build([document("d", "D", intro=f"Number {n}.")], encoder, tmp_path).name)
        os.utime(tmp_path / "knowledge" / names[-1], (n, n))
    kept = {f.name for f in (tmp_path / "knowledge").iterdir() if f.is_dir()}
    assert kept == set(names[-KEEP:])


def test_readers_never_fail_while_snapshots_are_swapped(tmp_path: Path, encoder: BagOfWords) -> None:
    build(town(), encoder, tmp_path)
    knowledge = Knowledge(tmp_path, Shared(encoder))
    seen, failed, stop = set(), [], threading.Event()

    def read() -> None:
        try:
            while not stop.is_set():
                seen.add(knowledge.ask("how much is a canoe permit", language="en").snapshot)
        except Exception as error:
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    names = [
        build([*town(), document("extra", "Extra", intro=f"Number {n}.")], encoder, tmp_path).name for n in range(6)
    ]
    stop.set()
    for reader in readers:
        reader.join()
    assert not failed
    assert knowledge.ask("canoe", language="en").snapshot == names[-1]
    assert len(seen) > 1


def test_a_damaged_newer_snapshot_is_not_taken(tmp_path: Path, encoder: BagOfWords, caplog) -> None:
    build(town(), encoder, tmp_path)
    knowledge = Knowledge(tmp_path, Shared(encoder))
    before = knowledge.snapshot.name
    snapshots._publish(tmp_path / "knowledge", "0123456789abcdef")
    assert knowledge.snapshot.name == before and "not taken" in caplog.text


def test_without_an_encoder_words_alone_answer(tmp_path: Path, encoder: BagOfWords) -> None:
    build(town(), encoder, tmp_path)
    knowledge = Knowledge(tmp_path, SharedEncoder(tmp_path / "encoder"))
    assert knowledge.encoder.get() is None and "guichet index" in knowledge.encoder.why
    hits = knowledge.search("canoe permit cost", 2, Filter("en"))
    assert hits[0].passage.id == "town/en/canoe#cost-1" and 0 < hits[0].score <= 1.5


def test_vectors_of_another_encoder_are_not_compared(tmp_path: Path, encoder: BagOfWords) -> None:
    build(town(), encoder, tmp_path)
    other = BagOfWords()
    other.fingerprint = "another"
    assert Knowledge(tmp_path, Shared(other)).encoder_of(Snapshot.open(tmp_path)) is None
    assert Knowledge(tmp_path, Shared(encoder)).encoder_of(Snapshot.open(tmp_path)) is encoder


def test_a_snapshot_may_have_no_vectors(tmp_path: Path) -> None:
    build(town(), None, tmp_path)
    assert Knowledge(tmp_path, Shared(None)).search("market stall", 1)[0].title == "Market stall"


def test_search_keeps_to_language_and_place(tmp_path: Path, encoder: BagOfWords) -> None:
    build(town(), encoder, tmp_path)
    knowledge = Knowledge(tmp_path, Shared(encoder))
    assert {h.language for h in knowledge.search("permit", 9)} == {"en", "fr"}
    assert [h.title for h in knowledge.search("canot", 5, Filter("fr"))] == ["Permis de canot"]
    assert "Sauna booking" not in {h.title for h in knowledge.search("sauna", 9, Filter("en", "ca-qc"))}
    assert knowledge.search("sauna", 1, Filter("en", "ca-on-toronto"))[0].title == "Sauna booking"


def test_every_naughty_string_can_be_asked(tmp_path: Path, encoder: BagOfWords) -> None:
    if not DATA.exists():
        pytest.skip("the data for measuring is not beside the checkout")
    build(town(), encoder, tmp_path)
    knowledge = Knowledge(tmp_path, Shared(encoder))
    for line in json.loads((DATA / "blns.json").read_text()):
        for language in ("en", "fr", "xx"):
            json.dumps(knowledge.ask(line, language=language, place=line).as_dict())


def test_where_nothing_is_published_in_a_language_another_answers(tmp_path: Path, encoder: BagOfWords) -> None:
    build([d for d in town() if d.language == "en"], encoder, tmp_path)
    found = Knowledge(tmp_path, Shared(encoder)).ask("canoe permit cost", language="fr")
    assert found.language == "en"


def test_a_snapshot_made_from_the_one_before_is_the_one_made_anew(tmp_path: Path, encoder: BagOfWords) -> None:
    build(town(), encoder, tmp_path / "a")
    changed = town()
    changed[0] = replace(changed[0], sections=changed[0].sections[1:])
    changed = [*changed[:1], *changed[2:], document("ferry", "Ferry", intro="The ferry leaves at noon.")]
    again, anew = build(changed, encoder, tmp_path / "a"), build(changed, encoder, tmp_path / "b")
    assert again.name == anew.name
    assert again.shelves["en"].documents[:] == anew.shelves["en"].documents[:]


def test_what_has_not_changed_is_not_cut_again(tmp_path: Path, encoder: BagOfWords, monkeypatch) -> None:
    build(town(), encoder, tmp_path)
    cut: list[str] = []
    real = snapshots.Kept.passages.__globals__["passages"]
    monkeypatch.setattr(
        "knowledge.finding.kept.passages", lambda document: cut.append(document.title) or real(document)
    )
    changed = town()
    changed[1] = replace(changed[1], url="https://town.example/stall")
    build(changed, encoder, tmp_path)
    assert cut == ["Market stall"]


def test_documents_are_a_sequence(tmp_path: Path, encoder: BagOfWords) -> None:
    documents = build(town(), encoder, tmp_path).shelves["en"].documents
    titles = [d["title"] for d in documents]
    assert titles == ["Canoe permit", "Market stall", "Sauna booking"]
    assert documents[-1]["title"] == titles[-1] and [d["title"] for d in documents[1:]] == titles[1:]
    with pytest.raises(IndexError):
        documents[3]
    assert documents[-1] is documents[2], "it is decoded once"
