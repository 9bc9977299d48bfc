"""The pages as HTML: the demonstration of the chat window, and the chat that needs no JavaScript."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from babel.dates import format_date  # type: ignore[import-untyped]
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from channels.telephone import telephone
from channels.web.events import Event

FOLDER = Path(__file__).parent
_LISTED = {"ul": re.compile(r"\s*- +"), "ol": re.compile(r"\s*\d{1,3}\. +")}


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph ("p"), a list ("ul", "ol") or a table. `rows` are its lines, items or rows of cells."""

    kind: str
    rows: tuple[Any, ...]
    start: int = 1
    headed: bool = False


def blocks(text: str) -> list[Block]:
    """Plain text as paragraphs, lists and tables, told by how its lines begin, as the chat window does it."""
    groups = groupby(text.splitlines(), key=_kind)
    return [_block(kind, list(lines)) for kind, lines in groups if kind]


def web_address(address: str | None) -> str | None:
    """The address if it is one of the web: no javascript:, no data:."""
    try:
        known = address and urlsplit(address).scheme in ("http", "https")
    except ValueError:
        return None
    return address if known else None


def day(iso: str | None, locale: str) -> str:
    """ "2026-03-31" in words: March 31, 2026, 31 mars 2026; nothing where it is no date."""
    try:
        words = format_date(date.fromisoformat((iso or "")[:10]), "long", locale=locale)
    except ValueError:
        return ""
    return re.sub(r"^1 ", "1er ", words) if locale.startswith("fr") else words


@cache
def texts() -> dict[str, dict[str, Any]]:
    """The texts of the pages by language; a file more is a language more."""
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("texts/*.yml"))}


def render_demo(language: str, number: str | None = None) -> str:
    """The demonstration page; with a `number`, conversations can go on there by text message."""
    return _page("demo.html", language, title="demo_title", here="/", number=number)


def render_plain(
    language: str,
    entries: Sequence[Event],
    notice: str,
    waiting: bool,
    fresh_id: str,
    rated: str = "",
    number: str | None = None,
    code: str = "",
) -> str:
    """The conversation as a page with forms.

    `entries` are what was said and replied, oldest first; `notice` is a sentence or empty. While `waiting`, the page
    reloads itself and takes no text, which the reload would lose. `fresh_id` names the message that is written next, so
    that a form sent twice is one message. `rated` is the reply that the citizen has just said was helpful or not. With a
    `number` the conversation can go on there by text message, and `code` is what to send to it.
    """
    shown = [entry for entry in entries if entry.kind in ("said", "reply")]
    about = {"entries": shown, "notice": notice, "waiting": waiting, "fresh_id": fresh_id, "rated": rated}
    going_on = {"number": number, "continued": continued(code, number, language) if code and number else ""}
    return _page("plain.html", language, title="plain_title", here="/chat?lang=", **about, **going_on)


def continued(code: str, number: str, language: str) -> str:
    """What to do with a code, in a sentence."""
    return str(texts()[language]["send_code"]).format(code=code, number=telephone(number, language))


def _page(template: str, language: str, *, title: str, **values: Any) -> str:
    known = language if language in texts() else next(iter(texts()))
    t = texts()[known]
    return _environment().get_template(template).render(language=known, t=t, title=t[title], texts=texts(), **values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"blocks": blocks, "web_address": web_address}
    environment.globals |= {"day": day}
    return environment


def _kind(line: str) -> str:
    if not line.strip():
        return ""
    listed = next((kind for kind, mark in _LISTED.items() if mark.match(line)), None)
    return listed or ("table" if " | " in line else "p")


def _block(kind: str, lines: list[str]) -> Block:
    if kind == "table":
        headed = not re.search(r"\d", lines[0]) and any(re.search(r"\d", line) for line in lines[1:])
        return Block(kind, tuple([cell.strip() for cell in line.split(" | ")] for line in lines), headed=headed)
    if kind == "p":
        return Block(kind, tuple(line.strip() for line in lines))
    number = re.match(r"\s*(\d+)", lines[0])
    items = tuple(_LISTED[kind].sub("", line, count=1) for line in lines)
    return Block(kind, items, start=int(number[1]) if number else 1)
