"""What every test may ask for: a real Redis, a real PostgreSQL, the knowledge of the bundled content, a running service."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from machine.ports import free_port
from machine.servers import EmbeddedPostgres, EmbeddedRedis, migrate

ROOT = Path(__file__).parent.parent
HOME = ROOT / ".guichet"


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis.at(tmp_path_factory.mktemp("redis"), free_port(0))
    process = subprocess.Popen(server.command())
    asyncio.run(server.wait())
    yield server
    process.terminate()
    process.wait()


@pytest.fixture
async def redis(redis_server: EmbeddedRedis) -> AsyncIterator[Redis]:
    """A client of an empty Redis."""
    client = Redis.from_url(redis_server.url, decode_responses=True)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL with the tables of this version."""
    folder = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres(folder / "data", folder / "private")
    url = server.start()
    migrate(url)
    yield url
    server.stop()
