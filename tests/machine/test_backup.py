"""A backup and its restore, on real servers: all of it comes back, nothing is said twice, a bad file does no harm."""

import asyncio
import errno
import gzip
import io
import json
import os
import stat
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.asyncio import Redis as Client

from channels.lanes import Lanes
from channels.settings import Settings
from machine import archive, postgres_dump, redis_dump
from machine import backup as backups
from machine.backup import backup
from machine.home import CannotStart, held
from machine.meanwhile import embedded
from machine.restore import Restored, restore
from machine.servers import migrate
from tests.machine import filled
from tests.machine.filled import PAGE, PHONE, aside, everything, opened, said, settings, silent, waiting

SECRET = "an-unlikely-key-of-32-characters-or-more"
NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Made:
    """A backup, and what there was when it was made."""

    file: Path
    rows: dict[str, list[Any]]
    shelf: dict[str, bytes]


@pytest.fixture
def home(open_folder: Path) -> Path:
    """A home that is not there yet, where PostgreSQL's own user reaches it."""
    return open_folder / f"home-{next(NUMBERS)}"


@pytest.fixture(scope="module")
def source(open_folder: Path) -> Iterator[Settings]:
    """A home with a secret and knowledge, whose servers run and have something of everything."""
    home = open_folder / "source"
    with held(home) as lock:
        (home / "secret").write_text(SECRET)
        filled.knowledge(home)
        with embedded(settings(home), home, lock) as served:
            migrate(served.database_url)
            filled.fill(served.database_url or "")
            filled.under_way(served.redis_url or "")
            yield served


@pytest.fixture(scope="module")
def made(source: Settings, tmp_path_factory: pytest.TempPathFactory) -> Made:
    file = tmp_path_factory.mktemp("backups") / "guichet.backup"
    backup(source, file, silent)
    shelf = {name: content for name, content in filled.files(source.home / "knowledge").items() if "fedc" not in name}
    return Made(file, everything(source.database_url or ""), shelf)


@pytest.fixture(scope="module")
def restored(made: Made, open_folder: Path) -> Iterator[tuple[Settings, Restored]]:
    """The backup brought back into an empty home, and its servers."""
    home = open_folder / "restored"
    done = restore(settings(home), made.file, False, silent)
    with opened(home) as served:
        yield served, done


# All of it comes back


def test_every_row_of_every_table_comes_back(made: Made, restored: tuple[Settings, Restored]) -> None:
    assert len(made.rows) > 10 and all(made.rows.values())
    assert everything(restored[0].database_url or "") == made.rows


def test_what_stands_alone_in_redis_comes_back_with_the_time_it_has_left(
    source: Settings, restored: tuple[Settings, Restored]
) -> None:
    with Redis.from_url(source.redis_url or "") as before, Redis.from_url(restored[0].redis_url or "") as after:
        alone = [b"menu:k", b"pace:k", b"traffic", b"web:events:k", b"stopped:sms"]
        assert [after.dump(key) for key in alone] == [before.dump(key) for key in alone]
        assert after.smembers("web:told:k") == {b"a", b"b"}
        assert abs(before.pttl("menu:k") - after.pttl("menu:k")) < 100
        assert after.ttl("pace:k") == -1


def test_the_secret_and_the_published_knowledge_come_back(made: Made, restored: tuple[Settings, Restored]) -> None:
    home = restored[0].home
    assert (home / "secret").read_text() == SECRET
    assert stat.S_IMODE((home / "secret").stat().st_mode) == 0o600
    assert filled.files(home / "knowledge") == made.shelf
    assert not (home / ".restoring").exists()


def test_the_file_is_its_owners_alone_and_whole_or_not_there(made: Made) -> None:
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    assert os.listdir(made.file.parent) == [made.file.name]
    with tarfile.open(made.file) as tar:
        about = json.load(tar.extractfile("manifest.json") or io.BytesIO())
        assert {*about["files"], "manifest.json"} == set(tar.getnames())
    assert about["rows"] == {name: len(rows) for name, rows in made.rows.items()}
    assert SECRET not in json.dumps(about)


# What was on its way


def test_what_is_for_a_page_goes_on_by_itself_and_in_order(restored: tuple[Settings, Restored]) -> None:
    url = restored[0].redis_url or ""
    heard, replies = waiting(url, "inbox"), waiting(url, "outbox:web")
    assert {each["address"] for each in (*heard, *replies)} == {PAGE}
    for ids in ([each["id"] for each in heard], [each["reply"]["id"] for each in replies]):
        assert sorted(ids) == ["1", "2", "3"]
        assert ids.index("1") < ids.index("2")
    assert waiting(url, "record") == [filled.ENTRIES]


def test_what_is_for_a_telephone_waits_for_somebody_who_knows(restored: tuple[Settings, Restored]) -> None:
    served, done = restored
    url = served.redis_url or ""
    heard, replies = aside(url, "inbox"), aside(url, "outbox:sms")
    assert sorted(item["id"] for item, _ in heard) == ["1", "2", "3"]
    assert sorted(item["reply"]["id"] for item, _ in replies) == ["1", "2", "3", "4"]
    assert {item["address"] for item, _ in (*heard, *replies)} == {PHONE}
    assert all("it may have been answered or sent since then" in why for _, why in (*heard, *replies))
    assert done.set_aside == 7
    assert waiting(url, "outbox:sms") == []


def test_what_came_before_the_backup_is_not_taken_a_second_time(restored: tuple[Settings, Restored]) -> None:
    async def again() -> bool:
        async with Client.from_url(restored[0].redis_url or "", decode_responses=True) as redis:
            return await Lanes(redis, "inbox", "host-2").put("sms", said(PHONE, "1"), once="sms:1")

    assert asyncio.run(again()) is False


def test_what_expires_has_expired_by_then_but_marks_against_doubles_have_the_time_they_had(source: Settings) -> None:
    then = time.time() - 3600
    expires = int((then + 10) * 1000)
    with Redis.from_url(source.redis_url or "") as redis:
        redis.set("x", "1")
        value = redis.dump("x")
        keys = [b"web:events:old", b"inbox:seen:old:1", b"outbox:sms:trying:old-1"]
        redis_dump.load(redis, [redis_dump.Entry(key, value, expires) for key in keys], then)
        assert redis.get(keys[0]) is None
        assert all(8000 < redis.pttl(key) <= 10_000 for key in keys[1:])
        redis.delete("x", *keys)


# Files that must do no harm


@pytest.mark.parametrize("part", range(12))
def test_a_damaged_file_is_refused_and_nothing_is_changed(part: int, made: Made, home: Path, tmp_path: Path) -> None:
    content = bytearray(made.file.read_bytes())
    content[10 + (len(content) - 11) * part // 11] ^= 0x10
    refused(home, tmp_path, bytes(content), r"is damaged|is not a backup of Guichet")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(share: float, made: Made, home: Path, tmp_path: Path) -> None:
    content = made.file.read_bytes()
    refused(home, tmp_path, content[: int(len(content) * share)], r"is damaged|is not a backup of Guichet")


@pytest.mark.parametrize("content", [b"hello", gzip.compress(b"hello"), gzip.compress(bytes(10_240)), None])
def test_a_file_of_something_else_is_refused(content: bytes | None, home: Path, tmp_path: Path) -> None:
    if content is None:
        other = io.BytesIO()
        with tarfile.open(fileobj=other, mode="w:gz") as tar:
            tar.addfile(tarfile.TarInfo("manifest.json"), io.BytesIO())
        content = other.getvalue()
    refused(home, tmp_path, content, "is not a backup of Guichet|is damaged")


def test_a_file_that_leads_out_of_its_folder_is_refused(made: Made, home: Path, tmp_path: Path) -> None:
    (tmp_path / "evil").write_text("x")
    archive.pack(tmp_path / "file", {"../../evil": tmp_path / "evil"}, {"revision": None}, silent)
    with pytest.raises(CannotStart, match="leads out of it"):
        restore(settings(home), tmp_path / "file", False, silent)


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ({"revision": "9999"}, "made by a later Guichet .* tables 9999.*; this one knows tables up to"),
        ({"guichet backup": archive.FORMAT + 1}, "in a form that this version does not know"),
    ],
)
def test_a_file_of_a_later_version_is_refused(
    says: dict[str, Any], why: str, made: Made, home: Path, tmp_path: Path
) -> None:
    about = archive.read_manifest(made.file) | {"guichet": "99.0"} | says
    content = {name: tmp_path / "unpacked" / name for name in about.pop("files")}
    archive.unpack(made.file, tmp_path / "unpacked", lambda _: None, silent)
    archive.pack(tmp_path / "later", content, about, silent)
    with pytest.raises(CannotStart, match=why):
        restore(settings(home), tmp_path / "later", False, silent)
    assert not home.exists()


def refused(home: Path, folder: Path, content: bytes, why: str) -> None:
    (folder / "bad").write_bytes(content)
    with pytest.raises(CannotStart, match=why):
        restore(settings(home), folder / "bad", False, silent)
    assert not home.exists() or os.listdir(home) == ["run"]


def test_no_file_is_said(home: Path) -> None:
    with pytest.raises(CannotStart, match="There is no file"):
        restore(settings(home), home / "none", False, silent)
    assert not home.exists()


# Where a backup cannot be made


def test_what_is_in_the_way_of_the_file_is_said_before_anything_is_begun(source: Settings, tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    for file, why in (
        (tmp_path / "there", "is there already"),
        (tmp_path, "is a folder. Name a file in it"),
        (tmp_path / "none" / "file", "There is no folder"),
    ):
        with pytest.raises(CannotStart, match=why):
            backup(source, file, silent)
    assert os.listdir(tmp_path) == ["there"]


def test_without_room_nothing_is_left_of_it(source: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: Path, *_: object) -> None:
        file.write_bytes(bytes(1000))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive, "pack", full)
    with pytest.raises(CannotStart, match=r"There is no room in .* write it to another disk"):
        backup(source, tmp_path / "file", silent)
    monkeypatch.setattr(backups, "DATABASE", "/dev/full")  # as pg_dump meets it
    with pytest.raises(CannotStart, match="There is no room in"):
        backup(source, tmp_path / "file", silent)
    assert not os.listdir(tmp_path)
    with Redis.from_url(source.redis_url or "", socket_timeout=2) as redis:
        assert redis.set("somebody", "writes again")
        redis.delete("somebody")


def test_without_room_to_restore_all_is_as_it_was(made: Made, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive, "_extract", full)
    with pytest.raises(CannotStart, match=r"There is no room in .* what was there is as it was"):
        restore(settings(home), made.file, False, silent)
    assert os.listdir(home) == ["run"]


def test_a_home_without_data_is_said_and_not_made(home: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="There are no data in"):
        backup(settings(home), tmp_path / "file", silent)
    assert not home.exists()


def test_a_redis_that_may_not_be_paused_is_said(source: Settings, tmp_path: Path) -> None:
    with Redis.from_url(source.redis_url or "") as redis:
        redis.acl_setuser("small", enabled=True, passwords=["+pw"], keys=["*"], commands=["+@all", "-client"])
        url = (source.redis_url or "").rpartition("@")[2]
        with pytest.raises(CannotStart, match=r"ACL SETUSER <user> \+client\|pause"):
            backup(source.model_copy(update={"redis_url": f"redis://small:pw@{url}"}), tmp_path / "file", silent)
        assert not os.listdir(tmp_path)
        redis.acl_deluser("small")


def test_databases_that_are_too_slow_to_be_taken_at_one_instant_are_not_taken(
    source: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_dump, "LONGEST_PAUSE_SECONDS", 0.001)
    with pytest.raises(CannotStart, match="too slow to be taken at one instant"):
        backup(source, tmp_path / "file", silent)
    assert not os.listdir(tmp_path)


def test_programs_that_are_too_old_are_said() -> None:
    with pytest.raises(CannotStart, match=r"takes pg_dump and pg_restore of PostgreSQL 99.*postgresql-client-99"):
        postgres_dump.programs("99.1", "postgresql://u@host/db")


def test_the_password_of_a_database_is_in_no_list_of_processes() -> None:
    address, environment = postgres_dump.libpq("postgresql+asyncpg://ana:p%40ss@host:5433/guichet?ssl=require")
    assert address == "postgresql://ana@host:5433/guichet?sslmode=require"
    assert environment["PGPASSWORD"] == "p@ss"


# What is there already


def test_nothing_is_restored_into_a_home_that_is_in_use(made: Made, source: Settings) -> None:
    with pytest.raises(CannotStart, match=r"Guichet runs from .*Stop it first"):
        restore(settings(source.home), made.file, True, silent)


def test_what_is_there_is_kept_aside(made: Made, home: Path) -> None:
    filled.knowledge(home)
    (home / "knowledge" / "current").write_text("fedcba9876543210\n")
    (home / "secret").write_text("another one")
    for words in ("another secret in", "knowledge in"):
        with pytest.raises(CannotStart, match=rf"There are data already: .*{words}.*--replace"):
            restore(settings(home), made.file, False, silent)
    before = filled.files(home / "knowledge")
    done = restore(settings(home), made.file, True, silent)
    assert done.aside and done.aside.parent == home
    assert (filled.files(done.aside / "knowledge"), (done.aside / "secret").read_text()) == (before, "another one")
    assert filled.files(home / "knowledge") == made.shelf
    with pytest.raises(CannotStart, match=rf"There are data already: {home / 'redis'}, {home / 'postgres'}"):
        restore(settings(home), made.file, False, silent)


def test_a_secret_that_is_yours_to_keep_is_not_in_it_and_another_one_is_told(
    source: Settings, open_folder: Path, tmp_path: Path
) -> None:
    own = settings(source.home, secret=SECRET, redis_url=source.redis_url, database_url=source.database_url)
    made = backup(own, tmp_path / "file", silent)
    assert "secret" not in archive.read_manifest(made.file)["files"]
    assert "GUICHET_SECRET is not in it: it is yours to keep" in backups.said(made)
    for secret, told in ((SECRET, 0), ("another-key-of-32-characters-or-more", 1), (None, 1)):
        home = open_folder / f"own-{next(NUMBERS)}"
        done = restore(settings(home, secret=secret), tmp_path / "file", False, silent)
        assert len([each for each in done.warnings if "the one that these data were written with" in each]) == told
        assert not (home / "secret").exists()
