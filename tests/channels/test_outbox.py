"""Replies, packed and unpacked whole."""

import json
from dataclasses import asdict, fields

from channels.channel import Choice, Link, Quote, Reply
from channels.outbox import pack, unpack

FULL = Reply(
    text="Here:",
    quotes=(Quote("It costs…", "Passport", "Cost", "https://www.example.ca", "A department", "2026-03-31", "en"),),
    links=(Link("More", None, "A department"),),
    choices=(Choice("How long?", "how long does it take"),),
    language="fr",
    outcome="answered",
    confidence=0.5,
    snapshot="s1",
    passages=("p1", "p2"),
    asks_feedback=True,
    changes_language=True,
    degraded=True,
    continues=True,
    unasked=True,
    regardless=True,
    id="m1/1",
    in_reply_to="m1",
    sender="desk",
)


def test_a_reply_comes_out_as_it_went_in() -> None:
    assert unpack(json.loads(json.dumps(pack(FULL)))) == FULL
    assert unpack(json.loads(json.dumps(pack(Reply())))) == Reply()


def test_every_value_of_a_reply_is_packed() -> None:
    assert json.dumps(pack(FULL)) == json.dumps(asdict(FULL))
    assert not [field.name for field in fields(Reply) if getattr(FULL, field.name) == getattr(Reply(), field.name)]
