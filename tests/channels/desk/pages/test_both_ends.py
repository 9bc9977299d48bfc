"""The desk's pages in a real browser with the real desk app, Redis and PostgreSQL behind them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Page, async_playwright, expect

from tests.channels.desk.conftest import PASSWORD, Stage
from tests.channels.desk.test_app import HIT, Books
from tests.channels.web.conftest import launch_options


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The address of an app, for as long as the `with` lasts."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=0))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 — uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def url(stage: Stage) -> AsyncIterator[str]:
    async with serving(stage.app(Books())) as address:  # type: ignore[arg-type]
        yield address


@pytest.fixture
async def tab() -> AsyncIterator[Page]:
    options = launch_options()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**options)
        yield await browser.new_page(locale="en-CA")
        await browser.close()


async def test_a_case_from_the_list_to_its_end(tab: Page, url: str, stage: Stage) -> None:
    agent, (id, conversation) = await stage.agent("Ana"), await stage.case()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    await tab.goto(url)
    await tab.get_by_label("Email").fill(agent.email)
    await tab.get_by_label("Password").fill(PASSWORD)
    await tab.keyboard.press("Enter")
    await tab.locator(f"a[href='#{id}']").click()
    await expect(tab.get_by_role("heading", name=f"Case {id}")).to_be_focused()
    await tab.keyboard.press("c")
    reply = tab.get_by_role("textbox", name="Your reply")
    await expect(reply).to_be_focused()
    await stage.cases.heard(conversation.key, "m1", "What does a dog licence cost?", datetime.now(UTC))
    await stage.counter.announce(id)
    await expect(tab.locator("#said").get_by_text("What does a dog licence cost?")).to_be_visible()
    await expect(tab.locator("#suggested")).to_contain_text(HIT["text"])
    await tab.get_by_role("searchbox").fill("dog")
    await tab.get_by_role("searchbox").press("Enter")
    await tab.locator("#found").get_by_role("button", name="Add to the reply").click()
    await reply.fill("It says here:")
    await reply.press("Enter")
    await expect(tab.locator("#said .agent")).to_contain_text(HIT["text"])
    await expect(tab.locator("#said .pending")).to_have_count(0)
    await tab.get_by_role("button", name="Internal note").click()
    await tab.locator("#note-text").fill("Has two dogs.")
    await tab.locator("#note-text").press("Enter")
    await expect(tab.locator("#said .note")).to_contain_text("Has two dogs.")
    await tab.get_by_role("button", name="Close…").click()
    await tab.get_by_role("button", name="Close the case").click()
    await expect(tab.locator("#holder")).to_have_text("This case is closed.")
    await expect(tab.locator(f"a[href='#{id}']")).to_have_count(0)
    sent = [str(item) for item in await stage.posted()]
    assert len([item for item in sent if "It says here:" in item and HIT["url"] in item]) == 1
    assert not [item for item in sent if "two dogs" in item]
    await tab.get_by_role("button", name="Sign out").click()
    await expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
    assert [text for text in wrong if "favicon" not in text and "404" not in text] == []
