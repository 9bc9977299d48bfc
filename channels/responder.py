"""Whoever answers a citizen, bot or desk, is a Responder; a Turn is what it says, and to whom it hands over."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from channels.channel import Incoming, Reply

if TYPE_CHECKING:
    from channels.conversation import Conversation


@dataclass(frozen=True, slots=True)
class Turn:
    """`hand_to` names the next responder ("desk", "bot"), `because` is why. Where nobody has the conversation now,
    a desk hands it to the bot without a word, and the bot answers.

    `language` is set when the citizen changed it, `place` when they said where they live.
    """

    replies: tuple[Reply, ...] = ()
    hand_to: str | None = None
    because: str = ""
    language: str | None = None
    place: str | None = None


class Responder(Protocol):
    async def begin(self, conversation: "Conversation", because: str, said: Incoming) -> Turn:
        """Take a conversation over, `because` of a word of whoever had it, after what the citizen `said`. With a `hand_to`
        in the turn, the bot goes on until somebody is there."""
        ...

    async def answer(self, conversation: "Conversation", said: Incoming) -> Turn: ...
