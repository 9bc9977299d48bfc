"""The pages as HTML: what is quoted is text, what is linked is a web address, and a form sent twice is one message."""

import json
import re
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path

import pytest

from channels.texts import languages
from channels.web.events import Event
from channels.web.render import blocks, day, render_demo, render_plain, texts, web_address
from tests.channels.web import canned

WEB = Path(__file__).parents[3] / "channels" / "web"
NAUGHTY = Path(__file__).parents[4] / "shared" / "data" / "blns.json"


def said(text: str, number: int = 1) -> Event:
    return Event(f"{number}-0", "said", {"id": f"m{number}", "text": text})


def replied(reply: canned.Reply, number: int = 2) -> Event:
    return Event(f"{number}-0", "reply", asdict(reply) | {"id": f"r{number}", "in_reply_to": f"m{number - 1}"})


def plain(*entries: Event, language: str = "en", notice: str = "", waiting: bool = False, rated: str = "") -> str:
    return render_plain(language, entries, notice, waiting=waiting, fresh_id="fresh", rated=rated)


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, tag: str, attribute: str) -> list[str | None]:
        return [attributes[attribute] for name, attributes in self.tags if name == tag and attribute in attributes]


def shape(text: str) -> list[tuple[str, int]]:
    return [(block.kind, len(block.rows)) for block in blocks(text)]


def test_text_becomes_paragraphs_lists_and_tables() -> None:
    text = "One\nline more\n\n- a\n- b\n3. c\n4. d\n\nWhere | Time\nHere | 10 days"
    assert shape(text) == [("p", 2), ("ul", 2), ("ol", 2), ("table", 2)]
    assert blocks("3. c")[0].start == 3
    assert blocks("Where | Time\nHere | 10 days")[0].headed
    assert not blocks("Here | 10 days\nThere | 20 days")[0].headed
    assert not blocks("Here | Time")[0].headed
    assert shape("-5 degrees\n2026. A year.") == [("p", 2)]
    assert shape("") == []


@pytest.mark.parametrize(
    ("iso", "locale", "words"),
    [
        ("2026-03-31", "en_CA", "March 31, 2026"),
        ("2026-03-31", "fr_CA", "31 mars 2026"),
        ("2026-03-01T23:00:00Z", "fr_CA", "1er mars 2026"),
        (None, "en_CA", ""),
        ("spring", "fr_CA", ""),
    ],
)
def test_a_day_in_words(iso: str | None, locale: str, words: str) -> None:
    assert day(iso, locale) == words


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//x.example", "x", "", None, "http://[x"]
)
def test_only_web_addresses_are_linked(address: str | None) -> None:
    assert web_address(address) in (None, "")
    assert web_address("https://www.canada.ca/") == "https://www.canada.ca/"


def test_every_text_is_in_every_language() -> None:
    assert tuple(texts()) == languages()
    english = texts()["en"]
    for others in texts().values():
        assert others.keys() == english.keys()
        assert [len(others[key]) for key in ("examples", "good")] == [len(english[key]) for key in ("examples", "good")]
    templates = "".join(path.read_text(encoding="utf-8") for path in WEB.glob("*.html"))
    used = set(re.findall(r"\b(?:t|words|other)\.(\w+)", templates))
    assert used | {"demo_title", "plain_title", "locale", "send_code"} == english.keys()


@pytest.mark.parametrize("language", languages())
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(language: str) -> None:
    for html in (render_demo(language), plain(said("?"), replied(canned.ANSWERED), language=language)):
        page = Page(html)
        assert not [tag for tag, attributes in page.tags if tag == "style" or "style" in attributes]
        assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
        assert all(source and source.startswith("/") for source in page.values("script", "src"))
        assert len(page.values("script", "src")) == sum(tag == "script" for tag, _ in page.tags)
        assert {*page.values("link", "href")} == {"data:,", "/guichet.css"}
        assert page.values("html", "lang") == [language]
        assert f"/chat?lang={language}" in page.values("a", "href") or f"/{language}" in page.values("a", "href")


def test_a_reply_is_shown_with_its_source() -> None:
    page = Page(plain(said("How much?"), replied(canned.ANSWERED)))
    assert page.values("blockquote", "cite") == [canned.EN_COST.url]
    assert page.values("blockquote", "lang") == ["en"]
    assert canned.EN_COST.url in page.values("a", "href")
    words = " ".join(" ".join(page.text).split())
    assert (
        "Source: Renew an adult passport › Cost Immigration, Refugees and Citizenship Canada as of March 31, 2026"
        in words
    )
    assert "by debit card" in page.text
    assert [attributes["id"] for tag, attributes in page.tags if tag == "li" and "id" in attributes] == ["latest"]


def test_a_reply_speaks_its_own_language() -> None:
    html = plain(said("Combien?"), replied(canned.REPONDU))
    assert "en date du 1er mars 2026" in html
    assert "Est-ce que cela vous aide?" in html
    assert "Your question" in html


def test_each_form_says_something_of_its_own() -> None:
    page = Page(plain(said("?", 1), replied(canned.ANSWERED, 2), said("?", 3), replied(canned.CLARIFY, 4)))
    inputs = [attributes for tag, attributes in page.tags if tag == "input"]
    ids = [field["value"] for field in inputs if field["name"] == "id"]
    assert len(ids) == len(set(ids)) == 6  # two choices, two choices, the text, a person
    assert all(name and re.fullmatch(r"[\w:/-]{1,64}", name) for name in ids)
    assert {field["value"] for field in inputs if field["name"] == "language"} == {"en"}
    assert "What do I need to renew a passport?" in [field["value"] for field in inputs if field["name"] == "text"]
    assert page.values("button", "name") == ["helpful", "helpful"]


def test_feedback_is_thanked_for() -> None:
    html = plain(said("?"), replied(canned.ANSWERED), rated="r2")
    assert "Thank you for telling us." in html
    assert "/chat/feedback" not in html


def test_it_reloads_itself_only_while_waiting() -> None:
    waiting, settled = plain(said("?"), waiting=True), plain(said("?"), notice="Please write a message first.")
    assert '<meta http-equiv="refresh" content="2">' in waiting
    assert "<textarea" not in waiting  # a reload would lose what is written
    assert "http-equiv" not in settled
    assert "<textarea" in settled
    assert '<p class="notice" role="alert">Please write a message first.</p>' in settled


def test_language_events_are_not_shown() -> None:
    assert plain(Event("1-0", "language", {"language": "fr"})) == plain()


def test_an_unknown_language_is_the_first() -> None:
    assert Page(render_demo("xx")).values("html", "lang") == [languages()[0]]


def test_hostile_replies_are_only_text() -> None:
    page = Page(plain(said(canned.HARMFUL), replied(canned.HOSTILE), notice=canned.HARMFUL))
    assert not [tag for tag, _ in page.tags if tag in ("script", "img")]
    assert not [url for url in page.values("a", "href") if url and not url.startswith(("/", "#"))]
    assert page.values("blockquote", "cite") == []
    assert "".join(page.text).count("<script>") >= 6


@pytest.mark.skipif(not NAUGHTY.exists(), reason="The list of naughty strings is not beside the checkout.")
def test_naughty_strings_are_only_text() -> None:
    harmless = [
        tag for tag, _ in Page(plain(said("x"), replied(canned.Reply(choices=(canned.Choice("x", "x"),))))).tags
    ]
    for text in json.loads(NAUGHTY.read_text(encoding="utf-8")):
        page = Page(plain(said(text), replied(canned.Reply(choices=(canned.Choice(text, text),)))))
        assert [tag for tag, _ in page.tags] == harmless
        assert text in page.values("input", "value")
