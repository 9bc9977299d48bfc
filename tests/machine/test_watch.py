"""The watch: a saved file is answered from soon and everywhere, it goes on after any error, and there is one of it."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from guichet import app
from knowledge import Knowledge, sources
from knowledge.encoder import SharedEncoder
from knowledge.publishing.snapshot import current
from knowledge.sources.site_fetch import Fetcher
from machine import watch
from machine.prepare import published
from machine.publisher import seconds
from machine.publishing import Published
from machine.watch import AlreadyWatching, Tellers, Watch, is_watched, watching
from tests.conftest import ROOT
from tests.knowledge.sources.test_site import Town, page, town  # noqa: F401 - the site is a fixture
from tests.machine.test_publishing import NAMES, House, encoder, house, quiet  # noqa: F401 - two are fixtures

SOON = 20.0  # seconds


class Watched:
    """A house under a watch that runs in a thread; `said`, `wrong` and `done` are what it told."""

    def __init__(self, house: House, **how: object) -> None:  # noqa: F811
        self.house = house
        self.said: list[str] = []
        self.wrong: list[str] = []
        self.done: list[Published] = []
        tell = Tellers(self.said.append, self.wrong.append, self.done.append)
        self.watch = Watch(house.settings, tell, **{"every": 3600.0, **how})  # type: ignore[arg-type]
        self.thread = threading.Thread(target=self.watch.run)

    def __enter__(self) -> "Watched":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.watch.stop.set()
        self.thread.join(SOON)
        assert not self.thread.is_alive()

    def answer(self) -> str:
        found = Knowledge(self.house.home, SharedEncoder(self.house.home / "none")).search("canoe permit costs", 1)
        return found[0].passage.text


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + SOON
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(watch, "RETRY_SECONDS", 0.2)


@pytest.fixture
def watched(house: House) -> Iterator[Watched]:  # noqa: F811
    house.index()
    with Watched(house) as found:
        yield found


def test_a_file_that_is_saved_is_answered_from(watched: Watched) -> None:
    watched.house.write("canoe", "$15")
    until(lambda: "$15" in watched.answer())
    assert not watched.wrong


def test_a_page_that_is_taken_away_is_never_answered_from_again(watched: Watched) -> None:
    knowledge = Knowledge(watched.house.home, SharedEncoder(watched.house.home / "none"))  # as a process that runs
    assert "canoe" in {hit.title for hit in knowledge.search("permit costs", 20)}
    (watched.house.pages / "en" / "canoe.md").unlink()
    until(lambda: watched.done)
    for _ in range(20):
        assert "canoe" not in {hit.title for hit in knowledge.search("canoe permit costs", 20)}


def test_what_changed_while_nobody_watched_is_seen_at_the_start(house: House) -> None:  # noqa: F811
    house.index()
    house.write("canoe", "$15")
    with Watched(house) as watched:
        until(lambda: watched.done)
        assert "$15" in watched.answer()


def test_files_are_read_when_they_have_come_to_rest(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.2)
    time.sleep(0.3)
    for number in range(12):
        watched.house.write("canoe", f"${number + 100}")
        time.sleep(0.1)
    until(lambda: "$111" in watched.answer() and watched.done)
    assert len(watched.done) == 1


def test_a_page_that_is_broken_while_somebody_works_on_it_stays_as_it_was(watched: Watched) -> None:
    file = watched.house.write("canoe")
    file.write_text("---\ntitle: [canoe\n---\nHalf")
    watched.house.write("ferry", "$3")
    until(lambda: watched.done)
    assert "canoe.md" in watched.wrong[0] and "canoe permit costs $12" in watched.answer()
    watched.house.write("canoe", "$15")
    until(lambda: "$15" in watched.answer())


def test_a_folder_that_is_away_is_said_once_and_what_it_said_stays(watched: Watched) -> None:
    pages = watched.house.pages
    pages.rename(pages.with_name("away"))
    until(lambda: watched.wrong)
    time.sleep(0.5)
    assert len(watched.wrong) == 1 and "What was published of it stays" in watched.wrong[0]
    assert "$12" in watched.answer()
    pages.with_name("away").rename(pages)
    watched.house.write("canoe", "$15")
    until(lambda: "$15" in watched.answer())


def test_a_folder_that_goes_while_it_is_looked_at_is_looked_at_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, looks = sources.stamp, list[str]()

    def going(source: str) -> object:
        looks.append(source)
        if len(looks) == 1:
            raise FileNotFoundError(2, "No such file or directory", f"{source}/en/canoe.md")
        return real(source)

    monkeypatch.setattr(sources, "stamp", going)
    until(lambda: len(looks) > 1)
    watched.house.write("canoe", "$15")
    until(lambda: "$15" in watched.answer())
    assert not watched.wrong


def test_half_of_a_folder_is_held_back(watched: Watched) -> None:
    before = current(watched.house.home)
    watched.house.lose_half()
    until(lambda: watched.done)
    assert watched.done[0].held[0].has < 4 and current(watched.house.home) == before


def test_with_review_changes_wait(house: House) -> None:  # noqa: F811
    house.index()
    house.write("canoe", "$15")
    with Watched(house, review=True) as watched:
        until(lambda: watched.done)
        assert watched.done[0].held and "$12" in watched.answer()


def test_a_full_disk_is_said_and_tried_again(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("knowledge.publishing.snapshot.os.replace", full)
        watched.house.write("canoe", "$15")
        # a page that is being written may be read half, which is said, too
        until(lambda: any("The disk is full" in wrong and "what was before stays" in wrong for wrong in watched.wrong))
        assert "$12" in watched.answer()
    until(lambda: "$15" in watched.answer())


def test_what_is_indexed_meanwhile_is_watched_too(watched: Watched) -> None:
    watched.house.write("tram", into="more")
    watched.house.index(watched.house.pages, watched.house.pages.with_name("more"))
    watched.house.write("tram", "$3", into="more")
    until(lambda: watched.done)
    assert watched.done[0].report and watched.done[0].report.changes.changed[0].page.title == "tram"


def test_a_site_is_asked_by_its_schedule_and_its_changes_are_published(
    house: House,  # noqa: F811
    town: Town,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_once = lambda site, pause=None: Fetcher(site, pause=lambda seconds: None)  # noqa: E731
    monkeypatch.setattr("knowledge.sources.site.Fetcher", at_once)
    monkeypatch.setattr("knowledge.sources.site_fetch.Fetcher", at_once)
    town.maps("/en/canoe", "/en/ferry")
    town.pages |= {f"/en/{name}": page(name) for name in ("canoe", "ferry")}
    published(house.settings, [town.url], quiet, lambda problem: None)
    town.asked.clear()
    with Watched(house, every=0.5) as watched:
        town.pages["/en/canoe"] = page("canoe", text="The canoe permit costs $15.")
        until(lambda: watched.done)
        assert "$15" in watched.answer()
        town.pages["/robots.txt"] = 503, {"Retry-After": "1"}, b""
        until(lambda: watched.wrong)
        assert "What was published of" in watched.wrong[0] and "$15" in watched.answer()
    with Watched(house) as watched:  # it was asked a moment ago
        town.asked.clear()
        time.sleep(0.3)
        assert not town.asked


def test_once_reads_all_and_says_whether_it_could(house: House) -> None:  # noqa: F811
    house.index()
    house.write("canoe", "$15")
    told: list[str] = []
    once = Watch(house.settings, Tellers(told.append, told.append, lambda done: None), 3600.0)
    assert once.once() and not told
    house.pages.rename(house.pages.with_name("away"))
    assert not once.once() and "What was published of" in told[0]


def test_only_one_watches_a_home_and_a_killed_one_is_none(tmp_path: Path) -> None:
    hold = (
        "import sys, time; from pathlib import Path; from machine.watch import watching\n"
        "with watching(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", hold, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        assert is_watched(tmp_path)
        with pytest.raises(AlreadyWatching, match="watched already"), watching(tmp_path):
            pass
        process.kill()
    assert not is_watched(tmp_path)
    with watching(tmp_path):
        assert is_watched(tmp_path)


@pytest.mark.parametrize(("given", "expected"), [("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86400)])
def test_times_are_read(given: str, expected: float) -> None:
    assert seconds(given) == expected


@pytest.mark.parametrize("given", ["", "15", "m", "0m", "-1h", "1.5h", "soon"])
def test_what_is_no_time_is_refused(given: str) -> None:
    with pytest.raises(Exception, match="is no time"):
        seconds(given)


# The command itself


@pytest.fixture
def real(tmp_path: Path, prepared_home: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house with the real encoder, indexed, whose home the settings name."""
    house = House(tmp_path)  # noqa: F811
    house.home.mkdir()
    (house.home / "encoder").symlink_to(prepared_home.resolve() / "encoder", target_is_directory=True)
    monkeypatch.setenv("GUICHET_HOME", str(house.home))
    house.index()
    return house


def quotes(house: House) -> str:  # noqa: F811
    answer = Knowledge.open(house.home).ask("how much is a canoe permit", language="en")
    return " ".join(source.quote for source in answer.sources)


@pytest.mark.slow
def test_from_a_saved_file_to_the_answer_in_another_process(real: House) -> None:
    assert "$12" in quotes(real)
    command = [sys.executable, "-m", "guichet", "watch"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 60
        while not is_watched(real.home):
            assert time.monotonic() < end
            time.sleep(0.1)
        with pytest.raises(AlreadyWatching), watching(real.home):
            pass
        began = time.monotonic()
        real.write("canoe", "$15")
        while "$15" not in quotes(real):
            assert time.monotonic() - began < 60, "a changed file is answered from within a minute"
            time.sleep(0.1)
        began = time.monotonic()
        (real.pages / "en" / "canoe.md").unlink()
        while "canoe" in real.titles():
            assert time.monotonic() - began < 60
            time.sleep(0.1)
        assert "canoe permit" not in quotes(real)
        process.send_signal(signal.SIGTERM)
        told, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "amount: $12 → $15" in told and "pages/en/canoe" in told


KILLED = """
import os, signal, sys
from channels.settings import Settings
from knowledge.publishing import snapshot
from machine import publishing
from machine.watch import Tellers, Watch
where, name = (snapshot, "_publish") if sys.argv[1] == "before" else (publishing, "_remember")
setattr(where, name, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
Watch(Settings(), Tellers(print, print, print), 900.0).once()
"""


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_in_the_middle_of_a_publication_it_goes_on_the_next_time(real: House, moment: str) -> None:
    was = current(real.home)
    real.write("canoe", "$16")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, moment], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (current(real.home) == was) is (moment == "before")
    assert ("$12" if moment == "before" else "$16") in quotes(real)
    assert Watch(real.settings, Tellers(print, pytest.fail, print), 900.0).once()
    assert "$16" in quotes(real) and not real.again().report


def run(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed is wide enough for a folder of tests, and goes where the runner looks."""
    monkeypatch.setattr("machine.pages.out", Printer())


class Printer:
    def print(self, *what: object, end: str = "\n", **_: object) -> None:
        typer.echo(" ".join(map(str, what)) + end, nl=False)


@pytest.mark.usefixtures("printed")
def test_what_waits_is_seen_approved_and_logged_by_commands(real: House) -> None:
    assert "Nothing waits" in run("review")
    real.lose_half()
    real.again()
    assert "has 3 documents, and had 6" in run("review")
    [held] = json.loads(run("review", "list", "--json"))
    assert "3 removed" in run("review", "show", held["id"])
    run("review", "approve", held["id"], "--by", "the clerk", "--why", "it is over")
    assert f"the clerk approved {held['id']}" in run("review", "log") and "(it is over)" in run("review", "log")
    assert "Nothing waits" in run("review") and real.titles() == set(NAMES[3:])
    assert "3 removed" in run("report") and len(json.loads(run("report", "--json"))["changes"]["removed"]) == 3
    assert "There are 3 reports" in run("report", "9", code=1)


def test_the_watch_tells_programs_what_changed(real: House) -> None:
    real.write("canoe", "$15")
    [line] = [json.loads(line) for line in run("watch", "--once", "--json").splitlines() if line.startswith("{")]
    assert line["changes"]["changed"][0]["sections"][0]["figures"] == [{"what": "amount", "old": "$12", "new": "$15"}]
