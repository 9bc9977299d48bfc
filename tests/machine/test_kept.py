"""A kept process: started again when it dies, ended in order or by force, and its failures told with its log."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from machine import kept
from machine.home import CannotStart
from machine.kept import Kept, Program

IDLE = "import time; time.sleep(60)"
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
"""
PARENT = f"""
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", {IDLE!r}]).pid, flush=True)
time.sleep(60)
"""


class Stage:
    """Where a test keeps a process: what was said of it, and how its check answers."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "part.log"
        self.said: list[str] = []
        self.changes = 0
        self.kept: Kept

    def keep(self, script: str, until: str | None = None) -> Kept:
        """Ready as soon as the log has the line `until`; at once without one."""

        async def check(age: float) -> str | None:
            return None if until is None or until in self.log.read_text() else f"{until} is not in the log"

        def changed() -> None:
            self.changes += 1

        program = Program("part", "part", (sys.executable, "-c", script), self.log.parent)
        self.kept = Kept(program, self.log, check, lambda title, state: self.said.append(state), changed)
        self.kept.start()
        return self.kept


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    await stage.kept.end(0)


async def test_what_dies_is_started_again_and_said_so(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "PAUSES", (0.05,))
    one = stage.keep(IDLE)
    await one.ready(10)
    first = one.pid
    assert first
    os.kill(first, signal.SIGKILL)
    await until(lambda: one.pid not in (None, first))
    await until(lambda: any("ready again" in state for state in stage.said))
    assert any("ended by itself (Killed)" in state for state in stage.said)
    assert stage.changes == 2


async def test_the_more_often_it_dies_the_longer_the_pause(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "PAUSES", (0.01, 0.01, 30.0))
    stage.keep("")
    await until(lambda: stage.changes == 3)
    await asyncio.sleep(0.5)
    assert stage.changes == 3
    began = time.monotonic()
    await stage.kept.end(5)
    assert time.monotonic() - began < 1, "the end does not wait for the pause"


async def test_one_that_dies_before_it_is_ready_is_told_with_the_end_of_its_log(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "PAUSES", (0.01,))
    one = stage.keep("import sys; print('x' * 100); sys.exit('the model is missing')", until="never")
    with pytest.raises(CannotStart, match=r"does not start(.|\n)*the model is missing(.|\n)*part.log"):
        await one.ready(20)


async def test_one_that_is_not_ready_in_time_says_what_is_missing(stage: Stage) -> None:
    with pytest.raises(CannotStart, match=r"not ready after 0\.3 s: never is not in the log"):
        await stage.keep(IDLE, until="never").ready(0.3)


async def test_a_program_that_cannot_be_run_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "PAUSES", (0.01,))
    one = stage.keep(IDLE)
    await one.end(0)
    program = Program("part", "part", ("/nowhere/to/be/found",), stage.log.parent)
    stage.kept = Kept(program, stage.log, one._check, lambda title, state: stage.said.append(state))
    stage.kept.start()
    with pytest.raises(CannotStart, match="does not start"):
        await stage.kept.ready(10)
    assert any("No such file" in state for state in stage.said)


async def test_one_that_does_not_end_in_order_is_ended_by_force(stage: Stage) -> None:
    one = stage.keep(STUBBORN, until="deaf")
    await one.ready(10)
    pid, began = one.pid, time.monotonic()
    await one.end(0.5)
    assert 0.4 < time.monotonic() - began < 3
    assert not psutil.pid_exists(pid or 0)


async def test_in_a_hurry_nothing_is_waited_for(stage: Stage) -> None:
    one = stage.keep(STUBBORN, until="deaf")
    await one.ready(10)
    began = time.monotonic()
    ending = asyncio.create_task(one.end(30))
    await asyncio.sleep(0.1)
    one.kill()
    await ending
    assert time.monotonic() - began < 3


async def test_what_it_started_ends_with_it(stage: Stage) -> None:
    one = stage.keep(PARENT, until="\n")
    await one.ready(10)
    child = int(stage.log.read_text())
    await one.end(5)
    await until(lambda: not _runs(child))


async def test_ending_while_it_starts_leaves_nothing(stage: Stage) -> None:
    one = stage.keep(IDLE)
    await asyncio.sleep(0)
    await one.end(5)
    assert one.pid is None
    assert not [child for child in psutil.Process().children() if IDLE in child.cmdline()]


async def test_the_log_of_the_last_time_is_kept_once(stage: Stage) -> None:
    stage.log.write_text("the last time")
    await stage.keep("print('now'); " + IDLE).ready(10)
    assert stage.log.with_suffix(".log.old").read_text() == "the last time"
    assert "the last time" not in stage.log.read_text()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def _runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
