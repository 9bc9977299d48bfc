"""With thousands of cases and many events a second, the page draws little, and seldom."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.channels.desk.pages.fake_desk import LUC, FakeDesk

CASES = 2000
FRAMES = """() => {
  window.frames_taken = [];
  const request = window.requestAnimationFrame;
  window.requestAnimationFrame = (draw) => request((time) => {
    const before = performance.now();
    draw(time);
    document.body.getBoundingClientRect(); // with the layout that it asks for
    frames_taken.push(performance.now() - before);
  });
}"""
DRAWS = """() => {
  window.draws = 0; // with each, the title of the page is set
  Object.defineProperty(document, "title", { get: () => "", set: () => (window.draws += 1) });
}"""
CHANGES = """() => {
  window.changed = new Set();
  const row = ({ target }) => target.closest(".cases li")?.querySelector("a").hash;
  const ticks = ({ target }) => target.closest(".clocks");
  const told = (record) => row(record) && !ticks(record) && changed.add(row(record));
  const seen = (records) => records.forEach(told);
  new MutationObserver(seen).observe(document.querySelector("#queue"), { childList: true, subtree: true });
}"""


def crowded(page: Page, desk: FakeDesk) -> None:
    desk.role = "supervisor"
    due = (datetime.now(UTC) + timedelta(minutes=9)).isoformat()
    for id in range(1000, 1000 + CASES):
        about = {"agent": LUC} if id % 10 == 0 else {}
        desk.add(id, waited=id % 600, reply_due=due, topic="Renew an adult passport", place="ca-on", **about)
    desk.events.clear()
    page.add_init_script(f"({FRAMES})()")
    page.goto(desk.origin)
    page.locator(".cases li").first.wait_for()


def test_two_thousand_cases_are_drawn_in_less_than_fifty_milliseconds(page: Page, desk: FakeDesk) -> None:
    crowded(page, desk)
    expect(page.locator("#waiting-count")).to_have_text("1,803")
    expect(page.locator("#waiting li")).to_have_count(100)
    shown = page.locator("#waiting a").nth(50)
    id = int((shown.get_attribute("href") or "").removeprefix("#"))
    page.evaluate(CHANGES)
    page.evaluate("frames_taken.length = 0")
    for number in range(9):
        desk.write(id, "citizen", f"word {number}")
        expect(page.locator(f"a[href='#{id}']")).to_contain_text(f"word {number}")
    frames = sorted(page.evaluate("frames_taken"))
    assert len(frames) == 9
    assert frames[4] < 50
    assert page.evaluate("[...changed]") == [f"#{id}"]  # no other row was touched


def test_many_events_are_drawn_once_a_frame(page: Page, desk: FakeDesk) -> None:
    crowded(page, desk)
    page.evaluate(DRAWS)
    page.evaluate("frames_taken.length = 0")
    desk.asked.clear()
    for number in range(1000):
        desk.write(1000 + number, "citizen", "all at once")
    desk.write(13, "citizen", "the last one")
    expect(page.locator("a[href='#13']")).to_contain_text("the last one")
    draws, frames = page.evaluate("[draws, frames_taken.length]")
    assert 0 < draws <= frames < 100
    assert desk.asked == []


def test_more_is_shown_on_demand_and_the_focus_goes_on(page: Page, desk: FakeDesk) -> None:
    crowded(page, desk)
    more = page.get_by_role("button", name="Show 100 more (1,703 not shown)")
    more.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#waiting li")).to_have_count(200)
    expect(page.locator("#waiting a").nth(100)).to_be_focused()
    last = page.locator("#waiting a").nth(150).get_attribute("href")
    page.reload()
    expect(page.locator("#waiting li")).to_have_count(100)
    page.goto(f"{desk.origin}/{last}")
    expect(page.locator("a[aria-current=true]")).to_have_attribute("href", str(last))  # what is open is in the list
