"""The supervisor: starts the servers and the parts side by side, keeps them running, and stops all of it."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from channels.settings import Settings
from machine.health import ailment
from machine.home import CannotStart, Note, write_note
from machine.kept import Check, Kept, Program, Say, ending_with_parent
from machine.parts import ROOT, SHARED, TITLES, environment
from machine.phone.settings import telephones
from machine.ports import free_port
from machine.postgres import EmbeddedPostgres
from machine.servers import EmbeddedRedis, ServerFailed

START_SECONDS = 120.0
PARTS_PATIENCE, SERVERS_PATIENCE = 3.0, 2.0  # seconds that each may take to end in order
SYNC_SECONDS = 1.0


class Supervisor:
    """`inherits` is the lock on the home folder, which everything that is started holds on to. `dev` is whether
    telephones are started, too.

    `command` gives what a part is started with, by its name.
    """

    def __init__(
        self,
        settings: Settings,
        say: Say,
        inherits: tuple[int, ...] = (),
        command: Callable[[str], tuple[str, ...]] = lambda name: (sys.executable, "-m", "guichet", "run", name),
        dev: bool = False,
    ) -> None:
        bot, actions = free_port(5005), free_port(5055)
        update: dict[str, object] = {"home": settings.home.resolve()}
        if "bot_url" not in settings.model_fields_set:
            update["bot_url"] = f"http://127.0.0.1:{bot}"
        if "actions_url" not in settings.model_fields_set:
            update["actions_url"] = f"http://127.0.0.1:{actions}/webhook"
        if not settings.public_port:
            update["public_port"] = free_port(0)
        update["desk_port"] = free_port(settings.desk_port)
        self.settings = settings.model_copy(update=update)
        self._say, self._inherits, self._command, self._dev = say, inherits, command, dev
        self._folder = self.settings.home / "run"
        self._parts: list[Kept] = []
        self._servers: list[Kept] = []
        self._syncing: asyncio.Task[None] | None = None
        self._told_to_stop = asyncio.Event()
        self._in_a_hurry = asyncio.Event()

    async def up(self, when_ready: Callable[[Settings], None]) -> None:
        """Start everything, call `when_ready`, and stay until SIGINT or SIGTERM. Raises CannotStart, ServerFailed.

        A second signal ends what is still running by force.
        """
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(name, self._stop)
        starting = asyncio.create_task(self._start())
        told = asyncio.create_task(self._told_to_stop.wait())
        try:
            await asyncio.wait([starting, told], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                await starting
                when_ready(self.settings)
                await told
        finally:
            for task in (starting, told):
                task.cancel()
            await asyncio.gather(starting, told, return_exceptions=True)
            self._say("everything", "stopping")
            await self._end(self._parts, PARTS_PATIENCE)
            if self._syncing:
                self._syncing.cancel()
            await self._end(self._servers, SERVERS_PATIENCE)

    def _stop(self) -> None:
        if self._told_to_stop.is_set():
            self._in_a_hurry.set()
        self._told_to_stop.set()

    async def _start(self) -> None:
        """Rasa takes longest and needs nothing to begin; what needs a server waits for that one only."""
        redis_is_up, tables_are_there = asyncio.Event(), asyncio.Event()
        redis, postgres = self._own_servers()

        async def start_redis() -> None:
            if redis:
                await self._server(Program("redis", "Redis", tuple(redis.command()), ROOT))
                self._syncing = asyncio.create_task(self._sync(redis))
            else:
                await self._found("redis")
            redis_is_up.set()

        async def start_postgres() -> None:
            if postgres:
                await asyncio.to_thread(postgres.make)
                command = tuple(postgres.command())
                await self._server(
                    Program("postgres", "PostgreSQL", command, postgres.folder, {}, postgres.user, signal.SIGINT)
                )
            else:
                await self._found("postgres")
            await self._migrate()
            tables_are_there.set()

        async def start_part(name: str, *needs: asyncio.Event) -> None:
            for need in needs:
                await need.wait()
            await self._part(name)

        await _side_by_side(
            start_redis(),
            start_part("bot"),
            start_postgres(),
            start_part("actions"),
            start_part("worker", redis_is_up, tables_are_there),
            start_part("web", redis_is_up),
            start_part("desk", redis_is_up, tables_are_there),
            *([start_part("phone")] if self._dev else []),
            *([start_part("watch")] if self.settings.watch else []),
        )

    def _own_servers(self) -> tuple[EmbeddedRedis | None, EmbeddedPostgres | None]:
        """The servers that no setting names; from here on the settings name them."""
        redis = postgres = None
        update: dict[str, object] = {}
        if not self.settings.redis_url:
            redis = EmbeddedRedis.at(self.settings.home / "redis")
            update["redis_url"] = redis.url
        if not self.settings.database_url:
            postgres = EmbeddedPostgres(self.settings.home / "postgres", self._folder / "private")
            update["database_url"] = postgres.url
        self.settings = self.settings.model_copy(update=update)
        return redis, postgres

    async def _server(self, program: Program) -> None:
        await self._keep(program, self._servers, lambda _: ailment(program.name, self.settings))

    async def _found(self, name: str) -> None:
        """Your own server, named by a setting, is there."""
        if why := await ailment(name, self.settings):
            setting = {"redis": "GUICHET_REDIS_URL", "postgres": "GUICHET_DATABASE_URL"}[name]
            raise CannotStart(f"{why}. Start it, correct {setting}, or leave that out: one is started for you then.")

    async def _sync(self, redis: EmbeddedRedis) -> None:
        while True:
            await asyncio.sleep(SYNC_SECONDS)
            try:
                await asyncio.to_thread(redis.sync)
            except OSError as error:
                self._say("Redis", f"could not bring its data to the disk: {error.strerror}")

    async def _part(self, name: str) -> None:
        program = Program(name, TITLES[name], self._command(name), Path.cwd(), environment(self.settings))
        await self._keep(program, self._parts, lambda age: ailment(name, self.settings, age))

    async def _keep(self, program: Program, among: list[Kept], check: Check) -> None:
        log = self._folder / f"{program.name}.log"
        kept = Kept(program, log, check, self._say, self._note, self._inherits)
        among.append(kept)
        kept.start()
        await kept.ready(START_SECONDS)

    async def _migrate(self) -> None:
        """In a process of its own: what it loads is of no use afterwards."""
        log = self._folder / "migrate.log"
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "guichet", "migrate"),
                env={**os.environ, **environment(self.settings)},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                preexec_fn=ending_with_parent(),
            )
        try:
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
        if code:
            told = "\n".join(log.read_text(errors="replace").splitlines()[-3:])
            raise ServerFailed(f"The tables could not be brought up to date.\n{told}\nThe whole log: {log}")

    async def _end(self, kept: list[Kept], patience: float) -> None:
        async def hurry() -> None:
            await self._in_a_hurry.wait()
            for each in kept:
                each.kill()

        hurrying = asyncio.create_task(hurry())
        await asyncio.gather(*(each.end(patience) for each in kept))
        hurrying.cancel()

    def _note(self) -> None:
        """Leave word for `guichet doctor` of what runs where."""
        pids = {each.program.name: each.pid for each in (*self._servers, *self._parts) if each.pid}
        chosen = {name: getattr(self.settings, name) for name in SHARED} | telephones(self.settings)
        try:
            write_note(self.settings.home, Note(os.getpid(), pids, chosen))
        except OSError as error:  # a full disk must not end what runs
            self._say("the note for `guichet doctor`", f"could not be written: {error.strerror}")


async def _side_by_side(*work: Coroutine[Any, Any, None]) -> None:
    """All of it at once; the first failure ends the rest and is raised as it is."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
