"""The desk as a Responder: a citizen who is handed over waits for a person, who then answers."""

from channels.channel import Incoming, Reply
from channels.conversation import Conversation
from channels.desk.counter import Counter
from channels.responder import Turn
from channels.texts import texts

TEAM = "general"
URGENT = ("crisis",)


class Desk:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    async def begin(self, conversation: Conversation, because: str, said: Incoming) -> Turn:
        """Open a case; say honestly whether anybody is there, and where in the line the citizen stands. Until somebody
        claims it, the bot goes on."""
        cases = self._counter.cases
        if not await cases.staffed():
            return Turn(hand_to="bot")
        id = await cases.open(conversation, said.address, team=TEAM, because=because, urgent=because in URGENT)
        await self._counter.announce(id)
        own, case = texts(conversation.language), await cases.one(id)
        if not await self._counter.present():
            text = own["desk_nobody"]
        elif ahead := await cases.ahead(case):
            text = own["desk_in_line"].format(place=ahead + 1)
        else:
            text = own["desk_next"]
        return Turn((Reply(text, language=conversation.language, sender="channel"),), hand_to="bot")

    async def answer(self, conversation: Conversation, said: Incoming) -> Turn:
        """Give what the citizen says to whoever has the case; where nobody has it any more, to the bot."""
        id = await self._counter.cases.heard(conversation.key, said.id, said.text, said.at)
        if id is None:
            return Turn(hand_to="bot", because="nobody_has_it")
        await self._counter.announce(id)
        return Turn()
