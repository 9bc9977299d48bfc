"""What every test may ask for: a real Redis, a real PostgreSQL, the knowledge of the bundled content."""

import asyncio
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from knowledge import Encoder, Knowledge, build
from knowledge.sources import read
from machine.ports import free_port
from machine.postgres import EmbeddedPostgres
from machine.servers import EmbeddedRedis, migrate

ROOT = Path(__file__).parent.parent
HOME = ROOT / ".guichet"


@pytest.fixture(scope="session")
def event_loop_policy() -> asyncio.AbstractEventLoopPolicy:
    """Python's own, in whichever order tests run: importing Rasa makes uvloop's everybody's."""
    return asyncio.DefaultEventLoopPolicy()


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
def open_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user reaches; pytest closes its folders to others whenever a run begins."""
    with tempfile.TemporaryDirectory(prefix="guichet-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def database_url(open_folder: Path) -> Iterator[str]:
    """The address of a PostgreSQL with the tables of this version."""
    folder = open_folder / "postgres"
    server = EmbeddedPostgres(folder / "data", folder / "private")
    url = server.start()
    migrate(url)
    yield url
    server.stop()


@pytest.fixture(scope="session")
def prepared_home() -> Path:
    """The home folder that `guichet prepare` fills: the exported encoder and the trained bot are there."""
    if not (HOME / "encoder" / "encoder.json").exists():
        pytest.skip("the encoder is not exported: run `guichet prepare`")
    return HOME


@pytest.fixture(scope="session")
def knowledge(prepared_home: Path) -> Knowledge:
    """The knowledge of the bundled content alone; its vectors are kept from one run to the next."""
    home = prepared_home / "tests"
    home.mkdir(exist_ok=True)
    if not (home / "encoder").exists():
        (home / "encoder").symlink_to(prepared_home / "encoder", target_is_directory=True)
    build(read(ROOT / "knowledge" / "content"), Encoder.open(home / "encoder", workers=2), home)
    return Knowledge.open(home)
