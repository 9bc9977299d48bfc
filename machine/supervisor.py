"""The supervisor: starts the servers and the parts, shows how far they are, restarts what dies, and stops all of it."""

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import aiohttp

from channels.settings import Settings
from machine.parts import ROOT, Part, parts
from machine.ports import free_port, taken
from machine.servers import EmbeddedPostgres, EmbeddedRedis, migrate

START_SECONDS = 120.0
STOP_SECONDS = 8.0
LOG_TAIL_LINES = 8
RESTART_PAUSES = (0.2, 1.0, 3.0, 10.0)  # seconds, the longer the more often a part died in the last minute

Say = Callable[[str, str], None]
"""Told of each process: its title and its state ("starting", "ready in 3.1 s", "restarting …")."""


class CannotStart(Exception):
    """Why the service cannot start, and what to do about it."""


@dataclass(slots=True)
class Running:
    part: Part
    command: list[str]
    process: asyncio.subprocess.Process | None = None
    deaths: list[float] = field(default_factory=list)


class Supervisor:
    def __init__(self, settings: Settings, say: Say) -> None:
        self.settings, self._say = settings, say
        self.folder = settings.home / "run"
        self._stopping = asyncio.Event()
        self._running: list[Running] = []
        self._environment: dict[str, str] = {}

    async def up(self, when_ready: Callable[[], None]) -> None:
        """Start everything, call `when_ready`, and stay until SIGINT or SIGTERM. Raises CannotStart, ServerFailed."""
        if self.settings.public_port and taken(self.settings.public_port, self.settings.public_host):
            raise CannotStart(
                f"Port {self.settings.public_port} is in use by another program. "
                f"Stop that program, or choose another port: GUICHET_PUBLIC_PORT={self.settings.public_port + 1} make up"
            )
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._stopping.set)
        self.folder.mkdir(parents=True, exist_ok=True)
        async with contextlib.AsyncExitStack() as stack:
            stack.callback((self.folder / "state.json").unlink, missing_ok=True)
            await self._start_all(stack)
            if not self._stopping.is_set():
                when_ready()
                await self._stopping.wait()
            self._say("all", "stopping")

    async def _start_all(self, stack: contextlib.AsyncExitStack) -> None:
        settings = self._choose_ports()
        watching: list[asyncio.Task[None]] = []
        if not settings.redis_url:
            redis = EmbeddedRedis.at(self.settings.home / "redis")
            settings = settings.model_copy(update={"redis_url": redis.url})
            watching.append(self._watch(Running(Part("redis", "Redis"), redis.command()), stack))
            self._say("Redis", "starting")
            await redis.wait()
            self._say("Redis", "ready")
        if not settings.database_url:
            postgres = EmbeddedPostgres(self.settings.home / "postgres", self.folder / "private")
            self._say("PostgreSQL", "starting")
            settings = settings.model_copy(update={"database_url": await asyncio.to_thread(postgres.start)})
            stack.callback(postgres.stop)
            self._say("PostgreSQL", "ready")
        self._environment = environment(settings)
        began = time.monotonic()
        starting = parts(settings)
        for part in starting:
            command = [sys.executable, "-m", "guichet", "run", part.name]
            self._say(part.title, "starting")
            watching.append(self._watch(Running(part, command), stack))
            if part.name == "actions":  # the tables are brought up to date while the slow parts start
                await asyncio.to_thread(migrate, settings.database_url or "")
        self._note(settings)
        waits = [asyncio.create_task(self._until_ready(part, began)) for part in starting]
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            ready = asyncio.gather(*waits)
            await asyncio.wait([ready, stopped], return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                await ready
        finally:
            stopped.cancel()
            for wait in waits:
                wait.cancel()
        self._note(settings)

    def _choose_ports(self) -> Settings:
        """Inner ports are whatever is free; only the public one matters to anyone."""
        bot, actions = free_port(5005), free_port(5055)
        update: dict[str, object] = {}
        if "bot_url" not in self.settings.model_fields_set:
            update["bot_url"] = f"http://127.0.0.1:{bot}"
        if "actions_url" not in self.settings.model_fields_set:
            update["actions_url"] = f"http://127.0.0.1:{actions}/webhook"
        return self.settings.model_copy(update=update)

    def _watch(self, running: Running, stack: contextlib.AsyncExitStack) -> asyncio.Task[None]:
        self._running.append(running)
        task = asyncio.create_task(self._keep_alive(running))
        stack.push_async_callback(self._end, running, task)
        return task

    async def _keep_alive(self, running: Running) -> None:
        """Run the process; when it dies by itself, again, after a pause."""
        while not self._stopping.is_set():
            with (self.folder / f"{running.part.name}.log").open("ab") as log:
                running.process = await asyncio.create_subprocess_exec(
                    *running.command,
                    cwd=ROOT,
                    env={**os.environ, **self._environment},
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,
                )
            code = await running.process.wait()
            if self._stopping.is_set():
                return
            now = time.monotonic()
            running.deaths = [*(death for death in running.deaths if now - death < 60), now]
            pause = RESTART_PAUSES[min(len(running.deaths), len(RESTART_PAUSES)) - 1]
            self._say(
                running.part.title, f"ended with code {code}, restarting; see {self.folder / running.part.name}.log"
            )
            await asyncio.sleep(pause)

    async def _end(self, running: Running, task: asyncio.Task[None]) -> None:
        self._stopping.set()
        process = running.process
        if process and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                process.kill()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _until_ready(self, part: Part, began: float) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http:
            while part.ready:
                if self._dies_at_once(part):
                    raise CannotStart(f"The {part.title} does not start.\n{self._tail(part)}")
                if time.monotonic() - began > START_SECONDS:
                    raise CannotStart(f"The {part.title} is not ready after {START_SECONDS:g} s.\n{self._tail(part)}")
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with http.get(part.ready) as response:
                        if response.status == 200:
                            break
                await asyncio.sleep(0.1)
        self._say(part.title, f"ready after {time.monotonic() - began:.1f} s")

    def _dies_at_once(self, part: Part) -> bool:
        return any(len(each.deaths) >= len(RESTART_PAUSES) for each in self._running if each.part == part)

    def _tail(self, part: Part) -> str:
        path = self.folder / f"{part.name}.log"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return "\n".join([*lines[-LOG_TAIL_LINES:], f"The whole log: {path}"])

    def _note(self, settings: Settings) -> None:
        """Leave word for `guichet doctor` of what runs where; readable by the owner only."""
        path = self.folder / "state.json"
        pids = {each.part.name: each.process.pid for each in self._running if each.process}
        state = {
            "pid": os.getpid(),
            "pids": pids,
            "settings": {
                name: getattr(settings, name)
                for name in ("redis_url", "database_url", "bot_url", "actions_url", "public_port")
            },
        }
        path.touch(mode=0o600)
        path.write_text(json.dumps(state))


def environment(settings: Settings) -> dict[str, str]:
    """The settings that children must share, as environment variables."""
    names = ("redis_url", "database_url", "bot_url", "actions_url", "public_host", "public_port")
    shared = {f"GUICHET_{name.upper()}": str(getattr(settings, name)) for name in names}
    return shared | {"GUICHET_HOME": str(settings.home.resolve()), "PYTHONUNBUFFERED": "1"}


@contextmanager
def alone(folder: Path) -> Iterator[IO[str]]:
    """Holds the home folder: only one `guichet up` may use it. Raises CannotStart."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(
                "Guichet is already running from this folder. Stop it first (Ctrl-C where it runs), "
                "or start another one beside it: GUICHET_HOME=.guichet-2 GUICHET_PUBLIC_PORT=8001 make up"
            ) from None
        yield lock


def _die_with_parent() -> None:
    """On Linux: no process is left behind when the supervisor is killed."""
    if sys.platform == "linux":
        import ctypes

        PR_SET_PDEATHSIG = 1
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
