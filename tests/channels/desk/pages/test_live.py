"""What happens elsewhere is shown at once, said once, and disturbs nobody who is writing."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.channels.desk.pages.fake_desk import LUC, FakeDesk
from tests.channels.desk.pages.test_case import open_case

NAUGHTY = Path(__file__).parents[5] / "shared" / "data" / "blns.json"
LISTEN = """() => {
  window.spoken = [];
  const hear = (record) => record.addedNodes.forEach((node) => spoken.push(node.textContent));
  const observer = new MutationObserver((records) => records.forEach(hear));
  observer.observe(document.querySelector("[aria-live]"), { childList: true, subtree: true, characterData: true });
}"""


def test_a_new_message_is_said_once_and_the_draft_and_the_focus_stay(opened: Page, desk: FakeDesk) -> None:
    opened.evaluate(LISTEN)
    open_case(opened, 14)
    field = opened.get_by_label("Your reply")
    field.fill("half a sentence")
    field.evaluate("(one) => one.setSelectionRange(4, 4)")
    desk.write(14, "citizen", "One more question")
    expect(opened.locator("#said .citizen").last).to_contain_text("One more question")
    desk.tell(14)
    desk.write(11, "citizen", "Of another case")
    expect(opened.locator("a[href='#11']")).to_contain_text("Of another case")
    desk.cut()
    opened.wait_for_timeout(900)  # long enough for a reconnection
    assert opened.evaluate("spoken") == ["Citizen: One more question"]
    expect(field).to_be_focused()
    expect(field).to_have_value("half a sentence")
    opened.keyboard.type("!")
    expect(field).to_have_value("half! a sentence")
    expect(opened.locator("[aria-live], [role=log], [role=alert], [role=status]")).to_have_count(1)
    log = opened.locator("#log")
    assert log.evaluate("(one) => one.scrollHeight - one.scrollTop - one.clientHeight") < 2


def test_who_reads_further_up_is_left_there(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 14)
    log = opened.locator("#log")
    log.evaluate("(one) => (one.scrollTop = 0)")
    opened.wait_for_timeout(50)
    desk.write(14, "citizen", "One more question")
    expect(opened.locator("#said .citizen").last).to_contain_text("One more question")
    assert log.evaluate("(one) => one.scrollTop") == 0


def test_what_colleagues_do_is_said(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 15)
    opened.evaluate(LISTEN)
    desk.write(15, "note", "They called.", agent=LUC)
    expect(opened.locator("#said .note")).to_be_visible()
    desk.hand(15, None, "closed")
    desk.write(15, "closed", agent=LUC, about={"outcome": "answered"})
    expect(opened.locator("#holder")).to_have_text("This case is closed.")
    assert opened.evaluate("spoken") == ["Internal note, Luc Tremblay: They called.", "Luc Tremblay closed the case"]


def test_the_focus_in_a_suggestion_outlives_an_update(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 14)
    add = opened.locator("#suggested button")
    add.focus()
    desk.write(14, "citizen", "One more question")
    expect(opened.locator("#said .citizen").last).to_contain_text("One more question")
    expect(add).to_be_focused()


def test_cases_that_are_not_open_are_listed_but_not_read(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 14)
    desk.asked.clear()
    for number in range(20):
        desk.write(11, "citizen", f"message {number}")
        desk.write(12, "citizen", f"message {number}")
    expect(opened.locator("a[href='#11']")).to_contain_text("message 19")
    expect(opened.locator("a[href='#12']")).to_contain_text("message 19")
    assert desk.asked == []  # an event says all that the list shows, and to fetch a case is to read it


def test_a_lost_connection_is_told_and_what_was_missed_is_fetched(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 14)
    opened.evaluate(LISTEN)
    desk.streams = False
    desk.cut()
    notice = opened.get_by_text("The connection is lost. What you see may be out of date. Reconnecting…")
    expect(notice.first).to_be_visible()
    desk.write(14, "citizen", "Still there?")
    desk.add(16)
    desk.streams = True
    opened.evaluate("dispatchEvent(new Event('online'))")
    expect(opened.locator("#said").get_by_text("Still there?")).to_be_visible()
    expect(opened.get_by_text("Case 16")).to_be_visible()
    expect(opened.locator("#connection")).to_be_hidden()
    spoken = opened.evaluate("spoken")
    assert [words[:22] for words in spoken] == [
        "The connection is lost",
        "You’re connected again",
        "Citizen: Still there?",
    ]


@pytest.mark.skipif(not NAUGHTY.exists(), reason="The list of naughty strings is not beside the checkout.")
def test_naughty_strings_are_only_text(opened: Page, desk: FakeDesk) -> None:
    strings = [text for text in json.loads(NAUGHTY.read_text(encoding="utf-8")) if text.strip()]
    for number, text in enumerate(strings):
        kind = ("citizen", "note", "agent")[number % 3]
        quote = {
            "text": text,
            "title": text,
            "section": text,
            "url": text,
            "publisher": text,
            "as_of": text,
            "language": "en",
        }
        desk.write(
            11, kind, text, agent=LUC | {"name": text}, quotes=[quote] if kind == "agent" else [], message=f"n{number}"
        )
    desk.cases[11].update(place="ca-<b>", team="<img src=x>", because="<script>", channel="<i>")
    desk.cases[11]["suggestions"] = [quote]
    open_case(opened, 11)
    expect(opened.locator("#said .words")).to_have_count(len(strings) + 1)
    words = opened.locator("#said .words").evaluate_all("(all) => all.map((one) => one.textContent)")
    assert words[1:] == strings
    opened.locator("#suggested button").click()
    expect(opened.locator("#quotes li")).to_have_count(1)
    expect(opened.locator("main :is(img, script, iframe, b, i, svg, style)")).to_have_count(0)
    links = opened.locator("main figure a").evaluate_all("(all) => all.map((one) => one.protocol)")
    assert set(links) <= {"http:", "https:"}
    expect(opened).to_have_title("(3) Cases – Guichet")
