"""What agents and supervisors do in a case: whispers, sending again, handing on, closing, calling back, translating."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.channels.desk.pages.fake_board import at
from tests.channels.desk.pages.fake_desk import AMARA, LUC, FakeDesk, ago
from tests.channels.desk.pages.test_case import open_case
from tests.channels.desk.pages.test_live import LISTEN


@pytest.fixture
def supervised(page: Page, desk: FakeDesk) -> Page:
    desk.role = "supervisor"
    page.goto(desk.origin)
    page.locator(".cases li").first.wait_for()
    return page


def test_a_supervisor_whispers_to_who_has_the_case_and_never_to_the_citizen(supervised: Page, desk: FakeDesk) -> None:
    open_case(supervised, 15)
    supervised.get_by_role("button", name="Whisper", exact=True).first.click()
    field = supervised.get_by_label("Whisper to whoever has the case: only the desk sees this")
    expect(field).to_be_focused()
    expect(supervised.get_by_role("button", name="Send to the citizen")).to_be_hidden()
    field.fill("Ask for their form number.")
    field.press("Enter")
    whisper = supervised.locator("#said .whisper")
    expect(whisper).to_contain_text("Ask for their form number.")
    expect(whisper).to_contain_text("Whisper, You")
    expect(whisper).to_contain_text("Only the desk sees this")
    assert [each["text"] for each in desk.sent("whisper")] == ["Ask for their form number."]
    assert desk.sent("say") == desk.sent("note") == []
    desk.hand(15, AMARA)
    desk.tell(15)
    expect(supervised.locator("#to-whisper")).to_be_hidden()  # to oneself there is nothing to whisper
    expect(supervised.get_by_label("Your reply")).to_be_visible()


def test_agents_hear_a_whisper_and_cannot_whisper(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 14)
    opened.evaluate(LISTEN)
    desk.write(14, "whisper", "They mean form B.", agent=LUC)
    expect(opened.locator("#said .whisper")).to_contain_text("Whisper, Luc Tremblay")
    assert opened.evaluate("spoken") == ["Whisper, Luc Tremblay: They mean form B."]
    open_case(opened, 15)
    expect(opened.locator("#to-whisper")).to_be_hidden()


def test_what_did_not_arrive_is_sent_again_once(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 14)
    again = opened.get_by_role("button", name="Send again")
    again.click()
    expect(opened.locator("#said .agent").last).to_contain_text("It is on the site.")
    expect(opened.locator("#said .delivery").nth(1)).to_contain_text("sent again below")
    expect(opened.locator("#said .delivery").last).to_have_text("On its way")
    expect(again).to_have_count(0)
    expect(opened.locator("#log")).to_be_focused()  # the button is gone
    assert desk.sent("resend") == [{"epoch": 1, "message": "14-l5"}]
    desk.cases[14]["lines"][-1].update(delivery="failed", code="stopped")
    desk.tell(14)
    expect(opened.locator("#said .delivery").last).to_contain_text("they asked for no more messages")
    expect(again).to_have_count(0)  # who wants no more is sent no more


def test_only_who_has_the_case_sends_again(opened: Page, desk: FakeDesk) -> None:
    desk.hand(14, LUC)
    open_case(opened, 14)
    expect(opened.locator("#said .delivery").last).to_contain_text("Not delivered")
    expect(opened.get_by_role("button", name="Send again")).to_have_count(0)


def test_a_transfer_to_a_team_says_when_it_opens(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 14)
    opened.get_by_role("button", name="Transfer…").click()
    team = opened.get_by_label("To the team")
    expect(team.locator("option")).to_have_count(2)
    expect(team.locator("option").last).to_have_text(re.compile(r"^Benefits \(closed, opens (at )?.+[ap]m\)$"))
    desk.present = ["a1"]
    opened.keyboard.press("Escape")
    opened.get_by_role("button", name="Transfer…").click()  # who is there is asked each time
    expect(opened.get_by_label("To the person").locator("optgroup")).to_have_attribute("label", "Not at the desk")
    team.select_option("benefits")
    opened.get_by_role("dialog").get_by_role("button", name="Transfer").click()
    expect(opened.locator("#said .done").last).to_contain_text("You transferred the case to Benefits")
    expect(opened.get_by_text("Nobody has this case yet.").first).to_be_visible()
    assert desk.sent("transfer") == [{"epoch": 1, "team": "benefits", "agent": None, "note": ""}]


def test_a_supervisor_reassigns_what_another_has(supervised: Page, desk: FakeDesk) -> None:
    open_case(supervised, 11)
    supervised.get_by_role("button", name="Reassign…").click()
    dialog = supervised.get_by_role("dialog", name="Reassign the case")
    dialog.get_by_label("To the person").select_option("a2")
    dialog.get_by_role("button", name="Reassign").click()
    expect(supervised.locator("#said .done").last).to_contain_text("You gave the case to Luc Tremblay")
    expect(supervised.get_by_text("Luc Tremblay has this case.").first).to_be_visible()
    assert desk.sent("reassign") == [{"team": None, "agent": "a2"}]


def test_a_case_is_closed_with_tags(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 14)
    opened.get_by_role("button", name="Close…").click()
    dialog = opened.get_by_role("dialog", name="Close the case")
    dialog.get_by_label("Help with a form").check()
    dialog.get_by_label("Complaint").check()
    dialog.get_by_role("button", name="Close the case").click()
    expect(opened.locator("#facts")).to_contain_text("Tags Help with a form, Complaint", use_inner_text=True)
    expect(opened.locator("#facts")).to_contain_text("Outcome Answered", use_inner_text=True)
    assert desk.sent("close") == [{"epoch": 1, "outcome": "answered", "tags": ["form", "complaint"]}]


def test_whom_to_call_and_when(opened: Page, desk: FakeDesk) -> None:
    start = datetime(2026, 7, 6, 16, tzinfo=UTC)  # 9 in the morning in Vancouver
    callback = {"phone": "+16135550142", "from": start.isoformat(), "until": (start + timedelta(hours=2)).isoformat()}
    desk.cases[11].update(wants="callback", callback=callback)
    desk.cases[12].update(wants="message")
    desk.tell(11)
    desk.tell(12)
    expect(opened.locator("#waiting li", has_text="Case 11")).to_contain_text("Wants a call")
    expect(opened.locator("#waiting li", has_text="Case 12")).to_contain_text("Left a message")
    open_case(opened, 11)
    link = opened.get_by_role("link", name="613-555-0142")
    expect(link).to_have_attribute("href", "tel:+16135550142")
    facts = opened.locator("#facts .wanted")
    expect(facts).to_contain_text("613-555-0142, Monday, July 6, 9\u00a0am to 11\u00a0am")
    opened.get_by_role("button", name="Français").click()
    expect(facts).to_contain_text("613\u00a0555-0142, lundi 6 juillet, de 9\u00a0h à 11\u00a0h")
    desk.cases[11]["callback"] = {"phone": "+33145678901"}
    desk.tell(11)
    expect(facts).to_contain_text("+33145678901, dès que possible")


def test_earlier_cases_can_be_opened(opened: Page, desk: FakeDesk) -> None:
    desk.add(7, state="closed", outcome="referred", topic="Lost passport", opened="2026-03-31T18:00:00+00:00")
    desk.cases[11]["earlier"] = [desk.summary(7)]
    open_case(opened, 11)
    opened.get_by_text("1\u00a0earlier case of this person").click()
    earlier = opened.locator("#earlier-cases li")
    expect(earlier).to_have_text("Case 7 · March 31, 2026 · Lost passport · Referred elsewhere")
    earlier.get_by_role("link").click()
    expect(opened.get_by_role("heading", name="Case 7")).to_be_focused()
    expect(opened.get_by_text("This case is closed.").first).to_be_visible()


STEPS = [
    ("reopened", {"about": {"because": "not_helpful"}}, "The citizen came back: the case was reopened · "),
    ("assigned", {"agent": LUC}, "The case was given to Luc Tremblay, whose turn it was · "),
    ("assigned", {"agent": AMARA}, "The case was given to you, whose turn it was · "),
    (
        "reassigned",
        {"agent": LUC, "about": {"team": None, "to": "a1"}},
        "Luc Tremblay gave the case to Amara Diallo · ",
    ),
    ("overflowed", {"about": {"team": "benefits"}}, "The case went on to Benefits, for it had waited long · "),
    ("given_up", {}, "The citizen waits no more · "),
    ("followed", {"about": {"channel": "sms"}}, "The citizen went on: Text message · "),
]


def test_what_was_done_is_told_in_words(opened: Page, desk: FakeDesk) -> None:
    for kind, about, _ in STEPS:
        desk.write(11, kind, **about)  # type: ignore[arg-type]
    open_case(opened, 11)
    told = opened.locator("#said .done").all_inner_texts()[1:]
    assert [text[: len(words)] for text, (_, _, words) in zip(told, STEPS, strict=True)] == [each[2] for each in STEPS]
    expect(opened.locator("#said .done").nth(1)).to_contain_text("The answer did not help")
    opened.get_by_role("button", name="Français").click()
    expect(opened.locator("#said .done").nth(5)).to_contain_text("Longue attente\u00a0: dossier passé à Prestations")


def test_what_a_citizen_sent_is_there_to_open_and_fetched_by_nobody_else(opened: Page, desk: FakeDesk) -> None:
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url) if "/files/" in request.url else None)
    files = [
        {"kind": "image/jpeg", "number": 1},
        {"kind": "application/pdf", "number": 2},
        {"kind": "", "number": None},
    ]
    desk.write(14, "citizen", "", message="m ü/1", files=files)
    open_case(opened, 14)
    came = opened.locator("#said .came")
    expect(came).to_have_text(
        [
            re.compile("^Open the picture"),
            re.compile("^Save the file"),
            "Something came along that cannot be opened here, such as a place on a map.",
        ]
    )
    href = "/api/cases/14/lines/m%20%C3%BC%2F1/files/1"
    expect(came.first.get_by_role("link")).to_have_attribute("href", href)
    assert asked == []


def test_a_citizens_words_and_a_reply_are_translated_on_demand(page: Page, desk: FakeDesk) -> None:
    desk.translates = True
    desk.hand(12, AMARA)
    page.goto(f"{desk.origin}/#12")
    translate = page.locator("#said .citizen").get_by_role("button", name="Translate", exact=True)
    translate.click()
    meaning = page.locator("#said .meaning")
    expect(meaning).to_contain_text("[en] Can somebody help me with 12?")
    expect(meaning).to_contain_text("Machine translation")
    field = page.get_by_label("Your reply")
    field.fill("Of course.")
    page.get_by_role("button", name="Translate to French").click()
    offered = page.get_by_role("group", name="The same in French")
    expect(offered).to_contain_text("[fr] Of course.")
    expect(field).to_have_value("Of course.")  # it is shown first
    page.get_by_role("button", name="Keep mine").click()
    expect(field).to_be_focused()
    expect(field).to_have_value("Of course.")
    page.get_by_role("button", name="Translate to French").click()
    expect(page.get_by_role("button", name="Use this text")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_have_value("[fr] Of course.")
    assert desk.sent("say") == []  # it is never sent by itself
    desk.translates = False
    page.get_by_role("button", name="Translate to French").click()
    expect(page.locator("#notice")).to_have_text("The translation service does not answer.")
    open_case(page, 14)
    expect(page.get_by_role("button", name=re.compile("Translate"))).to_have_count(0)  # it is in English


def test_without_a_service_there_is_no_translation(opened: Page, desk: FakeDesk) -> None:
    open_case(opened, 12)
    expect(opened.locator("#said .citizen")).to_be_visible()
    expect(opened.get_by_role("button", name=re.compile("Translate"))).to_have_count(0)


def test_a_canned_reply_fills_in_what_is_known_and_is_not_offered_otherwise(opened: Page, desk: FakeDesk) -> None:
    desk.cases[14].update(wants="callback", callback={"phone": "+16135550142"})
    open_case(opened, 14)
    field = opened.get_by_label("Your reply")
    field.fill("/call")
    option = opened.get_by_role("option", name="call Amara Diallo")
    expect(option).to_have_text("call Amara Diallo will call you at 613-555-0142.")
    field.press("ArrowDown")
    option.click()
    expect(field).to_have_value("Amara Diallo will call you at 613-555-0142.")
    open_case(opened, 15)
    opened.get_by_label("Your reply").fill("/call you at")
    expect(opened.locator("#canned-none")).to_be_visible()


def test_due_times_are_told_in_words(opened: Page, desk: FakeDesk) -> None:
    for id, minutes in ((11, -3.5), (12, 1.5), (13, 4.5)):
        desk.cases[id]["reply_due"] = at(minutes)
        desk.tell(id)
    due = {id: opened.locator("li", has=opened.locator(f"a[href='#{id}']")).locator(".due") for id in (11, 12, 13)}
    for id, words, state in (
        (11, "late by 3\u00a0min", "late"),
        (12, "due in 1\u00a0min", "soon"),
        (13, "due in 4\u00a0min", "due"),
    ):
        expect(due[id]).to_have_text(words)
        expect(due[id]).to_have_attribute("data-state", state)
    desk.cases[13].update(reply_due=at(0.04), resolve_due=ago(60))
    desk.tell(13)
    expect(due[13]).to_have_text(re.compile("due in [12]\u00a0s"))
    expect(due[13]).to_have_text(re.compile("late by [1-9]\u00a0s"))  # by itself
    open_case(opened, 13)
    expect(opened.locator("#reply-due")).to_have_text(re.compile("late by [1-9]\u00a0s"))
    expect(opened.locator("#resolve-due")).to_contain_text("(past)")
    opened.get_by_role("button", name="Français").click()
    expect(due[11]).to_have_text("en retard de 3\u00a0min")
