"""Everyone can use the desk: axe finds nothing; the keyboard, zoom, contrast modes and both languages work."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.channels.desk.pages.fake_desk import PAGES, FakeDesk
from tests.channels.desk.pages.test_case import open_case
from tests.channels.web.test_accessibility import check, press

SCRIPTS = sorted(PAGES.glob("*.js"))


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("English", 1280, "light"), ("Français", 1280, "dark"), ("Français", 320, "light")],
)
def test_axe_finds_nothing_and_it_reflows(page: Page, desk: FakeDesk, language: str, width: int, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    desk.role = "supervisor"

    def sound(*without: str) -> None:
        check(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.goto(f"{desk.origin}/sign-in?wrong")
    page.get_by_role("button", name=language).click()
    sound()
    page.goto(desk.origin)
    page.locator(".cases li").first.wait_for()
    sound()
    for id in (12, 15, 14):  # waiting, another's, mine
        page.goto(f"{desk.origin}/#{id}")
        expect(page.locator("#case-title")).to_contain_text(str(id))
        expect(page.locator("#case-title")).to_be_focused()
        if id == 15:
            sound()
    page.locator("#query").fill("passport")
    page.locator("#query").press("Enter")
    page.locator("#found button").first.click()
    page.locator("#reply-text").fill("/")
    expect(page.locator("#canned li")).to_have_count(3)
    sound()
    page.locator("#reply-text").fill("")
    page.locator("#to-note").click()
    sound()
    for opener in ("[data-do=transfer]", "[data-do=close]", "#shortcuts"):
        page.locator(opener).click()
        expect(page.locator("#dialog")).to_be_visible()
        sound()
        page.keyboard.press("Escape")
    page.goto(f"{desk.origin}/#12")
    expect(page.locator("#foreign")).to_be_visible()
    sound()


def test_with_the_keyboard_alone(page: Page, desk: FakeDesk) -> None:
    page.goto(desk.origin)
    page.locator(".cases li").first.wait_for()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    page.keyboard.press("j")  # not here
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    for key, id in (("j", 13), ("j", 11), ("k", 13), ("j", 11)):
        page.keyboard.press(key)
        expect(page.get_by_role("heading", name=f"Case {id}")).to_be_focused()
    page.keyboard.press("c")
    reply = page.get_by_label("Your reply")
    expect(reply).to_be_focused()
    page.keyboard.type("jk? ns")  # letters, while writing
    expect(reply).to_have_value("jk? ns")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Case 11")).to_be_focused()
    page.keyboard.press("s")
    page.keyboard.type("passport")
    page.keyboard.press("Enter")
    expect(page.locator("#found li")).to_have_count(2)
    press(page, "Tab", until=page.locator("#found button").first)
    page.keyboard.press("Enter")
    page.keyboard.press("n")
    page.keyboard.type("careful")
    page.keyboard.press("Enter")
    expect(page.locator("#said .note")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(reply).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#said .agent figure")).to_be_visible()
    press(page, "Shift+Tab", until=page.get_by_role("button", name="Reply to the citizen"))
    press(page, "Shift+Tab", until=page.get_by_role("group", name="Conversation"))
    press(page, "Shift+Tab", until=page.get_by_role("button", name="Close…"))
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This case is closed.").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".cases a:focus")).to_have_count(1)
    assert desk.sent("say")[0]["text"] == "jk? ns"
    assert desk.sent("close")[0]["outcome"] == "referred"


def test_shortcuts_of_one_key_can_be_turned_off(opened: Page, desk: FakeDesk) -> None:
    opened.get_by_role("button", name="Shortcuts").click()
    opened.get_by_label("Use shortcuts of one key").uncheck()
    opened.get_by_role("button", name="Done").click()
    opened.keyboard.press("j")
    opened.wait_for_timeout(200)
    expect(opened.locator("#case")).to_be_hidden()
    opened.get_by_role("button", name="Shortcuts").click()
    opened.get_by_label("Use shortcuts of one key").check()
    opened.keyboard.press("Escape")
    expect(opened.get_by_role("dialog")).to_be_hidden()
    opened.keyboard.press("j")
    expect(opened.locator("#case")).to_be_visible()


def test_on_a_narrow_window_the_list_and_the_case_take_turns(page: Page, desk: FakeDesk) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(desk.origin)
    open_case(page, 14)
    expect(page.locator("#queue")).to_be_hidden()
    page.get_by_role("button", name="Back to the cases").click()
    expect(page.locator("a[href='#14']")).to_be_focused()
    expect(page.locator("#case")).to_be_hidden()


@pytest.mark.parametrize("width", [1280, 320])
def test_what_is_pressed_is_large_enough(page: Page, desk: FakeDesk, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{desk.origin}/#14")
    page.locator("#suggested button").click()
    small = page.locator("button, select, input, .cases a, dialog label").evaluate_all(
        """(all) => all.filter((one) => one.checkVisibility())
                       .filter((one) => Math.min(one.offsetWidth, one.offsetHeight) < 30).map((one) => one.outerHTML)"""
    )
    assert small == []


def test_with_forced_colours(page: Page, desk: FakeDesk) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(f"{desk.origin}/#14")
    expect(page.locator("#said .note")).to_be_visible()
    style = "(one) => [getComputedStyle(one).borderTopStyle, getComputedStyle(one).borderTopWidth]"
    assert page.locator("#said .note").evaluate(style) == ["dashed", "2px"]
    assert page.locator("#said .words").first.evaluate(style) == ["solid", "1px"]
    assert page.locator("#to-reply").evaluate("(one) => getComputedStyle(one).backgroundColor") != page.locator(
        "#to-note"
    ).evaluate("(one) => getComputedStyle(one).backgroundColor")
    check(page)


def test_in_french_as_canadians_write_it(page: Page, desk: FakeDesk) -> None:
    page.goto(f"{desk.origin}/#14")
    page.get_by_role("button", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_role("heading", name="Dossier 14")).to_be_visible()
    expect(page.locator("#facts")).to_contain_text(re.compile(r"Ouverture\s*(\d+\u00a0h\u00a0\d\d|\d+(er)? \S+, )"))
    expect(page.locator("#said-before figcaption")).to_contain_text("Source\u00a0: Renew an adult passport")
    expect(page.locator("#said-before figcaption")).to_contain_text("en date du 31 mars 2026")
    expect(page.locator("#said time").last).to_have_text(re.compile(r"^(\d+ \S+, )?\d{1,2}\u00a0h\u00a0\d\d$"))
    expect(page.locator(".delivery.failed")).to_contain_text("Non remis\u00a0: sur ce canal")
    page.reload()
    expect(page.get_by_role("heading", name="Dossier 14")).to_be_visible()  # the choice is kept
    expect(page.get_by_role("button", name="Français")).to_have_attribute("aria-pressed", "true")


AREAS = ("list", "case", "dialog", "board")


def test_no_text_has_the_name_of_another() -> None:
    tables = [(PAGES / f"{area}-texts.js").read_text(encoding="utf-8").partition("\tfr: {")[0] for area in AREAS]
    keys = [key for table in tables for key in re.findall(r"^\t\t(\w+):", table, re.MULTILINE)]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("area", AREAS)
def test_every_text_is_in_both_languages_and_used(area: str) -> None:
    table = (PAGES / f"{area}-texts.js").read_text(encoding="utf-8")
    english, french = re.split(r"^\tfr: \{$", table, flags=re.MULTILINE)
    keys = re.findall(r"^\t\t(\w+):", english, re.MULTILINE)
    assert len(keys) > 20
    assert re.findall(r"^\t\t(\w+):", french, re.MULTILINE) == keys
    inner = re.compile(r"(?:^\t\t\t|(?<=, )|(?<=\{ ))\"?([\w ]+)\"?: (?:\"|\()", re.MULTILINE)
    assert inner.findall(english) == inner.findall(french)
    source = (PAGES / "desk.html").read_text(encoding="utf-8")
    source += "".join(script.read_text(encoding="utf-8") for script in SCRIPTS if not script.name.endswith("texts.js"))
    used = re.compile(r'exts\.(\w+)|data-\w+="(\w+)"|word\("(\w+)"|: "(\w+Title)"')
    known = {key for found in used.findall(source) for key in found}
    assert set(keys) - known <= {"name", "bot", "citizen"}  # kinds of lines
    said = " | ".join(re.findall(r"[\"`](.+?)[\"`]", re.sub(r"\$\{.*?\}", "", french)))
    assert not re.search(r"« | »| :(?! )|\w : |\d h\b|\w [?!;] ", said)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_nothing_is_parsed_as_html(script: object) -> None:
    text = script.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|DOMParser|new Function", text
    )
