"""Errors that a person can put right are sentences with the way out; the command ends with 1, without a traceback."""

import errno
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from channels.settings import Settings
from knowledge import NoSnapshot, NotPublished
from machine.errors import sentence
from machine.home import CannotStart
from tests.conftest import ROOT


def full() -> OSError:
    return OSError(errno.ENOSPC, "No space left on device", "/srv/home/model.onnx")


def test_a_full_disk_says_so_wherever_it_shows() -> None:
    assert sentence(full()) == (
        "The disk is full (/srv/home/model.onnx). Free some space and run the command again: it goes on where it was."
    )
    wrapped = NotPublished("The snapshot could not be written.")
    wrapped.__cause__ = full()
    assert sentence(wrapped) == sentence(full())


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_folder_that_may_not_be_written_says_whose_to_choose(number: int) -> None:
    said = sentence(OSError(number, os.strerror(number), "/srv/home"))
    assert said
    assert "/srv/home" in said
    assert "GUICHET_HOME=" in said


def test_what_has_a_sentence_keeps_it() -> None:
    assert sentence(CannotStart("Do this.")) == "Do this."
    assert sentence(NoSnapshot("Index that.")) == "Index that."


@pytest.mark.parametrize("error", [ValueError("x"), OSError(errno.EIO, "I/O error"), KeyError("x"), ConnectionError()])
def test_what_nobody_at_the_keyboard_can_put_right_keeps_its_traceback(error: Exception) -> None:
    assert sentence(error) is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"public_port": "eighty"}, "GUICHET_PUBLIC_PORT is set to 'eighty'. Input should be a valid integer"),
        (
            {"environment": "test"},
            "GUICHET_ENVIRONMENT is set to 'test'. Input should be 'development' or 'production'",
        ),
        ({"secret": "short"}, "GUICHET_SECRET is shorter than 32 characters. Make one: openssl rand -hex 32"),
        ({"environment": "production"}, "GUICHET_SECRET is missing or easily guessed. Make one: openssl rand -hex 32"),
    ],
)
def test_a_bad_setting_is_named_with_what_is_wrong(given: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError) as raised:
        Settings(_env_file=None, **given)
    said = sentence(raised.value)
    assert said
    assert said.startswith(says)
    assert "short'" not in said, "a secret is not shown"


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GUICHET_")}
    return subprocess.run(
        [sys.executable, "-m", "guichet", *words],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def fails(done: subprocess.CompletedProcess[str], *says: str) -> None:
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert any(line.startswith("Error ") for line in done.stderr.splitlines())
    for part in says:
        assert part in done.stderr


def test_a_port_in_use_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = command("up", GUICHET_HOME=str(tmp_path), GUICHET_PUBLIC_PORT=str(port))
    fails(done, f"Port {port} is in use", f"GUICHET_PUBLIC_PORT={port + 1} make up")
    assert not (tmp_path / "encoder").exists()
    assert not (tmp_path / "run" / "state.json").exists()


def test_an_address_that_is_not_ours_is_said(tmp_path: Path) -> None:
    fails(command("up", GUICHET_HOME=str(tmp_path), GUICHET_PUBLIC_HOST="192.0.2.1"), "cannot listen on 192.0.2.1")


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    fails(command("up", GUICHET_HOME=str(tmp_path / "file")), "cannot be written", "GUICHET_HOME=")
    fails(command("train", GUICHET_HOME=str(tmp_path / "file")), "is in the way")


def test_a_bad_setting_is_said() -> None:
    fails(command("up", GUICHET_PUBLIC_PORT="eighty"), "GUICHET_PUBLIC_PORT is set to 'eighty'")
    fails(command("up", GUICHET_WEB_ORIGINS="www.example.ca"), "web_origins", '["https://www.example.ca"]')


def test_the_doctor_of_an_empty_home_says_what_to_do(tmp_path: Path) -> None:
    done = command("doctor", "--json", GUICHET_HOME=str(tmp_path / "none"), GUICHET_PUBLIC_PROT="8080")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["well"] is False
    found = {each["what"]: each for each in report["findings"]}
    assert found["python"]["well"]
    assert found["service"] == {"what": "service", "well": False, "says": "is not running", "remedy": "make up"}
    assert found["encoder"]["remedy"] == found["index"]["remedy"] == "guichet prepare"
    assert not found["GUICHET_PUBLIC_PROT"]["well"]
    assert not (tmp_path / "none").exists(), "to look changes nothing"


def test_teams_that_cannot_be_read_are_said_before_anything_starts(tmp_path: Path) -> None:
    file = tmp_path / "teams.yml"
    file.write_text("general: {title: {en: General}}\n", encoding="utf-8")
    settings = {"GUICHET_HOME": str(tmp_path / "home"), "GUICHET_DESK_TEAMS": str(file)}
    fails(command("up", **settings), str(file), "general has no title in fr")
    assert not (tmp_path / "home" / "encoder").exists()
    report = json.loads(command("doctor", "--json", **settings).stdout)
    found = {each["what"]: each for each in report["findings"]}
    assert not found["teams"]["well"]
    assert "no title in fr" in found["teams"]["remedy"]


def test_without_python_make_says_what_to_install(tmp_path: Path) -> None:
    done = subprocess.run(
        ["make", "setup", "PYTHON=python3.11-that-is-not-here", f"VENV={tmp_path / 'venv'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "Guichet needs Python 3.11 (python3.11-that-is-not-here was not found)" in done.stderr
    assert "make up PYTHON=" in done.stderr
