"""A browser and a fake server for the tests of the web pages."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.channels.web.fake_server import FakeServer
from tests.channels.web.running import running as serving

CHROMIUM = os.environ.get("GUICHET_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"]
FLAGS += ["disable-component-update", "disable-sync"]
ZONE = "America/Vancouver"  # of the browser, whose day is another one than UTC's for a third of the time
expect.set_options(timeout=5000)


def launch_options() -> dict[str, Any]:
    """How to start Chromium; skips the test where there is none."""
    if not os.path.exists(CHROMIUM):
        pytest.skip(f"{CHROMIUM} is not there: install Debian's chromium, or name one in GUICHET_CHROMIUM.")
    return {"executable_path": CHROMIUM, "args": [f"--{flag}" for flag in FLAGS]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    options = launch_options()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def running() -> Iterator[FakeServer]:
    with serving(FakeServer()) as fake:
        yield fake


@pytest.fixture
def server(running: FakeServer) -> FakeServer:
    running.reset()
    return running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which every error and every refusal by the content security policy fails the test."""
    size = {"width": 1200, "height": 900}
    context = browser.new_context(viewport=size, locale="en-CA", timezone_id=ZONE)
    context.set_default_timeout(5000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if "Security Policy" in message.text else None)
    yield page
    context.close()
    assert not wrong
