"""A service is backed up while it runs, and brought back from the file in another folder: its citizens notice nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from knowledge import Knowledge
from machine.ports import free_port
from tests.conftest import ROOT
from tests.journeys.conftest import Running, wait_until_ready

pytestmark = pytest.mark.slow


def test_a_conversation_goes_on_after_the_restore(
    prepared_home: Path, knowledge: Knowledge, open_folder: Path, tmp_path: Path
) -> None:
    if not (prepared_home / "bot" / "bot.tar.gz").exists():
        pytest.skip("the bot is not trained: run `guichet prepare`")
    first, second, file = open_folder / "first", open_folder / "second", tmp_path / "guichet.backup"
    for home in (first, second):  # what `guichet prepare` makes again
        home.mkdir()
        for name in ("encoder", "bot"):
            (home / name).symlink_to(prepared_home / name, target_is_directory=True)
    (first / "knowledge").symlink_to(knowledge.home / "knowledge", target_is_directory=True)
    with up(first) as service:
        citizen = service.citizen()
        answer = citizen.ask("How do I renew my passport?")
        guichet(first, "backup", str(file))
        citizen.ask("How do I get a birth certificate?")
    guichet(second, "restore", str(file))
    with up(second) as service:
        citizen.http = httpx.Client(base_url=service.url, timeout=30, headers=citizen.http.headers)
        told = [event for kind, event in citizen.history() if kind == "reply"]
        assert [event["quotes"] for event in told] == [answer["quotes"]]
        assert citizen.ask("How do I renew my passport?")["quotes"] == answer["quotes"]


@contextmanager
def up(home: Path) -> Iterator[Running]:
    port = free_port(0)
    process = subprocess.Popen(
        [sys.executable, "-m", "guichet", "up"],
        cwd=ROOT,
        env=environment(home) | {"GUICHET_PUBLIC_PORT": str(port)},
    )
    service = Running(f"http://127.0.0.1:{port}", home, process)
    try:
        wait_until_ready(service)
        yield service
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def guichet(home: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "guichet", *words], cwd=ROOT, env=environment(home), check=True, timeout=60)


def environment(home: Path) -> dict[str, str]:
    return os.environ | {"GUICHET_HOME": str(home)}
