"""Answers a question with what is published, or says that nothing is."""

import asyncio
import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.dialogue import Asked, before, is_said, pending, told
from actions.published import Opener, opened, warm_up
from actions.topic import LISTEN, PERSON, TOPICS, language, offer, remember
from knowledge import Answer, NoSnapshot, Outcome
from knowledge.finding.following import joins
from knowledge.places.governments import called
from knowledge.text import written_in

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
        said, alone = _place_said(tracker)
        if said:
            dispatcher.utter_message(json_message={"place": said})
        asked = _asked(tracker, said if alone else None)
        if asked is None:
            dispatcher.utter_message(response="utter_place_noted")
            return [LISTEN]
        spoken, place = language(tracker), said or tracker.get_slot("place")
        try:
            # in a thread: the interpreter is free for other turns while the encoder computes
            answer = await asyncio.to_thread(self._ask, asked, spoken, place)
        except Exception as error:  # whatever it is, the citizen is told, and not left without a reply
            log.error("A question could not be answered. %s", error, exc_info=not isinstance(error, NoSnapshot))
            dispatcher.utter_message(response="utter_knowledge_missing")
            return [offer(PERSON), LISTEN]
        response, filled = lead(answer, spoken, place, written_in(asked.question))
        dispatcher.utter_message(response=response, **filled)
        dispatcher.utter_message(json_message={"answer": answer.as_dict(), "text": ""})
        return [*_changes(answer, tracker), *told(asked, answer), LISTEN]

    def _ask(self, asked: Asked, spoken: str, place: str | None) -> Answer:
        return self._knowledge().ask(asked.question, language=spoken, place=place, before=asked.before)


def _asked(tracker: Tracker, said: str | None) -> Asked | None:
    """What is asked by this turn; None where it only says a place, and that changes no answer."""
    text, waiting = tracker.latest_message.get("text") or "", pending(tracker)
    if said is None:
        return Asked(text, before(tracker))
    if waiting is not None and not (waiting.place and is_said(waiting.place, said)):
        return waiting
    return Asked(text, before(tracker)) if waiting is None and joins(text, language(tracker)) else None


def lead(answer: Answer, spoken: str, where: str | None, written: str | None = None) -> tuple[str, dict[str, str]]:
    """The reviewed response that goes before the answer, and what it names: what was taken for granted of the place and
    the subject, that it may not be the answer, or whose question it is. `written` is the language that the question is
    evidently written in."""
    if answer.outcome is Outcome.ANSWERED:
        if answer.language != spoken:
            as_asked = answer.language == written
            return "utter_answered_in_language_asked" if as_asked else "utter_answered_in_other_language", {}
        if answer.place and not is_said(answer.place, where):
            return "utter_answered_for_place", {"place": called(answer.place, spoken)}
        if answer.unsure:
            return "utter_answered_unsure", {}
        if answer.about:
            return "utter_answered_about", {"about": answer.about}
        if answer.place:
            return "utter_answered_for", {"place": called(answer.place, spoken)}
    if answer.asks_place:
        return "utter_ask_place", {}
    if answer.whose:
        whose, url = answer.whose.names.get(spoken, ""), answer.whose.url
        return ("utter_whose", {"whose": whose, "url": url}) if url else ("utter_whose_somewhere", {"whose": whose})
    if answer.outcome is Outcome.NOT_FOUND and answer.sources:
        return "utter_nearest", {}
    return LEAD[answer.outcome], {}


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
