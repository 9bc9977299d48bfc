"""Consent: the words by which somebody stops, resumes or asks for help, in both languages, above any dialogue."""

from dataclasses import dataclass
from typing import Literal

from channels.channel import Incoming
from channels.marks import stop_key
from knowledge import plain

Kind = Literal["stop", "start", "help"]


@dataclass(frozen=True, slots=True)
class Word:
    """`word` is as it was typed, plain. `language` is the one it is a word of; None for those of both."""

    kind: Kind
    word: str
    language: str | None


# What carriers and Twilio know, what the law on electronic messages of Canada asks for, and the same in French.
_WORDS: dict[tuple[Kind, str | None], str] = {
    ("stop", None): "stop, stopall, stop all",
    ("stop", "en"): "unsubscribe, cancel, end, quit, optout, opt out, revoke",
    ("stop", "fr"): "arret, arreter, arretez, desabonner, se desabonner, me desabonner, desabonnez moi, desabonnement,"
    " desinscrire, desinscription",
    ("start", None): "start",
    ("start", "en"): "unstop, resume",
    ("start", "fr"): "reprendre",
    ("help", None): "info",
    ("help", "en"): "help",
    ("help", "fr"): "aide",
}
WORDS = {
    each.strip(): Word(kind, each.strip(), language)
    for (kind, language), words in _WORDS.items()
    for each in words.split(",")
}
YES = {"yes": Word("start", "yes", "en"), "oui": Word("start", "oui", "fr")}
"""Words that resume only for somebody who has stopped: else they answer a question."""

NOT_ON = ("web",)  # nobody there is written to unasked, and whoever leaves closes the page


def word(said: Incoming, stopped: bool) -> Word | None:
    """The word that `said` is, alone or with punctuation, or that its command stands for; None if it is another message.

    `stopped` is whether the citizen has said stop before.
    """
    if said.address.partition(":")[0] in NOT_ON:
        return None
    if said.command in ("stop", "start", "help"):
        return Word(said.command, said.command, None)
    text = plain(said.text)
    return WORDS.get(text) or (YES.get(text) if stopped else None)


def mark(said: Incoming, key: str) -> tuple[str, Literal["set", "del", ""]]:
    """What becomes of the mark that forbids sending when the message is accepted: a reply that is under way must see it."""
    found = word(said, stopped=True)
    return stop_key(key), {"stop": "set", "start": "del", "help": ""}[found.kind] if found else ""  # type: ignore[return-value]
