"""`make encoder` says what data it lacks, teaches from all that there is, and leaves the card beside what it made."""

import gzip
import sys
from pathlib import Path
from typing import Any

import pytest

from knowledge.training import __main__ as training
from knowledge.training.student import ENGLISH

INVENTORY = (
    "service_id,service_name_en,service_name_fr,service_description_en,service_description_fr,program_name_en,program_name_fr\n"
    "1,Learnt,Appris,Learnt here.,Appris ici.,Parks,Parcs\n2,Kept back,Mis de côté,A test.,Un test.,Tests,Tests\n"
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "service_inventory_2024.csv").write_text(INVENTORY, encoding="utf-8-sig")
    (folder / "service_inventory_split.tsv").write_text("service_id\tsplit\n1\ttrain\n2\ttest\n")
    (folder / "laws_en_fr.tsv.gz").write_bytes(gzip.compress(b"the lessee\tle locataire\n"))
    return folder


def run(monkeypatch: pytest.MonkeyPatch, data: Path, to: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["encoder", "--data", str(data), "--work", str(data / "work"), "--to", str(to)])
    training.main()


def test_data_that_lacks_is_named(
    monkeypatch: pytest.MonkeyPatch, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "laws_en_fr.tsv.gz").unlink()
    with pytest.raises(SystemExit):
        run(monkeypatch, data, data / "made")
    assert "has no laws_en_fr.tsv.gz" in " ".join(capsys.readouterr().err.split())


def test_it_is_taught_from_all_that_is_not_kept_back_and_the_card_stays(
    monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    taught: dict[str, Any] = {}

    def distil(pairs: list[Any], lexicon: list[Any], *_: Any) -> Path:
        taught.update(pairs={pair.fr for pair in pairs}, lexicon={pair.fr for pair in lexicon})
        return data

    def retrieve(asks: list[Any], *_: Any) -> Path:
        taught.update(asks={ask.query for ask in asks})
        return data

    def export(target: Path, model: Path, progress: Any, **also: int) -> None:
        taught.update(also=also)
        target.mkdir(parents=True)
        (target / "model.onnx").write_text("made")

    def compare(asks: list[Any], *_: Any) -> str:
        taught.update(compared={ask.query for ask in asks})
        return " and given a head"

    def attach(folder: Path, head: str) -> None:
        (folder / "model.onnx").write_text((folder / "model.onnx").read_text() + head)

    for instead in (distil, retrieve, export, compare, attach):
        name = instead.__name__
        monkeypatch.setattr(training, name, instead)
    (data / "made").mkdir()
    (data / "made" / "README.md").write_text("the card")
    (data / "made" / "model.onnx").write_text("before")
    run(monkeypatch, data, data / "made")
    assert {"Appris", "le locataire", "yeux"} <= taught["pairs"] and "climatique" in taught["lexicon"]
    assert "Learnt" in taught["asks"] and taught["compared"] == taught["asks"]
    assert not {"Mis de côté", "Un test.", "Kept back"} & (taught["pairs"] | taught["asks"])
    assert taught["also"] == {"french_from": ENGLISH}
    assert (data / "made" / "model.onnx").read_text() == "made and given a head"
    assert (data / "made" / "README.md").read_text() == "the card"
