"""Preparing makes what is missing or out of date, nothing else, and says why it cannot."""

import errno
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import knowledge.export  # noqa: F401 - the module, which has the name of a function
from channels.settings import Settings
from knowledge.publishing.snapshot import FORMAT
from knowledge.sources import digest
from knowledge.sources.site_cache import folder_of
from machine import prepare
from machine.prepare import CONTENT, CannotPrepare, is_prepared


class Made:
    """A home in which everything is made; `steps` are those that preparing then takes."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.settings = home, Settings(_env_file=None, home=home)
        self.steps: list[str] = []
        self.write("encoder/encoder.json", {"name": "model", "sha256": "a" * 64})
        self.write("knowledge/1234/manifest.json", {"format": FORMAT, "encoder": "a" * 16})
        self.write("knowledge/sources.json", {str(CONTENT): digest(CONTENT)})
        (home / "knowledge" / "current").write_text("1234\n")
        (home / "bot").mkdir()
        (home / "bot" / "bot.tar.gz").touch()
        (home / "bot" / "made-from").write_text(prepare._bot_digest(home))
        monkeypatch.setattr("knowledge.export.bundled", lambda: {"sha256": "a" * 64})
        monkeypatch.setattr(prepare, "export_encoder", lambda *_: self.steps.append("encoder"))
        monkeypatch.setattr(prepare, "index", lambda _, sources, *__: self.steps.append(f"index {sources}"))
        monkeypatch.setattr(prepare, "train", lambda *_: self.steps.append("bot"))

    def write(self, name: str, content: object) -> None:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))

    def prepare(self) -> list[str]:
        prepare.prepare(self.settings, lambda *_: None)
        return self.steps


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    return Made(tmp_path, monkeypatch)


HOLD = """
import fcntl, sys, time
lock = open(sys.argv[1], "w")
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(1)
"""
BUNDLED = f"index {[CONTENT]}"


def test_what_is_made_is_not_made_again(made: Made) -> None:
    assert is_prepared(made.settings)
    assert made.prepare() == []


def test_an_empty_home_gets_everything(made: Made, tmp_path: Path) -> None:
    made.settings = Settings(_env_file=None, home=tmp_path / "empty")
    assert not is_prepared(made.settings)
    assert made.prepare() == ["encoder", BUNDLED, "bot"]


@pytest.mark.parametrize(
    ("changed", "content", "steps"),
    [
        ("encoder/encoder.json", {"name": "model", "sha256": "b" * 64}, ["encoder", BUNDLED, "bot"]),
        ("knowledge/1234/manifest.json", {"format": FORMAT - 1, "encoder": "a" * 16}, [BUNDLED]),
        ("knowledge/sources.json", {str(CONTENT): "of older content"}, [BUNDLED]),
        ("bot/made-from", "other files", ["bot"]),
    ],
)
def test_what_is_out_of_date_is_made_again(made: Made, changed: str, content: object, steps: list[str]) -> None:
    made.write(changed, content)
    assert not is_prepared(made.settings)
    assert made.prepare() == steps


def test_a_damaged_file_is_made_again(made: Made) -> None:
    (made.home / "knowledge" / "1234" / "manifest.json").write_text("{")
    (made.home / "bot" / "bot.tar.gz").unlink()
    assert made.prepare() == [BUNDLED, "bot"]


def test_another_model_by_its_setting_is_exported(made: Made) -> None:
    made.settings = Settings(_env_file=None, home=made.home, model="/srv/models/multilingual")
    assert made.prepare()[0] == "encoder"


def test_what_one_indexed_oneself_stays(made: Made, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    made.write("knowledge/sources.json", {str(own): "as it was then"})
    assert is_prepared(made.settings)
    made.write("encoder/encoder.json", {"name": "model", "sha256": "b" * 64})
    assert made.prepare()[1] == f"index {[own]}"


def test_a_site_is_read_again_from_what_is_kept_of_it(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    site = "https://www.town.example.org/en"
    made.write("knowledge/sources.json", {site: ""})
    made.write("encoder/encoder.json", {"name": "model", "sha256": "b" * 64})
    with pytest.raises(CannotPrepare, match=f"{site}, which it was made from, is not there any more"):
        made.prepare()
    made.write(f"{folder_of(site, Path('sites'))}/pages.json", {})
    asked: list[object] = []
    monkeypatch.setattr(prepare, "index", lambda _, sources, *how: asked.append((sources, how[-1])))
    made.prepare()
    assert asked == [([site], False)]


def test_an_index_that_must_be_made_anew_from_what_is_gone_says_so(made: Made, tmp_path: Path) -> None:
    made.write("knowledge/sources.json", {str(tmp_path / "gone"): ""})
    made.write("encoder/encoder.json", {"name": "model", "sha256": "b" * 64})
    with pytest.raises(CannotPrepare, match=r"gone.*guichet index knowledge/content"):
        made.prepare()


@pytest.fixture
def training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose bot/train.py is a test's, run for a home folder beside it."""
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "__init__.py").touch()
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    return tmp_path


def test_a_training_that_fails_shows_the_end_of_its_log(training: Path) -> None:
    (training / "bot" / "train.py").write_text("raise SystemExit('the domain is wrong')")
    with pytest.raises(CannotPrepare, match=r"could not be trained:\n(.|\n)*the domain is wrong(.|\n)*train.log"):
        prepare.train(Settings(_env_file=None, home=training / "home"), lambda *_: None)


def test_a_training_that_fills_the_disk_says_so(training: Path) -> None:
    (training / "bot" / "train.py").write_text("raise OSError(28, 'No space left on device')")
    with pytest.raises(OSError) as raised:
        prepare.train(Settings(_env_file=None, home=training / "home"), lambda *_: None)
    assert raised.value.errno == errno.ENOSPC


def test_two_that_prepare_wait_for_each_other(made: Made) -> None:
    (made.home / "run").mkdir()
    command = [sys.executable, "-c", HOLD, made.home / "run" / "preparing"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        began = time.monotonic()
        made.prepare()
        assert time.monotonic() - began > 0.5
        assert process.wait(5) == 0
