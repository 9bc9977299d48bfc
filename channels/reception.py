"""The reception: what is dealt with before anybody is asked: consent, a crisis, machines, codes, choices, pictures."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from channels import consent
from channels.channel import Choice, Incoming, Reply
from channels.consent import Word
from channels.continuation import Codes, Origin
from channels.conversation import Conversation
from channels.crisis import Crisis, crisis
from channels.menus import Menus, Rest
from channels.pace import Pace, Verdict
from channels.published import Stands
from channels.responder import Turn
from channels.texts import texts

ON_PAGES = ("web",)  # it has buttons, is refused what it sends too fast, and there is no machine behind it
SAID_BY = {"agent": "say_agent", "language": "say_language"}  # what a command says to the bot
SENTENCES = {"stop": "consent_stopped", "start": "consent_started", "help": "consent_help"}
HELP = {"suicide": "crisis_suicide", "violence": "crisis_violence"}


@dataclass(frozen=True, slots=True)
class Received:
    """What to ask, or else the `turn` that is made without asking. `conversation` is as it is now.

    `before` is a sentence that goes before the first reply, `ledger` what has to be remembered of consent, and `notice`
    what is said, and to which address, in the conversation that this one goes on from.
    """

    conversation: Conversation
    said: Incoming
    turn: Turn | None = None
    before: str = ""
    ledger: dict[str, Any] | None = None
    notice: tuple[str, Reply] | None = None


@dataclass(frozen=True, slots=True)
class Reception:
    """`find` gives a conversation by its key; `clock` the Unix time; `stands` says what may still be said."""

    menus: Menus
    pace: Pace
    codes: Codes
    find: Callable[[str], Awaitable[Conversation | None]]
    clock: Callable[[], float]
    stands: Stands

    async def receive(self, conversation: Conversation, said: Incoming) -> Received:
        """In this order: words that stand above all, a crisis, machines, codes, commands, choices, what cannot be read."""
        if found := consent.word(said, conversation.stopped):
            return _consented(conversation, said, found)
        if conversation.stopped:
            return Received(conversation, said, Turn())
        if conversation.answered_by != "desk" and (danger := crisis(said.text)):  # a person sees it for themselves
            return _helped(conversation, said, danger)
        if conversation.channel in ON_PAGES:
            return Received(conversation, said)
        meant = await self.menus.read(conversation.key, said)
        text = said.text if meant is said else ""  # a number or MORE says something else each time
        if conversation.answered_by != "desk":  # a person sees for themselves whom they write to
            verdict = await self.pace.heard(conversation.key, said.id, text or said.id, said.at.timestamp())
        else:
            verdict = Verdict.ANSWER
        if verdict is not Verdict.ANSWER:
            patience = _one(conversation, "too_fast")
            return Received(conversation, said, patience if verdict is Verdict.ASK_FOR_PATIENCE else Turn())
        if origin := await self.codes.redeem(said.text, conversation.key, said.id):
            return await self._continued(conversation, said, origin)
        received = _meant(conversation, said, meant)
        if isinstance(meant, Rest) and received.turn and not await self.stands(meant.passages, meant.snapshot):
            return replace(received, turn=Turn((_taken_back(conversation),)))
        return received

    async def replied(self, conversation: Conversation, replies: Sequence[Reply]) -> None:
        """Remember what was said back, to know it again if a machine sends it back."""
        if replies and conversation.channel not in ON_PAGES:
            await self.pace.replied(conversation.key, replies[-1].text, self.clock())

    async def _continued(self, conversation: Conversation, said: Incoming, origin: Origin) -> Received:
        before = await self.find(origin.key)
        if before is None:  # nothing was said there yet that could go on
            return Received(conversation, said, _one(conversation, "continued_here"))
        ran_before = origin.again and conversation.continues == before.key  # and the other may have begun anew
        here = replace(
            before,
            key=conversation.key,
            channel=conversation.channel,
            thread=conversation.thread if ran_before else before.thread or before.key,
            continues=before.key,
            answered_by=conversation.answered_by if ran_before else before.answered_by,
        )
        notice = _own(before.language, "continued_elsewhere")
        return Received(here, said, _one(here, "continued_here"), notice=(origin.address, notice))


def _meant(conversation: Conversation, said: Incoming, meant: Incoming | Rest) -> Received:
    own = texts(conversation.language)
    if said.command == "private":
        return Received(conversation, said, _one(conversation, "in_private"))
    if said.command in SAID_BY:
        return Received(conversation, replace(said, text=own[SAID_BY[said.command]]))
    seen = said.media and conversation.answered_by == "desk"  # a person looks at it
    if isinstance(meant, Rest) and (seen or (meant.sender == "bot" and conversation.answered_by == "desk")):
        meant = said  # the bot is silent
    if isinstance(meant, Rest):
        rest = Reply(meant.text, language=meant.language, continues=True, sender=meant.sender)
        return Received(conversation, said, Turn((replace(rest, passages=meant.passages, snapshot=meant.snapshot),)))
    if (said.choice or said.command == "more") and meant is said:
        return Received(conversation, said, _one(conversation, "choice_gone"))
    if not meant.text and not seen:
        return Received(conversation, said, _one(conversation, "media_unread" if said.media else "error_empty"))
    return Received(conversation, meant, before=own["media_beside_text"] if said.media and not seen else "")


def _consented(conversation: Conversation, said: Incoming, found: Word) -> Received:
    """Each word is answered once: not by us where the provider has, and not to somebody to whom nothing is sent."""
    language = found.language or conversation.language
    changed = conversation if conversation.chosen else replace(conversation, language=language)
    if found.kind != "help":
        changed = replace(changed, stopped=found.kind == "stop")
    reply = replace(_own(language, SENTENCES[found.kind]), regardless=found.kind == "stop")
    silent = said.answered or (conversation.stopped and found.kind != "start")
    entry = {"word": found.word, "kind": found.kind, "by": "citizen"}
    return Received(changed, said, Turn(() if silent else (reply,)), ledger=entry)


def _helped(conversation: Conversation, said: Incoming, danger: Crisis) -> Received:
    """Who can help at once, in the language it was said in, and a person."""
    language = danger.language or conversation.language
    changed = conversation if conversation.chosen else replace(conversation, language=language)
    replies = tuple(_own(language, HELP[kind]) for kind in danger.kinds)
    return Received(changed, said, Turn(replies, hand_to="desk", because="crisis"))


def _taken_back(conversation: Conversation) -> Reply:
    """That the rest of an answer is not said, since it was withdrawn meanwhile; who has no person yet is offered one."""
    own, reply = texts(conversation.language), _own(conversation.language, "taken_back")
    person = Choice(own["offer_person"], own["say_agent"])
    return reply if conversation.answered_by == "desk" else replace(reply, choices=(person,))


def _one(conversation: Conversation, key: str) -> Turn:
    return Turn((_own(conversation.language, key),))


def _own(language: str, key: str) -> Reply:
    """What the channel says itself, whoever answers."""
    return Reply(texts(language)[key], language=language, sender="channel")
