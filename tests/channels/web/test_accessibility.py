"""Everyone can use the pages: axe finds nothing; keyboard, zoom, spacing, contrast modes and reduced motion work."""

from dataclasses import asdict

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from channels.web.events import Event
from tests.channels.web import canned
from tests.channels.web.fake_server import FakeServer
from tests.channels.web.test_widget import ask

SPACING = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }"
QUESTIONS = ["What does a passport cost?", "Combien coûte un passeport?", "renew", "weather", "french", "person"]


def check(page: Page, without: tuple[str, ...] = ()) -> None:
    rules = {rule: {"enabled": False} for rule in without}
    results = Axe().run(page, options={"rules": rules, "resultTypes": ["violations"]})
    assert [
        (found["id"], [node["target"] for node in found["nodes"]]) for found in results.response["violations"]
    ] == []


def converse(page: Page, server: FakeServer) -> None:
    """Have a reply of every kind."""
    before = len(server.posted)
    ask(page, "nothing")
    while len(server.posted) == before:
        page.wait_for_timeout(20)
    for number, question in enumerate(QUESTIONS):
        server.say(canned.replies(question)[0], id=f"r{number}", in_reply_to=server.posted[-1]["id"])
    expect(page.get_by_text("this is Sam").last).to_be_visible()


def conversation() -> list[Event]:
    """One of every kind of reply, as the page without JavaScript gets it."""
    events = []
    for number, question in enumerate(QUESTIONS):
        reply = asdict(canned.replies(question)[0]) | {"id": f"r{number}", "in_reply_to": f"m{number}"}
        events += [Event("", "said", {"id": f"m{number}", "text": question}), Event("", "reply", reply)]
    return events


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_demonstration(page: Page, server: FakeServer, language: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{server.origin}/{language}")
    converse(page, server)
    page.get_by_role("textbox").fill("x" * 2001)
    check(page)
    expect(page.locator("html")).to_have_attribute("lang", language)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_page_with_the_window(page: Page, server: FakeServer, language: str) -> None:
    page.goto(f"{server.origin}/page?origin={server.origin}&language={language}")
    check(page)
    page.get_by_role("button").click()
    check(page)
    server.refuse = [429]
    ask(page, "renew")
    expect(page.locator(".failed")).to_be_visible()
    check(page)
    page.set_viewport_size({"width": 320, "height": 640})
    converse(page, server)
    check(page)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_without_javascript(page: Page, server: FakeServer, language: str) -> None:
    page.goto(f"{server.origin}/chat?lang={language}")
    check(page)
    server.entries = conversation()
    page.goto(f"{server.origin}/chat?lang={language}&notice=Something+to+know")
    check(page)
    # While it waits it reloads itself. That takes no text away, as there is none to write; and there is a link instead.
    page.goto(f"{server.origin}/chat?lang={language}&waiting=1")
    check(page, without=("meta-refresh",))


def test_with_the_keyboard_alone(page: Page, server: FakeServer) -> None:
    page.goto(f"{server.origin}/page?origin={server.origin}")
    launcher = page.get_by_role("button", name="Ask a question")
    press(page, "Tab", until=launcher)
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name="Your question")
    expect(field).to_be_focused()
    expect(page.get_by_role("dialog", name="Ask a question")).to_be_visible()
    page.keyboard.type("What does a passport cost?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("figure")).to_be_visible()
    expect(field).to_be_focused()
    press(page, "Shift+Tab", until=page.get_by_role("button", name="Yes"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Thank you for telling us.")).to_be_focused()
    press(page, "Shift+Tab", until=page.get_by_role("button", name="What do I need?"))
    page.keyboard.press("Space")
    expect(page.locator(".reply")).to_have_count(2)
    press(page, "Shift+Tab", until=page.get_by_role("link", name="Renew an adult passport"))
    press(page, "Shift+Tab", until=page.get_by_role("group", name="Messages"))
    press(page, "Tab", until=page.get_by_role("button", name="Talk to a person"))
    press(page, "Tab", until=page.get_by_role("button", name="Start over"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(launcher).to_be_focused()
    press(page, "Shift+Tab", until=page.get_by_role("link", name="A link"))  # the page is not held back


def test_a_window_that_covers_the_page_is_modal(page: Page, server: FakeServer) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{server.origin}/page?origin={server.origin}&attributes=open")
    expect(page.get_by_role("dialog")).to_have_count(0)  # it does not cover the page unasked
    page.get_by_role("button", name="Ask a question").click()
    expect(page.get_by_role("textbox")).to_be_focused()
    page.locator("main a").focus()
    expect(page.get_by_role("textbox")).to_be_focused()  # what is covered is inert
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Ask a question")).to_be_focused()
    expect(page.get_by_role("link", name="A link")).to_be_visible()


def test_open_does_not_take_the_focus(page: Page, server: FakeServer) -> None:
    page.goto(f"{server.origin}/page?origin={server.origin}&attributes=open")
    expect(page.get_by_role("dialog", name="Ask a question")).to_be_visible()
    assert page.evaluate("document.activeElement === document.body")
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert not page.locator("guichet-chat").evaluate("(chat) => chat.hasAttribute('open')")


@pytest.mark.parametrize(("width", "height"), [(320, 640), (320, 256), (1280, 256)])
@pytest.mark.parametrize("spaced", [False, True])
def test_it_reflows(page: Page, server: FakeServer, width: int, height: int, spaced: bool) -> None:
    page.set_viewport_size({"width": width, "height": height})  # 320 × 256 is a window of 1280 × 1024 at 400 %
    server.entries = conversation()
    for path in ("/en", "/fr", "/chat?lang=fr", f"/page?origin={server.origin}"):
        page.goto(server.origin + path)
        if spaced:
            page.evaluate(
                """(css) => {
                  const sheet = new CSSStyleSheet();
                  sheet.replaceSync(css);
                  const shadow = document.querySelector("guichet-chat")?.shadowRoot;
                  for (const root of [document, shadow]) root?.adoptedStyleSheets.push(sheet);
                }""",
                SPACING,
            )
        if "page" in path:
            page.get_by_role("button").click()
        if "chat" not in path:
            converse(page, server)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        inside = page.locator(".log, .panel, header, form, .said, .reply, figure, button").evaluate_all(
            """(all) => all.filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
                           .map((one) => `${one.tagName} ${one.className}`)"""
        )
        assert inside == [], path
        box = page.get_by_role("textbox").bounding_box()
        assert box is not None
        assert box["width"] >= 120
        page.evaluate("sessionStorage.clear()")


def test_what_is_pressed_is_large_enough(page: Page, server: FakeServer) -> None:
    page.goto(f"{server.origin}/page?origin={server.origin}")
    page.get_by_role("button").click()
    converse(page, server)
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 30, button
        assert box["height"] >= 40, button


def test_focus_and_borders_are_seen_in_forced_colours(page: Page, server: FakeServer) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(f"{server.origin}/en")
    converse(page, server)

    def style(selector: str, name: str) -> str:
        return str(page.locator(selector).first.evaluate("(one, name) => getComputedStyle(one)[name]", name))

    paper = style(".panel", "backgroundColor")
    for selector in (".said p", "figure", ".panel", "textarea", ".row button"):
        assert style(selector, "borderTopWidth") >= "1px"
        assert style(selector, "borderTopStyle") == "solid"
        assert style(selector, "borderTopColor") not in (paper, "rgba(0, 0, 0, 0)"), selector
    page.get_by_role("textbox").focus()
    assert style("textarea", "outlineStyle") == "solid"
    assert style("textarea", "outlineWidth") == "3px"
    check(page)


def test_nothing_moves_where_motion_is_reduced(browser: Browser, server: FakeServer) -> None:
    server.reply_after = 5
    for motion, animations in (("reduce", 0), ("no-preference", 1)):
        page = browser.new_page(reduced_motion=motion)  # type: ignore[arg-type]
        page.goto(f"{server.origin}/en")
        ask(page, "renew")
        expect(page.locator(".typing")).to_be_visible()
        count = "document.querySelector('guichet-chat').shadowRoot.getAnimations().length"
        assert page.evaluate(count) == animations
        page.close()


def test_a_publishers_colours_are_taken(page: Page, server: FakeServer) -> None:
    page.goto(f"{server.origin}/page?origin={server.origin}")
    page.evaluate(
        """() => {
          const sheet = new CSSStyleSheet();
          const ours = "--accent: rgb(38, 55, 74); --size: 20px; --width: 30rem; color-scheme: light";
          sheet.replaceSync(`guichet-chat { ${ours} }`);
          document.adoptedStyleSheets.push(sheet);
        }"""
    )
    page.emulate_media(color_scheme="dark")
    launcher = page.get_by_role("button")
    expect(launcher).to_have_css("background-color", "rgb(38, 55, 74)")
    launcher.click()
    expect(page.get_by_role("dialog")).to_have_css("width", "480px")
    expect(page.get_by_role("dialog")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.get_by_role("textbox")).to_have_css("font-size", "20px")


def press(page: Page, key: str, until: object) -> None:
    """Press a key until the focus is there; twenty times at most."""
    for _ in range(20):
        page.keyboard.press(key)
        if until.evaluate("(one) => one.getRootNode().activeElement === one"):  # type: ignore[attr-defined]
            return
    raise AssertionError(f"{key} does not lead to {until}")


def test_who_turns_their_telephone_writes_on_where_they_were(page: Page, server: FakeServer) -> None:
    page.goto(f"{server.origin}/page?origin={server.origin}")
    page.get_by_role("button").click()
    field = page.get_by_role("textbox")
    field.fill("half a qu")
    for width in (320, 1200):
        page.set_viewport_size({"width": width, "height": 640})
        page.wait_for_function(f"innerWidth == {width}")
        page.evaluate("new Promise(requestAnimationFrame)")
        expect(field).to_be_focused()
        expect(field).to_have_value("half a qu")
