"""The chat window on bad connections: nothing is lost, nothing is shown or announced twice."""

import pytest
from playwright.sync_api import Page, expect

from tests.channels.web import canned
from tests.channels.web.fake_server import FakeServer
from tests.channels.web.test_widget import LISTEN, ask


@pytest.fixture
def chat(page: Page, server: FakeServer) -> Page:
    page.goto(f"{server.origin}/page?origin={server.origin}&attributes=inline")
    return page


def test_a_reload_restores_the_conversation_in_silence(chat: Page, server: FakeServer) -> None:
    ask(chat, "What does a passport cost?")
    expect(chat.locator(".reply")).to_have_count(
        1
    )  # what is asked before stands above it until the page is loaded again
    ask(chat, "renew")
    expect(chat.get_by_role("button", name="Health card")).to_be_visible()
    shown = chat.get_by_role("list").first.inner_text()
    chat.reload()
    expect(chat.get_by_role("button", name="Health card")).to_be_visible()
    assert chat.get_by_role("list").first.inner_text() == shown
    expect(chat.locator("[aria-live]")).to_be_empty()
    chat.evaluate(LISTEN)
    server.say(canned.AGENT)
    expect(chat.get_by_text("A person answers:")).to_be_visible()
    assert len(chat.evaluate("spoken")) == 1
    assert len(server.conversations) == 1


def test_what_is_said_during_a_reload_is_announced(chat: Page, server: FakeServer) -> None:
    ask(chat, "renew")
    expect(chat.get_by_role("button", name="Health card")).to_be_visible()
    chat.goto("about:blank")
    server.say(canned.AGENT)
    chat.go_back()
    expect(chat.get_by_text("A person answers:")).to_be_visible()
    expect(chat.locator("[aria-live] > *")).to_have_count(1)
    expect(chat.locator("[aria-live]")).to_contain_text("this is Sam")


def test_the_chosen_language_outlives_a_reload(chat: Page, server: FakeServer) -> None:
    ask(chat, "renew")
    expect(chat.locator(".reply")).to_have_count(1)
    server.tell("language", {"language": "en"})
    chat.wait_for_function("Object.values(sessionStorage).some((kept) => JSON.parse(kept).last === '3-0')")
    chat.get_by_role("button", name="Français").click()
    chat.reload()
    expect(chat.locator(".reply")).to_have_count(1)
    expect(chat.get_by_role("button", name="Envoyer")).to_be_visible()


def test_a_cut_stream_goes_on_where_it_stopped(chat: Page, server: FakeServer) -> None:
    ask(chat, "What does a passport cost?")
    expect(chat.get_by_role("figure")).to_be_visible()
    chat.evaluate(LISTEN)
    server.cut()
    server.say(canned.CLARIFY)
    server.say(canned.AGENT)
    expect(chat.get_by_text("A person answers:")).to_be_visible()
    expect(chat.locator(".said")).to_have_count(1)
    expect(chat.locator(".reply")).to_have_count(3)
    assert len(chat.evaluate("spoken")) == 2
    assert server.resumed == [None, "2-0"]
    expect(chat.get_by_text("There is no connection")).to_have_count(0)  # too short to speak of


def test_events_that_come_twice_are_shown_once(chat: Page, server: FakeServer) -> None:
    ask(chat, "What does a passport cost?")
    expect(chat.get_by_role("figure")).to_be_visible()
    chat.evaluate(LISTEN)
    for events in server.conversations.values():
        events.extend((f"{number}-0", kind, data) for number, (_, kind, data) in enumerate(list(events), 3))
    server.say(canned.AGENT)
    expect(chat.get_by_text("A person answers:")).to_be_visible()
    expect(chat.locator(".said, .reply")).to_have_count(3)
    assert len(chat.evaluate("spoken")) == 1


def test_a_silent_stream_is_opened_again(page: Page, server: FakeServer) -> None:
    page.clock.install()
    page.goto(f"{server.origin}/page?origin={server.origin}&attributes=inline")
    ask(page, "renew")
    expect(page.locator(".reply")).to_have_count(1)
    page.clock.fast_forward(41_000)
    page.wait_for_timeout(100)
    page.clock.fast_forward(1_000)
    page.wait_for_timeout(300)
    assert server.resumed == [None, "2-0"]


def test_nobody_is_said_to_look_for_an_answer_while_a_person_has_the_conversation(
    chat: Page, server: FakeServer
) -> None:
    server.reply_after = 60.0
    ask(chat, "hello")
    waiting = chat.get_by_text("Looking for the answer").first
    expect(waiting).to_be_visible()
    server.say(canned.AGENT, id="r1")
    expect(waiting).to_be_hidden()
    ask(chat, "thank you")
    expect(chat.get_by_text("thank you")).to_be_visible()
    chat.wait_for_timeout(500)
    expect(waiting).to_be_hidden()
    server.say(canned.AGENT, id="r2", sender="bot")
    expect(chat.get_by_text("Assistant:")).to_be_visible()
    ask(chat, "and now?")
    expect(waiting).to_be_visible()


def test_losing_and_finding_the_connection_is_told(chat: Page, server: FakeServer) -> None:
    ask(chat, "renew")
    expect(chat.locator(".reply")).to_have_count(1)
    server.streams = False
    server.cut()
    expect(chat.get_by_role("status")).to_have_text("There is no connection right now. Reconnecting…")
    server.streams = True
    server.say(canned.AGENT)
    expect(chat.get_by_text("A person answers:")).to_be_visible()
    expect(chat.get_by_role("status")).not_to_contain_text("no connection")


def test_being_offline_is_told(chat: Page, server: FakeServer) -> None:
    chat.context.set_offline(True)
    expect(chat.get_by_role("status")).to_contain_text("There is no connection")
    ask(chat, "renew")
    expect(chat.get_by_text("Not sent.").last).to_be_visible()
    chat.context.set_offline(False)
    expect(chat.get_by_role("status")).to_have_text("You’re connected again.")
    chat.get_by_role("button", name="Try again").click()
    expect(chat.locator(".reply")).to_have_count(1)
    expect(chat.get_by_role("button", name="Try again")).to_have_count(0)
    assert len(server.posted) == 1


def test_a_refused_message_can_be_sent_again_as_the_same(chat: Page, server: FakeServer) -> None:
    server.refuse = [429]
    ask(chat, "renew")
    expect(chat.locator(".said")).to_contain_text("Not sent. Please wait a moment.")
    expect(chat.locator(".typing")).to_be_hidden()
    chat.get_by_role("button", name="Try again").click()
    expect(chat.locator(".reply")).to_have_count(1)
    expect(chat.get_by_role("textbox")).to_be_focused()
    expect(chat.locator(".said")).to_have_count(1)
    assert server.posted[0] == server.posted[1]


def test_a_message_that_had_arrived_is_not_called_unsent(chat: Page, server: FakeServer) -> None:
    server.refuse = [502]
    ask(chat, "renew")
    expect(chat.locator(".reply")).to_have_count(1)
    chat.wait_for_timeout(500)
    expect(chat.get_by_role("button", name="Try again")).to_have_count(0)


def test_messages_keep_their_order(chat: Page, server: FakeServer) -> None:
    chat.locator("guichet-chat").evaluate("(chat) => [0, 1, 2, 3, 4].forEach((n) => chat.say(`message ${n}`))")
    expect(chat.locator(".reply")).to_have_count(5)
    assert [said["text"] for said in server.posted] == [f"message {number}" for number in range(5)]
    assert len(server.conversations) == 1


def test_an_expired_conversation_is_followed_by_a_new_one(chat: Page, server: FakeServer) -> None:
    ask(chat, "renew")
    expect(chat.locator(".reply")).to_have_count(1)
    server.expire()
    server.cut()  # the stream is refused before the message that is on its way
    ask(chat, "renew again")
    expect(chat.locator(".reply")).to_have_count(2)
    expect(chat.get_by_text("Your earlier conversation had ended. This is a new one.").first).to_be_visible()
    expect(chat.locator(".note")).to_have_count(1)
    assert [said["text"] for said in server.posted] == ["renew", "renew again"]


def test_a_conversation_that_expired_before_a_reload(chat: Page, server: FakeServer) -> None:
    ask(chat, "renew")
    expect(chat.locator(".reply")).to_have_count(1)
    server.expire()
    chat.reload()
    expect(chat.locator(".note")).to_have_text("Your earlier conversation had ended. This is a new one.")
    ask(chat, "hello")
    expect(chat.locator(".reply")).to_have_count(1)


def test_waiting_is_shown_and_announced_once(chat: Page, server: FakeServer) -> None:
    server.reply_after = 1.6
    chat.evaluate(LISTEN)
    ask(chat, "renew")
    expect(chat.locator(".typing")).to_be_visible()
    expect(chat.get_by_role("button", name="Health card")).to_be_visible()
    expect(chat.locator(".typing")).to_be_hidden()
    assert [words.split("?")[0] for words in chat.evaluate("spoken")] == [
        "Looking for the answer…",
        "Which one do you mean",
    ]


def test_a_quick_reply_is_not_waited_for_aloud(chat: Page, server: FakeServer) -> None:
    chat.evaluate(LISTEN)
    ask(chat, "renew")
    expect(chat.get_by_role("button", name="Health card")).to_be_visible()
    chat.wait_for_timeout(1200)
    assert len(chat.evaluate("spoken")) == 1


def test_it_speaks_to_a_server_of_another_origin(page: Page, server: FakeServer) -> None:
    page.goto(f"{server.origin.replace('127.0.0.1', 'localhost')}/page?origin={server.origin}&attributes=inline")
    ask(page, "What does a passport cost?")
    expect(page.get_by_role("figure")).to_be_visible()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("Thank you")).to_be_visible()


def test_it_takes_another_server_by_attribute(page: Page, server: FakeServer) -> None:
    other = server.origin.replace("127.0.0.1", "localhost")
    page.goto(f"{server.origin}/page?origin={other}&attributes=inline server={other}/")
    ask(page, "renew")
    expect(page.locator(".reply")).to_have_count(1)
