"""What the chat window shows, says aloud and sends."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.channels.web import canned
from tests.channels.web.fake_server import WEB, FakeServer

NAUGHTY = Path(__file__).parents[4] / "shared" / "data" / "blns.json"
LISTEN = """() => {
  window.spoken = [];
  const live = document.querySelector("guichet-chat").shadowRoot.querySelector("[aria-live]");
  const hear = (record) => record.addedNodes.forEach((node) => spoken.push(node.textContent));
  const observer = new MutationObserver((records) => records.forEach(hear));
  observer.observe(live, { childList: true, subtree: true, characterData: true });
}"""


def ask(page: Page, text: str) -> None:
    page.get_by_role("textbox").fill(text)
    page.keyboard.press("Enter")


@pytest.fixture
def chat(page: Page, server: FakeServer) -> Page:
    page.goto(f"{server.origin}/page?origin={server.origin}&attributes=inline")
    return page


def test_it_is_small_and_parses_no_html() -> None:
    script = (WEB / "guichet-chat.js").read_bytes()
    assert len(script) <= 25_000
    assert not re.search(rb"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|DOMParser", script)


def test_every_text_is_in_both_languages_and_used() -> None:
    script = (WEB / "guichet-chat.js").read_text(encoding="utf-8")
    start, end = script.index("const TEXTS"), script.index("const STYLE")
    english, french = re.split(r"^\tfr: \{$", script[start:end], flags=re.MULTILINE)
    keys = re.findall(r"^\t\t(\w+):", english, re.MULTILINE)
    assert len(keys) > 25
    assert re.findall(r"^\t\t(\w+):", french, re.MULTILINE) == keys
    assert [key for key in keys if not re.search(rf'exts\.{key}\b|"{key}"|\bname\b', script[end:])] == []


@pytest.mark.parametrize(
    ("language", "press", "told"),
    [
        (
            "en",
            "Continue by text message",
            "To go on by text message, send 7KQ4-M2XP to 613-555-0142 within 10 minutes.",
        ),
        (
            "fr",
            "Continuer par texto",
            "Pour continuer par texto, envoyez 7KQ4-M2XP au 613\u00a0555-0142 d’ici 10 minutes.",
        ),
    ],
)
def test_it_says_how_to_go_on_by_text_message(
    page: Page, server: FakeServer, language: str, press: str, told: str
) -> None:
    page.goto(f"{server.origin}/page?origin={server.origin}&language={language}&attributes=inline texts")
    page.evaluate(LISTEN)
    page.get_by_role("button", name=press).click()
    expect(page.locator(".note")).to_have_text(told)
    assert page.evaluate("spoken") == [told]
    assert len(server.conversations) == 1


def test_where_there_is_no_number_going_on_is_not_offered(chat: Page) -> None:
    expect(chat.get_by_role("button", name="Continue by text message")).to_have_count(0)


def test_a_quote_is_shown_with_its_source(chat: Page, server: FakeServer) -> None:
    ask(chat, "What does a passport cost?")
    figure = chat.get_by_role("figure")
    quote = figure.locator("blockquote")
    expect(quote).to_have_attribute("cite", canned.EN_COST.url or "")
    expect(quote.get_by_role("listitem")).to_have_text(
        ["by credit card", "by debit card", "by certified cheque or money order"]
    )
    link = figure.get_by_role("link", name="Renew an adult passport › Cost")
    expect(link).to_have_attribute("href", canned.EN_COST.url or "")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_contain_text("(opens in a new tab)")
    expect(figure).to_contain_text("Immigration, Refugees and Citizenship Canada")
    expect(figure).to_contain_text("as of March 31, 2026")  # west of Greenwich, too
    expect(chat.get_by_text("Apply for a first passport")).to_be_visible()
    expect(chat.locator(".reply a")).to_have_count(2)  # of the two further sources, one has no address


def test_a_quote_in_the_other_language_says_so(chat: Page, server: FakeServer) -> None:
    ask(chat, "In french?")
    french, english = chat.locator("blockquote").nth(0), chat.locator("blockquote").nth(1)
    expect(french).to_have_attribute("lang", "fr")
    expect(french.locator("ol li")).to_have_text(["Remplissez le formulaire.", "Payez les droits."])
    expect(english).to_have_attribute("lang", "en")
    expect(english.get_by_role("columnheader")).to_have_text(["Where", "Time"])
    expect(english.get_by_role("cell")).to_have_text(["In person", "10 business days", "By mail", "20 business days"])
    expect(chat.get_by_role("figure").nth(1).get_by_role("link")).to_have_count(0)


def test_french_conventions(page: Page, server: FakeServer) -> None:
    page.goto(f"{server.origin}/fr")
    ask(page, "Combien coûte un passeport?")
    expect(page.get_by_role("figure")).to_contain_text("en date du 1er mars 2026")
    expect(page.get_by_role("button", name="Parler à une personne")).to_be_visible()
    assert server.posted[0]["language"] is None
    assert server.posted[0]["page_language"] == "fr"


def test_each_reply_is_announced_once(chat: Page, server: FakeServer) -> None:
    chat.evaluate(LISTEN)
    ask(chat, "twice please")
    expect(chat.get_by_role("button", name="Health card")).to_be_visible()
    ask(chat, "What does a passport cost?")
    expect(chat.get_by_role("figure")).to_be_visible()
    server.cut()
    chat.wait_for_timeout(900)  # long enough for a reconnection
    spoken = chat.evaluate("spoken")
    assert len(spoken) == 3, spoken
    assert "You said it" in spoken[0]
    assert "Which one do you mean?" in spoken[1]
    assert "Health card" in spoken[1]
    assert "$163.50" in spoken[2]
    assert "Immigration, Refugees and Citizenship Canada" in spoken[2]
    assert not any("twice please" in words for words in spoken)
    expect(chat.locator("[aria-live], [role=log], [role=alert]")).to_have_count(1)


def test_a_choice_is_said(chat: Page, server: FakeServer) -> None:
    ask(chat, "renew")
    chat.get_by_role("button", name="Health card").click()
    expect(chat.locator(".said p").last).to_have_text("Renew a health card")
    expect(chat.locator(".reply")).to_have_count(2)
    assert server.posted[1]["text"] == "Renew a health card"


def test_a_person_can_be_asked_for(chat: Page, server: FakeServer) -> None:
    chat.get_by_role("button", name="Talk to a person").click()
    expect(chat.get_by_text("A person answers:")).to_be_visible()
    assert server.posted[0]["text"] == "Talk to a person"


def test_feedback_is_sent_and_thanked_for(chat: Page, server: FakeServer) -> None:
    ask(chat, "What does a passport cost?")
    chat.get_by_role("group", name="Was this helpful?").get_by_role("button", name="No").click()
    expect(chat.get_by_text("Thank you for telling us.")).to_be_focused()
    expect(chat.get_by_role("button", name="No", exact=True)).to_have_count(0)
    assert server.feedback == [{"reply": f"{server.posted[0]['id']}-0", "helpful": False}]


def test_the_chosen_language_is_sent(chat: Page, server: FakeServer) -> None:
    ask(chat, "hello")
    chat.get_by_role("button", name="Français").click()
    expect(chat.get_by_role("button", name="Français")).to_have_attribute("aria-pressed", "true")
    expect(chat.get_by_role("heading", name="Posez une question")).to_be_visible()
    ask(chat, "bonjour")
    expect(chat.locator(".reply")).to_have_count(2)
    assert [said["language"] for said in server.posted] == [None, "fr"]


def test_the_language_follows_the_conversation(chat: Page, server: FakeServer) -> None:
    ask(chat, "en français svp")
    expect(chat.locator(".reply")).to_have_count(1)
    server.tell("language", {"language": "fr"})
    expect(chat.get_by_role("button", name="Envoyer")).to_be_visible()
    ask(chat, "bonjour")
    expect(chat.locator(".reply")).to_have_count(2)
    assert [said["language"] for said in server.posted] == [None, None]


def test_the_place_of_the_page_is_sent(page: Page, server: FakeServer) -> None:
    page.goto(f"{server.origin}/page?origin={server.origin}&attributes=inline place=ca-on")
    ask(page, "hello")
    expect(page.locator(".reply")).to_have_count(1)
    assert server.posted[0]["place"] == "ca-on"


def test_enter_sends_and_shift_enter_does_not(chat: Page, server: FakeServer) -> None:
    field = chat.get_by_role("textbox")
    field.press("Enter")
    field.fill("   ")
    field.press("Enter")
    field.fill("")
    field.press_sequentially("one")
    field.press("Shift+Enter")
    field.press_sequentially("two")
    chat.get_by_role("button", name="Send").click()
    expect(chat.locator(".reply")).to_have_count(1)
    assert [said["text"] for said in server.posted] == ["one\ntwo"]
    expect(field).to_have_value("")


def test_a_message_that_is_too_long_is_kept_and_explained(chat: Page, server: FakeServer) -> None:
    field = chat.get_by_role("textbox")
    field.fill("🙂" * 2000)  # characters, not the two units that JavaScript counts for each
    expect(chat.get_by_text("2,000 characters at most")).to_have_count(0)
    field.fill("é" * 2014)
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("2,000 characters at most: please remove 14.")
    expect(field).to_have_value("é" * 2014)
    assert server.posted == []


def test_starting_over_forgets(chat: Page, server: FakeServer) -> None:
    ask(chat, "What does a passport cost?")
    expect(chat.get_by_role("figure")).to_be_visible()
    chat.get_by_role("button", name="Start over").click()
    expect(chat.locator(".said, .reply")).to_have_count(0)
    expect(chat.get_by_role("textbox")).to_be_focused()
    ask(chat, "hello")
    expect(chat.locator(".reply")).to_have_count(1)
    assert len(server.conversations) == 2


def test_a_page_can_say_something(page: Page, server: FakeServer) -> None:
    page.goto(f"{server.origin}/en")
    page.get_by_role("button", name="How do I renew my passport?").click()
    expect(page.get_by_text("Which one do you mean?").last).to_be_visible()
    assert server.posted[0]["text"] == "How do I renew my passport?"


def test_a_line_separator_does_not_cut_an_event(chat: Page, server: FakeServer) -> None:
    ask(chat, "renew")
    expect(chat.locator(".reply")).to_have_count(1)
    server.say(canned.Reply(text="one\u2028two\u2029three\u0085four"))
    expect(chat.locator(".reply").last).to_contain_text("three")


def test_hostile_replies_are_only_text(chat: Page, server: FakeServer) -> None:
    ask(chat, "hostile")
    expect(chat.locator("blockquote")).to_have_text(canned.HARMFUL)
    expect(chat.locator("blockquote")).not_to_have_attribute("cite", re.compile(".*"))
    expect(chat.get_by_role("button", name=canned.HARMFUL)).to_be_visible()
    expect(chat.locator("img")).to_have_count(0)
    expect(chat.locator(".reply a")).to_have_count(0)
    expect(chat).to_have_title("A page")


@pytest.mark.skipif(not NAUGHTY.exists(), reason="The list of naughty strings is not beside the checkout.")
def test_naughty_strings_are_only_text(chat: Page, server: FakeServer) -> None:
    ask(chat, "renew")
    expect(chat.locator(".reply")).to_have_count(1)
    strings = [text for text in json.loads(NAUGHTY.read_text(encoding="utf-8")) if text.strip()]
    for number, text in enumerate(strings):
        server.say(canned.Reply(text="", choices=(canned.Choice(text, text),)), id=f"n{number}")
    expect(chat.locator(".reply")).to_have_count(len(strings) + 1, timeout=20_000)
    shown = chat.locator(".reply button").evaluate_all("(all) => all.map((button) => button.textContent)")
    assert shown[2:] == strings  # after the two choices of the first reply
    expect(chat).to_have_title("A page")


def test_the_guide_knows_every_property_and_attribute() -> None:
    script = (WEB / "guichet-chat.js").read_text(encoding="utf-8")
    guide = (WEB.parents[1] / "docs" / "guides" / "embed.md").read_text(encoding="utf-8")
    host = script[script.index(":host {") : script.index("* { box-sizing")]
    colours = re.findall(r"(--[\w-]+): light-dark\((#\w+), (#\w+)\)", host)
    assert len(colours) == 9
    for name, light, dark in colours:
        assert re.search(rf"\| `{name}` \|[^|]+\| `{light}` / `{dark}` \|", guide), name
    assert set(re.findall(r"(--[\w-]+):", host)) - {"--hair"} == set(re.findall(r"`(--[\w-]+)`", guide))
    read = set(re.findall(r"(?:get|has)Attribute\(\"([\w-]+)\"\)", script)) | {"lang"}
    assert set(re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE)) == read
