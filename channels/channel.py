"""A channel brings what citizens say and says replies back; this is what every adapter speaks."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from fastapi import APIRouter


@dataclass(frozen=True, slots=True)
class File:
    """A picture, a recording or a document that came with a message, and stays with the provider. `kind` is its MIME type
    as the provider says it, "" where it does not; `ref` what the provider knows it by, which may lead anybody to it."""

    kind: str
    ref: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message from a citizen.

    `id` comes from the provider and is unique within the channel, "" where it has none; `address` is "web:…",
    "sms:+1613…". `language` is the citizen's explicit choice, None if they made none; `hint` is that of the page they
    write on, or of their telephone. `place` is a jurisdiction, "ca-on-toronto". `command` is what a button or a command
    of the channel asks for, and `choice` the number of one of the choices of the reply of that id, which was touched; 0
    for the rest of it.
    `media` counts pictures, voices, files and places on a map, which only a person can look at; `files` are those of them
    that can be fetched. `answered` is whether the provider has answered a word such as STOP itself.
    """

    id: str
    address: str
    text: str
    language: str | None = None
    hint: str | None = None
    place: str | None = None
    command: "Command | None" = None
    choice: tuple[str, int] | None = None
    media: int = 0
    files: tuple[File, ...] = ()
    answered: bool = False
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


Command = Literal["start", "stop", "help", "language", "agent", "more", "private"]


@dataclass(frozen=True, slots=True)
class Quote:
    """Published words and where they stand. `as_of` is an ISO 8601 date; `url` is None where none is usable. `brief` are
    the words to begin with where there is no room for all; "" for those at the beginning."""

    text: str
    title: str
    section: str
    url: str | None
    publisher: str
    as_of: str | None
    language: str
    brief: str = ""


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
    """What a citizen is told, as structure: each adapter renders it. `text` is ours, `quotes` are publishers' words.

    `degraded` is whether `text` says that a part does not work. `assumes` is whether it says what was taken for granted,
    or that it may not be the answer, and so belongs to what is quoted. `continues` is whether it goes on where the reply
    before it was cut. `unasked` is whether the citizen did not just ask for it. `regardless` is whether it confirms a word
    such as STOP, and goes even to somebody who has just said it. `sender` is "bot", whom a claim silences, "desk", or
    "channel" for what the channel says itself, such as that confirmation. `basis` is how knowledge came to it: recorded,
    never sent.
    """

    text: str = ""
    quotes: tuple[Quote, ...] = ()
    links: tuple[Link, ...] = ()
    choices: tuple[Choice, ...] = ()
    language: str = "en"
    outcome: str | None = None
    confidence: float | None = None
    snapshot: str | None = None
    passages: tuple[str, ...] = ()
    basis: Mapping[str, Any] = field(default_factory=dict, compare=False)
    asks_feedback: bool = False
    changes_language: bool = False
    degraded: bool = False
    assumes: bool = False
    continues: bool = False
    unasked: bool = False
    regardless: bool = False
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
    ├── Unreachable      the provider did not take it, or said it is down         retry
    ├── SlowDown         the provider asks for patience: `after` seconds          retry
    ├── Uncertain        nobody knows whether the provider took it                retry, once it was asked
    ├── Refused          the provider refuses this message
    ├── Closed           the channel allows nothing to be sent now, or not this
    ├── Gone             there is nobody at this address (any more)
    └── OptedOut         the citizen said stop to the provider

    `code` is the provider's own, where it gave one.
    """

    retry = False

    def __init__(self, why: str = "", code: str = "") -> None:
        super().__init__(why)
        self.code = code


class Unreachable(ChannelError):
    retry = True


class SlowDown(ChannelError):
    retry = True

    def __init__(self, after: float, code: str = "") -> None:
        super().__init__(f"The provider asks to wait {after:g} s before the next message.", code)
        self.after = after


class Uncertain(ChannelError):
    retry = True


class Refused(ChannelError): ...


class Closed(ChannelError): ...


class Gone(ChannelError): ...


class OptedOut(ChannelError): ...


class Forged(Exception):
    """A webhook without the proof that its provider sent it, or that is not for us."""


class CannotTell(Exception):
    """The provider does not say what it has sent."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a provider says became of a reply: `state` is one of STATES; `code` is its own for why not. `opted_out` is
    whether the reason is that the citizen said stop to the provider."""

    address: str
    reply: str
    state: str
    provider_id: str = ""
    code: str = ""
    opted_out: bool = False


STATES: Mapping[str, int] = {"queued": 1, "sent": 2, "failed": 3, "delivered": 4, "read": 5}
"""What becomes of a reply, in the order in which it does; a state never gives way to one of the same rank or a lower."""

Deliver = Callable[[Incoming], Awaitable[bool]]
"""The one door in: durable when it returns; True if the message is new, False if it had been seen."""

Tell = Callable[[Status], Awaitable[None]]
"""Where an adapter says what became of a reply; durable when it returns."""


class Channel(Protocol):
    """`name` is its place in addresses and URLs. `repeatable` is whether a reply that is sent twice is shown once.
    `per_second` is how many messages its sender may send; None for as many as there are."""

    name: str
    repeatable: bool
    per_second: float | None

    def routes(self, deliver: Deliver, tell: Tell) -> "APIRouter":
        """What a provider or a browser calls."""
        ...

    async def send(self, address: str, reply: Reply) -> Receipt:
        """Hand the reply to the provider. Raises ChannelError."""
        ...

    async def sent(self, address: str, reply: Reply, since: datetime) -> Receipt | None:
        """Whether the provider took this reply since then. Raises CannotTell, and ChannelError where it cannot be asked."""
        ...


def as_values(status: Status) -> dict[str, Any]:
    """A status as JSON-ready values, without the address."""
    return {"reply": status.reply, "state": status.state, "provider_id": status.provider_id, "code": status.code}
