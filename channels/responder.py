"""Whoever answers a citizen, bot or desk, is a Responder; a Turn is what it says, and to whom it hands over."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from channels.channel import Incoming, Reply

if TYPE_CHECKING:
    from channels.conversation import Conversation


@dataclass(frozen=True, slots=True)
class Turn:
    """`hand_to` names the next responder ("desk", "bot"), `because` is why.

    `language` is set when the citizen changed it, `place` when they said where they live.
    """

    replies: tuple[Reply, ...] = ()
    hand_to: str | None = None
    because: str = ""
    language: str | None = None
    place: str | None = None


class Responder(Protocol):
    async def begin(self, conversation: "Conversation", because: str) -> Turn: ...

    async def answer(self, conversation: "Conversation", said: Incoming) -> Turn: ...
