"""A reading is a question as it was understood, by itself or in its conversation, and what was found for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from knowledge.answering.belonging import places
from knowledge.answering.confidence import Confidence, confidence_in_context, features, surer, told
from knowledge.answering.fitted import thresholds
from knowledge.answering.section import Chosen, choose
from knowledge.encoder import Encoder, foresee
from knowledge.finding import kind
from knowledge.finding.following import (
    TELLING,
    WHOLE,
    goes_on,
    in_context,
    in_its_light,
    joins,
    questions,
    said,
    stands_alone,
)
from knowledge.finding.index import Index
from knowledge.finding.query import Query
from knowledge.finding.ranker import ranked
from knowledge.finding.ranking import Ranking, rank
from knowledge.places import place
from knowledge.shelf import Shelf
from knowledge.text import terms


@dataclass(frozen=True, slots=True)
class Reading:
    """`newest` is the question by itself. `query` is what confidence was told from: the same, or the question in its
    context.

    `ranking` says which document answers, `passages` which of its passages: the conversation knows the first, and only the
    newest turn the second; `chosen` is that passage of the first document. `within` are the places whose services may
    answer. `before` are the questions that this one goes on from, the latest first; none for a question of its own. `led`
    is whether they led to another document.
    """

    newest: Query
    query: Query
    ranking: Ranking
    passages: Ranking
    chosen: Chosen
    confidence: Confidence
    within: tuple[str, ...]
    before: tuple[str, ...] = ()
    led: bool = False


def read(
    question: str,
    asked: str,
    where: str | None,
    index: Index,
    shelf: Shelf,
    encoder: Encoder | None,
    before: Sequence[str] = (),
) -> Reading | None:
    """What `question`, asked in the language `asked` by somebody in the place `where`, means after the turns `before` it.
    None where there is nothing in it that could be looked for, or nothing was found."""
    newest = index.understand(question, encoder, forgiving=index.language == asked)
    if before and encoder is not None and index.telling(newest) <= WHOLE:
        foresee(encoder, [in_context(newest.spelt, before)])  # by the time that it is known to go on, it is read
    alone = by_itself(newest, asked, places(newest.spelt, where), index, shelf)
    if not newest.terms or alone is None:
        return None
    sure = alone.confidence.whole >= thresholds().answer
    if not before or stands_alone(newest, index, sure) or _names_another(alone, asked, before, index, shelf, sure):
        return alone
    return _in_context(alone, asked, where, index, shelf, encoder, before) or alone


def by_itself(newest: Query, asked: str, within: tuple[str, ...], index: Index, shelf: Shelf) -> Reading | None:
    scores = index.score(newest, asked)
    ranking = rank(ranked(index, newest, scores, (), newest.encoder, asked), index, shelf, within)
    if not ranking.candidates:
        return None
    passages = replace(ranking, scores=scores)
    chosen = choose(newest, ranking.candidates[0].document, scores, index, shelf)
    confidence = confidence_of(newest, ranking, newest, chosen, index, shelf)
    return Reading(newest, newest, ranking, passages, chosen, confidence, within)


def _names_another(alone: Reading, asked: str, before: Sequence[str], index: Index, shelf: Shelf, sure: bool) -> bool:
    """Whether a turn names a service and no more, "passport", and not the one that was talked about; what it asks of it,
    "how much is a passport", is then for that one, if it is `sure` to be an answer by itself."""
    newest, title = alone.newest, shelf.documents[alone.ranking.candidates[0].document]["title"]
    spoken_of = set(terms(said(before[-1]), index.language))
    named, own = {term for term, _ in newest.asked}, not joins(newest.spelt, asked)
    if kind.asked(newest.read_as, index.language):
        named = set(terms(kind.subject(newest.spelt, index.language), index.language))
        own = sure and not goes_on(newest.spelt, asked)
    return own and bool(named) and named <= set(terms(title, index.language)) and not named & spoken_of


def _in_context(
    alone: Reading,
    asked: str,
    where: str | None,
    index: Index,
    shelf: Shelf,
    encoder: Encoder | None,
    before: Sequence[str],
) -> Reading | None:
    """The same question as one that goes on. A place that was asked about stays asked about."""
    newest, earlier = alone.newest, questions(before)
    spoken_of = next((named for each in earlier if (named := place.named(each))), ())
    within = alone.within if place.named(newest.spelt) or not spoken_of else places(earlier[0], where)
    scores, query = in_its_light(index, newest, alone.passages.scores, before, encoder, asked)
    # the ranker says how sure it is, but not the order: it was fitted on dialogues that keep to one subject
    scores = replace(scores, judged=ranked(index, query, scores, (), encoder, asked).judged)
    ranking = rank(scores, index, shelf, within)
    if not ranking.candidates:
        return None
    passages = alone.passages
    if earlier and _asks_the_same(newest, asked, index):
        newest = index.understand(f"{earlier[0]} {newest.spelt}", encoder, forgiving=index.language == asked)
        passages = replace(ranking, scores=index.score(newest, asked))
    chosen = choose(newest, ranking.candidates[0].document, passages.scores, index, shelf)
    confidence = confidence_in_context(confidence_of(query, ranking, newest, chosen, index, shelf), alone.confidence)
    same = ranking.candidates[0].document == alone.ranking.candidates[0].document
    return Reading(
        newest,
        query,
        ranking,
        passages,
        chosen,
        surer(confidence, alone.confidence) if same else confidence,
        within,
        earlier,
        led=not same,
    )


def _asks_the_same(newest: Query, asked: str, index: Index) -> bool:
    """Whether a turn asks of something else what was asked before it: "and for my son?"."""
    kinds = kind.asked(newest.read_as, index.language)
    return not kinds and index.telling(newest) < TELLING and joins(newest.spelt, asked)


def confidence_of(
    query: Query, ranking: Ranking, newest: Query, chosen: Chosen, index: Index, shelf: Shelf
) -> Confidence:
    """In the page that is first in `ranking` for the `query`, and in the passage of it that was `chosen` for `newest`."""
    seen = features(query, ranking, newest, chosen, index, shelf)
    return told(seen, index.language, ranking.scores.cosine is not None)
