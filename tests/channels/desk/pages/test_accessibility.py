"""Everyone can use the desk: axe finds nothing; the keyboard, zoom, contrast modes and both languages work."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.channels.desk.pages.fake_board import at
from tests.channels.desk.pages.fake_desk import AMARA, COST, LUC, PAGES, FakeDesk
from tests.channels.desk.pages.test_case import open_case
from tests.channels.web.test_accessibility import check, press

SCRIPTS = sorted(PAGES.glob("*.js"))


VIEWS = pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("English", 1280, "light"), ("Français", 1280, "dark"), ("Français", 320, "light")],
)


@VIEWS
def test_axe_finds_nothing_and_it_reflows(page: Page, desk: FakeDesk, language: str, width: int, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    desk.role = "supervisor"
    crowd(desk)

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
    page.locator("#earlier summary").click()
    page.locator("#said .meaning button").click()
    expect(page.locator("#said .meaning .words")).to_be_visible()
    page.locator("#reply-text").fill("Yes")
    page.locator("#translate-reply").click()
    expect(page.locator("#translated")).to_be_visible()
    desk.events.append(("typing", {"id": 12}))
    expect(page.locator("#typing")).to_be_visible()
    sound()
    page.goto(f"{desk.origin}/#15")
    page.locator("#to-whisper").click()
    sound()
    page.locator("[data-do=reassign]").click()
    expect(page.locator("#dialog")).to_be_visible()
    sound()
    page.keyboard.press("Escape")


@VIEWS
def test_board_and_statistics_are_sound_too(page: Page, desk: FakeDesk, language: str, width: int, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    desk.role = "administrator"
    crowd(desk)
    page.goto(f"{desk.origin}/#board")
    page.get_by_role("button", name=language).click()
    expect(page.locator("#switches li")).to_have_count(2)
    check(page)
    for opener in (".card button", "#give", "#notify", "#switches button"):
        page.locator(opener).first.click()
        expect(page.locator("#dialog")).to_be_visible()
        if opener == "#give":
            page.locator("[name=what]").last.check()
            page.locator("[name=because]").fill("x")
            page.locator("#dialog .main").click()
            expect(page.locator("#complaint")).to_be_visible()
        check(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("Escape")
    page.locator("[href='#statistics']").click()
    expect(page.locator("#days tr").first).to_be_visible()
    check(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    desk.role = "publisher"
    page.reload()
    expect(page.locator("#nothing-title")).to_be_focused()
    check(page)


def crowd(desk: FakeDesk) -> None:
    """Something of everything that can be shown."""
    desk.translates = True
    desk.hand(12, AMARA)
    phone = {"phone": "+16135550142", "from": at(60), "until": at(180)}
    desk.cases[12].update(wants="callback", callback=phone, reopened=1, topic="Assurance-emploi", reply_due=at(1))
    desk.add(7, state="closed", outcome="referred", topic="Lost passport")
    desk.cases[12]["earlier"] = [desk.summary(7)]
    desk.cases[11].update(reply_due=at(-3), wants="message")
    desk.write(15, "whisper", "Ask for the form.", agent=LUC)
    desk.looking = {"12": ["a2"], "13": ["a2"]}
    about = {"ends": at(100), "because": "Storm", "began": at(-5), "by": "Luc Tremblay"}
    notice = {"en": "Counters are closed.", "fr": "Les comptoirs sont fermés."}
    desk.board.on = [
        {"id": 1, "kind": "notice", "subject": "", "texts": notice} | about,
        {"id": 2, "kind": "closed", "subject": "benefits", "texts": {}} | about,
    ]


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


def test_a_case_from_claim_to_transfer_with_the_keyboard_alone(page: Page, desk: FakeDesk) -> None:
    page.goto(desk.origin)
    page.locator(".cases li").first.wait_for()
    for id in (13, 11):
        page.keyboard.press("j")
        expect(page.get_by_role("heading", name=f"Case {id}")).to_be_focused()
    page.keyboard.press("c")
    reply = page.get_by_label("Your reply")
    expect(reply).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    page.keyboard.type("cost")
    page.keyboard.press("Enter")
    expect(page.locator("#found li")).to_have_count(2)
    press(page, "Tab", until=page.locator("#found button").first)
    page.keyboard.press("Enter")
    page.keyboard.press("r")
    expect(reply).to_be_focused()
    page.keyboard.type("It costs this:")
    page.keyboard.press("Enter")
    expect(page.locator("#said .agent figure")).to_be_visible()
    expect(page.locator("#said .pending")).to_have_count(0)
    page.keyboard.press("Escape")
    press(page, "Tab", until=page.get_by_role("button", name="Transfer…"))
    page.keyboard.press("Enter")
    expect(page.get_by_label("To the team")).to_be_focused()
    page.keyboard.press("ArrowDown")  # the only other team
    press(page, "Tab", until=page.get_by_label("What should they know?"))
    page.keyboard.type("Asks for benefits, too")
    press(page, "Tab", until=page.get_by_role("dialog").get_by_role("button", name="Transfer"))
    page.keyboard.press("Enter")
    expect(page.locator("#said .done").last).to_contain_text("You transferred the case to Benefits")
    expect(page.get_by_role("heading", name="Case 11")).to_be_focused()  # the button is gone
    assert desk.sent("say")[0]["quotes"] == [COST]
    assert desk.sent("transfer") == [
        {"epoch": 1, "team": "benefits", "agent": None, "note": "Asks for benefits, too"},
    ]


def test_the_board_with_the_keyboard_alone(page: Page, desk: FakeDesk) -> None:
    desk.role = "supervisor"
    page.goto(desk.origin)
    page.locator(".cases li").first.wait_for()
    page.keyboard.press("b")
    expect(page.get_by_role("heading", name="Board")).to_be_focused()
    press(page, "Tab", until=page.get_by_role("button", name="Emergency notice…"))
    page.keyboard.press("Enter")
    page.keyboard.type("Closed.")
    press(page, "Tab", until=page.get_by_label("In French"))
    page.keyboard.type("Fermé.")
    press(page, "Tab", until=page.get_by_label("Why?"))
    page.keyboard.type("Storm")
    press(page, "Tab", until=page.get_by_label("Yes, tell everybody"))
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("#switches li")).to_contain_text("Emergency notice")
    expect(page.get_by_role("button", name="Emergency notice…")).to_be_focused()
    press(page, "Tab", until=page.get_by_role("button", name="End: Emergency notice"))
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#switches li")).to_have_count(0)
    expect(page.get_by_role("heading", name="Board")).to_be_focused()  # the button is gone
    page.keyboard.press("Escape")
    expect(page.locator("#queue")).to_be_visible()
    assert [path for path, _ in desk.posted] == ["/api/switches", "/api/switches/1/end"]


def test_at_four_times_the_size_all_is_there(page: Page, desk: FakeDesk) -> None:
    page.set_viewport_size({"width": 320, "height": 225})  # 1280 by 900 at 400 %
    desk.role = "supervisor"
    crowd(desk)
    for address in ("", "#12", "#board", "#statistics"):
        page.goto(f"{desk.origin}/{address}")
        expect(page.locator("main h2").filter(visible=True).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        cut = page.locator("main *").evaluate_all(
            """(all) => all.filter((one) => one.checkVisibility() && getComputedStyle(one).overflowX == "visible")
                          .filter((one) => !one.closest(".scroll, svg, .unseen"))
                          .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
                          .map((one) => one.outerHTML.slice(0, 200))"""
        )
        assert cut == []


def test_nothing_moves_by_itself() -> None:
    styles = [(PAGES / name).read_text(encoding="utf-8") for name in ("desk.css", "board.css")]
    assert not re.search(r"animation|transition|scroll-behavior", "".join(styles))


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
    desk.role = "supervisor"
    crowd(desk)
    page.goto(f"{desk.origin}/#board")
    page.reload()
    expect(page.locator("#switches li")).to_have_count(2)
    check(page)
    page.goto(f"{desk.origin}/#15")
    assert page.locator("#said .whisper").evaluate(style) == ["dotted", "2px"]


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
