"""The library of the desk: published passages that an agent can quote, as they search, and suggested unasked."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from channels.channel import Quote
from knowledge import Filter

if TYPE_CHECKING:
    from knowledge import Knowledge

HITS = 5
LOOKED_AT = 5  # of what a citizen said last


class Library:
    """`knowledge` opens what is published, once."""

    def __init__(self, knowledge: "Callable[[], Knowledge]") -> None:
        self._knowledge = knowledge

    async def search(self, question: str, language: str) -> list[Quote]:
        """The best passages, best first."""
        hits = await asyncio.to_thread(lambda: self._knowledge().search(question, HITS, Filter(language)))
        return [
            Quote(
                hit.passage.text,
                hit.title,
                hit.passage.heading,
                hit.passage.url,
                hit.publisher,
                hit.as_of,
                hit.language,
            )
            for hit in hits
        ]

    async def suggest(self, said: Sequence[str], language: str, place: str | None) -> list[Quote]:
        """What answers the last of what a citizen said that anything published answers, or else what may: not every line is
        a question."""
        return await asyncio.to_thread(self._suggest, said, language, place)

    def _suggest(self, said: Sequence[str], language: str, place: str | None) -> list[Quote]:
        last = reversed(said[-LOOKED_AT:])
        found = [self._knowledge().ask(question, language=language, place=place) for question in last]
        maybe = [answer for answer in found if answer.outcome in ("answered", "clarify") and answer.sources]
        surely = [answer for answer in maybe if answer.outcome == "answered" and not answer.unsure]
        about = ("quote", "title", "section", "url", "publisher", "as_of", "language")
        return [
            Quote(*(getattr(source, name) for name in about))
            for answer in (surely or maybe)[:1]
            for source in answer.sources
        ]
