"""Tells how to reach a person about the service in question, and hands the conversation over."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.topic import LISTEN, NOTHING, hand_over, offer, remembered, say_contact


class ActionAskPerson(Action):
    def name(self) -> str:
        return "action_ask_person"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        sources = remembered(tracker)
        say_contact(dispatcher, sources)
        hand_over(dispatcher, "asked_for_person", sources)
        return [offer(NOTHING), LISTEN]
