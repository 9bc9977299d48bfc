"""The browser of the other web pages, and a fake desk."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.channels.desk.pages.fake_desk import FakeDesk
from tests.channels.web.conftest import browser, page
from tests.channels.web.running import running as serving

__all__ = ["browser", "page"]


@pytest.fixture(scope="module")
def running() -> Iterator[FakeDesk]:
    with serving(FakeDesk()) as fake:
        yield fake


@pytest.fixture
def desk(running: FakeDesk) -> FakeDesk:
    running.reset()
    return running


@pytest.fixture
def opened(page: Page, desk: FakeDesk) -> Page:
    """The desk, with its list fetched."""
    page.goto(desk.origin)
    page.locator(".cases li").first.wait_for()
    return page
