"""Signing in works without JavaScript; with it, the page speaks one language and says why it did not work."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.channels.desk.pages.fake_desk import FakeDesk


def test_without_javascript(browser: Browser, desk: FakeDesk) -> None:
    desk.signed_in = False
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(5000)
    page = context.new_page()
    page.goto(desk.origin)
    expect(page.get_by_role("heading", name="Sign in / Se connecter")).to_be_visible()
    expect(page.locator(".complaint")).to_have_count(6)
    for complaint in page.locator(".complaint").all():
        expect(complaint).to_be_hidden()
    for password, address in (("wrong", "/sign-in?wrong"), ("right", "/")):
        page.get_by_label("Email Courriel").fill("amara@example.org")
        page.get_by_label("Password Mot de passe").fill(password)
        page.get_by_role("button", name="Sign in / Se connecter").click()
        expect(page).to_have_url(desk.origin + address)
    assert desk.forms[1] == {"email": "amara@example.org", "password": "right"}
    context.close()


@pytest.mark.parametrize(
    ("reason", "language", "told"),
    [
        ("wrong", "English", "This email and password do not go together. Please try again."),
        ("wrong", "Français", "Ce courriel et ce mot de passe ne vont pas ensemble. Veuillez réessayer."),
        ("locked", "English", "Too many tries. Please wait a few minutes, or ask your administrator."),
        ("busy", "Français", "Trop de tentatives de connexion viennent de votre réseau. Veuillez attendre une minute."),
        (
            "stranger",
            "English",
            "You proved who you are, but you have no account here. Ask your administrator for one.",
        ),
    ],
)
def test_it_says_why_it_did_not_work(page: Page, desk: FakeDesk, reason: str, language: str, told: str) -> None:
    page.goto(f"{desk.origin}/sign-in?{reason}")
    page.get_by_role("button", name=language).click()
    expect(page.locator(".complaint p:visible")).to_have_text([told])
    expect(page.locator("#password")).to_have_accessible_description(told)
    page.goto(f"{desk.origin}/sign-in")
    expect(page.get_by_role("button", name=language)).to_have_attribute("aria-pressed", "true")  # kept
    expect(page.locator(".complaint:visible")).to_have_count(0)


def test_who_is_signed_out_is_led_to_the_sign_in_page(opened: Page, desk: FakeDesk) -> None:
    desk.signed_in = False
    opened.locator("#waiting a").first.click()
    expect(opened).to_have_url(f"{desk.origin}/sign-in")


def test_signing_out_leaves_no_draft(opened: Page, desk: FakeDesk) -> None:
    opened.locator("#mine a").click()
    opened.get_by_label("Your reply").fill("half a sent")
    assert "half a sent" in opened.evaluate("JSON.stringify(sessionStorage)")
    opened.get_by_role("button", name="Sign out").click()
    expect(opened).to_have_url(re.compile("/sign-in$"))
    assert opened.evaluate("sessionStorage.length") == 0
