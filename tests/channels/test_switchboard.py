"""One turn of the switchboard, with responders of a few lines."""

from dataclasses import dataclass, field, replace

import pytest

from channels.channel import Incoming, Reply
from channels.conversation import Addresses, Conversation
from channels.reception import Received
from channels.responder import Responder, Turn
from channels.switchboard import Switchboard
from channels.texts import texts

SAID = Incoming("m1", "web:abc", "how do I renew my passport", hint="en", place="ca-on")


@dataclass
class Memory:
    """A record that keeps conversations in a dictionary and counts how often it is written."""

    kept: dict[str, Conversation] = field(default_factory=dict)
    writes: int = 0

    async def find(self, key: str) -> Conversation | None:
        return self.kept.get(key)

    async def keep(self, conversation: Conversation, before: Conversation | None = None) -> None:
        self.kept[conversation.key] = conversation
        self.writes += 1


@dataclass
class Says:
    turn: Turn
    opening: Turn = field(default_factory=Turn)
    heard: list[Conversation] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)

    async def begin(self, conversation: Conversation, because: str, said: Incoming, topic: str = "") -> Turn:
        self.begun.append(because)
        return self.opening

    async def answer(self, conversation: Conversation, said: Incoming) -> Turn:
        self.heard.append(conversation)
        return self.turn


class Quiet:
    """Switches none of which is on, or a notice."""

    text = ""

    async def notice(self, key: str, language: str) -> str:
        return self.text


class Open:
    """A reception that lets everything through."""

    async def receive(self, conversation: Conversation, said: Incoming) -> Received:
        return Received(conversation, said)

    async def replied(self, conversation: Conversation, replies: list[Reply]) -> None: ...


def board(**responders: Responder) -> tuple[Switchboard, Memory, str]:
    memory, addresses = Memory(), Addresses(b"k" * 32)
    return Switchboard(responders, memory, addresses, Open(), Quiet()), memory, addresses.key(SAID.address)  # type: ignore[arg-type]


async def test_replies_are_numbered_and_go_to_the_outbox_before_the_record() -> None:
    bot = Says(Turn((Reply("one"), Reply("two"))))
    switchboard, _, key = board(bot=bot)
    first, second, record = await switchboard.turn(SAID)
    assert [(each.queue, each.lane) for each in (first, second, record)] == [
        ("outbox:web", key),
        ("outbox:web", key),
        ("record", f"{key}:m1"),
    ]
    assert first.item["address"] == SAID.address
    assert [(each.item["reply"]["id"], each.item["reply"]["in_reply_to"]) for each in (first, second)] == [
        ("m1/1", "m1"),
        ("m1/2", "m1"),
    ]
    assert [entry["id"] for entry in record.item["entries"]] == [f"{key}:m1", f"{key}:m1/1", f"{key}:m1/2"]
    assert record.item["wanted"] == []


async def test_a_conversation_is_written_only_where_it_changed() -> None:
    switchboard, memory, key = board(bot=Says(Turn((Reply("one"),))))
    await switchboard.turn(SAID)
    assert memory.kept[key] == Conversation(key, "web", "en", place="ca-on")
    await switchboard.turn(replace(SAID, id="m2"))
    assert memory.writes == 1
    await switchboard.turn(replace(SAID, id="m3", language="fr"))
    assert memory.writes == 2
    assert memory.kept[key].chosen


async def test_a_citizen_changes_language_and_place_by_saying_so() -> None:
    switchboard, memory, key = board(bot=Says(Turn((Reply("D’accord"),), language="fr", place="ca-qc")))
    await switchboard.turn(SAID)
    assert memory.kept[key] == Conversation(key, "web", "fr", chosen=True, place="ca-qc")


async def test_a_desk_takes_over_and_answers_from_then_on() -> None:
    bot = Says(Turn((Reply("I will get somebody."),), hand_to="desk", because="asked_for_person"))
    desk = Says(Turn((Reply("Hello, this is Ana."),)), opening=Turn((Reply("Somebody will be with you."),)))
    switchboard, memory, key = board(bot=bot, desk=desk)
    *replies, record = await switchboard.turn(SAID)
    assert [each.item["reply"]["text"] for each in replies] == ["I will get somebody.", "Somebody will be with you."]
    assert [each.item["reply"]["id"] for each in replies] == ["m1/1", "m1/2"]
    assert desk.begun == ["asked_for_person"]
    assert record.item["wanted"] == []
    assert memory.kept[key].answered_by == "desk"
    await switchboard.turn(replace(SAID, id="m2"))
    assert (len(bot.heard), len(desk.heard)) == (1, 1)


async def test_without_a_desk_the_wish_is_recorded() -> None:
    bot = Says(Turn((Reply("Here is a number."),), hand_to="desk", because="asked_for_person" + "!" * 90))
    switchboard, memory, key = board(bot=bot)
    reply, record = await switchboard.turn(SAID)
    (wish,) = record.item["wanted"]
    assert (wish["id"], wish["language"], wish["place"]) == (f"{key}:m1", "en", "ca-on")
    assert len(wish["because"]) == 64, "no longer than its column"
    assert memory.kept[key].answered_by == "bot"
    assert reply.item["reply"]["text"] == "Here is a number."


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_wish_that_the_bot_says_nothing_to_is_confirmed(language: str) -> None:
    switchboard, _, _ = board(bot=Says(Turn(hand_to="desk", because="asked_for_person")))
    reply, _ = await switchboard.turn(replace(SAID, language=language))
    assert reply.item["reply"]["text"] == texts(language)["wish_recorded"]


async def test_a_conversation_of_a_desk_that_is_gone_goes_back_to_the_bot() -> None:
    bot = Says(Turn((Reply("one"),)))
    switchboard, memory, key = board(bot=bot)
    memory.kept[key] = Conversation(key, "web", "en", answered_by="desk")
    assert len(await switchboard.turn(SAID)) == 2
    assert memory.kept[key].answered_by == "bot"


async def test_what_is_recorded_is_redacted_and_names_no_address() -> None:
    switchboard, _, _ = board(bot=Says(Turn((Reply("one"),))))
    *_, record = await switchboard.turn(replace(SAID, text="my SIN is 046 454 286, renew my passport"))
    assert "046" not in str(record.item)
    assert SAID.address not in str(record.item)


async def test_the_language_of_the_page_is_assumed_at_first_if_there_are_texts_in_it() -> None:
    bot = Says(Turn((Reply("one"),)))
    switchboard, _, _ = board(bot=bot)
    await switchboard.turn(Incoming("m1", "web:1", "ok", hint="fr"))
    await switchboard.turn(Incoming("m1", "web:2", "ok", hint="de"))
    assert [conversation.language for conversation in bot.heard] == ["fr", "en"]


async def test_who_stands_in_line_is_written_by_the_desk_and_no_wish_is_recorded() -> None:
    bot = Says(Turn((Reply("I will get somebody."),), hand_to="desk", because="asked_for_person"))
    desk = Says(Turn(), opening=Turn((Reply("You are next."),), hand_to="line"))
    switchboard, memory, key = board(bot=bot, desk=desk)
    *_, record = await switchboard.turn(SAID)
    assert record.item["wanted"] == []
    assert memory.kept[key].answered_by == "bot", (
        "the desk has written it, and an agent may have claimed the case since"
    )


async def test_who_stands_in_line_goes_on_asking_the_bot() -> None:
    bot, line = Says(Turn((Reply("163.50 dollars."),))), Says(Turn(hand_to="bot"))
    switchboard, memory, key = board(bot=bot, line=line)
    memory.kept[key] = Conversation(key, "web", "en", answered_by="line")
    reply, _ = await switchboard.turn(SAID)
    assert reply.item["reply"]["text"] == "163.50 dollars."
    assert memory.kept[key].answered_by == "line"


async def test_who_stands_in_line_no_more_is_with_the_bot() -> None:
    bot, line = Says(Turn((Reply("one"),))), Says(Turn(hand_to="bot", because="nobody_has_it"))
    switchboard, memory, key = board(bot=bot, line=line)
    memory.kept[key] = Conversation(key, "web", "en", answered_by="line")
    await switchboard.turn(SAID)
    assert memory.kept[key].answered_by == "bot"


async def test_a_notice_goes_before_what_is_said_but_not_before_help_in_a_crisis() -> None:
    for because, expected in (("", ["Important", "one"]), ("crisis", ["one"])):
        switchboard, _, _ = board(bot=Says(Turn((Reply("one"),), because=because)))
        switchboard.switches.text = "Important"  # type: ignore[attr-defined]
        *replies, _ = await switchboard.turn(SAID)
        assert [each.item["reply"]["text"] for each in replies] == expected


async def test_who_was_served_and_asks_for_a_person_again_stands_in_line_again() -> None:
    """The bot answers, since nobody has the case any more, and hands over; what the desk then writes must stand."""
    bot = Says(Turn((Reply("I will get somebody."),), hand_to="desk", because="asked_for_person"))
    line = Says(Turn(hand_to="bot", because="nobody_has_it"))
    desk = Says(Turn(), opening=Turn((Reply("You are next."),), hand_to="line"))
    switchboard, memory, key = board(bot=bot, line=line, desk=desk)
    memory.kept[key] = Conversation(key, "web", "en", place="ca-on", answered_by="line")
    await switchboard.turn(SAID)
    assert memory.kept[key].answered_by == "line"
