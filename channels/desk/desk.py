"""The desk as a Responder: a citizen who is handed over waits for a person, who then answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from channels.channel import Choice, Incoming, Reply
from channels.conversation import Conversation
from channels.crisis import crisis
from channels.desk.attached import attached
from channels.desk.case import Case
from channels.desk.counter import Counter
from channels.desk.teams import Team
from channels.desk.waits import Wait, forecast, rounded
from channels.desk.words import moment
from channels.redact import redact
from channels.responder import Turn
from channels.switches import Switches
from channels.texts import texts

URGENT = ("crisis",)
LATELY = timedelta(hours=12)  # whose cases say how long it takes


class Desk:
    """`on_pages` are the channels whose citizens could go on by telephone. `clock` gives the time in UTC."""

    def __init__(
        self,
        counter: Counter,
        switches: Switches,
        on_pages: frozenset[str] = frozenset(),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.counter, self._switches, self._on_pages, self._clock = counter, switches, on_pages, clock

    async def begin(self, conversation: Conversation, because: str, said: Incoming, topic: str = "") -> Turn:
        """Open a case with the team it is for; say honestly whether anybody is there, where in the line the citizen
        stands, how long that takes, and what they could do instead. Until somebody claims it, the bot goes on."""
        cases = self.counter.cases
        if not await self.counter.queue.staffed():
            return Turn(hand_to="bot")
        said_before = await self.counter.queue.lately(conversation.key)
        about = f"{topic} {redact(said.text, conversation.language)} {said_before}"
        team = cases.teams.route(about, conversation.language, conversation.place)
        if not await self.counter.queue.capacities(team.name):  # nobody works for it
            team = cases.teams.first
        urgent = because in URGENT
        if not urgent and any(each.subject == team.name for each in await self._switches.on("closed")):
            text = texts(conversation.language)["desk_shut"]
            return Turn((Reply(text, language=conversation.language, sender="channel"),), hand_to="bot")
        id = await cases.open(conversation, said.address, team=team.name, because=because, urgent=urgent, topic=topic)
        await self.counter.announce(id)
        case = await cases.one(id)
        if case.state == "claimed":
            return Turn(hand_to="line")
        return Turn((await self.state(case),), hand_to="line")

    async def answer(self, conversation: Conversation, said: Incoming) -> Turn:
        """Give what the citizen says to whoever has the case; where nobody has it any more, to the bot."""
        urgent = crisis(said.text) is not None
        id = await self.counter.cases.heard(
            conversation.key, said.id, said.text, said.at, urgent=urgent, files=attached(said)
        )
        if id is None and not said.text:  # of a picture alone, there is nothing that the bot could be asked
            unread = Reply(
                texts(conversation.language)["media_unread"], language=conversation.language, sender="channel"
            )
            return Turn((unread,), hand_to="bot", because="nobody_has_it")
        if id is None:
            return Turn(hand_to="bot", because="nobody_has_it")
        await self.counter.announce(id)
        return Turn()

    async def follow(self, origin: str, conversation: Conversation, address: str) -> None:
        """The citizen goes on in another conversation; their case, if they have one, goes with them."""
        case = await self.counter.cases.follow(origin, conversation, address)
        if case is not None:
            moved = await self.counter.cases.one(case)
            await self.counter.silence.end(origin, case, moved.epoch)
            await self.counter.moved(moved)

    async def state(self, case: Case) -> Reply:
        """Where a case that waits stands, and what the citizen could do instead of waiting."""
        own, now, team = texts(case.language), self._clock(), self.counter.cases.teams[case.team]
        opens = team.calendar.opens(now)
        present = set(await self.counter.presence.present()) & set(await self.counter.queue.capacities(team.name))
        if not team.calendar.is_open(now):
            text = own["desk_nobody"]
            if opens:
                at = moment(opens, team.calendar.time_zone, case.language, now)
                text = own["desk_kept"] + " " + own["desk_closed"].format(opens=at)
            offers = ["offer_message", "offer_callback"]
        elif not present:
            text, offers = own["desk_nobody"], ["offer_message", "offer_callback"]
        else:
            ahead = await self.counter.queue.ahead(case)
            text = own["desk_in_line"].format(place=ahead + 1) if ahead else own["desk_next"]
            if wait := await self._wait(team, present, ahead + 1, now):
                median, most = rounded(wait)
                text += " " + own["desk_wait"].format(median=median, most=most)
            offers = ["offer_callback"]
        if case.channel in self._on_pages:
            offers.append("offer_text")
        choices = tuple(Choice(own[key], own[key]) for key in (*offers, "offer_stop"))
        return Reply(text, choices=choices, language=case.language, sender="channel")

    async def _wait(self, team: Team, present: set[str], place: int, now: datetime) -> Wait | None:
        """What can honestly be said of how long it takes until a person is there."""
        queue = self.counter.queue
        record = await queue.taken(team.name, LATELY)
        capacities, loads = await queue.capacities(team.name), await queue.loads()
        room = sum((capacities[agent] or team.capacity) for agent in present)
        busy = sum(loads.get(agent, 0) for agent in present)
        seen = forecast(record, busy, max(0, room - busy), now)
        return seen.wait(place) if seen else None
