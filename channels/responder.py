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

    `topic` is the title of what was answered before a citizen is handed over. `language` is set when the citizen changed
    it, `place` when they said where they live.
    """

    replies: tuple[Reply, ...] = ()
    hand_to: str | None = None
    because: str = ""
    language: str | None = None
    place: str | None = None
    topic: str = ""


class Responder(Protocol):
    async def begin(self, conversation: "Conversation", because: str, said: Incoming, topic: str = "") -> Turn:
        """Take a conversation over, `because` of a word of whoever had it, after what the citizen `said`. With a `hand_to`
        in the turn, that one has it until somebody is there; with "bot", nobody will be."""
        ...

    async def answer(self, conversation: "Conversation", said: Incoming) -> Turn: ...

    async def follow(self, origin: str, conversation: "Conversation", address: str) -> None:
        """The citizen goes on in another conversation than the one of the key `origin`."""
        ...
