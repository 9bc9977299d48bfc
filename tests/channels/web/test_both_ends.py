"""The pages in a real browser with the real web app, worker and Redis behind them."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from channels.responder import Turn
from channels.web.pages import REPLY_WAIT_SECONDS
from tests.channels.conftest import Service
from tests.channels.web import canned
from tests.channels.web.conftest import launch_options


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    options = launch_options()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**options)
        yield browser
        await browser.close()


async def test_a_question_in_the_window(chromium: Browser, service: Service) -> None:
    service.bot.turns["How much?"] = Turn((canned.ANSWERED,))
    page = await chromium.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    await page.goto(f"{service.http.base_url}/en")
    await page.get_by_role("textbox").fill("How much?")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("figure")).to_contain_text("$163.50")
    await page.get_by_role("button", name="Yes").click()
    await expect(page.get_by_text("Thank you for telling us.")).to_be_visible()
    await page.get_by_role("button", name="Français").click()
    await page.get_by_role("textbox").fill("bonjour")
    await page.keyboard.press("Enter")
    await expect(page.locator(".reply")).to_have_count(2)
    await page.reload()
    await expect(page.locator(".said, .reply")).to_have_count(4)
    await expect(page.get_by_role("button", name="Envoyer")).to_be_visible()
    assert [(said.text, said.language) for _, said in service.bot.heard] == [("How much?", None), ("bonjour", "fr")]
    assert refused == []


async def test_a_question_without_javascript(chromium: Browser, service: Service) -> None:
    service.bot.turns["Combien?"] = Turn((canned.REPONDU,))
    page = await (await chromium.new_context(java_script_enabled=False)).new_page()
    await page.goto(f"{service.http.base_url}/fr")
    await page.get_by_role("link", name="Version sans JavaScript").first.click()
    await page.get_by_role("textbox", name="Votre question").fill("Combien?")
    await page.get_by_role("button", name="Envoyer").click()
    await expect(page.get_by_role("figure")).to_contain_text("163,50 $")
    await page.get_by_role("button", name="Oui").click()
    await expect(page.get_by_text("Merci de nous l’avoir dit.")).to_be_visible()
    await page.get_by_role("button", name="Combien de temps faut-il?").click()
    await expect(page.get_by_text("Combien de temps faut-il pour renouveler un passeport?").last).to_be_visible()
    await expect(page.get_by_role("listitem")).to_have_count(6)  # two said, two replied, and two in the quote
    assert [said.text for _, said in service.bot.heard][1] == "Combien de temps faut-il pour renouveler un passeport?"


async def test_the_page_waits_no_longer_than_for_the_reply(service: Service) -> None:
    form = {"id": "m1", "text": "hello", "language": "en"}
    page = await service.http.post("/chat", data=form, follow_redirects=True)
    assert page.text.count("hello") == 2  # the parrot's reply is there
    assert page.elapsed.total_seconds() < REPLY_WAIT_SECONDS / 2
    again = await service.http.get("/chat?lang=en")
    assert again.elapsed.total_seconds() < REPLY_WAIT_SECONDS / 2
