"""A case: what is shown of it, and how it changes hands."""

import pytest
from playwright.sync_api import Page, expect

from tests.channels.desk.pages.fake_desk import LUC, FakeDesk
from tests.channels.desk.pages.test_queue import shown


def open_case(page: Page, id: int) -> None:
    page.locator(f"a[href='#{id}']").click()
    expect(page.get_by_role("heading", name=f"Case {id}")).to_be_focused()


def test_what_was_said_is_shown_with_sources_and_what_became_of_it(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 14)
    before, since = opened.locator("#said-before"), opened.locator("#said")
    expect(before.locator(".citizen")).to_contain_text("What does a passport cost?")
    link = before.get_by_role("link", name="Renew an adult passport › Cost")
    expect(link).to_have_attribute("href", "https://www.example.org/passport")
    expect(link).to_have_attribute("rel", "noreferrer")
    expect(before.get_by_role("figure")).to_contain_text(
        "Immigration, Refugees and Citizenship Canada, as of March 31, 2026"
    )
    expect(since.locator(".done").first).to_contain_text("The answer did not help")
    expect(since.locator(".done").last).to_contain_text("You claimed the case")
    expect(since.locator(".note")).to_contain_text("Internal note, Luc Tremblay")
    expect(since.locator(".note")).to_contain_text("Only the desk sees this")
    expect(since.locator(".delivery")).to_have_text(
        [
            "Read",
            "Not delivered: on this channel too much time has passed since they wrote (code\u00a063016) Send again",
        ]
    )
    desk.cases[14]["lines"][-1].update(delivery="delivered", code=None)
    desk.tell(14)
    expect(since.locator(".delivery").last).to_have_text("Delivered")


def test_whose_language_an_agent_has_not_is_said_before_claiming(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 12)
    expect(opened.get_by_text("This person writes in French, which is not one of your languages.")).to_be_visible()
    expect(opened.get_by_role("button", name="Claim")).to_be_visible()
    open_case(opened, 11)
    expect(opened.get_by_text("not one of your languages")).to_be_hidden()


def test_claiming_leads_to_the_reply(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 11)
    expect(opened.get_by_text("Nobody has this case yet.")).to_be_visible()
    opened.get_by_role("button", name="Claim").click()
    expect(opened.get_by_text("You have this case.").first).to_be_visible()
    expect(opened.get_by_label("Your reply")).to_be_focused()
    assert shown(opened, "mine") == ["Case 14", "Case 11"]
    assert desk.posted == [("/api/cases/11/claim", {})]


def test_a_lost_claim_says_who_has_the_case(opened: Page, desk: FakeDesk) -> None:
    desk.rival = LUC
    open_case(opened, 11)
    opened.get_by_role("button", name="Claim").click()
    notice = opened.locator("#notice")
    expect(notice).to_have_text("Luc Tremblay has this case. Nothing was sent or changed.")
    expect(opened.locator("#live")).to_contain_text("Luc Tremblay has this case.")
    expect(opened.get_by_role("button", name="Claim")).to_be_hidden()
    assert "Case 11 · Luc Tremblay" in shown(opened, "others")
    expect(opened.get_by_role("heading", name="Case 11")).to_be_focused()  # the button is gone
    open_case(opened, 14)
    expect(notice).to_be_hidden()


def test_release(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 14)
    opened.get_by_role("button", name="Release").click()
    expect(opened.get_by_text("Nobody has this case yet.").first).to_be_visible()
    assert desk.sent("release") == [{"epoch": 1}]
    expect(opened.get_by_role("heading", name="Case 14")).to_be_focused()


def test_transfer(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 14)
    opened.get_by_role("button", name="Transfer…").click()
    dialog = opened.get_by_role("dialog", name="Transfer the case")
    dialog.get_by_role("button", name="Transfer").click()
    expect(dialog.get_by_text("Choose a team or a person.")).to_be_visible()
    expect(dialog.get_by_label("To the team")).to_be_focused()
    people = dialog.get_by_label("To the person")
    expect(people.locator("optgroup")).to_have_attribute("label", "At the desk")
    dialog.get_by_label("To the team").select_option("benefits")
    people.select_option("Luc Tremblay – English and French – Passports")
    dialog.get_by_label("What should they know?").fill("Asks for benefits, too")
    dialog.get_by_role("button", name="Transfer").click()
    expect(opened.locator("#said .done").last).to_contain_text("You transferred the case to Benefits, Luc Tremblay")
    assert desk.sent("transfer") == [{"epoch": 1, "team": "benefits", "agent": "a2", "note": "Asks for benefits, too"}]


def test_close(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 14)
    close = opened.get_by_role("button", name="Close…")
    close.click()
    dialog = opened.get_by_role("dialog", name="Close the case")
    opened.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(close).to_be_focused()
    close.click()
    dialog.get_by_label("Referred elsewhere").check()
    dialog.get_by_role("button", name="Close the case").click()
    expect(opened.get_by_text("This case is closed.").first).to_be_visible()
    expect(opened.locator("#said .done").last).to_contain_text("Referred elsewhere")
    assert desk.sent("close") == [{"epoch": 1, "outcome": "referred", "tags": []}]
    assert shown(opened, "mine") == []


@pytest.mark.parametrize("role", ["agent", "supervisor"])
def test_only_supervisors_take_over(page: Page, desk: FakeDesk, role: str) -> None:
    desk.role = role
    page.goto(desk.origin)
    open_case(page, 15)
    expect(page.get_by_text("Luc Tremblay has this case.").first).to_be_visible()
    take_over = page.get_by_role("button", name="Take over…")
    if role == "agent":
        expect(take_over).to_be_hidden()
        return
    take_over.click()
    page.get_by_label("Why?").fill("Luc is away")
    page.get_by_role("button", name="Take over", exact=True).click()
    expect(page.get_by_text("You have this case.").first).to_be_visible()
    assert desk.sent("take-over") == [{"because": "Luc is away"}]


def test_the_address_says_which_case_is_open(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 11)
    open_case(opened, 14)
    opened.go_back()
    expect(opened.get_by_role("heading", name="Case 11")).to_be_visible()
    opened.reload()
    expect(opened.get_by_role("heading", name="Case 11")).to_be_visible()
    expect(opened.locator("a[aria-current=true]")).to_have_attribute("href", "#11")
    opened.goto(f"{desk.origin}/#99")
    expect(opened.locator("#live")).to_contain_text("This case is not there")
    expect(opened.get_by_text("Choose a case from the list.")).to_be_visible()
