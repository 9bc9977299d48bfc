"""The line as a Responder: who waits for a person may ask for a call instead, leave a message, or go; who was just served
says how it was. Everything else they say goes to the bot."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from channels.channel import Choice, Incoming, Link, Reply
from channels.continuation import Codes, Origin
from channels.conversation import Conversation
from channels.copies import Copies
from channels.desk.callback import Window, number_in, windows
from channels.desk.case import Case
from channels.desk.cases import Cases
from channels.desk.copy import copied
from channels.desk.counter import RATINGS
from channels.desk.desk import Desk
from channels.desk.history import History
from channels.desk.words import span
from channels.responder import Turn
from channels.telephone import telephone
from channels.texts import languages, texts
from knowledge import plain

OWN_NUMBER = ("sms", "whatsapp")  # channels whose addresses are numbers that can be called


@dataclass(frozen=True, slots=True)
class Line:
    """`codes` take a conversation to the telephone `number`; where there is none, it cannot go on there. `copies` keeps
    what is sent of a conversation; `clock` gives the time in UTC."""

    desk: Desk
    history: History
    copies: Copies
    codes: Codes
    number: str | None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def begin(self, conversation: Conversation, because: str, said: Incoming, topic: str = "") -> Turn:
        return await self.desk.begin(conversation, because, said, topic)

    async def follow(self, origin: str, conversation: Conversation, address: str) -> None:
        await self.desk.follow(origin, conversation, address)

    async def answer(self, conversation: Conversation, said: Incoming) -> Turn:
        case = await self.desk.counter.queue.latest(conversation.key)
        if case is None:
            return Turn(hand_to="bot", because="nobody_has_it")
        if case.state == "claimed":
            return await self.desk.answer(conversation, said)
        if case.state == "waiting":
            reply = await self._waiting(case, conversation, said)
            return Turn((reply,)) if reply else Turn(hand_to="bot")
        reply = await self._served(case, conversation, said)
        return Turn((reply,)) if reply else Turn(hand_to="bot", because="nobody_has_it")

    async def _waiting(self, case: Case, conversation: Conversation, said: Incoming) -> Reply | None:
        meant = _meant(said.text)
        if meant == "offer_stop":
            return await self._gone(case, conversation)
        if meant == "offer_callback":
            return await self._call(case, conversation, said)
        if meant == "offer_message":
            await self._cases.ask(case.id, "message")
            return _own(conversation, "message_ask")
        if meant == "offer_text" and self.number:
            code = await self.codes.make(Origin(said.address, conversation.key))
            number = telephone(self.number, conversation.language)
            return _own(conversation, "text_code", code=code, number=number)
        if meant == "offer_transcript":
            return await self._copy(case, conversation)
        if case.asks in ("phone", "when", "message"):
            return await self._told(case, conversation, said)
        return None

    async def _told(self, case: Case, conversation: Conversation, said: Incoming) -> Reply | None:
        """What the citizen says to what they were asked."""
        if plain(said.text) in _cancelling():
            await self._cases.ask(case.id, None)
            return _own(conversation, "message_cancelled" if case.asks == "message" else "callback_cancelled")
        if case.asks == "message":
            await self._cases.left(case.id, said.id, said.text)
            await self._cases.ask(case.id, None, wants="message")
            await self.desk.counter.announce(case.id)
            return _own(conversation, "message_kept")
        if case.asks == "phone":
            phone = number_in(said.text)
            if phone is None and not any(letter.isdigit() for letter in said.text):
                await self._cases.ask(case.id, None)  # it is something else that they want
                return None
            return await self._when(case, conversation, phone) if phone else _own(conversation, "callback_unfit")
        return await self._chosen(case, conversation, said)

    async def _call(self, case: Case, conversation: Conversation, said: Incoming) -> Reply:
        phone = said.address.partition(":")[2]
        if conversation.channel in OWN_NUMBER and phone.startswith("+"):
            return await self._when(case, conversation, phone)
        await self._cases.ask(case.id, "phone")
        return _own(conversation, "callback_phone")

    async def _when(self, case: Case, conversation: Conversation, phone: str) -> Reply:
        await self._cases.ask(case.id, "when", callback={"phone": phone})
        offered = [label for label, _ in self._windows(case, conversation)]
        reply = _own(conversation, "callback_when", phone=telephone(phone, conversation.language))
        return replace(reply, choices=tuple(Choice(label, label) for label in offered))

    async def _chosen(self, case: Case, conversation: Conversation, said: Incoming) -> Reply | None:
        offered = {plain(label): (label, window) for label, window in self._windows(case, conversation)}
        if plain(said.text) not in offered:
            await self._cases.ask(case.id, None)
            return None
        label, window = offered[plain(said.text)]
        phone = (await self._cases.callback(case.id)).get("phone", "")
        at = {"from": window[0].isoformat(), "until": window[1].isoformat()} if window else {}
        await self._cases.ask(case.id, None, wants="callback", callback={"phone": phone, **at})
        await self.desk.counter.announce(case.id)
        about = {"phone": telephone(phone, conversation.language), "when": label}
        return _own(conversation, "callback_set" if window else "callback_set_soon", **about)

    def _windows(self, case: Case, conversation: Conversation) -> list[tuple[str, Window | None]]:
        """What is offered for a call, as it is said, and when that is; None for as soon as possible."""
        calendar, language = self._cases.teams[case.team].calendar, conversation.language
        soon: list[tuple[str, Window | None]] = [(texts(language)["callback_soon"], None)]
        later = windows(calendar, self.clock())
        return soon + [(span(*window, calendar.time_zone, language), window) for window in later]

    async def _gone(self, case: Case, conversation: Conversation) -> Reply | None:
        gone = await self._cases.give_up(conversation.key)
        if gone is None:
            return None
        await self.desk.counter.announce(gone)
        return _own(conversation, "line_left")

    async def _served(self, case: Case, conversation: Conversation, said: Incoming) -> Reply | None:
        if case.asks != "rating":
            return None
        meant = _meant(said.text)
        if meant == "offer_transcript":
            return await self._copy(case, conversation)
        if meant in RATINGS:
            await self._cases.rate(case.id, RATINGS[meant])
            return _own(conversation, "rate_thanks" if RATINGS[meant] == max(RATINGS.values()) else "rate_sorry")
        await self._cases.ask(case.id, None)
        return None

    async def _copy(self, case: Case, conversation: Conversation) -> Reply:
        zone = self._cases.teams[case.team].calendar.time_zone
        spoken, lines = await self.history.before(case.conversation), await self._cases.lines(case.id)
        url = await self.copies.keep(copied(spoken, lines, conversation.language, zone))
        if not url:
            return _own(conversation, "transcript_none")
        link = Link(texts(conversation.language)["copy_title"], url, "Guichet")
        return replace(_own(conversation, "transcript_here"), links=(link,))

    @property
    def _cases(self) -> Cases:
        return self.desk.counter.cases


def _meant(text: str) -> str | None:
    """Which of the offers a text takes, in any language."""
    offers = ("offer_stop", "offer_callback", "offer_message", "offer_text", "offer_transcript", *RATINGS)
    said = plain(text)
    return next((key for key in offers for each in languages() if said == plain(texts(each)[key])), None)


def _cancelling() -> frozenset[str]:
    return frozenset(plain(word) for each in languages() for word in texts(each)["cancel_words"].split(","))


def _own(conversation: Conversation, key: str, **about: str) -> Reply:
    """What the desk says by itself."""
    language = conversation.language
    return Reply(texts(language)[key].format(**about), language=language, sender="channel")
