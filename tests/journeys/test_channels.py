"""Citizens with telephones: the same answers as on the web, shaped for their channel, and one conversation over two."""

from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from knowledge.rules.withheld import Step, reinstate, withdraw
from tests.journeys.conftest import Running

PASSPORT = "https://www.canada.ca/"


def test_a_question_by_text_is_answered_within_its_segments_and_reported_delivered(running: Running) -> None:
    phone = running.phone("sms")
    reply = phone.ask("How do I renew my passport?")
    assert len(reply["segments"]) <= 3
    assert PASSPORT in reply["text"]
    assert phone.states(reply["sid"], 2) == ["sent", "delivered"]


def test_more_brings_the_rest_in_french_too(running: Running) -> None:
    phone = running.phone("sms")
    first = phone.ask("Comment renouveler mon passeport pour adulte?")
    assert "SUITE" in first["text"]
    rest = phone.ask("suite")
    assert rest["text"]
    assert rest["text"] != first["text"]


@pytest.mark.parametrize(
    ("question", "more", "told", "person"),
    [
        ("How do I renew my passport?", "MORE", "is being checked", "1) Talk to a person"),
        (
            "Comment renouveler mon passeport pour adulte?",
            "suite",
            "en cours de vérification",
            "1) Parler à une personne",
        ),
    ],
)
def test_more_of_what_was_withdrawn_meanwhile_does_not_come(
    running: Running, question: str, more: str, told: str, person: str
) -> None:
    phone = running.phone("sms")
    assert more.upper() in phone.ask(question)["text"]
    step = Step(datetime.now(UTC), "source", "content", "It is wrong.", "ana")
    withdraw(running.home, step)
    try:
        reply = phone.ask(more)["text"]
    finally:
        reinstate(running.home, "source", "content", "It is right.", "ana")
    assert told in reply
    assert person in reply
    assert PASSPORT not in reply


def test_whatsapp_marks_what_is_quoted(running: Running) -> None:
    reply = running.phone("whatsapp").ask("Combien coûte un passeport?")
    assert "\n> " in f"\n{reply['text']}"
    assert PASSPORT in reply["text"]


def test_telegram_greets_answers_and_takes_a_touch(running: Running) -> None:
    phone = running.phone("telegram")
    greeting = phone.ask("/start")
    assert greeting["text"]
    choices = next(each for each in (greeting, phone.ask("passport")) if each["buttons"])
    touched = phone.ask(data=choices["buttons"][0]["data"])
    assert touched["text"]


def test_after_stop_nothing_comes_until_start(running: Running) -> None:
    phone = running.phone("whatsapp")
    assert "START" in phone.ask("Stop!")["text"]
    phone.say("How do I renew my passport?")
    assert phone.ask("START")["text"].startswith("Guichet"), "and nothing came before it"
    assert PASSPORT in phone.ask("How do I renew my passport?")["text"]


def test_a_conversation_of_the_web_goes_on_by_text(running: Running) -> None:
    citizen, phone = running.citizen(language="fr"), running.phone("sms")
    assert "passeport" in str(citizen.ask("Comment renouveler mon passeport pour adulte?"))
    made = citizen.http.post("/web/continue", headers={"Accept-Language": "fr"}).json()
    assert made["code"] in made["text"]
    assert phone.ask(made["code"])["text"] == "Vous pouvez continuer ici. Que voulez-vous savoir?"
    assert "passeport" in phone.ask("passeport perdu")["text"].lower()
    elsewhere = [about["text"] for kind, about in citizen.history() if kind == "reply"][-1]
    assert elsewhere.startswith("Cette conversation se poursuit sur votre téléphone.")
    other = running.phone("sms")
    assert other.ask(made["code"])["text"] != "Vous pouvez continuer ici. Que voulez-vous savoir?", "it works once"


def test_a_picture_is_declined_kindly(running: Running) -> None:
    assert "only read text" in running.phone("sms").ask(media=True)["text"]


def test_the_phone_simulator_shows_what_arrives(running: Running, page: Page) -> None:
    page.goto(running.phones)
    sms = page.locator("#sms")
    sms.locator("textarea").fill("How do I renew my passport?")
    page.keyboard.press("Enter")
    bubble = sms.locator(".theirs").first
    bubble.wait_for(timeout=15_000)
    assert bubble.locator(".segment").count() in (1, 2, 3)
    bubble.get_by_text("delivered").wait_for(timeout=5_000)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "telegram"])
def test_a_phone_that_writes_twice_at_once_is_answered_in_order(running: Running, channel: str) -> None:
    phone = running.phone(channel)
    phone.say("How do I renew my passport?")
    phone.say("How do I apply for a social insurance number?")
    first, second = phone.messages(2)[:2]
    assert "passport" in first["text"].lower()
    assert "social insurance number" in second["text"].lower()
