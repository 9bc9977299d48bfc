"""A kept process: started, started again when it dies by itself, and ended when it is told to."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from machine.home import CannotStart

PAUSES = (0.2, 1.0, 3.0, 10.0)  # seconds before it is started again, the longer the more often it died of late
OF_LATE_SECONDS = 60.0
DEATHS_BEFORE_READY = 2  # so many before it was ever ready, and it is not going to be
LOOK_SECONDS = 0.15
LOG_TAIL_LINES = 8

Say = Callable[[str, str], None]
"""Told of each process: its title and its state ("starting", "ready after 3.1 s", "ended …")."""

Check = Callable[[float], Awaitable[str | None]]
"""Why a process that was started so many seconds ago does not work yet; None once it does."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is run. `ends_on` is the signal on which it ends in order and soon."""

    name: str
    title: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    ends_on: signal.Signals = signal.SIGTERM


class Kept:
    """`changed` is called whenever another process has taken its place; `inherits` are descriptors that it gets."""

    def __init__(
        self,
        program: Program,
        log: Path,
        check: Check,
        say: Say,
        changed: Callable[[], None] = lambda: None,
        inherits: tuple[int, ...] = (),
    ) -> None:
        self.program, self.log = program, log
        self._check, self._say, self._changed, self._inherits = check, say, changed, inherits
        self._was_ready = False
        self._ending = asyncio.Event()
        self._patience = 0.0
        self._deaths: list[float] = []
        self._spawned = 0.0
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the running process; None between two."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def start(self) -> None:
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.old"))
        self._say(self.program.title, "starting")
        self._keeping = asyncio.create_task(self._keep())

    async def ready(self, within: float) -> None:
        """Until it works. Raises CannotStart with the end of its log when it does not, or dies twice before it does."""
        began = time.monotonic()
        while True:
            if len(self._deaths) >= DEATHS_BEFORE_READY:
                raise CannotStart(f"The {self.program.title} does not start.\n{self._tail()}")
            why = await self._check(time.monotonic() - self._spawned) if self.pid else "it is not running"
            if why is None:
                break
            if time.monotonic() - began > within:
                raise CannotStart(f"The {self.program.title} is not ready after {within:g} s: {why}.\n{self._tail()}")
            await asyncio.sleep(LOOK_SECONDS)
        self._deaths.clear()
        self._was_ready = True
        self._say(self.program.title, f"ready after {time.monotonic() - began:.1f} s")

    async def end(self, patience: float) -> None:
        """End it in order, or by force after `patience` seconds, with all that it started in its session."""
        self._patience = patience
        self._ending.set()
        if self._keeping:
            await self._keeping

    def kill(self) -> None:
        """By force, at once, with all that it started in its session."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    async def _keep(self) -> None:
        while not self._ending.is_set():
            code = await self._once()
            if self._ending.is_set():
                return
            now = time.monotonic()
            self._deaths = [*(death for death in self._deaths if now - death < OF_LATE_SECONDS), now]
            self._say(self.program.title, f"ended by itself ({code}), starting again; see {self.log}")
            pause = PAUSES[min(len(self._deaths), len(PAUSES)) - 1]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), pause)

    async def _once(self) -> str:
        """Run the process to its end; how it ended."""
        try:
            with self.log.open("ab") as log:
                process = self._process = await self._spawn(log.fileno())
        except OSError as error:
            return str(error)
        self._changed()
        died, ending = asyncio.create_task(process.wait()), asyncio.create_task(self._ending.wait())
        if self._was_ready:
            self._telling = asyncio.create_task(self._tell_when_ready())
        try:
            await asyncio.wait([died, ending], return_when=asyncio.FIRST_COMPLETED)
            if self._ending.is_set() and process.returncode is None:
                process.send_signal(self.program.ends_on)
                await asyncio.wait([died], timeout=self._patience)
        finally:
            ending.cancel()
            if self._telling:
                self._telling.cancel()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # itself if it would not end, and whatever it left behind
        code = await died
        return f"code {code}" if code >= 0 else signal.strsignal(-code) or f"signal {-code}"

    async def _spawn(self, log: int) -> asyncio.subprocess.Process:
        self._spawned = time.monotonic()
        return await asyncio.create_subprocess_exec(
            *self.program.command,
            cwd=self.program.folder,
            env={**os.environ, **self.program.environment},
            user=self.program.user,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=self._inherits,
            start_new_session=True,  # Ctrl-C is for the supervisor alone
            preexec_fn=ending_with_parent(self.program.ends_on),
        )

    async def _tell_when_ready(self) -> None:
        with contextlib.suppress(CannotStart):
            while await self._check(time.monotonic() - self._spawned):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)
            self._say(self.program.title, f"ready again after {time.monotonic() - self._spawned:.1f} s")

    def _tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join([*lines[-LOG_TAIL_LINES:], f"The whole log: {self.log}"])


def ending_with_parent(ends_on: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """For `preexec_fn`, on Linux: the process is told to end when this one is killed. Call it in the main thread only:
    the system takes the end of the thread that started the process for the end of its parent."""
    if sys.platform != "linux":
        return None
    import ctypes

    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()
    PR_SET_PDEATHSIG = 1

    def bind() -> None:
        prctl(PR_SET_PDEATHSIG, ends_on)
        if os.getppid() != parent:  # it was killed before we asked
            os._exit(1)

    return bind
