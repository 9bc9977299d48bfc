"""Answering goes from a query to an Answer: the passage that answers, quoted, or an honest no."""

import numpy as np

from knowledge.answer import Answer, Outcome, Source
from knowledge.query import Query
from knowledge.snapshot import Snapshot
from knowledge.text import sentences

QUOTE = 600


def answer(query: Query, snapshot: Snapshot, language: str, place: str | None) -> Answer:
    """Rank, decide, quote."""
    if not query.text:
        return Answer(Outcome.OUT_OF_SCOPE, 0.0, language, snapshot=snapshot.name)
    index, shelf = snapshot.indexes[language], snapshot.shelves[language]
    scores = index.score(query)
    order = np.argsort(-scores.whole)[:30]
    sources: list[Source] = []
    seen: set[str] = set()
    for number in map(int, order):
        document, passage = shelf.document(number), shelf.passage(number)
        if document["id"] in seen:
            continue
        seen.add(document["id"])
        sources.append(
            Source(
                title=document["title"],
                url=passage.url,
                section=passage.path[-1] if passage.path else "",
                quote=quote(passage.text),
                publisher=document["publisher"],
                as_of=document["as_of"],
                language=language,
                jurisdiction=document["jurisdiction"],
                contact=document["contact"],
                passage=passage.id,
            )
        )
        if len(sources) == 3:
            break
    best = int(order[0])
    cosine = float(scores.cosine[best]) if scores.cosine is not None else 0.5
    confidence = max(0.0, min(1.0, (cosine - 0.1) / 0.6))
    choices = tuple(q for q, _ in shelf.document(best)["questions"] if q.casefold() != query.text.casefold())[:3]
    outcome = Outcome.ANSWERED if confidence > 0.4 else Outcome.NOT_FOUND if confidence > 0.2 else Outcome.OUT_OF_SCOPE
    if outcome is not Outcome.ANSWERED:
        return Answer(outcome, confidence, language, snapshot=snapshot.name)
    return Answer(outcome, confidence, language, tuple(sources), choices, snapshot.name)


def quote(text: str) -> str:
    """The passage's beginning, whole sentences, up to about 600 characters."""
    end = 0
    for _, stop in sentences(text):
        if end and stop > QUOTE:
            break
        end = stop
    return text[:end].strip()
