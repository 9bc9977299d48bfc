"""The whole service as a newcomer starts it: real Redis, PostgreSQL and Rasa, and citizens who talk to it over HTTP."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, sync_playwright

from knowledge import Knowledge
from machine.ports import free_port

NUMBERS = itertools.count(6_135_550_000)
ROOT = Path(__file__).parents[2]
START_SECONDS = 150
CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@dataclass
class Running:
    """A running service: where it is, what its supervisor noted, and its folder."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]

    @property
    def state(self) -> dict[str, Any]:
        noted: dict[str, Any] = json.loads((self.home / "run" / "state.json").read_text())
        return noted

    def kill(self, part: str) -> None:
        os.kill(self.state["pids"][part], signal.SIGKILL)

    @property
    def phones(self) -> str:
        """Where the phone simulator is."""
        return str(self.state["settings"]["twilio_url"])

    def citizen(self, **about: str) -> "Citizen":
        return Citizen(self.url, about)

    def phone(self, channel: str) -> "Phone":
        return Phone(self.phones, channel, str(next(NUMBERS)))


@dataclass
class Citizen:
    """Someone in web chat. `about` goes with every message: a chosen language, the page's, a place."""

    url: str
    about: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, timeout=30)
        token = self.http.post("/web/conversations", json={}).json()["conversation"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def say(self, text: str) -> str:
        """Send a message; its id."""
        id = uuid.uuid4().hex
        response = self.http.post("/web/messages", json={"id": id, "text": text} | self.about)
        assert response.status_code == 202, response.text
        return id

    def ask(self, text: str, seconds: float = 20) -> dict[str, Any]:
        """Say something; the first reply to it."""
        id = self.say(text)
        return self.events(lambda found: found[-1][0] == "reply" and found[-1][1]["in_reply_to"] == id, seconds)[-1][1]

    def events(
        self, enough: Callable[[list[tuple[str, dict[str, Any]]]], bool], seconds: float = 20
    ) -> list[tuple[str, dict[str, Any]]]:
        """The conversation's events from its beginning until they are enough; fails after so many seconds."""
        found: list[tuple[str, dict[str, Any]]] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                with self.http.stream("GET", "/web/events", timeout=httpx.Timeout(5, read=seconds)) as response:
                    found, kind = [], ""
                    for line in response.iter_lines():
                        if line.startswith("event: "):
                            kind = line[7:]
                        elif line.startswith("data: "):
                            found.append((kind, json.loads(line[6:])))
                            if enough(found):
                                return found
                        if time.monotonic() > until:
                            break
            except httpx.TransportError:
                time.sleep(0.2)
        raise AssertionError(f"after {seconds} s there are only {found}")

    def history(self, quiet: float = 1.5) -> list[tuple[str, dict[str, Any]]]:
        """All events so far: those that come until nothing does for a while."""
        found: list[tuple[str, dict[str, Any]]] = []
        kind = ""
        try:
            with self.http.stream("GET", "/web/events", timeout=httpx.Timeout(5, read=quiet)) as response:
                for line in response.iter_lines():
                    if line.startswith("event: "):
                        kind = line[7:]
                    elif line.startswith("data: "):
                        found.append((kind, json.loads(line[6:])))
        except httpx.ReadTimeout:
            return found
        return found


@dataclass
class Phone:
    """Somebody with a telephone, in the phone simulator: what they send is signed, and they see what was sent to them."""

    url: str
    channel: str
    number: str

    def say(self, text: str = "", **more: object) -> None:
        sender = self.number if self.channel == "telegram" else f"+1{self.number}"
        body = {"channel": self.channel, "from": sender, "text": text} | more
        assert httpx.post(f"{self.url}/say", json=body, timeout=30).json() == {"status": 200}

    def ask(self, text: str = "", **more: object) -> dict[str, Any]:
        """Say something; the next message that comes."""
        before = len(self.messages())
        self.say(text, **more)
        return self.messages(before + 1)[before]

    def messages(self, at_least: int = 0, seconds: float = 20) -> list[dict[str, Any]]:
        """All that came to this telephone."""
        return self._shown(lambda each: each.get("to", "").endswith(self.number), at_least, seconds)

    def states(self, sid: str, at_least: int) -> list[str]:
        """What was reported of a message that came."""
        return [
            each["state"] for each in self._shown(lambda each: each["sid"] == sid and "state" in each, at_least, 20)
        ]

    def _shown(self, mine: Callable[[dict[str, Any]], bool], at_least: int, seconds: float) -> list[dict[str, Any]]:
        until = time.monotonic() + seconds
        while True:
            found = [each for each in self._everything() if mine(each)]
            if len(found) >= at_least:
                return found
            assert time.monotonic() < until, f"after {seconds} s there are only {found}"
            time.sleep(0.1)

    def _everything(self) -> list[dict[str, Any]]:
        found = []
        quiet = httpx.Timeout(5, read=0.3)
        with suppress(httpx.ReadTimeout), httpx.stream("GET", f"{self.url}/events", timeout=quiet) as stream:
            found.extend(json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
        return found


@pytest.fixture(scope="session")
def running(prepared_home: Path, knowledge: Knowledge, open_folder: Path) -> Iterator[Running]:
    """Everything, started by `guichet up --dev` on free ports; the bundled content is what it knows."""
    if not (prepared_home / "bot" / "bot.tar.gz").exists():
        pytest.skip("the bot is not trained: run `guichet prepare`")
    home = open_folder / "journeys"
    home.mkdir()
    for name, made in (("encoder", prepared_home), ("bot", prepared_home), ("knowledge", knowledge.home)):
        (home / name).symlink_to(made / name, target_is_directory=True)
    port = free_port(0)
    settings = {"GUICHET_HOME": str(home), "GUICHET_PUBLIC_PORT": str(port), "GUICHET_MESSAGES_PER_MINUTE": "100000"}
    process = subprocess.Popen([sys.executable, "-m", "guichet", "up", "--dev"], cwd=ROOT, env=os.environ | settings)
    service = Running(f"http://127.0.0.1:{port}", home, process)
    try:
        wait_until_ready(service)
        yield service
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


@pytest.fixture
def page(running: Running) -> Iterator[Page]:
    if not CHROMIUM.exists():
        pytest.skip("Debian's chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser.new_page(viewport={"width": 1200, "height": 900})
        browser.close()


def wait_until_ready(service: Running) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and service.process.poll() is None:
        try:
            if service.citizen().ask("hello", 5)["text"].startswith("Hello"):  # not yet while Rasa starts
                return
        except (httpx.HTTPError, AssertionError, KeyError, ValueError):
            pass
        time.sleep(0.5)
    pytest.fail(f"the service was not ready after {START_SECONDS} s")
