"""A conversation: who is talking, in which language, and who answers now."""

import hashlib
import hmac
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from channels.channel import Incoming
from channels.texts import languages

if TYPE_CHECKING:
    from lingua import LanguageDetector

CERTAIN = 0.8  # probability from which a text of some length changes a conversation's language
SOME_LENGTH = 12  # characters; shorter texts ("ok", "NAS?") are the same in both languages too often


@dataclass(frozen=True, slots=True)
class Conversation:
    """`key` is a keyed hash of the citizen's address: all that the bot, logs and records may see of it.

    `chosen` is true once the citizen chose the language themselves. `answered_by` is "bot" or "desk".
    """

    key: str
    channel: str
    language: str
    chosen: bool = False
    place: str | None = None
    answered_by: str = "bot"


class Addresses:
    """Stands keyed hashes (HMAC-SHA-256, 128 bits, hexadecimal) for citizens' addresses."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def key(self, address: str) -> str:
        return hmac.new(self._secret, address.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def heard(conversation: Conversation, said: Incoming) -> Conversation:
    """The conversation after a message: in the language the citizen chose, else the one they evidently write."""
    place = said.place or conversation.place
    if said.language in languages():
        return replace(conversation, language=said.language, chosen=True, place=place)
    if conversation.chosen:
        return replace(conversation, place=place)
    return replace(conversation, language=written_language(said.text) or conversation.language, place=place)


def written_language(text: str) -> str | None:
    """The language a text is evidently written in, by ISO 639-1 code; None where it could be several."""
    if len(text.strip()) < SOME_LENGTH:
        return None
    best, *_ = _detector().compute_language_confidence_values(text)
    return best.language.iso_code_639_1.name.lower() if best.value >= CERTAIN else None


@cache
def _detector() -> "LanguageDetector":
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, code.upper()) for code in languages()]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).with_preloaded_language_models().build()
