"""A citizen in a real browser, on the demonstration page, with the whole service behind it."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.journeys.conftest import Running


@pytest.mark.parametrize(
    ("path", "question", "title"),
    [
        ("/", "How do I renew my passport?", "Renew an adult passport"),
        ("/fr", "Comment renouveler mon passeport?", "Renouveler un passeport pour adulte"),
    ],
)
def test_a_question_typed_is_answered_with_its_source(
    running: Running, page: Page, path: str, question: str, title: str
) -> None:
    page.goto(running.url + path)
    launcher = page.locator("guichet-chat #launcher")
    if launcher.is_visible():
        launcher.click()
    page.locator("guichet-chat textarea").fill(question)
    page.keyboard.press("Enter")
    page.locator("guichet-chat blockquote").first.wait_for(timeout=15_000)
    source = page.locator("guichet-chat figcaption").first
    assert title in source.inner_text()
    assert source.locator("a").get_attribute("href", timeout=1000).startswith("https://www.canada.ca/")  # type: ignore[union-attr]
    assert Axe().run(page).violations_count == 0
