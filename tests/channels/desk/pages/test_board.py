"""The supervisors' board and the statistics."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.channels.desk.pages.fake_board import at, day
from tests.channels.desk.pages.fake_desk import FakeDesk, ago
from tests.channels.desk.pages.test_live import LISTEN
from tests.channels.web.conftest import ZONE


@pytest.fixture
def board(page: Page, desk: FakeDesk) -> Page:
    desk.role = "supervisor"
    desk.cases[11]["reply_due"] = ago(1)
    page.goto(f"{desk.origin}/#board")
    page.locator("#teams .card").first.wait_for()
    return page


def card(board: Page, team: str) -> Locator:
    return board.locator("#teams .card", has=board.get_by_role("heading", name=team))


def counted(card: Locator) -> dict[str, str]:
    pairs = card.locator(".counts > div").all()
    return {each.locator("dt").inner_text(): each.locator("dd").inner_text().replace("\u00a0", " ") for each in pairs}


def test_each_team_now_and_today(board: Page, desk: FakeDesk) -> None:
    passports, benefits = card(board, "Passports"), card(board, "Benefits")
    expect(passports.locator(".waiting dd")).to_have_text("2")
    now = counted(passports)
    assert re.fullmatch(r"4 min 0\d s", now.pop("Longest wait"))
    assert now == {"Waiting": "2", "Late": "1", "With agents": "2", "At the desk": "2"}
    longest = passports.locator(".longest dd")
    before = longest.inner_text()
    expect(longest).not_to_have_text(before, timeout=2500)  # it ticks
    expect(passports).to_contain_text(re.compile("Open until .*[ap]m"))
    expect(benefits).to_contain_text(re.compile("Closed, opens .*[ap]m"))
    expect(benefits).to_contain_text("No case yet.")
    told = passports.locator(".day").inner_text().replace("\n", " ")
    assert "First reply in time 92% (23 of 25)" in told
    assert "Half waited at most 3\u00a0min 9 in 10 waited at most 9\u00a0min" in told
    assert "What citizens said Solved 12 · partly 3 · not 1" in told
    assert board.locator("#board").get_by_text("Amara").count() == 0  # nobody is ranked
    board.get_by_role("button", name="Français").click()
    expect(card(board, "Passeports")).to_contain_text("92\u00a0% (23 sur 25)")


def test_it_goes_on_with_what_is_heard_and_asks_seldom(board: Page, desk: FakeDesk) -> None:
    asked = desk.asked.count("board")
    for number in range(60):
        desk.add(100 + number, team="benefits", waited=number)
        board.wait_for_timeout(10)
    expect(card(board, "Benefits").locator(".waiting dd")).to_have_text("61")
    board.wait_for_timeout(2200)
    assert desk.asked.count("board") - asked <= 3
    settled = desk.asked.count("board")
    board.wait_for_timeout(2500)
    assert desk.asked.count("board") == settled  # without news it is not asked
    assert desk.asked.count("cases") == 1


def test_a_team_is_closed_and_opened_again(board: Page, desk: FakeDesk) -> None:
    board.evaluate(LISTEN)
    board.get_by_role("button", name="Close Passports").click()
    dialog = board.get_by_role("dialog", name="Close Passports to new cases?")
    expect(dialog).to_contain_text("somebody in danger still comes through")
    dialog.get_by_label("Why?").fill("Training")
    dialog.get_by_label("Until when?").fill("2020-01-01T10:00")
    dialog.get_by_role("button", name="Close the team").click()
    expect(dialog.get_by_text("Choose a time that is still to come.")).to_be_visible()
    expect(dialog.get_by_label("Until when?")).to_be_focused()
    assert desk.posted == []
    dialog.get_by_label("Until when?").fill("2199-01-01T10:00")
    dialog.get_by_role("button", name="Close the team").click()
    expect(card(board, "Passports")).to_contain_text("Takes no new cases")
    ((path, sent),) = desk.posted
    assert path == "/api/switches"
    in_vancouver = ("2199-01-01T17:00:00.000Z", "2199-01-01T18:00:00.000Z")  # as the law on its time will be then
    assert sent.pop("ends") in in_vancouver
    assert sent == {"kind": "closed", "subject": "passports", "texts": {}, "because": "Training"}
    switch = board.locator("#switches li")
    expect(switch).to_contain_text("Passports takes no new cases")
    expect(switch).to_contain_text("Why: Training")
    expect(switch).to_contain_text("Amara Diallo, ")
    expect(board.get_by_role("button", name="Open Passports again")).to_be_focused()
    board.keyboard.press("Enter")
    board.get_by_role("dialog", name="End this?").get_by_role("button", name="End it").click()
    expect(board.get_by_text("Nothing. Everything runs as usual.")).to_be_visible()
    expect(board.get_by_role("button", name="Close Passports")).to_be_visible()
    assert desk.posted[1] == ("/api/switches/1/end", {})
    assert board.evaluate("spoken") == ["Done. It is in force.", "Done. It is over."]


def test_everything_goes_to_people_only_if_that_is_confirmed(board: Page, desk: FakeDesk) -> None:
    board.get_by_role("button", name="Give to people…").click()
    dialog = board.get_by_role("dialog", name="Give questions to people")
    do = dialog.get_by_role("button", name="Give to people")
    dialog.get_by_label("Why?").fill("The fees have changed")
    dialog.get_by_label("Words, with commas between them").fill(" , ")
    do.click()
    expect(dialog.get_by_text("Write at least one word.")).to_be_visible()
    dialog.get_by_label("All of them").check()
    expect(dialog.get_by_label("Words, with commas between them")).to_be_hidden()
    do.click()
    expect(dialog.get_by_text("Confirm that the assistant is to answer nothing.")).to_be_visible()
    assert desk.posted == []
    dialog.get_by_label("Yes, the assistant is to answer nothing").check()
    do.click()
    expect(board.locator("#switches li")).to_contain_text("People answer every question")
    board.get_by_role("button", name="Give to people…").click()
    dialog.get_by_label("Words, with commas between them").fill("fees, lost card")
    dialog.get_by_label("Why?").fill("The fees have changed")
    do.click()
    expect(board.locator("#switches li").first).to_contain_text("People answer questions with: fees, lost card")
    assert [sent["subject"] for _, sent in desk.posted] == ["", "fees, lost card"]


def test_a_notice_is_in_both_languages_and_confirmed(board: Page, desk: FakeDesk) -> None:
    board.get_by_role("button", name="Emergency notice…").click()
    dialog = board.get_by_role("dialog", name="Emergency notice")
    do = dialog.get_by_role("button", name="Put the notice up")
    dialog.get_by_label("In English").fill("Counters are closed today.")
    dialog.get_by_label("In French").fill("   ")
    dialog.get_by_label("Why?").fill("Storm")
    do.click()
    expect(dialog.get_by_text("Fill in what is empty.")).to_be_visible()
    dialog.get_by_label("In French").fill("Les comptoirs sont fermés aujourd’hui.")
    do.click()
    expect(dialog.get_by_text("Confirm that everybody is to be told.")).to_be_visible()
    assert desk.posted == []
    dialog.get_by_label("Yes, tell everybody").check()
    do.click()
    expect(board.locator("#switches [lang=fr]")).to_have_text("Les comptoirs sont fermés aujourd’hui.")
    ((_, sent),) = desk.posted
    assert sent["texts"] == {"en": "Counters are closed today.", "fr": "Les comptoirs sont fermés aujourd’hui."}
    assert sent["ends"] is None


def test_what_another_supervisor_switches_is_seen(board: Page, desk: FakeDesk) -> None:
    switch = {"id": 5, "kind": "to_people", "subject": "", "texts": {}, "ends": at(1), "because": "Outage"}
    desk.board.on = [switch | {"began": ago(1), "by": "Luc Tremblay"}]
    desk.events.append(("switches", {}))
    expect(board.locator("#switches li")).to_contain_text("Luc Tremblay")


def test_the_board_is_a_key_away_and_so_is_the_way_back(page: Page, desk: FakeDesk) -> None:
    desk.role = "administrator"
    page.goto(f"{desk.origin}/#14")
    expect(page.get_by_role("heading", name="Case 14")).to_be_focused()
    expect(page.get_by_role("link", name="Staff")).to_have_attribute("href", "/staff")
    page.keyboard.press("b")
    expect(page.get_by_role("heading", name="Board")).to_be_focused()
    expect(page).to_have_title("(3) Board – Guichet")
    expect(page.locator("#queue, #case, #knowledge").filter(visible=True)).to_have_count(0)
    page.keyboard.press("b")
    expect(page.get_by_role("heading", name="Case 14")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("board, and back")


def test_agents_have_no_board(page: Page, desk: FakeDesk) -> None:
    page.goto(f"{desk.origin}/#board")
    expect(page.locator(".cases li").first).to_be_visible()
    expect(page.locator("#board, #statistics").filter(visible=True)).to_have_count(0)
    for name in ("Board", "Statistics", "Audit", "Staff"):
        expect(page.get_by_role("link", name=name, exact=True)).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).not_to_contain_text("board, and back")
    assert "board" not in desk.asked


@pytest.fixture
def statistics(page: Page, desk: FakeDesk) -> Page:
    desk.role = "supervisor"
    page.goto(f"{desk.origin}/#statistics")
    page.locator("#days tr").first.wait_for()
    return page


def test_statistics_have_every_number_in_a_table_and_as_csv(statistics: Page, desk: FakeDesk) -> None:
    rows = statistics.locator("#days tbody tr")
    expect(rows).to_have_count(3 + 4)  # all teams, each team, each day and team
    cells = rows.first.locator("th, td").all_inner_texts()
    assert cells[:6] == ["Whole period", "All teams", "102", "82", "90% (74 of 82)", "12"]
    assert cells[6] == "–"  # halves of days make no half of all
    today = datetime.now(ZoneInfo(ZONE)).date()
    newest = rows.nth(3).locator("th, td").all_inner_texts()
    assert newest[1:4] == ["Passports", "30", "25"]
    assert newest[6:8] == ["1\u00a0min", "3\u00a0min"]
    heads = statistics.locator("#days thead th")
    assert len(cells) == len(newest) == heads.count() == 15
    first, last = (statistics.get_by_label(name, exact=True).input_value() for name in ("From", "To"))
    assert f"statistics {first} {last}" in desk.asked
    assert (datetime.fromisoformat(last) - datetime.fromisoformat(first)).days == 27
    with statistics.expect_download():
        statistics.get_by_role("link", name="Download as CSV").click()
    assert desk.asked[-1] == f"csv {first} {last} en"
    charts = statistics.get_by_role("img")
    expect(charts).to_have_count(2)
    label = "Waits by day, Passports: half waited at most 1\u00a0min on the best day and 3\u00a0min on the worst."
    expect(charts.first).to_have_attribute("aria-label", re.compile(re.escape(label)))
    expect(charts.first.locator("rect")).to_have_count(3)
    expect(charts.last.locator("rect")).to_have_count(0)  # nobody was answered there
    assert today.isoformat() >= last > first


def test_another_period(statistics: Page, desk: FakeDesk) -> None:
    statistics.get_by_label("From", exact=True).fill("2026-03-31")
    statistics.get_by_label("To", exact=True).fill("2026-03-01")
    statistics.get_by_role("button", name="Show", exact=True).click()
    expect(statistics.get_by_text("Choose a period of a year at most")).to_be_visible()
    statistics.get_by_label("To", exact=True).fill("2026-04-02")
    statistics.get_by_role("button", name="Show", exact=True).click()
    expect(statistics.get_by_text("No case was opened in this period.").first).to_be_visible()
    expect(statistics.get_by_role("link", name="Download as CSV")).to_be_hidden()
    assert desk.asked[-1] == "statistics 2026-03-31 2026-04-02"


def test_a_long_table_is_shown_in_parts(page: Page, desk: FakeDesk) -> None:
    desk.role = "supervisor"
    today = datetime.now(ZoneInfo(ZONE)).date()
    desk.board.days = [day(today - timedelta(days=number // 20), "passports") for number in range(250)]
    page.goto(f"{desk.origin}/#statistics")
    lines = page.locator("#days tbody:last-child tr")
    expect(lines).to_have_count(200)
    page.get_by_role("button", name="Show 50\u00a0more lines").click()
    expect(lines).to_have_count(250)
    expect(lines.nth(200)).to_be_focused()
