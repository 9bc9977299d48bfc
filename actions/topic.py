"""The topic of a conversation, as slots: what was asked and told, what a yes would accept, what did not help."""

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

NOTHING, PERSON, TOPICS = "nothing", "person", "topics"  # what can be offered; bot/domain/conversation.yml
REMEMBERED = ("title", "section", "url", "publisher", "contact")

# what comes after an action is known: the policies need not be run again to find out, nor be misled by a slot that it set
LISTEN = FollowupAction("action_listen")

Source = dict[str, Any]


def language(tracker: Tracker) -> str:
    return tracker.get_slot("language") or "en"


def remembered(tracker: Tracker) -> list[Source]:
    """The sources of the last answer, best first: how to reach their publishers, without what they say."""
    return list(tracker.get_slot("sources") or ())


def remember(sources: list[Source]) -> EventType:
    return SlotSet("sources", [{name: source[name] for name in REMEMBERED} for source in sources])


def offer(what: str) -> EventType:
    return SlotSet("offered", what)


def forget() -> list[EventType]:
    topic = ("sources", "before", "pending")
    return [*(SlotSet(name, None) for name in topic), SlotSet("unhelpful", 0), offer(NOTHING)]


def say_contact(dispatcher: CollectingDispatcher, sources: list[Source]) -> None:
    """Tell how to reach a person about the first source: as published with it, or else the general way."""
    source = sources[0] if sources else {}
    title, url, contact = source.get("title"), source.get("url"), source.get("contact")
    if contact and url:
        dispatcher.utter_message(
            response="utter_contact", title=title, publisher=source["publisher"], contact=contact, url=url
        )
    elif contact:
        dispatcher.utter_message(
            response="utter_contact_without_page", title=title, publisher=source["publisher"], contact=contact
        )
    elif url:
        dispatcher.utter_message(response="utter_page_without_contact", title=title, url=url)
    else:
        dispatcher.utter_message(response="utter_contact_general")


def hand_over(dispatcher: CollectingDispatcher, because: str, sources: list[Source]) -> None:
    """To a person, who is told what the first source was about."""
    topic = {"topic": sources[0]["title"]} if sources else {}
    dispatcher.utter_message(json_message={"hand_to": "desk", "because": because} | topic)
