"""What citizens say, and what they read, through every process."""

import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.journeys.conftest import Running

CONTENT = Path(__file__).parents[2] / "knowledge" / "content"
NAUGHTY = Path(__file__).parents[2].parent / "shared" / "data" / "blns.json"


@pytest.mark.parametrize(
    ("language", "question", "slug", "lead"),
    [
        ("en", "How do I renew my passport?", "passport-renewal", "published"),
        ("en", "how mutch is old age securty", "old-age-security", "published"),
        ("fr", "Comment renouveler mon passeport?", "passport-renewal", "publié"),
        ("fr", "jai perdu ma carte sante ontario", "on-health-card", "publié"),
    ],
)
def test_a_question_is_answered_in_published_words_with_their_source(
    running: Running, language: str, question: str, slug: str, lead: str
) -> None:
    reply = running.citizen(page_language=language).ask(question)
    assert (reply["outcome"], reply["language"]) == ("answered", language)
    assert lead in reply["text"]
    (quote,) = reply["quotes"]
    page = (CONTENT / language / f"{slug}.md").read_text(encoding="utf-8")
    assert quote["title"] in page
    assert quote["url"] in page
    assert quote["as_of"] in page
    assert plain(quote["text"].splitlines()[0]) in plain(page)
    assert reply["asks_feedback"]


def plain(markdown: str) -> str:
    return markdown.replace("*", "").replace("\u00a0", " ").replace("\u202f", " ")


def test_a_question_out_of_scope_is_not_answered(running: Running) -> None:
    reply = running.citizen().ask("What is the best pizza in town?")
    assert reply["outcome"] in ("out_of_scope", "not_found")
    assert reply["quotes"] == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("hello", "Hello"),
        ("bonjour", "Bonjour"),
        ("thanks a lot", "welcome"),
        ("are you a robot?", "automated"),
        ("what can you do?", "government"),
        ("merci beaucoup", "plaisir"),
    ],
)
def test_small_talk_is_answered_in_its_language(running: Running, said: str, expected: str) -> None:
    assert expected in running.citizen().ask(said)["text"]


def test_the_language_changes_when_it_is_asked_for(running: Running) -> None:
    citizen = running.citizen(page_language="en")
    reply = citizen.ask("can we speak french please")
    assert (reply["language"], "français" in reply["text"]) == ("fr", True)
    assert ("language", {"language": "fr"}) in citizen.history()
    assert citizen.ask("NAS?")["language"] == "fr"


def test_who_asks_for_a_person_gets_the_contact_of_the_service_in_question(running: Running) -> None:
    citizen = running.citizen()
    citizen.ask("How do I renew my passport?")
    before = count(running, "wishes")
    assert "1-800-567-6868" in citizen.ask("I want to talk to a person")["text"]
    until_counted(running, "wishes", before + 1)


def test_what_does_not_help_twice_leads_to_a_person(running: Running) -> None:
    citizen = running.citizen()
    citizen.ask("How do I renew my passport?")
    first = citizen.ask("that didn't help")
    assert first["choices"]
    citizen.ask("that is not helpful at all")
    texts = " ".join(reply["text"] for kind, reply in citizen.history() if kind == "reply")
    assert "1-800-567-6868" in texts


def test_yes_to_the_offer_of_a_person_is_understood(running: Running) -> None:
    citizen = running.citizen()
    citizen.ask("that didn't help")
    assert "622-6232" in citizen.ask("yes please")["text"]


def test_personal_data_reach_neither_rasa_nor_records_nor_logs(running: Running) -> None:
    citizen = running.citizen()
    citizen.ask("my name is Zebulon Quartermain, SIN 046 454 286, call 613-555-0142: how do I renew my passport?")
    before = count(running, "feedback")
    citizen.http.post("/web/feedback", json={"reply": "x/1", "helpful": True})
    until_counted(running, "feedback", before + 1)
    logs = "".join(path.read_text(errors="replace") for path in (running.home / "run").glob("*.log"))
    assert "passport" not in logs.lower()
    with create_engine(sync_url(running)).connect() as database:
        kept = json.dumps([list(map(str, row)) for row in database.execute(text("select * from transcript"))])
    for private in ("Zebulon", "046 454", "555-0142"):
        assert private not in logs
        assert private not in kept


def test_naughty_strings_get_a_reply_each(running: Running) -> None:
    if not NAUGHTY.exists():
        pytest.skip("the Big List of Naughty Strings is not beside the checkout")
    citizen = running.citizen()
    taken = 0
    for number, line in enumerate(json.loads(NAUGHTY.read_text())):
        sent = citizen.http.post("/web/messages", json={"id": f"n{number}", "text": line})
        assert sent.status_code in (202, 422), line
        taken += sent.status_code == 202
    assert citizen.ask("hello", seconds=90)["text"]
    answered = {reply["in_reply_to"] for kind, reply in citizen.history() if kind == "reply"}
    assert len(answered) == taken + 1


def test_a_conversation_without_javascript(running: Running) -> None:
    import httpx

    with httpx.Client(base_url=running.url, follow_redirects=True, timeout=20) as browser:
        page = browser.post("/chat", data={"id": "p1", "text": "How do I renew my passport?", "language": "en"})
        if "Renew an adult passport" not in page.text:
            page = browser.get("/chat")
        assert "Renew an adult passport" in page.text
        assert "canada.ca" in page.text


def count(running: Running, table: str) -> int:
    with create_engine(sync_url(running)).connect() as database:
        return int(database.execute(text(f"select count(*) from {table}")).scalar_one())


def until_counted(running: Running, table: str, rows: int, seconds: float = 5) -> None:
    import time

    until = time.monotonic() + seconds
    while count(running, table) != rows:
        assert time.monotonic() < until, f"{table} has {count(running, table)} rows, {rows} expected"
        time.sleep(0.1)


def sync_url(running: Running) -> str:
    return "postgresql+psycopg2://" + running.state["settings"]["database_url"].partition("://")[2]
