"""Provenance is what is recorded of each answer, so that it can be explained later, and whom it misled be found."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.channel import Incoming, Quote, Reply
from channels.conversation import Conversation
from channels.redact import redact
from knowledge import page_address


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer on record. `name` is what people call it, `question` what was asked, without personal data, `reply` what
    was said, `basis` how it came about; a basis is empty where the answer is older than such records."""

    name: str
    conversation: str
    channel: str
    at: datetime
    question: str
    reply: Mapping[str, Any]
    basis: Mapping[str, Any]

    @property
    def quote(self) -> str:
        """The words that were quoted, "" where none were."""
        quotes = self.reply.get("quotes") or ()
        return str(quotes[0]["text"]) if quotes else ""

    @property
    def url(self) -> str:
        """The address of what was quoted, "" where nothing was, or it has none."""
        quotes = self.reply.get("quotes") or ()
        return str(quotes[0]["url"] or "") if quotes else ""

    @property
    def passage(self) -> str:
        """The id of the passage that was quoted, "" where none was."""
        passages = self.reply.get("passages") or ()
        return str(passages[0]) if self.quote and passages else ""


@dataclass(frozen=True, slots=True)
class Quoted:
    """Published words that a person quoted to a citizen at the desk, in a case, and where they stand."""

    case: int
    conversation: str
    channel: str
    at: datetime
    url: str
    text: str


def name_of(entry: str) -> str:
    """What people call the answer that is this line of the transcript: 16 hexadecimal digits."""
    return hashlib.sha256(entry.encode()).hexdigest()[:16]


def answers(conversation: Conversation, said: Incoming, replies: Sequence[Reply]) -> list[dict[str, Any]]:
    """Rows for the replies that are answers of knowledge, those included that say that there is none."""
    question = redact(said.text, conversation.language)
    return [
        {
            "id": name_of(entry := f"{conversation.key}:{reply.id}"),
            "entry": entry,
            "at": said.at.isoformat(),
            "question": question,
            "snapshot": reply.snapshot or "",
            "document": reply.passages[0].rpartition("#")[0] if reply.quotes and reply.passages else None,
            "page": page_address(reply.quotes[0].url) if reply.quotes and reply.quotes[0].url else None,
            "basis": dict(reply.basis),
        }
        for reply in replies
        if reply.outcome is not None
    ]


def quoted(quotes: Sequence[Quote]) -> dict[str, Any] | None:
    """What is kept, unsealed, of the published words that a person quotes, to be found by their page."""
    found = [{"page": page_address(each.url), "url": each.url, "text": each.text} for each in quotes if each.url]
    return {"quoted": found} if found else None
