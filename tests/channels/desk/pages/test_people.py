"""Signing in, one's own account, the staff and the audit in a real browser, with the real desk behind them."""

import re
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, async_playwright, expect
from redis.asyncio import Redis

from channels.desk.people.accounts import Agent
from channels.desk.people.factors import Factors
from channels.desk.people.invitations import Invitations
from channels.desk.people.oidc import BACK, Provider, Registered
from tests.channels.desk.conftest import PASSWORD, Stage
from tests.channels.desk.pages.fake_desk import PAGES
from tests.channels.desk.pages.test_both_ends import serving, url
from tests.channels.desk.people.provider import CLIENT, CLIENT_SECRET, FakeProvider
from tests.channels.desk.test_app import Books
from tests.channels.web.conftest import launch_options
from tests.channels.web.running import running

__all__ = ["url"]

OTHER = "seven grey herons"
LOOKS = [("en-CA", 1280, "light"), ("fr-CA", 320, "dark")]
WIDE = "document.documentElement.scrollWidth > innerWidth"


class Tab:
    """A browser's page that looks at itself: `sound` is whether axe finds nothing and nothing is wider than the window."""

    def __init__(self, page: Page, url: str, language: str) -> None:
        self.page, self.url, self.language = page, url, language

    def says(self, english: str, french: str) -> str:
        return english if self.language == "en-CA" else french

    async def sound(self) -> None:
        found = await Axe().run(self.page, options={"resultTypes": ["violations"]})
        wrong = [(each["id"], [node["target"] for node in each["nodes"]]) for each in found.response["violations"]]
        assert wrong == []
        assert not await self.page.evaluate(WIDE)
        assert await self.page.locator("html").get_attribute("lang") == self.language[:2]

    async def sign_in(self, agent: Agent, password: str = PASSWORD) -> None:
        await self.page.goto(f"{self.url}/sign-in")
        await self.page.locator("#email").fill(agent.email)
        await self.page.locator("#password").fill(password)
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_url(lambda at: not at.endswith("/sign-in"))


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
async def tab(request: pytest.FixtureRequest, url: str, stage: Stage) -> AsyncIterator[Tab]:
    language, width, scheme = request.param
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch_options())
        size = {"width": width, "height": 800}
        context: BrowserContext = await browser.new_context(locale=language, viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        context.set_default_timeout(8000)
        page = await context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda each: wrong.append(each.text) if "Security Policy" in each.text else None)
        yield Tab(page, url, language)
        await browser.close()
    stage.accounts.demand = "none"
    assert not wrong


async def invited(stage: Stage) -> tuple[Agent, str]:
    email = f"{secrets.token_hex(4)}@town.example"
    made = await Invitations(stage.accounts).invite(email, "Noa Exemple", "agent", ["fr"])
    return made.agent, made.link


async def with_codes(stage: Stage, agent: Agent) -> str:
    factors = Factors(stage.accounts, lambda: time.time() - 300)
    offer = factors.offer(agent)
    await factors.turn_on(agent, offer.sealed, pyotp.TOTP(offer.secret).at(int(time.time()) - 300), "")
    return offer.secret


async def test_a_link_leads_to_a_password(tab: Tab, stage: Stage) -> None:
    page, (agent, link) = tab.page, await invited(stage)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(tab.url + link)
    await expect(page.get_by_role("heading", name="Noa Exemple")).to_be_visible()
    assert page.url == f"{tab.url}/welcome", "the token is out of the address"
    field = page.get_by_label(tab.says("New password", "Nouveau mot de passe"))
    await expect(field).to_be_focused()
    await expect(field).to_have_accessible_description(re.compile("12"))
    assert await field.get_attribute("autocomplete") == "new-password"
    await expect(page.locator("#username")).to_have_value(agent.email)
    await tab.sound()
    await field.fill("passwordpassword")
    await page.keyboard.press("Enter")
    await expect(field).to_have_accessible_description(re.compile(tab.says("easily guessed", "facile à deviner")))
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_be_focused()
    await tab.sound()
    await page.get_by_label(tab.says("Show the password", "Afficher le mot de passe")).check()
    await expect(field).to_have_attribute("type", "text")
    await field.fill(OTHER)
    await page.keyboard.press("Enter")
    await expect(page.locator("body.desk")).to_be_visible()
    token = link.partition("#")[2]
    assert not [each for each in asked if token in each], "no request's address has it"
    await page.goto("about:blank")
    await page.goto(tab.url + link)
    await expect(page.get_by_role("link")).to_have_attribute("href", "/sign-in")
    await expect(page.locator("#notice")).to_contain_text(tab.says("ask your", "demandez-en"), ignore_case=True)
    await tab.sound()


async def test_a_code_after_the_password(tab: Tab, stage: Stage) -> None:
    page, agent = tab.page, await stage.agent()
    secret = await with_codes(stage, agent)
    await tab.sign_in(agent)
    field = page.get_by_role("textbox", name="Code")
    await expect(field).to_be_focused()
    assert await field.get_attribute("autocomplete") == "one-time-code"
    await tab.sound()
    await field.fill("nonsense")
    await page.keyboard.press("Enter")
    await expect(field).to_have_accessible_description(re.compile(tab.says("not right", "pas le bon")))
    await tab.sound()
    await field.fill(pyotp.TOTP(secret).now())
    await page.get_by_role("button", name=tab.says("Continue", "Continuer")).click()
    await expect(page.locator("body.desk")).to_be_visible()


async def test_a_given_password_is_changed(tab: Tab, stage: Stage) -> None:
    page, agent = tab.page, await stage.agent()
    await stage.accounts.set_password(agent.email, OTHER)
    await tab.sign_in(agent, OTHER)
    field = page.get_by_label(tab.says("New password", "Nouveau mot de passe"))
    await field.fill(OTHER)
    await tab.sound()
    await page.keyboard.press("Enter")
    await expect(field).to_have_accessible_description(re.compile(tab.says("have now", "actuel")))
    await tab.sound()
    await field.fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("body.desk")).to_be_visible()


async def test_codes_are_set_up_where_the_role_needs_them(tab: Tab, stage: Stage) -> None:
    stage.accounts.demand = "all"
    page, agent = tab.page, await stage.agent()
    await tab.sign_in(agent)
    await expect(page.get_by_role("img")).to_be_visible()
    secret = (await page.locator(".key").inner_text()).replace(" ", "")
    field = page.get_by_role("textbox", name="Code")
    await field.fill("000000")
    await page.keyboard.press("Enter")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await tab.sound()
    await page.get_by_role("button", name=tab.says("Français", "English")).click()
    assert (await page.locator(".key").inner_text()).replace(" ", "") == secret, "the same key in another language"
    await page.get_by_role("button", name=tab.says("English", "Français")).click()
    await field.fill(pyotp.TOTP(secret).now())
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=tab.says("recovery codes", "codes de secours"))).to_be_focused()
    codes = (await page.locator("textarea").input_value()).split()
    assert len(codes) == 10
    await tab.sound()
    await page.get_by_role("button", name=tab.says("I have kept them", "Je les ai conservés")).click()
    await expect(page.locator("body.desk")).to_be_visible()


async def test_ones_own_settings(tab: Tab, stage: Stage) -> None:
    page, agent = tab.page, await stage.agent("Ana")
    await tab.sign_in(agent)
    await page.goto(f"{tab.url}/me")
    await expect(page.locator("#about-me")).to_contain_text(agent.email)
    await tab.sound()
    await page.locator("#old").fill("not the old one")
    await page.locator("#fresh").fill(OTHER)
    await page.keyboard.press("Enter")
    await expect(page.locator("#old")).to_have_accessible_description(re.compile(tab.says("not your", "pas votre")))
    await expect(page.locator("#old")).to_be_focused()
    await tab.sound()
    await page.locator("#old").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text(
        tab.says("Your password is changed.", "Votre mot de passe est changé.")
    )
    await page.locator("#turn-on").click()
    await expect(page.locator("#first-code")).to_be_focused()
    await tab.sound()
    secret = (await page.locator(".key").inner_text()).replace(" ", "")
    await page.locator("#first-code").fill(pyotp.TOTP(secret).now())
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    code = (await dialog.locator("textarea").input_value()).split()[0]
    await tab.sound()
    await page.keyboard.press("Escape")
    await expect(page.locator("#codes-title")).to_be_focused()
    await expect(page.locator("#codes-state")).to_contain_text("10")
    await page.locator("#turn-off").click()
    await dialog.get_by_label("Code").fill("nonsense")
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_label("Code")).to_have_accessible_description(
        re.compile(tab.says("not right", "pas le bon"))
    )
    await tab.sound()
    await dialog.get_by_label("Code").fill(code.upper())
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#turn-on")).to_be_focused()


async def test_the_staff(tab: Tab, stage: Stage) -> None:
    page, agent = tab.page, await stage.agent("Ada", "administrator")
    other = await stage.agent("Sam")
    await tab.sign_in(agent)
    await page.goto(f"{tab.url}/staff")
    card = page.locator(f"[data-id='{other.id}']")
    await expect(card).to_contain_text(other.email)
    await tab.sound()
    await page.locator("#invite").click()
    dialog = page.get_by_role("dialog")
    await tab.sound()
    await dialog.get_by_label(tab.says("Name", "Nom")).fill("Noa")
    email = dialog.get_by_label(tab.says("Email", "Courriel"))
    await email.fill(other.email)
    await page.keyboard.press("Enter")
    await expect(email).to_have_accessible_description(re.compile(tab.says("already", "déjà")))
    await tab.sound()
    await email.fill(f"{secrets.token_hex(4)}@town.example")
    await dialog.get_by_label(tab.says("Taxes", "Impôts")).check()
    await page.keyboard.press("Enter")
    await expect(dialog.locator(".copied input")).to_have_value(re.compile(rf"^{tab.url}/welcome#[\w-]{{43}}$"))
    await tab.sound()
    link = await dialog.locator(".copied input").input_value()
    found = await Invitations(stage.accounts).who(link.partition("#")[2])
    assert found and (found.name, found.teams) == ("Noa", ["taxes"])
    await page.keyboard.press("Escape")
    await card.get_by_role("button", name=tab.says("Change", "Modifier")).click()
    await dialog.get_by_label(tab.says("Role", "Rôle")).select_option("supervisor")
    await page.get_by_role("button", name=tab.says("Save", "Enregistrer")).click()
    await expect(card).to_contain_text(tab.says("Supervisor", "Superviseur"))
    await card.get_by_role("button", name=tab.says("Close", "Fermer")).click()
    await tab.sound()
    await dialog.get_by_role("button", name=tab.says("Close the account", "Fermer le compte")).click()
    await expect(card).to_contain_text(tab.says("Closed", "Fermé"))
    await card.get_by_role("button", name=tab.says("Open again", "Rouvrir")).click()
    await expect(card.get_by_role("button")).to_have_count(3)
    small = await page.locator("button, select, input, nav a").evaluate_all(
        """(all) => all.filter((one) => one.checkVisibility())
                       .filter((one) => Math.min(one.offsetWidth, one.offsetHeight) < 24).map((one) => one.outerHTML)"""
    )
    assert small == []


async def test_the_audit(tab: Tab, stage: Stage) -> None:
    page, agent = tab.page, await stage.agent("Ada", "administrator")
    holder, (id, _) = await stage.agent("Luc"), await stage.case()
    case = await stage.cases.claim(id, holder.id)
    for number in range(60):
        await stage.cases.saw(holder.id, f"looked {number}", id)
    await stage.cases.release(id, holder.id, case.epoch)
    await tab.sign_in(agent)
    await page.goto(f"{tab.url}/audit?case={id}")
    steps = page.locator("#steps li")
    await expect(steps).to_have_count(50)
    await expect(steps.first).to_contain_text(tab.says("released the case", "remise en attente"))
    await tab.sound()
    await page.locator("#more").click()
    await expect(steps).to_have_count(62)
    await expect(steps.nth(50)).to_be_focused()
    await expect(page.locator("#more")).to_be_hidden()
    await page.locator("#case").fill("")
    await page.locator("#of").select_option(agent.id)
    await page.locator("#day").fill("2020-01-01")
    await page.locator("#filters button").click()
    await expect(page.locator("#found")).to_have_text(
        tab.says("There is nothing for this choice.", "Il n’y a rien pour ce choix.")
    )
    await page.locator("#day").fill("")
    await page.locator("#filters button").click()
    await expect(steps.first).to_contain_text(tab.says("looked at the audit", "consultation de la vérification"))
    await expect(steps).to_contain_text(["Ada"] * await steps.count())


async def test_who_may_not_is_told_so(tab: Tab, stage: Stage) -> None:
    await tab.sign_in(await stage.agent("Pia", "publisher"))
    await expect(tab.page.get_by_role("navigation").get_by_role("link")).to_have_count(1)
    await tab.page.goto(f"{tab.url}/staff")
    told = tab.says("This page is not for your role", "Cette page n’est pas destinée à votre rôle")
    await expect(tab.page.get_by_role("heading", name=told)).to_be_visible()
    await tab.sound()


async def test_single_sign_on_comes_back_from_another_site(tab: Tab, stage: Stage, redis: Redis) -> None:
    """The provider is 127.0.0.1, the desk is localhost: to a browser, different sites."""
    with running(FakeProvider()) as fake:
        agent = await stage.agent("Ana")
        fake.email, fake.asks = agent.email, True
        about = Registered(fake.origin, CLIENT, CLIENT_SECRET, BACK, "Town ID")
        provider = Provider(about, redis)
        async with serving(stage.app(Books(), provider=provider)) as address:  # type: ignore[arg-type]
            app_url = address.replace("127.0.0.1", "localhost")
            provider._about = Registered(fake.origin, CLIENT, CLIENT_SECRET, app_url + BACK, "Town ID")
            page = tab.page
            await page.goto(app_url)
            await tab.sound()
            await page.get_by_role("link", name="Town ID").click()
            await page.get_by_role("link", name="It is me").click()
            await expect(page.locator("body.desk")).to_be_visible()
            assert page.url.rstrip("/") == app_url
            fake.subject, fake.email = "another", "stranger@town.example"
            await page.context.clear_cookies()
            await page.goto(app_url)
            await page.get_by_role("link", name="Town ID").click()
            await page.get_by_role("link", name="It is me").click()
            await expect(page.locator("#stranger")).to_be_visible()
            await tab.sound()


async def test_without_javascript_and_https_forms_still_come_from_the_desk(stage: Stage, url: str) -> None:
    """A name that is no loopback has no Sec-Fetch-Site without https: the form's origin must do."""
    agent = await stage.agent()
    secret = await with_codes(stage, agent)
    options = launch_options()
    options["args"] = [*options["args"], "--host-resolver-rules=MAP desk.example 127.0.0.1"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**options)
        page = await browser.new_page(java_script_enabled=False)
        sent: list[dict[str, str]] = []
        page.on("request", lambda request: sent.append(request.headers) if request.method == "POST" else None)
        await page.goto(url.replace("127.0.0.1", "desk.example"))
        await page.locator("#email").fill(agent.email)
        await page.locator("#password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/code")
        await page.locator("#code").fill(pyotp.TOTP(secret).now())
        await page.keyboard.press("Enter")
        await page.wait_for_url(lambda at: at.endswith("/"))
        await browser.close()
    assert len(sent) == 2


SCRIPTS = ("staff", "audit", "settings", "enrol", "welcome", "codes", "ask", "page")


@pytest.mark.parametrize("file", ["staff-texts.js", "audit-texts.js"])
def test_every_text_is_in_both_languages_and_used(file: str) -> None:
    table = (PAGES / file).read_text(encoding="utf-8")
    english, french = re.split(r"^\tfr: \{$", table, flags=re.MULTILINE)
    keys = re.findall(r"^\t\t(\w+):", english, re.MULTILINE)
    assert len(keys) > 15 and re.findall(r"^\t\t(\w+):", french, re.MULTILINE) == keys
    inner = re.compile(r"(?:^\t\t\t|(?<=, )|(?<=\{ ))\"?([\w -]+)\"?: (?:\"|\()", re.MULTILINE)
    assert len(inner.findall(english)) > 5 and inner.findall(english) == inner.findall(french)
    source = "".join((PAGES / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    source += "".join(page.read_text(encoding="utf-8") for page in PAGES.glob("*.html"))
    used = re.compile(
        r'exts\.(\w+)|data-say(?:-label)?="(\w+)"|dataset\.say = "(\w+)"|"(to\w+)"|\["(\w+)", |begin\("(\w+)"'
    )
    assert not set(keys) - {key for found in used.findall(source) for key in found}
    said = " | ".join(re.findall(r"[\"`](.+?)[\"`]", re.sub(r"\$\{.*?\}", "", french)))
    assert not re.search(r"« | »| :(?! )|\w : |\d h\b|\w [?!;] ", said)


def test_what_is_written_down_has_words() -> None:
    calls = r"(?:\bwrite|guesses\.missed|trail\.note|\.saw|\._move|\._hand|\._refused|\._change)"
    written = re.compile(calls + r'\(\s*[^"=\n]*"([a-z][a-z_ -]+)"|did="([a-z ]+)"')
    source = "".join(module.read_text(encoding="utf-8") for module in PAGES.parent.rglob("*.py"))
    did = {name for found in written.findall(source) for name in found if name}
    assert len(did) > 30
    texts = (PAGES / "audit-texts.js").read_text(encoding="utf-8")
    assert not {name for name in did if not re.search(rf'[\s"]{name}"?: "', texts)}


@pytest.mark.parametrize("page", ["sign-in", "code", "change", "arrived", "refused"])
def test_a_page_that_speaks_both_languages_says_the_same_in_both(page: str) -> None:
    text = Path(PAGES / f"{page}.html").read_text(encoding="utf-8").partition("<body")[2]
    said = {lang: re.findall(rf'<(\w+) lang="{lang}">([^<]+)<', text) for lang in ("en", "fr")}
    assert len(said["en"]) == len(said["fr"]) > 2
    assert [tag for tag, _ in said["en"]] == [tag for tag, _ in said["fr"]]
    assert not re.search(r"\w [?!;:](?: |<)", " ".join(words for _, words in said["fr"]))
