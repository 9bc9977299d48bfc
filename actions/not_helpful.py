"""Apologises for an answer that did not help and offers what else there is; the second time, a person."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.topic import LISTEN, NOTHING, PERSON, Source, hand_over, offer, remembered, say_contact

PATIENCE = 2  # what did not help that often needs a person


class ActionNotHelpful(Action):
    def name(self) -> str:
        return "action_not_helpful"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        sources = remembered(tracker)
        times = int(tracker.get_slot("unhelpful") or 0) + 1
        if times < PATIENCE:
            dispatcher.utter_message(response="utter_not_helpful", buttons=others(sources))
            return [SlotSet("unhelpful", times), offer(PERSON), LISTEN]
        dispatcher.utter_message(response="utter_still_not_helpful")
        say_contact(dispatcher, sources)
        hand_over(dispatcher, "not_helpful", sources)
        return [SlotSet("unhelpful", 0), offer(NOTHING), LISTEN]


def others(sources: list[Source]) -> list[dict[str, str]]:
    """The sources after the first as buttons; one of the same service as another is told from it by its section."""
    titles = [source["title"] for source in sources]
    labels = [
        f"{source['title']} – {source['section']}" if titles.count(source["title"]) > 1 else source["title"]
        for source in sources
    ]
    return [{"title": label, "payload": label} for label in labels[1:]]
