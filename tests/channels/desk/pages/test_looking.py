"""Who is at the desk, who looks at which case, who types: shown as it is heard, and never said aloud."""

from playwright.sync_api import Page, expect

from tests.channels.desk.pages.fake_desk import AMARA, FakeDesk
from tests.channels.desk.pages.test_case import open_case
from tests.channels.desk.pages.test_live import LISTEN


def settled(page: Page, desk: FakeDesk, looked: list[int | None]) -> None:
    for _ in range(100):
        if desk.looked == looked:
            return
        page.wait_for_timeout(20)
    assert desk.looked == looked


def test_an_event_changes_the_list_without_a_question(opened: Page, desk: FakeDesk) -> None:
    asked = list(desk.asked)
    desk.cases[12].update(urgent=True, topic="Employment insurance")
    desk.write(12, "citizen", "It is urgent now")
    row = opened.locator("#waiting li").first  # urgent ones come first, then who waits longest
    expect(row).to_contain_text("It is urgent now")
    expect(row).to_contain_text("Case 12")
    expect(row).to_contain_text("Employment insurance")
    desk.hand(12, AMARA)
    desk.tell(12)
    expect(opened.locator("#mine a[href='#12']")).to_be_visible()
    desk.events.append(("gone", {"id": 11}))
    expect(opened.locator("a[href='#11']")).to_have_count(0)
    desk.events.append(("gone", {"id": 999}))  # which was never there
    desk.add(16)
    expect(opened.locator("a[href='#16']")).to_be_visible()
    assert desk.asked == asked


def test_a_case_that_one_may_see_no_more_is_left(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 11)
    desk.cases.pop(11)
    desk.events.append(("gone", {"id": 11}))
    expect(opened.locator("#notice")).to_have_text("This case is not there, or it is not yours to see.")
    expect(opened.get_by_text("Choose a case from the list.")).to_be_visible()


def test_the_desk_is_told_which_case_is_open(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 11)
    settled(opened, desk, [11])
    open_case(opened, 14)
    opened.keyboard.press("b")  # agents have no board
    settled(opened, desk, [11, 14])
    desk.cut()  # after a new beginning it is told again
    settled(opened, desk, [11, 14, 14])
    opened.evaluate("location.hash = 'cases'")
    settled(opened, desk, [11, 14, 14, None])


def test_who_else_looks_is_shown_in_the_list_and_in_the_case(opened: Page, desk: FakeDesk) -> None:
    desk.looking = {"11": ["a1", "a2"]}
    desk.events.append(("presence", desk.seen()))
    row = opened.locator("#waiting li", has_text="Case 11")
    expect(row).to_contain_text("Luc Tremblay is looking at this")
    expect(row).not_to_contain_text("Amara")  # one knows oneself
    open_case(opened, 11)
    expect(opened.locator("#case .looking")).to_have_text("Luc Tremblay is looking at this")
    desk.looking = {}
    desk.events.append(("presence", desk.seen()))
    expect(opened.locator("#case .looking")).to_be_hidden()
    expect(row).not_to_contain_text("looking")


def test_that_a_citizen_types_is_shown_for_a_while_and_never_said(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 14)
    opened.evaluate(LISTEN)
    typing = opened.locator("#typing")
    desk.events.append(("typing", {"id": 11}))
    desk.events.append(("typing", {"id": 14}))
    expect(typing).to_have_text("The citizen is typing…")
    open_case(opened, 11)
    expect(typing).to_be_hidden()  # it is of another case
    open_case(opened, 14)
    desk.events.append(("typing", {"id": 14}))
    expect(typing).to_be_visible()
    expect(typing).to_be_hidden(timeout=7000)
    assert opened.evaluate("spoken") == []


def test_ones_own_teams_come_first(page: Page, desk: FakeDesk) -> None:
    desk.role, desk.teams = "supervisor", ["benefits"]
    page.goto(desk.origin)
    expect(page.locator("#waiting li")).to_have_count(1)  # of benefits
    expect(page.locator("#mine li")).to_have_count(1)  # of passports, but one's own
    expect(page).to_have_title("(1) Cases – Guichet")
    team = page.get_by_label("Team", exact=True)
    expect(team.locator("option")).to_have_text(["My teams", "Benefits", "All teams"])
    team.select_option("All teams")
    expect(page.locator("#waiting li")).to_have_count(3)


def test_what_is_reopened_or_in_another_language_is_marked(opened: Page, desk: FakeDesk) -> None:
    desk.cases[11]["reopened"] = 1
    desk.tell(11)
    expect(opened.locator("#waiting li", has_text="Case 11")).to_contain_text("Reopened")
    expect(opened.locator("#waiting li", has_text="Case 12")).to_contain_text("Not your language: French")
    open_case(opened, 11)
    expect(opened.locator("#case .mark.reopened")).to_be_visible()


def test_who_has_no_part_in_cases_is_told_so(page: Page, desk: FakeDesk) -> None:
    desk.role = "publisher"
    page.goto(desk.origin)
    expect(page.get_by_role("heading", name="There is nothing here for you")).to_be_focused()
    expect(page.locator("main").get_by_role("link", name="My settings")).to_have_attribute("href", "/me")
    expect(page.get_by_text("Choose a case from the list.")).to_be_hidden()
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_role("heading", name="Il n’y a rien pour vous ici")).to_be_visible()
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page).to_have_url(f"{desk.origin}/sign-in")
    assert desk.asked == []
