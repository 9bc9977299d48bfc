"""The supervisor with a real Redis, a real PostgreSQL and small parts: it restarts, stops and leaves nothing."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from channels.settings import Settings
from machine import supervisor
from machine.doctor import examine
from machine.home import Note, read_note
from machine.supervisor import Supervisor
from tests.conftest import ROOT

START_SECONDS, STOP_SECONDS = 60, 5.0
EVERYTHING = {"redis", "postgres", "bot", "actions", "worker", "web", "desk"}


class Service:
    def __init__(self, home: Path, *broken: str) -> None:
        self.home = home
        command = [sys.executable, "-m", "tests.machine.fake_service", str(home), *broken]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GUICHET_")}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []

    def until(self, line: str) -> None:
        """Read what it says until a line that has this in it."""
        assert self.process.stdout
        until = time.monotonic() + START_SECONDS
        for said in self.process.stdout:
            self.lines.append(said.rstrip())
            if line in said:
                return
            assert time.monotonic() < until, self.lines
        pytest.fail(f"it ended without saying {line!r}: {self.lines}")

    @property
    def note(self) -> Note:
        note = read_note(self.home)
        assert note
        return note

    def family(self) -> list[psutil.Process]:
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def end(self, by: signal.Signals = signal.SIGINT) -> float:
        """Seconds until it and all that it started had ended."""
        family, began = self.family(), time.monotonic()
        self.process.send_signal(by)
        self.process.wait()
        psutil.wait_procs(family, timeout=2 * STOP_SECONDS)
        assert not running(family)
        return time.monotonic() - began


def running(family: list[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended. What has, may stand in the table of processes for as long as nobody asks how."""
    found = []
    for each in family:
        with suppress(psutil.NoSuchProcess):
            if each.status() != psutil.STATUS_ZOMBIE:
                found.append(each)
    return found


@pytest.fixture(scope="module")
def home(open_folder: Path) -> Path:
    return open_folder / "home"


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[Service]:
    """One for several tests, in their order: the last of them ends it."""
    service = Service(home)
    service.until("Ready")
    yield service
    if service.process.poll() is None:
        service.end(signal.SIGKILL)


def test_it_starts_everything_and_leaves_word_of_it(service: Service, home: Path) -> None:
    assert set(service.note.pids) == EVERYTHING
    lock = str(home.resolve() / "run" / "lock")
    for pid in service.note.pids.values():
        holds = {os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir()}
        assert lock in holds, "what a killed supervisor leaves must keep the next one out"
    settings = Settings(_env_file=None, home=home)
    ill = {each.what for each in examine(settings) if not each.well}
    assert ill == {"encoder", "index", "trained bot"}, "all that runs is well; what was not made is missing"


def test_a_part_that_hangs_is_found_by_the_doctor(service: Service, home: Path) -> None:
    os.kill(service.note.pids["web"], signal.SIGSTOP)
    findings = {each.what: each for each in examine(Settings(_env_file=None, home=home))}
    os.kill(service.note.pids["web"], signal.SIGCONT)
    assert findings["web process"].well
    assert not findings["web app"].well
    assert "web.log" in findings["web app"].remedy
    assert findings["worker"].well


@pytest.mark.parametrize("victim", ["web", "worker", "redis", "postgres"])
def test_what_dies_is_started_again(service: Service, victim: str) -> None:
    before = service.note.pids[victim]
    os.kill(before, signal.SIGKILL)
    service.until("ready again")
    assert service.note.pids[victim] != before
    assert any("ended by itself (Killed)" in line for line in service.lines)


def test_a_second_one_is_refused(service: Service, home: Path) -> None:
    second = Service(home)
    said = second.process.communicate(timeout=30)[0]
    assert second.process.returncode == 1
    assert "already running" in said
    assert "Traceback" not in said
    assert service.note.pids, "the first one's note is still there"


def test_it_stops_all_of_it_soon(service: Service, home: Path) -> None:
    assert service.end() < STOP_SECONDS
    assert service.process.returncode == 0
    assert read_note(home) is None
    says = {each.what: each.says for each in examine(Settings(_env_file=None, home=home))}
    assert says["service"] == "is not running"


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_while_it_starts_stops_it(home: Path, by: signal.Signals) -> None:
    service = Service(home)
    service.until("starting")
    assert service.end(by) < STOP_SECONDS
    assert service.process.returncode == 0


def test_nothing_is_left_when_it_is_killed_and_the_next_one_waits_for_that(home: Path) -> None:
    first = Service(home)
    first.until("PostgreSQL: ready")
    family = first.family()
    first.process.kill()
    next_one = Service(home)
    next_one.until("Ready")
    first.process.wait()
    assert not running(family)
    next_one.end(signal.SIGKILL)
    says = {each.what: each.says for each in examine(Settings(_env_file=None, home=home))}
    assert says["service"] == "was ended by force: none of its processes is left"


async def test_redis_is_brought_to_the_disk_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "SYNC_SECONDS", 0.01)
    said: list[str] = []

    class Disk:
        times = 0

        def sync(self) -> None:
            self.times += 1
            if self.times == 2:
                raise OSError(errno.EIO, "Input/output error")

    disk = Disk()
    watching = Supervisor(Settings(_env_file=None, home=tmp_path), lambda title, state: said.append(state))
    task = asyncio.create_task(watching._sync(disk))  # type: ignore[arg-type]
    async with asyncio.timeout(5):
        while disk.times < 4:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()
    assert said == ["could not bring its data to the disk: Input/output error"]


def test_one_broken_part_ends_the_start_with_a_sentence(home: Path) -> None:
    service = Service(home, "web")
    service.until("stopping")
    family = service.family()
    rest = service.process.communicate(timeout=20)[0]
    assert service.process.returncode == 1
    assert "does not start" in rest
    assert "it is broken" in rest
    assert "web.log" in rest
    assert "Traceback" not in rest
    psutil.wait_procs(family, timeout=2)
    assert not running(family)
