"""A channel brings what citizens say and says replies back; this is what every adapter speaks."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fastapi import APIRouter


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message from a citizen.

    `id` comes from the provider and is unique within the channel; `address` is "web:…", "sms:+1613…".
    `language` is the citizen's explicit choice, None if they made none; `hint` is that of the page they write on.
    `place` is a jurisdiction, "ca-on-toronto".
    """

    id: str
    address: str
    text: str
    language: str | None = None
    hint: str | None = None
    place: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Quote:
    """Published words and where they stand. `as_of` is an ISO 8601 date; `url` is None where none is usable."""

    text: str
    title: str
    section: str
    url: str | None
    publisher: str
    as_of: str | None
    language: str


@dataclass(frozen=True, slots=True)
class Link:
    """A further source, to read."""

    title: str
    url: str | None
    publisher: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Something the citizen can answer with one touch: `label` is shown, `say` is what they are taken to have said."""

    label: str
    say: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a citizen is told, as structure: each adapter renders it. `text` is ours, `quotes` are publishers' words."""

    text: str = ""
    quotes: tuple[Quote, ...] = ()
    links: tuple[Link, ...] = ()
    choices: tuple[Choice, ...] = ()
    language: str = "en"
    outcome: str | None = None
    confidence: float | None = None
    snapshot: str | None = None
    passages: tuple[str, ...] = ()
    asks_feedback: bool = False
    changes_language: bool = False
    id: str = ""
    in_reply_to: str = ""
    sender: str = "bot"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider took the reply; `provider_id` is its name for it."""

    provider_id: str


class ChannelError(Exception):
    """Why a reply could not be sent. The tree is closed; `retry` says whether trying again can help.

    ChannelError
    ├── Unreachable      the provider did not answer, or said it is down         retry
    ├── SlowDown         the provider asks for patience: `after` seconds         retry
    ├── Refused          the provider refuses this message
    ├── Gone             there is nobody at this address (any more)
    └── OptedOut         the citizen said stop to the provider
    """

    retry = False


class Unreachable(ChannelError):
    retry = True


class SlowDown(ChannelError):
    retry = True

    def __init__(self, after: float) -> None:
        super().__init__(f"The provider asks to wait {after:g} s before the next message.")
        self.after = after


class Refused(ChannelError): ...


class Gone(ChannelError): ...


class OptedOut(ChannelError): ...


Deliver = Callable[[Incoming], Awaitable[bool]]
"""The one door in: durable when it returns; True if the message is new, False if it had been seen."""


class Channel(Protocol):
    name: str

    def routes(self, deliver: Deliver) -> "APIRouter": ...

    async def send(self, address: str, reply: Reply) -> Receipt: ...
