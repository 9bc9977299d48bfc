"""The switchboard: one turn. It finds the conversation, asks whoever answers it now, and says what follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from channels import outbox, provenance
from channels.channel import Incoming, Reply
from channels.conversation import Addresses, Conversation, heard
from channels.lanes import Follow
from channels.outbox import RECORD_QUEUE
from channels.reception import Received, Reception
from channels.record import Record
from channels.redact import redact
from channels.responder import Responder, Turn
from channels.switches import Switches
from channels.tables import LONGEST_CODE
from channels.texts import languages, texts


@dataclass(frozen=True, slots=True)
class Switchboard:
    """`responders` by name; "bot" is always there. A turn that hands to one that nobody runs is recorded as a wish."""

    responders: Mapping[str, Responder]
    record: Record
    addresses: Addresses
    reception: Reception
    switches: Switches

    async def turn(self, said: Incoming) -> list[Follow]:
        """Answer one message: what goes to the outbox and to the record when the turn is finished.

        Raises the database's errors while it is away: the message then stays in the inbox.
        """
        key = self.addresses.key(said.address)
        before = await self.record.find(key)
        known = before or Conversation(
            key, said.address.partition(":")[0], said.hint if said.hint in languages() else languages()[0]
        )
        if known.answered_by not in self.responders:  # it was answered by a desk that nobody runs any more
            known = replace(known, answered_by="bot")
        received = await self.reception.receive(heard(known, said), said)
        conversation, turn = received.conversation, received.turn
        if turn is None:
            turn = await self.responders[conversation.answered_by].answer(conversation, received.said)
        if turn.hand_to == "bot" and not turn.replies:  # nobody has it now, or the bot goes on while they wait
            if turn.because:
                conversation = replace(conversation, answered_by="bot")
            turn = await self.responders["bot"].answer(conversation, received.said)
        conversation = after(conversation, turn)
        replies, wanted = list(turn.replies), None
        if turn.hand_to and turn.hand_to != conversation.answered_by:
            taken = self.responders.get(turn.hand_to)
            if before is None:  # somebody may claim it at once
                await self.record.keep(conversation)
                before = conversation
            begun = await taken.begin(conversation, turn.because, said, turn.topic) if taken else Turn(hand_to="bot")
            replies += begun.replies
            if begun.hand_to == "bot":
                wanted = turn.because
            elif begun.hand_to:  # whoever took it has written who answers: an agent may have claimed it since
                conversation = replace(conversation, answered_by=before.answered_by)
            else:
                conversation = replace(conversation, answered_by=turn.hand_to)
        if not replies and wanted is not None:
            replies.append(Reply(text=texts(conversation.language)["wish_recorded"], language=conversation.language))
        if replies and turn.because != "crisis" and (notice := await self.switches.notice(key, conversation.language)):
            replies.insert(0, Reply(notice, language=conversation.language, sender="channel"))
        if received.before and replies:
            replies[0] = replace(replies[0], text=f"{received.before}\n{replies[0].text}".rstrip(), degraded=True)
        if conversation != before:
            await self.record.keep(conversation, before)
        numbered = [
            replace(reply, id=f"{said.id}/{number}", in_reply_to=said.id)
            for number, reply in enumerate(replies, start=1)
        ]
        await self.reception.replied(conversation, numbered)
        rows = {
            "entries": _entries(conversation, said, numbered),
            "answers": provenance.answers(conversation, received.said, numbered),
            "wanted": _wanted(conversation, said, wanted),
            "consents": _consents(conversation, said, received),
        }
        return [
            *(outbox.post(key, said.address, reply) for reply in numbered),
            *await self._elsewhere(received, conversation, said),
            Follow(RECORD_QUEUE, f"{key}:{said.id}", rows),  # a lane of its own: rows need no order
        ]

    async def _elsewhere(self, received: Received, conversation: Conversation, said: Incoming) -> list[Follow]:
        """A word in the conversation that this one goes on from, which begins anew there; who answers comes along."""
        if not received.notice:
            return []
        address, reply = received.notice
        key = self.addresses.key(address)
        if origin := await self.record.find(key):
            anew = replace(origin, thread=self.addresses.key(f"{address} {said.id}"), answered_by="bot")
            await self.record.keep(anew)
            await self.responders[conversation.answered_by].follow(key, conversation, said.address)
        return [outbox.post(key, address, replace(reply, id=f"{said.id}/elsewhere", in_reply_to=said.id))]


def after(conversation: Conversation, turn: Turn) -> Conversation:
    """The conversation after a turn in which the citizen may have chosen a language or said where they live."""
    if turn.language:
        conversation = replace(conversation, language=turn.language, chosen=True)
    return replace(conversation, place=turn.place[:LONGEST_CODE]) if turn.place else conversation


def _entries(conversation: Conversation, said: Incoming, replies: Sequence[Reply]) -> list[dict[str, Any]]:
    at: dict[str, Any] = {"conversation": conversation.key, "at": said.at.isoformat()}
    spoken = at | {
        "id": f"{conversation.key}:{said.id}",
        "sender": "citizen",
        "text": redact(said.text, conversation.language),
        "reply": None,
    }
    answers = [
        at
        | {
            "id": f"{conversation.key}:{reply.id}",
            "sender": reply.sender,
            "text": reply.text,
            "reply": outbox.pack(reply),
        }
        for reply in replies
    ]
    return [spoken, *answers]


def _wanted(conversation: Conversation, said: Incoming, because: str | None) -> list[dict[str, Any]]:
    if because is None:
        return []
    return [
        {
            "id": f"{conversation.key}:{said.id}",
            "because": because[:LONGEST_CODE],
            "at": said.at.isoformat(),
            "conversation": conversation.key,
            "language": conversation.language,
            "place": conversation.place,
        }
    ]


def _consents(conversation: Conversation, said: Incoming, received: Received) -> list[dict[str, Any]]:
    if received.ledger is None:
        return []
    about = {"id": f"{conversation.key}:{said.id}", "conversation": conversation.key, "channel": conversation.channel}
    return [about | received.ledger | {"at": said.at.isoformat()}]
