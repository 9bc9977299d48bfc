"""From a citizen to a person and back: by text and in the web chat, with an agent at the desk in a real browser."""

import os
import re
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from machine.phone.picture import picture
from tests.journeys.conftest import ROOT, Citizen, Running

GIVEN, PASSWORD = "what somebody else chose", "a long enough word"
PERSON, PERSONNE = "I want to talk to a person", "Je veux parler à une personne"


class Agent:
    """Somebody at the desk, by its interface."""

    def __init__(self, running: Running, name: str, role: str = "agent") -> None:
        self.email, self.name = f"{uuid.uuid4().hex}@town.example", name
        made = subprocess.run(
            [sys.executable, "-m", "guichet", "agent", "add", self.email, name, "--role", role, "--password", GIVEN],
            cwd=ROOT,
            env=os.environ | {"GUICHET_HOME": str(running.home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        self.url = f"http://127.0.0.1:{running.state['settings']['desk_port']}"
        self.http = httpx.Client(base_url=self.url, headers={"X-Guichet": "desk"}, timeout=20)
        assert self.http.post("/sign-in", data={"email": self.email, "password": GIVEN}).headers["location"] == "/"
        assert self.http.post("/change", data={"password": PASSWORD}).headers["location"] == "/"

    def cases(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = self.http.get("/api/cases").json()["cases"]
        return found

    def claim(self) -> tuple[int, int]:
        """The newest case that waits, and its epoch."""
        id = max(int(str(each["id"])) for each in self.cases() if each["state"] == "waiting")
        return id, self.http.post(f"/api/cases/{id}/claim", json={}).json()["epoch"]

    @property
    def id(self) -> str:
        return str(self.http.get("/api/me").json()["id"])

    def days(self) -> list[dict[str, object]]:
        """What the statistics have of this week, for supervisors."""
        today = datetime.now(UTC).date()
        period = {"first": str(today - timedelta(days=3)), "last": str(today + timedelta(days=1))}
        days: list[dict[str, object]] = self.http.get("/api/statistics", params=period).json()["days"]
        return days

    def does(self, case: int, did: str, **values: object) -> httpx.Response:
        return self.http.post(f"/api/cases/{case}/{did}", json=values)


def test_a_citizen_by_text_reaches_a_person_and_comes_back_to_the_bot(running: Running, page: Page) -> None:
    agent, other, phone = Agent(running, "Ana"), Agent(running, "Ben", "supervisor"), running.phone("sms")
    assert phone.ask("Combien coûte un passeport pour adulte?")["text"]
    enters(page, agent)
    phone.say(PERSONNE)
    line = phone.messages(3)[-1]["text"]
    assert "personne vous répondra ici" in line
    page.get_by_text("Asked for a person").first.click()
    page.get_by_role("button", name="Claim").click()
    field = page.get_by_role("textbox", name="Your reply")
    expect(page.locator("#holder")).to_have_text("You have this case.")
    page.get_by_role("button", name="Add to the reply").first.click()
    field.fill("Bonjour, c’est Ana. Voici ce qui est publié :")
    field.press("Enter")
    answer = phone.messages(4)[-1]
    assert answer["text"].startswith("Bonjour, c'est Ana.") or answer["text"].startswith("Bonjour, c’est Ana.")
    assert "https://www.canada.ca/" in answer["text"]
    phone.say("Merci! Mon numéro de dossier est le B-42.")
    expect(page.get_by_text("Mon numéro de dossier est le B-42.").last).to_be_visible(timeout=15_000)
    expect(page.get_by_text("Delivered").first).to_be_visible(timeout=15_000)
    assert Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"] == []
    page.get_by_role("button", name="Transfer…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("To the person").select_option(other.id)
    dialog.get_by_label("What should they know?").fill("Elle part demain.")
    dialog.get_by_role("button", name="Transfer").click()
    expect(page.locator("#holder")).to_have_text("Ben has this case.")
    case = int(page.url.rpartition("#")[2])
    seen = other.http.get(f"/api/cases/{case}").json()
    assert [each["text"] for each in seen["lines"] if each["kind"] == "transferred"] == ["Elle part demain."]
    assert [each["text"] for each in seen["lines"] if each["kind"] == "citizen"][-1].endswith("B-42.")
    assert other.does(case, "close", epoch=seen["epoch"], outcome="answered", tags=["status"]).status_code == 200
    farewell = phone.messages(5)[-1]["text"]
    assert "Votre question est-elle réglée?" in farewell
    assert "Elle part demain" not in str(phone.messages()), "a note is for the desk"
    assert phone.ask("1")["text"].startswith("Merci de nous l")
    (counted,) = [each for each in other.days() if each["team"] == seen["team"]]
    assert (counted["solved"], counted["answered"]) == (1, 1)
    again = phone.ask("Comment renouveler mon passeport?")
    assert "https://www.canada.ca/fr" in again["text"], "the bot is back, and remembers the language"


def enters(page: Page, agent: Agent) -> None:
    page.goto(agent.url)
    page.locator("#email").fill(agent.email)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Cases")).to_be_visible()


def test_in_the_chat_window_a_citizen_meets_two_people_and_says_how_it_was(running: Running, page: Page) -> None:
    agent, other = Agent(running, "Ana"), Agent(running, "Ben")
    enters(page, agent)
    chat = page.context.browser.new_page()  # type: ignore[union-attr]
    chat.goto(running.url)
    question = chat.get_by_role("textbox").last
    question.fill("How much is the Canada child benefit?")
    question.press("Enter")
    expect(chat.locator("blockquote").first).to_be_visible(timeout=20_000)
    question.fill(PERSON)
    question.press("Enter")
    expect(chat.get_by_role("button", name="Stop waiting")).to_be_visible(timeout=20_000)
    page.get_by_role("link", name=re.compile("Canada child benefit")).first.click()
    page.get_by_role("button", name="Claim").click()
    expect(page.locator("#holder")).to_have_text("You have this case.")
    page.get_by_role("button", name="Add to the reply").first.click()
    reply = page.get_by_role("textbox", name="Your reply")
    reply.fill("Hello, this is Ana. Is this what you need?")
    reply.press("Enter")
    expect(chat.get_by_text("A person answers:").last).to_be_visible(timeout=20_000)
    expect(chat.get_by_text("Is this what you need?").first).to_be_visible()
    question.press_sequentially("For two children", delay=30)
    expect(page.get_by_text("The citizen is typing…")).to_be_visible()
    question.press("Enter")
    expect(page.locator("#said").get_by_text("For two children")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Transfer…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("To the person").select_option(other.id)
    dialog.get_by_label("What should they know?").fill("Two children, moved in May.")
    dialog.get_by_role("button", name="Transfer").click()
    expect(page.locator("#holder")).to_have_text("Ben has this case.")
    case = int(page.url.rpartition("#")[2])
    epoch = other.http.get(f"/api/cases/{case}").json()["epoch"]
    assert other.does(case, "close", epoch=epoch, outcome="answered").status_code == 200
    chat.get_by_role("button", name="Yes", exact=True).last.click()
    expect(chat.get_by_text("Thank you for telling us.").first).to_be_visible(timeout=20_000)
    question.fill("How do I renew my passport?")
    question.press("Enter")
    expect(chat.locator("blockquote").nth(2)).to_be_visible(timeout=20_000)
    expect(chat.get_by_text("moved in May")).to_have_count(0)


def test_in_the_web_chat_too_and_whoever_is_late_is_told(running: Running) -> None:
    ana, ben, citizen = Agent(running, "Ana"), Agent(running, "Ben"), running.citizen(language="en")
    citizen.ask("How do I renew my passport?")
    citizen.ask(PERSON)
    case, epoch = ana.claim()
    late = ben.does(case, "claim")
    assert (late.status_code, late.json()["by"]) == (409, "Ana")
    read = ana.http.get(f"/api/cases/{case}").json()
    assert read["before"][0]["text"] == "How do I renew my passport?"
    id = str(uuid.uuid4())
    assert ana.does(case, "say", epoch=epoch, id=id, text="Hello, this is Ana.").status_code == 202
    said = citizen.say("thank you Ana")
    events = citizen.events(
        lambda found: any(about["text"] == "Hello, this is Ana." for kind, about in found if kind == "reply")
    )
    assert events[-1][1]["sender"] == "desk"
    moved = ana.does(case, "transfer", epoch=epoch, agent=ben.id, note="She is about to travel.").json()["epoch"]
    assert ana.does(case, "say", epoch=epoch, id=str(uuid.uuid4()), text="too late").status_code == 409
    lines = ben.http.get(f"/api/cases/{case}").json()["lines"]
    assert [line["text"] for line in lines if line["kind"] == "transferred"] == ["She is about to travel."]
    assert said in {line["message"] for line in lines}
    assert ben.does(case, "close", epoch=moved, outcome="answered").status_code == 200
    asked = citizen.events(lambda found: str(found[-1][1].get("text", "")).endswith("Was your question solved?"))[-1][1]
    assert [each["say"] for each in asked["choices"]][:3] == ["Yes", "Partly", "No"]
    link = citizen.ask("Send me this conversation")["links"][0]["url"]
    copied = httpx.get(link).text
    assert "thank you Ana" in copied and "Hello, this is Ana." in copied and "about to travel" not in copied
    assert citizen.ask("Partly")["text"].startswith("Thank you")
    assert citizen.ask("How do I renew my passport?")["outcome"] == "answered"
    replies = [about["text"] for kind, about in citizen.history() if kind == "reply"]
    assert "too late" not in replies


@pytest.mark.parametrize("part", ["desk", "worker", "redis", "postgres"])
def test_a_part_killed_in_the_middle_loses_nothing_that_was_said(running: Running, part: str) -> None:
    agent, citizen = Agent(running, "Ana"), running.citizen(language="en")
    citizen.ask(PERSON)
    case, epoch = agent.claim()
    asked = []
    for number in range(6):
        asked.append(say(citizen, f"answer {number}"))
        if number == 3:
            running.kill(part)
        again(agent, case, "say", epoch=epoch, id=f"{uuid.uuid4()}", text=f"part {number}")
    wanted = [f"part {number}" for number in range(6)]

    def said(found: list[tuple[str, dict[str, object]]]) -> list[object]:
        return [about["text"] for kind, about in found if kind == "reply" and str(about["text"]).startswith("part ")]

    assert said(citizen.events(lambda found: len(said(found)) == 6, 60)) == wanted
    heard = lines(agent, case, "citizen", 6)
    assert [line["message"] for line in heard] == asked, "each once, in order"
    moved = again(agent, case, "transfer", epoch=epoch, team="taxes", note="It is about taxes.")
    assert moved.status_code == 200, moved.text
    running.kill(part)
    claimed = again(agent, case, "claim")
    assert claimed.status_code in (200, 409)
    seen = agent.http.get(f"/api/cases/{case}").json()
    assert (seen["team"], seen["state"], seen["epoch"]) == ("taxes", "claimed", epoch + 2)
    assert again(agent, case, "close", epoch=epoch + 2, outcome="answered").status_code in (200, 409)
    history = citizen.events(lambda found: "Was your question solved?" in str(found[-1][1].get("text")), 60)
    assert said(history) == wanted
    answers = [about for kind, about in history if kind == "reply" and about.get("in_reply_to") in asked]
    assert [about["text"] for about in answers if not about["id"].endswith("/held")] == [], "the bot was silent"


def say(citizen: Citizen, text: str) -> str:
    """Until it is taken; the message's id."""
    until = time.monotonic() + 60
    while True:
        try:
            return citizen.say(text)
        except (httpx.TransportError, AssertionError):
            assert time.monotonic() < until
            time.sleep(0.3)


def again(agent: Agent, case: int, did: str, **values: object) -> httpx.Response:
    """The first answer that is none of a part that is away."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            answer = agent.does(case, did, **values)
            if answer.status_code < 500:
                return answer
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise AssertionError(f"{did} has no answer")


def lines(agent: Agent, case: int, kind: str, count: int) -> list[dict[str, object]]:
    """What was said in a case, once it is so much."""
    until, found = time.monotonic() + 60, []
    while len(found) < count and time.monotonic() < until:
        time.sleep(0.3)
        try:
            read = agent.http.get(f"/api/cases/{case}")
            found = [line for line in read.json().get("lines", []) if line["kind"] == kind]
        except httpx.TransportError:
            pass
    return found


@pytest.mark.parametrize("channel", ["sms", "telegram"])
def test_a_picture_that_is_sent_to_a_person_is_seen_by_them(running: Running, channel: str) -> None:
    agent, phone = Agent(running, "Ana"), running.phone(channel)
    phone.ask(PERSON)
    case, _ = agent.claim()
    before = len(phone.messages())
    phone.say("Is this the right form?", media=True)
    until = time.monotonic() + 20
    while not (sent := [each for each in agent.http.get(f"/api/cases/{case}").json()["lines"] if each["files"]]):
        assert time.monotonic() < until, "the picture did not come to the desk"
        time.sleep(0.2)
    ((text, message, files),) = [(each["text"], each["message"], each["files"]) for each in sent]
    assert (text, [each["number"] for each in files]) == ("Is this the right form?", [1])
    answer = agent.http.get(f"/api/cases/{case}/lines/{message}/files/1")
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "image/png", picture())
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert len(phone.messages()) == before, "nothing is said of it by the bot"
