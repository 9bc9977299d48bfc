"""The home folder: one supervisor at a time, also while an earlier one's processes still use it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from machine import home
from machine.home import CannotStart, Note, held, living, read_note, write_note


def test_a_second_one_is_told_what_to_do(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(CannotStart, match=r"already running.*GUICHET_HOME"), held(tmp_path):
        pass
    with held(tmp_path):
        assert read_note(tmp_path) == Note(os.getpid())
    assert read_note(tmp_path) is None


def test_what_inherited_the_lock_keeps_the_next_one_out_until_it_ends(tmp_path: Path) -> None:
    with held(tmp_path) as lock:
        left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1.5)"], pass_fds=(lock,))
    # the supervisor was killed: its note is still there, it is not
    write_note(tmp_path, Note(_gone(), {"redis": left.pid}))
    began = time.monotonic()
    with held(tmp_path):
        assert left.poll() == 0
    assert time.monotonic() - began > 0.5


def test_what_does_not_end_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "ENDING_SECONDS", 0.3)
    with held(tmp_path) as lock:
        left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=(lock,))
    write_note(tmp_path, Note(_gone(), {"redis": left.pid}))
    with pytest.raises(CannotStart, match=f"kill {left.pid}"), held(tmp_path):
        pass
    left.kill()
    left.wait()


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match=r"cannot be written.*GUICHET_HOME"), held(tmp_path / "file"):
        pass


def test_only_the_owner_reads_the_note_for_it_has_passwords(tmp_path: Path) -> None:
    with held(tmp_path):
        write_note(tmp_path, Note(1, {}, {"redis_url": "redis://:secret@127.0.0.1/0"}))
        assert (tmp_path / "run" / "state.json").stat().st_mode & 0o077 == 0


def test_a_process_that_took_over_a_number_is_not_taken_for_the_noted_one(tmp_path: Path) -> None:
    with held(tmp_path):
        young = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        note = Note(os.getpid(), {"web": young.pid, "bot": _gone()})
        write_note(tmp_path, note)
        assert set(living(tmp_path, note)) == {"supervisor", "web"}
        before = time.time() - 3600
        os.utime(tmp_path / "run" / "state.json", (before, before))
        assert "web" not in living(tmp_path, note)
        young.kill()
        young.wait()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"strange": 1}'])
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "state.json").write_text(text)
    assert read_note(tmp_path) is None


def _gone() -> int:
    """The number of a process that has ended."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid
