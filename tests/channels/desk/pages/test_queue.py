"""The list of cases: its order, its clocks, its marks, and how a new case makes itself known."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.channels.desk.pages.fake_desk import AMARA, FakeDesk

SILENT = """() => {
  window.sounds = 0;
  window.AudioContext = class {
    currentTime = 0;
    resume() {}
    createGain() { return { gain: {}, connect() {} }; }
    createOscillator() { return { frequency: {}, connect() {}, start() { window.sounds += 1; }, stop() {} }; }
  };
}"""


def shown(page: Page, group: str) -> list[str]:
    return page.locator(f"#{group} .name").all_inner_texts()


def test_urgent_ones_come_first_then_who_waits_longest(opened: Page, desk: FakeDesk) -> None:
    assert shown(opened, "waiting") == ["Case 13", "Case 11", "Case 12"]
    assert shown(opened, "mine") == ["Case 14"]
    assert shown(opened, "others") == ["Case 15 · Luc Tremblay"]
    first = opened.locator("#waiting li").first
    expect(first).to_contain_text("Urgent")
    expect(first).to_contain_text("May be in danger")
    expect(first).to_contain_text("Telegram")
    expect(opened.locator("#waiting li").nth(1)).to_contain_text("No published answer · Toronto, Ontario")


def test_the_waiting_time_ticks(opened: Page, desk: FakeDesk) -> None:
    time = opened.locator("#waiting time").first
    before = time.inner_text()
    assert re.fullmatch(r"1\u00a0min 0\d\u00a0s", before)
    expect(time).not_to_have_text(before, timeout=2500)
    expect(opened.locator("#mine time")).to_have_count(0)  # it was answered


def test_what_was_not_looked_at_is_marked(opened: Page, desk: FakeDesk) -> None:
    expect(opened.locator("#waiting .fresh")).to_have_count(3)
    expect(opened.locator("#others .fresh")).to_have_count(0)
    mine = opened.locator("#mine li")
    expect(mine.get_by_text("New")).to_have_count(0)
    desk.write(14, "citizen", "Where?")
    expect(mine.get_by_text("New")).to_be_visible()
    expect(mine.locator(".waits")).to_contain_text("no reply for")
    mine.get_by_role("link").click()
    expect(mine.get_by_text("New")).to_have_count(0)
    opened.reload()
    expect(mine.get_by_text("Where?")).to_be_visible()
    expect(mine.get_by_text("New")).to_have_count(0)


def test_filters(opened: Page, desk: FakeDesk) -> None:
    opened.get_by_label("Team", exact=True).select_option("Benefits")
    assert shown(opened, "waiting") == ["Case 12"]
    expect(opened.get_by_text("You have no case.")).to_be_visible()
    opened.get_by_label("Team", exact=True).select_option("All teams")
    opened.get_by_label("Channel").select_option("Web chat")
    assert shown(opened, "waiting") == ["Case 11"]
    opened.get_by_label("Channel").select_option("All channels")
    opened.get_by_role("combobox", name="Language").select_option("French")
    assert shown(opened, "waiting") == ["Case 12"]


def test_a_new_case_is_heard_and_stands_in_the_title(page: Page, desk: FakeDesk) -> None:
    page.add_init_script(f"({SILENT})()")
    page.goto(desk.origin)
    expect(page).to_have_title("(3) Cases – Guichet")
    assert page.evaluate("sounds") == 0
    desk.add(16)
    expect(page).to_have_title("New case · (4) Cases – Guichet")
    assert page.evaluate("sounds") == 2
    desk.write(16, "citizen", "Hello?")  # it is the same case
    expect(page.get_by_text("Hello?")).to_be_visible()
    assert page.evaluate("sounds") == 2
    alerts = page.get_by_role("button", name="New case alerts")
    alerts.click()
    expect(alerts).to_have_text("New case alerts: off")
    page.reload()
    expect(alerts).to_have_text("New case alerts: off")
    desk.add(17)
    expect(page.get_by_text("Case 17")).to_be_visible()
    expect(page).to_have_title("Cases – Guichet")
    assert page.evaluate("sounds") == 0


@pytest.mark.parametrize("state", ["claimed", "closed"])
def test_a_case_goes_where_it_belongs_and_the_focus_stays(opened: Page, desk: FakeDesk, state: str) -> None:
    opened.locator("#waiting a").nth(1).focus()
    desk.hand(13, AMARA if state == "claimed" else None, state)
    desk.tell(13)
    expect(opened.locator("#waiting li")).to_have_count(2)
    assert shown(opened, "mine") == (["Case 13", "Case 14"] if state == "claimed" else ["Case 14"])
    expect(opened.get_by_role("link", name="Case 11")).to_be_focused()
    desk.hand(11, AMARA)
    desk.tell(11)
    expect(opened.locator("#waiting li")).to_have_count(1)
    expect(opened.locator("#mine").get_by_role("link", name="Case 11")).to_be_focused()  # it went with its case
    desk.hand(11, None, "closed")
    desk.tell(11)
    expect(opened.get_by_role("heading", name="Cases")).to_be_focused()


def test_who_is_at_the_desk(opened: Page, desk: FakeDesk) -> None:
    expect(opened.get_by_text("At the desk: Amara Diallo, Luc Tremblay")).to_be_visible()
    desk.events.append(("presence", {"present": ["a1"]}))
    expect(opened.get_by_text("At the desk: Amara Diallo", exact=True)).to_be_visible()
