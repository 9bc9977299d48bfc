"""Answers a question with what is published, or says that nothing is."""

import asyncio
import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.published import Opener, opened, warm_up
from actions.topic import LISTEN, PERSON, TOPICS, language, offer, remember
from knowledge import Answer, NoSnapshot, Outcome

log = logging.getLogger(__name__)

LEAD = {
    Outcome.ANSWERED: "utter_answered",
    Outcome.CLARIFY: "utter_clarify",
    Outcome.NOT_FOUND: "utter_not_found",
    Outcome.OUT_OF_SCOPE: "utter_out_of_scope",
}
OFFERED = {Outcome.NOT_FOUND: PERSON, Outcome.OUT_OF_SCOPE: TOPICS}


class ActionAnswer(Action):
    def __init__(self, knowledge: Opener | None = None) -> None:
        self._knowledge = knowledge or opened
        if knowledge is None:
            warm_up()

    def name(self) -> str:
        return "action_answer"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        place, alone = _place_said(tracker)
        if place:
            dispatcher.utter_message(json_message={"place": place})
        if alone:
            dispatcher.utter_message(response="utter_place_noted")
            return [LISTEN]
        spoken = language(tracker)
        question = tracker.latest_message.get("text") or ""
        try:
            # in a thread: the interpreter is free for other turns while the encoder computes
            answer = await asyncio.to_thread(self._ask, question, spoken, tracker.get_slot("place"))
        except Exception as error:  # whatever it is, the citizen is told, and not left without a reply
            log.error("A question could not be answered. %s", error, exc_info=not isinstance(error, NoSnapshot))
            dispatcher.utter_message(response="utter_knowledge_missing")
            return [offer(PERSON), LISTEN]
        dispatcher.utter_message(response=_lead(answer, spoken))
        dispatcher.utter_message(json_message={"answer": answer.as_dict(), "text": ""})
        return [*_changes(answer, tracker), LISTEN]

    def _ask(self, question: str, spoken: str, place: str | None) -> Answer:
        return self._knowledge().ask(question, language=spoken, place=place)


def _lead(answer: Answer, spoken: str) -> str:
    """The reviewed response that goes before the answer."""
    if answer.outcome is Outcome.ANSWERED and answer.language != spoken:
        return "utter_answered_in_other_language"
    return LEAD[answer.outcome]


def _changes(answer: Answer, tracker: Tracker) -> list[EventType]:
    """A new answer is a new topic; a question without one leaves the topic as it was, and makes an offer."""
    if answer.outcome in OFFERED:
        return [offer(OFFERED[answer.outcome])]
    began = [remember(answer.as_dict()["sources"])]
    return began if not tracker.get_slot("unhelpful") else [*began, SlotSet("unhelpful", 0)]


def _place_said(tracker: Tracker) -> tuple[str | None, bool]:
    """Where the citizen says that they live, and whether that is all that they say."""
    for entity in tracker.latest_message.get("entities") or ():
        if entity["entity"] == "place" and entity.get("extractor") == "said":
            return entity["value"], bool(entity.get("alone"))
    return None, False
