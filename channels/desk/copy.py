"""A conversation as plain text, for the citizen who asked for a copy of it: what was said, by whom, with its sources."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from channels.desk.attached import listed
from channels.desk.case import Line
from channels.desk.history import Spoken
from channels.desk.words import day, hour
from channels.texts import texts

SPEAKERS = {"citizen": "copy_you", "bot": "copy_bot", "channel": "copy_bot", "desk": "copy_person"}


def copied(spoken: Sequence[Spoken], lines: Sequence[Line], language: str, zone: str) -> str:
    """In order of time, which is that of `zone`. Of what is both in the record and in the case, the case has it as it was
    written; what the desk keeps for itself is not in it."""
    told: dict[str, tuple[datetime, str, str, Sequence[dict[str, Any]]]] = {
        each.id: (each.at, each.sender, each.text, each.quotes) for each in spoken
    }
    own = texts(language)
    for line in lines:
        if line.kind == "citizen":
            text = "\n".join(filter(None, [line.text, *(own["copy_file"] for _ in listed(line))]))
            told[line.message] = (line.at, "citizen", text, ())
        elif line.kind == "agent":
            reply = json.loads(line.text or "{}")
            told[line.message] = (line.at, "desk", reply.get("text", ""), reply.get("quotes", ()))
    said = []
    for at, who, text, quotes in sorted(told.values(), key=lambda each: each[0]):
        local = at.astimezone(ZoneInfo(zone))
        head = f"{day(local, language)}, {hour(local, language)} – {own[SPEAKERS.get(who, 'copy_bot')]}"
        said.append("\n".join([head, *filter(None, [text]), *(_quoted(quote, own["copy_quote"]) for quote in quotes)]))
    return "\n\n".join([own["copy_title"], *said]) + "\n"


def _quoted(quote: dict[str, Any], form: str) -> str:
    where = " – ".join(filter(None, (quote.get("title"), quote.get("publisher"), quote.get("url"))))
    return f"{form.format(quote=quote.get('text', ''))}\n{where}"
