"""Following is understanding a turn by the turns before it: what it says alone, and what it says in their light."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from knowledge.answer import Answer, Outcome
from knowledge.arrays import Floats
from knowledge.encoder import Encoder
from knowledge.finding.fusion import share_of_history
from knowledge.finding.index import Index, Scores
from knowledge.finding.query import Query
from knowledge.reviewed import reviewed
from knowledge.text import plain, sentences

SPEAKERS = ("user: ", "agent: ")
LONGEST = 200  # characters of a turn that are remembered: a turn must cost the same, however long the conversation
NEAREST = 2  # turns before the newest one that it is read with
TELLING = 1.8  # words that would each single out a passage: as many name a subject of their own
WHOLE = 3.8  # words that need no conversation, whatever they begin with


def in_its_light(
    index: Index, newest: Query, alone: Scores, before: Sequence[str], encoder: Encoder | None, asked: str | None
) -> tuple[Scores, Query]:
    """How well each passage answers the newest turn, whose scores `alone` are known, in the light of those `before` it,
    "user: …" and "agent: …", oldest first; and the query that reads them together.

    The less the newest turn tells by itself, the more the conversation says what it is about.
    """
    together = index.understand(in_context(newest.spelt, before), encoder, forgiving=False)
    share = share_of_history(index.telling(newest))
    return mixed(alone, index.score(together, asked), share), together


def in_context(newest: str, before: Sequence[str]) -> str:
    """The newest turn twice, then the two before it, without who said them."""
    return " ".join([newest, newest, *(said(turn) for turn in before[-NEAREST:])])


def said(turn: str) -> str:
    """A turn without who said it."""
    return turn.split(": ", 1)[-1] if turn.startswith(SPEAKERS) else turn


def points(before: Sequence[str]) -> list[str]:
    """What each of the turns `before` comes to: an agent's to its last sentence, which is often what the next turn answers,
    and a citizen's to all of it. A turn that says nothing comes to nothing."""
    return [text for text in map(_point, before) if text]


def _point(turn: str) -> str:
    text = said(turn).strip()
    if not text or not turn.startswith(SPEAKERS[1]):
        return text
    start, end = sentences(text)[-1]
    return text[start:end]


def turns(question: str, answer: Answer) -> list[str]:
    """What is remembered of a question and its answer: the question, and which page answered; of a question that had no
    answer nothing, for the conversation is where it was."""
    asked = f"{SPEAKERS[0]}{question[:LONGEST]}"
    if answer.outcome is Outcome.CLARIFY:
        return [asked]
    if answer.outcome is not Outcome.ANSWERED:
        return []
    first = answer.sources[0]
    return [asked, f"{SPEAKERS[1]}{first.title} – {first.section}"[:LONGEST]]


def questions(before: Sequence[str]) -> tuple[str, ...]:
    """What was asked before, the latest first."""
    return tuple(said(turn) for turn in reversed(before) if not turn.startswith(SPEAKERS[1]))


def stands_alone(newest: Query, index: Index, sure: bool) -> bool:
    """Whether a turn is a question of its own. `sure` is whether, asked alone, it has an answer."""
    telling = index.telling(newest)
    return telling > WHOLE or (sure and telling > TELLING and not goes_on(newest.spelt, index.language))


def goes_on(turn: str, language: str) -> bool:
    """Whether a turn begins as one that joins on, or points to what was said before."""
    return joins(turn, language) or bool(_cues("points", language).search(plain(turn)))


def joins(turn: str, language: str) -> bool:
    """Whether a turn begins as one that joins on to the one before: "and for my son?"."""
    return bool(_cues("begins", language).match(plain(turn)))


def mixed(alone: Scores, together: Scores, share: float) -> Scores:
    """Scores of which `share`, 0 … 1, are those `together`."""

    def between(one: Floats, other: Floats) -> Floats:
        return (1 - share) * one + share * other

    return replace(
        alone,
        whole=between(alone.whole, together.whole),
        fused=between(alone.fused, together.fused),
        words=between(alone.words, together.words),
        cosine=None if alone.cosine is None or together.cosine is None else between(alone.cosine, together.cosine),
        about=between(alone.about, together.about),
        gist=None if alone.gist is None or together.gist is None else between(alone.gist, together.gist),
        among=None if alone.among is None or together.among is None else np.union1d(alone.among, together.among),
    )


@cache
def _cues(of: str, language: str) -> re.Pattern[str]:
    listed = (plain(cue) for cue in reviewed("finding/following").get(language, {}).get(of, "").split(","))
    longest_first = sorted(filter(None, listed), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(longest_first) or '(?!)'})\b")
