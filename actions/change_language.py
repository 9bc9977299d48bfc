"""Changes the conversation's language to the one that the message names, or to the other one where it names none."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.topic import LISTEN, language
from knowledge.text import fold

OTHER = {"en": "fr", "fr": "en"}
SPOKEN = {"en": re.compile(r"eng|engl\w*|angl\w*|ingl\w*"), "fr": re.compile(r"fr|fran[cs]\w*|french|frech|frnch")}
# the languages most spoken in Canada after these two, and the Indigenous ones, by how their English and French names begin
UNSPOKEN = re.compile(
    "(?:alban|allem|amhar|arab|armen|beng|bulg|canton|chin|core|cree|creol|cri$|croat|dari$|deut|dutch|espa|espe|farsi|filip"
    "|german|gree|grec|guj|hait|heb|hind|hong|hung|inuk|ital|japan|japon|khm|kore|kurd|mandar|mohawk|neerl|nepal|ojib|pasht"
    "|pacht|pend|panj|punj|pers|pol[io]|portu|rouma|roman|rus|serb|sinh|slov|somal|spani|swah|tagal|tami|tamou|telug|tibet"
    "|tigr|tur[ck]|ukrai|urdu|ourdou|viet|yorub)\\w*"
)
REFUSED = {"not", "t", "dont", "cant", "pas", "no", "non"}  # "I don't speak French" asks for English
WHICH = {"what", "which", "quelle", "quelles", "other", "another", "autre", "autres"}


class ActionChangeLanguage(Action):
    def name(self) -> str:
        return "action_change_language"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        wanted = asked_for(tracker.latest_message.get("text") or "", language(tracker))
        if wanted is None:
            dispatcher.utter_message(response="utter_two_languages")
            return [LISTEN]
        # the rule goes on to say so, in the new language: a response of this action would still be in the old one
        dispatcher.utter_message(json_message={"language": wanted})
        return [SlotSet("language", wanted)]


def asked_for(text: str, now: str) -> str | None:
    """The language that `text` asks for while `now` is spoken; None where that is not one of the two, or not clear."""
    words = re.findall(r"[^\W_]+", fold(text))
    if any(UNSPOKEN.fullmatch(word) for word in words):
        return None
    wanted: set[str] = set()
    refused: set[str] = set()
    refusing = False
    for word in words:
        refusing = refusing or word in REFUSED
        for code, names in SPOKEN.items():
            if names.fullmatch(word):
                (refused if refusing else wanted).add(code)
                refusing = False
    if not wanted and not refused:
        if WHICH.intersection(words):
            return None
        return "en" if "en" in words else OTHER[now]
    if len(wanted) == 1:
        return wanted.pop()
    return OTHER[refused.pop()] if len(refused) == 1 and not wanted else None
