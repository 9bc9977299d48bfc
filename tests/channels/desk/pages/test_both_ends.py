"""The desk's pages in a real browser with the real desk app, Redis and PostgreSQL behind them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Page, async_playwright, expect

from channels.desk.people.accounts import Agent
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


async def sign_in(tab: Page, url: str, agent: Agent) -> None:
    await tab.goto(url)
    await tab.get_by_label("Email").fill(agent.email)
    await tab.get_by_label("Password").fill(PASSWORD)
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_role("heading", name="Cases")).to_be_visible()


async def test_a_case_from_the_list_to_its_end(tab: Page, url: str, stage: Stage) -> None:
    agent, (id, conversation) = await stage.agent("Ana"), await stage.case()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    await sign_in(tab, url, agent)
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
    await tab.get_by_label("Help with a form").check()
    await tab.get_by_role("button", name="Close the case").click()
    await expect(tab.locator("#holder")).to_have_text("This case is closed.")
    await expect(tab.locator(f"a[href='#{id}']")).to_have_count(0)
    await expect(tab.locator("#facts")).to_contain_text("Help with a form")
    sent = [str(item) for item in await stage.posted()]
    assert len([item for item in sent if "It says here:" in item and HIT["url"] in item]) == 1
    assert not [item for item in sent if "two dogs" in item]
    await tab.get_by_role("button", name="Sign out").click()
    await expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
    assert [text for text in wrong if "favicon" not in text and "404" not in text] == []


async def test_a_supervisor_sees_and_switches(tab: Page, url: str, stage: Stage) -> None:
    ana, luc = await stage.agent("Ana", "supervisor"), await stage.agent("Luc")
    id, _ = await stage.case(team="housing")
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    await sign_in(tab, url, ana)
    await tab.keyboard.press("b")
    card = tab.locator("#teams .card", has=tab.get_by_role("heading", name="Housing"))
    await expect(card.locator(".waiting dd")).to_have_text("1")
    await expect(card.locator(".hours")).to_have_text("Open")
    claimed = await stage.counter.claim(id, luc.id)
    await expect(card.locator(".waiting dd")).to_have_text("0")
    await expect(card.locator(".claimed dd")).to_have_text("1")
    await stage.counter.say(id, luc.id, claimed.epoch, "reply-0001", "Hello", [])
    await expect(card.locator(".day")).to_contain_text("100% (1 of 1)")
    await tab.get_by_role("button", name="Close Housing").click()
    await tab.get_by_label("Why?").fill("Training")
    await tab.get_by_role("button", name="Close the team").click()
    await expect(card).to_contain_text("Takes no new cases")
    assert [each.subject for each in await stage.switches.on("closed")] == ["housing"]
    await tab.get_by_role("button", name="Open Housing again").click()
    await tab.get_by_role("button", name="End it").click()
    await expect(card).not_to_contain_text("Takes no new cases")
    assert await stage.switches.on("closed") == []
    await tab.get_by_role("button", name="Emergency notice…").click()
    await tab.get_by_label("In English").fill("Counters are closed today.")
    await tab.get_by_label("In French").fill("Les comptoirs sont fermés aujourd’hui.")
    await tab.get_by_label("Why?").fill("Storm")
    await tab.get_by_label("Until when?").fill("2199-01-01T10:00")
    await tab.get_by_label("Yes, tell everybody").check()
    await tab.get_by_role("button", name="Put the notice up").click()
    await expect(tab.locator("#switches li")).to_contain_text("Ana, ")
    (notice,) = await stage.switches.on("notice")
    assert notice.texts == {"en": "Counters are closed today.", "fr": "Les comptoirs sont fermés aujourd’hui."}
    await tab.get_by_role("button", name="Give to people…").click()
    await tab.get_by_label("Words, with commas between them").fill("fees")
    await tab.get_by_label("Why?").fill("New fees")
    await tab.get_by_role("dialog").get_by_role("button", name="Give to people").click()
    await expect(tab.locator("#switches li")).to_have_count(2)
    assert [each.subject for each in await stage.switches.on("to_people")] == ["fees"]
    await tab.get_by_role("link", name="Statistics").click()
    totals = tab.locator("#days .totals tr", has_text="Housing")
    await expect(totals.locator("td").nth(1)).to_have_text("1")
    async with tab.expect_download() as download:
        await tab.get_by_role("link", name="Download as CSV").click()
    written = (await (await download.value).path()).read_text(encoding="utf-8-sig")
    assert ",Housing,1,1," in written
    assert [text for text in wrong if "favicon" not in text and "404" not in text] == []


async def test_what_happens_elsewhere_is_in_the_list_and_a_whisper_in_the_case(
    tab: Page, url: str, stage: Stage
) -> None:
    ana, luc, (id, _) = await stage.agent("Ana", "supervisor"), await stage.agent("Luc"), await stage.case()
    await sign_in(tab, url, ana)
    claimed = await stage.counter.claim(id, luc.id)
    row = tab.locator("#others li", has=tab.locator(f"a[href='#{id}']"))
    await expect(row).to_contain_text(f"Case {id} · Luc")
    await stage.counter.presence.arrive(luc.id, "0badcafe")
    await stage.counter.presence.look("0badcafe", id)
    await expect(row).to_contain_text("Luc is looking at this")
    await row.get_by_role("link").click()
    for _ in range(100):
        if ana.id in (await stage.counter.presence.looking()).get(id, []):
            break
        await asyncio.sleep(0.05)
    assert sorted((await stage.counter.presence.looking())[id]) == sorted([ana.id, luc.id])
    await tab.locator("#to-whisper").click()
    await tab.locator("#whisper-text").fill("Ask for the form.")
    await tab.locator("#whisper-text").press("Enter")
    await expect(tab.locator("#said .whisper")).to_contain_text("Ask for the form.")
    await tab.get_by_role("button", name="Reassign…").click()
    await tab.get_by_label("To the team").select_option("taxes")
    await tab.get_by_role("dialog").get_by_role("button", name="Reassign").click()
    await expect(tab.locator("#said .done").last).to_contain_text("You gave the case to Taxes")
    assert (await stage.cases.one(id)).team == "taxes"
    assert (await stage.cases.one(id)).epoch > claimed.epoch
    assert not [item for item in await stage.posted() if "form" in str(item)]
