"""What an agent writes goes where it was meant to, once, and is not lost."""

import pytest
from playwright.sync_api import Page, expect

from tests.channels.desk.pages.fake_desk import COST, LUC, TIME, FakeDesk
from tests.channels.desk.pages.test_case import open_case
from tests.channels.desk.pages.test_live import LISTEN


@pytest.fixture
def mine(opened: Page) -> Page:
    open_case(opened, 14)
    return opened


def test_a_reply_goes_once_with_the_quotes_that_were_added(mine: Page, desk: FakeDesk) -> None:
    mine.get_by_role("searchbox").fill("cost of a passport")
    mine.keyboard.press("Enter")
    expect(mine.locator("#found figure")).to_have_count(2)
    assert desk.asked[-1] == "search en cost of a passport"
    add = mine.locator("#found").get_by_role("button", name="Add to the reply")
    add.first.click()
    add.first.click()  # the same one is there once
    expect(add.first).to_be_focused()
    add.last.click()
    quotes = mine.get_by_role("list", name="Quotes that go with the reply")
    expect(quotes.get_by_role("listitem")).to_have_count(2)
    quotes.get_by_role("button", name="Remove the quote: Renew an adult passport › Processing times").click()
    expect(quotes.get_by_role("listitem")).to_have_count(1)
    assert desk.posted == []  # nothing goes by itself
    field = mine.get_by_label("Your reply")
    field.fill("It costs this:")
    field.press("Enter")
    expect(mine.locator("#said .agent").last).to_contain_text("It costs this:")
    expect(mine.locator("#said .delivery").last).to_have_text("On its way")
    expect(mine.locator("#said .agent")).to_have_count(3)
    (sent,) = desk.sent("say")
    assert sent == {"epoch": 1, "id": sent["id"], "text": "It costs this:", "quotes": [COST]}
    assert len(sent["id"]) == 36
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    expect(quotes).to_be_hidden()


def test_a_suggestion_is_only_shown(mine: Page, desk: FakeDesk) -> None:
    expect(mine.locator("#suggested figure")).to_contain_text(TIME["text"])
    mine.get_by_label("Your reply").fill("Hello")
    mine.keyboard.press("Enter")
    expect(mine.locator("#said .pending")).to_have_count(0)
    assert desk.sent("say")[0]["quotes"] == []


def test_shift_enter_begins_a_line_and_nothing_is_not_sent(mine: Page, desk: FakeDesk) -> None:
    field = mine.get_by_label("Your reply")
    field.fill("  ")
    field.press("Enter")
    field.fill("")
    field.press_sequentially("one")
    field.press("Shift+Enter")
    field.press_sequentially("two")
    mine.get_by_role("button", name="Send to the citizen").click()
    expect(mine.locator("#said .agent")).to_have_count(3)
    assert [each["text"] for each in desk.sent("say")] == ["one\ntwo"]


def test_what_was_not_confirmed_can_be_sent_again_and_is_there_once(mine: Page, desk: FakeDesk) -> None:
    desk.refuse = [503]
    mine.get_by_label("Your reply").fill("Are you there?")
    mine.keyboard.press("Enter")
    expect(mine.locator(".pending .failed")).to_contain_text("Not sent.")
    desk.refuse = [502]
    mine.get_by_role("button", name="Try again").click()
    expect(mine.locator("#said .agent")).to_have_count(3)
    expect(mine.locator(".pending")).to_have_count(0)
    ids = [each["id"] for each in desk.sent("say")]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_what_is_refused_comes_back(mine: Page, desk: FakeDesk) -> None:
    desk.refuse = [422]
    field = mine.get_by_label("Your reply")
    field.fill("much too long")
    field.press("Enter")
    expect(mine.locator("#notice")).to_have_text("This is too long.")
    expect(field).to_have_value("much too long")
    expect(mine.locator("#said .pending")).to_have_count(0)


def test_a_case_that_was_lost_while_writing_keeps_the_draft(mine: Page, desk: FakeDesk) -> None:
    field = mine.get_by_label("Your reply")
    desk.hand(14, LUC)  # and no event yet
    field.fill("I am on it")
    field.press("Enter")
    expect(mine.locator("#notice")).to_have_text("Luc Tremblay has this case. Nothing was sent or changed.")
    expect(field).to_have_value("I am on it")
    expect(mine.get_by_role("button", name="Send to the citizen")).to_have_attribute("aria-disabled", "true")
    field.press("Enter")
    assert len(desk.sent("say")) == 1  # not again
    assert not [each for each in desk.cases[14]["lines"] if each["text"] == "I am on it"]


def test_a_note_never_goes_to_the_citizen(mine: Page, desk: FakeDesk) -> None:
    mine.evaluate(LISTEN)
    mine.get_by_label("Your reply").fill("a half-written reply")
    mine.get_by_role("button", name="Internal note").click()
    field = mine.get_by_label("Internal note: only the desk sees this")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    expect(mine.get_by_role("button", name="Send to the citizen")).to_be_hidden()
    colours = mine.locator("#write").evaluate(
        "(one) => [getComputedStyle(one).backgroundColor, getComputedStyle(one).borderTopColor]"
    )
    field.fill("Their SIN is wrong")
    field.press("Enter")
    expect(mine.locator("#said .note").last).to_contain_text("Their SIN is wrong")
    expect(mine.locator("#live")).to_contain_text("The note is saved.")
    field.fill("Second note")
    mine.get_by_role("button", name="Save the note").click()
    expect(mine.locator("#said .note")).to_have_count(3)
    assert set(mine.evaluate("spoken")) == {"The note is saved."}  # what one has written is not read out
    assert desk.sent("say") == []
    assert [each["text"] for each in desk.sent("note")] == ["Their SIN is wrong", "Second note"]
    mine.get_by_role("button", name="Reply to the citizen").click()
    expect(mine.get_by_label("Your reply")).to_have_value("a half-written reply")
    replying = mine.locator("#write").evaluate(
        "(one) => [getComputedStyle(one).backgroundColor, getComputedStyle(one).borderTopColor]"
    )
    assert colours[0] != replying[0]
    assert colours[1] != replying[1]


def test_a_note_that_was_not_saved_comes_back_and_is_saved_once(mine: Page, desk: FakeDesk) -> None:
    desk.refuse = [502]
    mine.get_by_role("button", name="Internal note").click()
    field = mine.get_by_label("Internal note: only the desk sees this")
    field.fill("Call back")
    field.press("Enter")
    expect(field).to_have_value("Call back")
    field.press("Enter")
    expect(field).to_have_value("")
    expect(mine.locator("#said .note")).to_have_count(2)
    assert len({each["id"] for each in desk.sent("note")}) == 1


def test_drafts_are_kept_for_each_case(mine: Page, desk: FakeDesk) -> None:
    field = mine.get_by_label("Your reply")
    field.fill("for fourteen")
    mine.locator("#suggested button").click()
    open_case(mine, 11)
    expect(field).to_have_value("")
    expect(mine.locator("#quotes li")).to_have_count(0)
    field.fill("for eleven")
    open_case(mine, 14)
    expect(field).to_have_value("for fourteen")
    mine.reload()
    expect(field).to_have_value("for fourteen")
    expect(mine.locator("#quotes li")).to_have_count(1)
    mine.get_by_role("button", name="Français").click()
    expect(mine.get_by_label("Votre réponse")).to_have_value("for fourteen")


def test_canned_replies_in_the_citizens_language(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 12)
    opened.get_by_role("button", name="Claim").click()
    field = opened.get_by_label("Your reply")
    expect(field).to_be_focused()
    opened.keyboard.type("/")
    options = opened.get_by_role("listbox", name="Canned replies").get_by_role("option")
    expect(options).to_have_text(["hello Bonjour, je suis là pour vous aider.", "wait Un instant, s’il vous plaît."])
    expect(options.first).to_have_attribute("aria-selected", "true")
    opened.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "canned-1")
    opened.keyboard.press("ArrowDown")
    opened.keyboard.type("plait")
    expect(options).to_have_count(1)
    opened.keyboard.press("Enter")
    expect(field).to_have_value("Un instant, s’il vous plaît.")
    expect(options).to_have_count(0)
    field.fill("/nothing like it")
    opened.keyboard.press("Enter")
    expect(opened.locator("#canned-none")).to_be_visible()
    assert desk.sent("say") == []  # chosen is not sent, and neither is a slip
    opened.keyboard.press("Escape")
    expect(field).to_be_focused()
    opened.keyboard.press("Enter")
    expect(opened.locator("#said .agent")).to_contain_text("/nothing like it")


COUNTED = {
    "x" * 160: "1 text message (160 characters)",
    "x" * 161: "2 text messages (161 characters)",
    "x" * 307: "3 text messages (307 characters)",
    "€" * 80: "1 text message (160 characters)",
    "l’été « ici »": "1 text message (11 characters)",
    "ê" * 70: "1 text message (70 characters)",
    "ê" * 71: "2 text messages (71 characters)",
    "🙂" * 36: "2 text messages (72 characters)",
}


def test_a_text_message_is_counted(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 12)
    for text, told in COUNTED.items():
        opened.get_by_label("Your reply").fill(text)
        assert opened.locator("#segments").inner_text().replace("\u00a0", " ") == f"About {told}"
    open_case(opened, 11)
    expect(opened.locator("#segments")).to_be_hidden()
