"""The reception on a real Redis: what is dealt with before anybody is asked, and in which order."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from channels.channel import Choice, File, Incoming, Reply
from channels.continuation import Codes, Origin
from channels.conversation import Conversation
from channels.menus import Menu, Menus
from channels.pace import Pace
from channels.reception import Received, Reception
from channels.responder import Turn
from channels.texts import texts

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
HERE = Conversation("f" * 32, "sms", "en", place="ca-on")
FR = replace(HERE, language="fr")
STOPPED = replace(HERE, stopped=True)
WEB = Conversation("a" * 32, "web", "fr", chosen=True, place="ca-qc", answered_by="desk")
MENU = Menu((Choice("Renew a passport", "How do I renew?"), Choice("Lost passport", "I lost it")), reply="m0/1")


def texted(text: str = "", id: str = "m1", seconds: float = 0, **about: Any) -> Incoming:
    return Incoming(id, "sms:+16135550142", text, at=NOON + timedelta(seconds=seconds), **about)


def sentence(key: str, language: str = "en", **about: Any) -> Turn:
    return Turn((Reply(texts(language)[key], language=language, sender="channel", **about),))


@dataclass
class Desk:
    """A reception, its parts, and the conversations it can find."""

    redis: Redis
    most: int = 30
    known: dict[str, Conversation] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.menus, self.codes = Menus(self.redis), Codes(self.redis, b"k" * 32)
        pace = Pace(self.redis, self.most)
        self.reception = Reception(self.menus, pace, self.codes, self._find, lambda: self.now.timestamp(), self._stands)
        self.receive: Callable[[Conversation, Incoming], Awaitable[Received]] = self.reception.receive

    async def _find(self, key: str) -> Conversation | None:
        return self.known.get(key)

    async def _stands(self, passages: Sequence[str], snapshot: str | None) -> bool:
        return snapshot != "gone" and not self.withdrawn & set(passages)

    async def answered(self, said: Incoming) -> bool:
        """Whether a message is answered; what is said back takes a second to make."""
        received = await self.receive(HERE, said)
        self.now = max(self.now, said.at) + timedelta(seconds=1)
        turn = received.turn or Turn((Reply(f"an answer to {said.id}"),))
        await self.reception.replied(HERE, turn.replies)
        return bool(turn.replies)


@pytest.fixture
def desk(redis: Redis) -> Desk:
    return Desk(redis)


@pytest.mark.parametrize(
    ("before", "text", "kind", "word", "after", "told"),
    [
        (HERE, "Stop!", "stop", "stop", STOPPED, "consent_stopped"),
        (HERE, "ARRÊT", "stop", "arret", replace(FR, stopped=True), "consent_stopped"),
        (STOPPED, "stop", "stop", "stop", STOPPED, ""),
        (HERE, "help", "help", "help", HERE, "consent_help"),
        (HERE, "Aide", "help", "aide", FR, "consent_help"),
        (STOPPED, "HELP", "help", "help", STOPPED, ""),
        (HERE, "START", "start", "start", HERE, "consent_started"),
        (STOPPED, "start", "start", "start", HERE, "consent_started"),
        (STOPPED, "reprendre", "start", "reprendre", FR, "consent_started"),
        (STOPPED, "yes", "start", "yes", HERE, "consent_started"),
        (STOPPED, "Oui", "start", "oui", FR, "consent_started"),
    ],
)
@pytest.mark.parametrize("answered", [False, True])
async def test_words_that_stand_above_all_are_answered_once_by_us_or_by_the_provider(
    desk: Desk, before: Conversation, text: str, kind: str, word: str, after: Conversation, told: str, answered: bool
) -> None:
    said = texted(text, answered=answered)
    silent = answered or not told
    turn = Turn() if silent else sentence(told, after.language, regardless=kind == "stop")
    ledger = {"kind": kind, "word": word, "by": "citizen"}
    assert await desk.receive(before, said) == Received(after, said, turn, ledger=ledger)


async def test_yes_of_somebody_who_has_not_stopped_is_an_answer(desk: Desk) -> None:
    assert await desk.receive(HERE, texted("yes")) == Received(HERE, texted("yes"))


async def test_a_word_is_answered_in_its_language_and_the_one_that_was_chosen_stays(desk: Desk) -> None:
    chosen = replace(FR, chosen=True)
    received = await desk.receive(chosen, texted("HELP"))
    assert (received.conversation, received.turn) == (chosen, sentence("consent_help", "en"))
    received = await desk.receive(chosen, texted("info"))
    assert received.turn == sentence("consent_help", "fr")


@pytest.mark.parametrize(
    "said",
    [texted("How do I renew?"), texted("2"), texted(choice=("m0/1", 1)), texted(command="agent"), texted(media=1)],
)
async def test_somebody_who_has_stopped_is_told_nothing(desk: Desk, said: Incoming) -> None:
    await desk.menus.keep(HERE.key, MENU)
    assert await desk.receive(STOPPED, said) == Received(STOPPED, said, Turn())


async def test_a_code_is_not_used_up_by_somebody_who_has_stopped(desk: Desk) -> None:
    code = await desk.codes.make(Origin("web:abc", WEB.key))
    assert await desk.receive(STOPPED, texted(code)) == Received(STOPPED, texted(code), Turn())
    assert await desk.codes.redeem(code, HERE.key, "m2") == Origin("web:abc", WEB.key)


async def test_stop_is_heard_from_whoever_is_answered_no_more(redis: Redis) -> None:
    desk = Desk(redis, most=1)
    turns = [(await desk.receive(HERE, texted("no", f"m{n}"))).turn for n in range(4)]
    assert turns == [None, sentence("too_fast"), Turn(), Turn()]
    assert (await desk.receive(HERE, texted("STOP", "m5"))).turn == sentence("consent_stopped", regardless=True)


@pytest.mark.parametrize(
    "said", [texted("STOP"), texted("2"), texted(), texted("x", media=2), texted(command="private")]
)
async def test_a_page_has_other_ways_and_all_is_passed_on(redis: Redis, said: Incoming) -> None:
    desk, said = Desk(redis, most=1), replace(said, address="web:abc")
    await desk.menus.keep(WEB.key, MENU)
    for _ in range(5):
        assert await desk.receive(WEB, said) == Received(WEB, said)
        await desk.reception.replied(WEB, (Reply(said.text),))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (texted(command="private"), "in_private"),
        (texted(command="more"), "choice_gone"),
        (texted(choice=("m9/1", 1)), "choice_gone"),
        (texted(choice=("m0/1", 3)), "choice_gone"),
        (texted(media=1), "media_unread"),
        (texted(), "error_empty"),
    ],
)
@pytest.mark.parametrize("here", [HERE, FR])
async def test_what_nobody_can_answer_is_told_so_in_both_languages(
    desk: Desk, said: Incoming, told: str, here: Conversation
) -> None:
    await desk.menus.keep(HERE.key, MENU)
    assert await desk.receive(here, said) == Received(here, said, sentence(told, here.language))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (texted("Where is my refund?"), "Where is my refund?"),
        (texted("2"), "I lost it"),
        (texted("lost"), "I lost it"),
        (texted(choice=("m0/1", 1)), "How do I renew?"),
        (texted(command="agent"), "I want to talk to a person"),
        (texted(command="language"), "I want to change the language"),
    ],
)
async def test_what_was_meant_is_asked(desk: Desk, said: Incoming, meant: str) -> None:
    await desk.menus.keep(HERE.key, MENU)
    assert await desk.receive(HERE, said) == Received(HERE, replace(said, text=meant))


async def test_a_command_speaks_the_language_of_the_conversation(desk: Desk) -> None:
    received = await desk.receive(FR, texted(command="agent"))
    assert received.said.text == "Je veux parler à une personne"


async def test_what_was_attached_to_words_is_mentioned_before_the_answer(desk: Desk) -> None:
    said = texted("Is this form right?", media=2)
    assert await desk.receive(HERE, said) == Received(HERE, said, before=texts("en")["media_beside_text"])


PICTURE = (File("image/jpeg", "https://api.twilio.com/1"),)


@pytest.mark.parametrize("text", ["", "Is this form right?", "more"])
@pytest.mark.parametrize("files", [PICTURE, ()])
async def test_who_has_the_conversation_gets_what_was_attached_as_it_is(
    desk: Desk, text: str, files: tuple[File, ...]
) -> None:
    """Also where it was called MORE while something of the agent was left."""
    await desk.menus.keep(HERE.key, Menu(rest="the agent's rest", sender="desk"))
    said, claimed = texted(text, media=1, files=files), replace(HERE, answered_by="desk")
    assert await desk.receive(claimed, said) == Received(claimed, said)


@pytest.mark.parametrize("who", ["bot", "line"])
async def test_while_nobody_has_the_conversation_what_was_attached_is_not_read(desk: Desk, who: str) -> None:
    here = replace(HERE, answered_by=who)
    said = texted(media=1, files=PICTURE)
    assert await desk.receive(here, said) == Received(here, said, sentence("media_unread"))
    said = texted("Is this it?", "m2", media=1, files=PICTURE)
    assert await desk.receive(here, said) == Received(here, said, before=texts("en")["media_beside_text"])


async def test_words_that_stand_above_all_do_so_beside_a_picture_too(desk: Desk) -> None:
    said = texted("STOP", media=1, files=PICTURE)
    received = await desk.receive(replace(HERE, answered_by="desk"), said)
    assert received.turn == sentence("consent_stopped", regardless=True)


async def test_a_choice_under_a_picture_goes_with_it_to_the_desk(desk: Desk) -> None:
    await desk.menus.keep(HERE.key, MENU)
    received = await desk.receive(replace(HERE, answered_by="desk"), texted("2", media=1, files=PICTURE))
    assert received.said == texted("I lost it", media=1, files=PICTURE)


async def test_nothing_at_all_is_still_nothing(desk: Desk) -> None:
    assert (await desk.receive(replace(HERE, answered_by="desk"), texted())).turn == sentence("error_empty")


async def test_what_was_left_out_is_said_in_its_language(desk: Desk) -> None:
    await desk.menus.keep(HERE.key, Menu(rest="la suite", language="fr"))
    for said in (texted("more"), texted(command="more", id="m2")):
        turn = Turn((Reply("la suite", language="fr", continues=True),))
        assert await desk.receive(HERE, said) == Received(HERE, said, turn)


CLAIMED = replace(HERE, answered_by="desk")


@pytest.mark.parametrize("withdrawn", [True, False])
@pytest.mark.parametrize(("here", "person"), [(HERE, "Talk to a person"), (FR, "Parler à une personne")])
async def test_what_was_left_out_is_not_said_when_it_was_withdrawn_or_has_changed_meanwhile(
    desk: Desk, here: Conversation, person: str, withdrawn: bool
) -> None:
    await desk.menus.keep(here.key, Menu(rest="the rest", passages=("town/dogs#cost-1",)))
    [reply] = (await desk.receive(here, texted("more"))).turn.replies  # type: ignore[union-attr]
    assert (reply.text, reply.passages, reply.choices) == ("the rest", ("town/dogs#cost-1",), ())
    if withdrawn:
        desk.withdrawn.add("town/dogs#cost-1")
    else:
        await desk.menus.keep(here.key, Menu(rest="the rest", passages=("town/dogs#cost-1",), snapshot="gone"))
    [reply] = (await desk.receive(here, texted(command="more", id="m2"))).turn.replies  # type: ignore[union-attr]
    own = texts(here.language)
    assert (reply.text, reply.language) == (own["taken_back"], here.language)
    assert reply.choices == (Choice(person, own["say_agent"]),)


async def test_who_has_a_person_already_is_offered_none_when_a_rest_was_withdrawn(desk: Desk) -> None:
    desk.withdrawn.add("a#1")
    await desk.menus.keep(HERE.key, Menu(rest="the agent's rest", sender="desk", passages=("a#1",)))
    assert (await desk.receive(CLAIMED, texted("more"))).turn == sentence("taken_back")


async def test_to_whom_a_person_answers_only_what_that_person_left_out_is_said(desk: Desk) -> None:
    said = texted("more")
    await desk.menus.keep(HERE.key, Menu(rest="the bot's rest"))
    assert await desk.receive(CLAIMED, said) == Received(CLAIMED, said), "the bot is silent: it is for the agent"
    await desk.menus.keep(HERE.key, Menu(rest="the agent's rest", sender="desk"))
    turn = Turn((Reply("the agent's rest", continues=True, sender="desk"),))
    assert await desk.receive(CLAIMED, said) == Received(CLAIMED, said, turn)


async def test_nothing_that_is_said_to_a_person_is_dropped(redis: Redis) -> None:
    desk = Desk(redis, most=3)
    for number in range(12):
        said = texted("ok", f"m{number}")
        assert await desk.receive(CLAIMED, said) == Received(CLAIMED, said)


async def test_a_conversation_goes_on_from_the_web(desk: Desk) -> None:
    desk.known[WEB.key] = WEB
    said = texted(await desk.codes.make(Origin("web:abc", WEB.key)))
    here = replace(WEB, key=HERE.key, channel="sms", thread=WEB.key, continues=WEB.key)
    notice = Reply(texts("fr")["continued_elsewhere"], language="fr", sender="channel")
    expected = Received(here, said, sentence("continued_here", "fr"), notice=("web:abc", notice))
    assert await desk.receive(HERE, said) == expected
    desk.known[WEB.key] = replace(WEB, thread="anew")  # what the switchboard makes of it at the end of the turn
    assert await desk.receive(here, said) == expected, "a turn may run twice"
    again = texted(await desk.codes.make(Origin("web:abc", WEB.key)), "m2")
    assert (await desk.receive(here, again)).conversation == replace(here, thread="anew"), "but this is another one"


async def test_a_conversation_in_which_nothing_was_said_is_gone_on_with_as_it_is(desk: Desk) -> None:
    said = texted(await desk.codes.make(Origin("web:abc", WEB.key)))
    assert await desk.receive(HERE, said) == Received(HERE, said, sentence("continued_here"))


async def test_a_code_that_is_wrong_is_a_message(desk: Desk) -> None:
    said = texted("2345-6789")
    assert await desk.receive(HERE, said) == Received(HERE, said)


async def test_a_machine_that_says_the_same_is_answered_less_and_less(desk: Desk) -> None:
    same = [await desk.answered(texted("Thank you", f"m{number}", number * 60)) for number in range(8)]
    assert same == [True, True, True, True, False, True, False, False]


async def test_a_machine_that_says_our_last_words_is_known_by_them(desk: Desk) -> None:
    found = []
    for number in range(4):
        await desk.reception.replied(HERE, (Reply("First."), Reply(f"Our words, no. {number}")))
        found.append((await desk.receive(HERE, texted(f"our words no {number}", f"m{number}", number * 60))).turn)
    assert found == [None, Turn(), None, Turn()]


async def test_more_and_numbers_may_be_said_again_and_again(desk: Desk) -> None:
    for number in range(12):
        await desk.menus.keep(HERE.key, Menu(MENU.choices, f"part {number}"))
        assert await desk.answered(texted("SUITE", f"m{number}", number * 60))
        assert await desk.answered(texted("1", f"n{number}", number * 60 + 30))


async def test_touches_and_pictures_are_no_loop(desk: Desk) -> None:
    for number in range(12):
        assert await desk.answered(texted("", f"m{number}", number * 60, media=1))


async def test_messages_that_waited_for_us_are_answered_though_they_come_at_once(desk: Desk) -> None:
    """The database was away, and somebody has asked a dozen things in the meantime."""
    desk.now = NOON + timedelta(minutes=30)
    for number in range(12):
        assert await desk.answered(texted(f"question {number}", f"m{number}", number * 60))


async def test_a_turn_that_runs_again_and_again_is_a_person_s_message_still(desk: Desk) -> None:
    for _ in range(12):
        assert (await desk.receive(HERE, texted("How do I renew?"))).turn is None


# A crisis

HELP = {"suicide": "crisis_suicide", "violence": "crisis_violence"}


def helped(language: str, *kinds: str) -> Turn:
    replies = tuple(Reply(texts(language)[HELP[kind]], language=language, sender="channel") for kind in kinds)
    return Turn(replies, hand_to="desk", because="crisis")


@pytest.mark.parametrize(
    ("text", "language", "kinds"),
    [
        ("i want to die", "en", ("suicide",)),
        ("je veux mourir", "fr", ("suicide",)),
        ("My husband hits me and I’m scared", "en", ("violence",)),
        ("il me bat", "fr", ("violence",)),
        ("il me bat, je veux mourir", "fr", ("suicide", "violence")),
        ("suicide", "fr", ("suicide",)),
    ],
)
@pytest.mark.parametrize("channel", ["sms", "web"])
async def test_who_is_in_danger_is_helped_at_once_in_their_words_and_handed_to_a_person(
    desk: Desk, channel: str, text: str, language: str, kinds: tuple[str, ...]
) -> None:
    here = replace(FR, channel=channel)
    said = texted(text)
    assert await desk.receive(here, said) == Received(replace(here, language=language), said, helped(language, *kinds))
    chosen = replace(here, chosen=True)
    assert await desk.receive(chosen, said) == Received(chosen, said, helped(language, *kinds)), "the choice stays"


async def test_help_is_said_as_often_as_it_is_needed_whatever_was_offered_before(redis: Redis) -> None:
    desk, said = Desk(redis, most=3), texted("kms")
    for number in range(12):
        await desk.menus.keep(HERE.key, Menu((Choice("kms", "How many kilometres?"),)))
        again = replace(said, id=f"m{number}")
        assert await desk.receive(HERE, again) == Received(HERE, again, helped("en", "suicide"))


async def test_stop_stands_above_a_crisis(desk: Desk) -> None:
    said = texted("i want to die")
    assert await desk.receive(STOPPED, said) == Received(STOPPED, said, Turn())
    assert (await desk.receive(HERE, texted("stop"))).conversation == STOPPED


@pytest.mark.parametrize("here", [CLAIMED, WEB])
async def test_a_person_who_has_the_conversation_hears_of_danger_and_nothing_else_is_said(
    desk: Desk, here: Conversation
) -> None:
    said = texted("je veux mourir")
    assert await desk.receive(here, said) == Received(here, said)
