"""Answering goes from a question to an Answer: the passage that answers, quoted; which is meant; or an honest no."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from knowledge.answer import Answer, Outcome, Source
from knowledge.answering.belonging import anothers, apart, assumed, left_out, owner, same_service
from knowledge.answering.confidence import Confidence
from knowledge.answering.fitted import thresholds
from knowledge.answering.quoting import SHORT, quote
from knowledge.answering.reading import Reading, read
from knowledge.answering.section import choose
from knowledge.encoder import Encoder
from knowledge.finding import kind
from knowledge.finding.index import Index
from knowledge.finding.query import Query
from knowledge.finding.ranking import Candidate, Ranking
from knowledge.places import governments
from knowledge.publishing.snapshot import Snapshot
from knowledge.shelf import Shelf
from knowledge.text import terms, written_in

SOURCES = 3
CHOICES = 3
RANKED = 5  # documents whose scores are told with the answer
NEAR = 0.85  # of the best score: what a further source must reach to be worth showing
ALIKE = 0.07  # below the best score: so close, that a few words cannot tell which is meant
BRIEF = 2  # words that name a subject and ask nothing about it


def answer(
    question: str,
    asked: str,
    where: str | None,
    snapshot: Snapshot,
    encoder: Encoder | None,
    before: Sequence[str] = (),
) -> Answer:
    """Read, rank, judge, quote. `asked` is the language of the question, unless it is evidently written in another; where
    nothing is published in it, another's passages answer. `where` is the place of whoever asks; a place that the question
    names goes before it. `before` are the turns before, "user: …" and "agent: …", oldest first."""
    written = written_in(question)
    language = next(code for code in (written, asked, *snapshot.indexes) if code in snapshot.indexes)
    asked = language if language == written else asked
    index, shelf = snapshot.indexes[language], snapshot.shelves[language]
    found = read(question, asked, where, index, shelf, encoder, before)
    if found is None:
        return Answer(Outcome.OUT_OF_SCOPE, 0.0, language, snapshot=snapshot.name)
    theirs, other = _belonging(found, asked, index, shelf)
    if theirs:
        found = replace(found, confidence=found.confidence._replace(page=thresholds().scope))
    candidates = found.ranking.candidates
    ranked = [[shelf.documents[c.document]["id"], round(c.score, 4)] for c in candidates[:RANKED]]
    parts = [round(part, 4) for part in found.confidence]
    chosen = shelf.passage(found.chosen.passage)
    made = Answer(
        Outcome.NOT_FOUND if theirs else _outcome(found, index, shelf),
        round(found.confidence.whole, 4),
        language,
        snapshot=snapshot.name,
        basis={"ranked": ranked, "confidence": parts, "chosen": [chosen.id, chosen.heading]},
    )
    return _climb(made, found, other, asked, index, shelf)


def _belonging(found: Reading, asked: str, index: Index, shelf: Shelf) -> tuple[bool, int | None]:
    """Whether the question is another government's, and that one's page, if there is one."""
    if not anothers(found.newest, asked, found.ranking, shelf):
        return False, None
    first = shelf.documents[found.ranking.candidates[0].document]
    other = left_out(found.ranking, index, shelf, found.within)
    theirs = shelf.documents[other]["title"] if other is not None else ""
    return "-" not in first["jurisdiction"] or not same_service(first["title"], theirs, index.language), other


def _outcome(found: Reading, index: Index, shelf: Shelf) -> Outcome:
    title = set(terms(shelf.documents[found.ranking.candidates[0].document]["title"], index.language))
    only_named = title.issuperset(term for term, _ in found.query.asked)
    return judge(found.confidence, found.query, found.ranking, only_named)


def _climb(made: Answer, found: Reading, other: int | None, asked: str, index: Index, shelf: Shelf) -> Answer:
    """The answer on its step of the ladder, with what belongs to it; `other` is the page of another government."""
    outcome, candidates, best = made.outcome, found.ranking.candidates, found.ranking.candidates[0]
    first = shelf.documents[best.document]
    if outcome in (Outcome.NOT_FOUND, Outcome.OUT_OF_SCOPE):
        whose = owner((found.newest.spelt, *found.before), asked, found.within, shelf, first["title"], other)
        if whose:
            return replace(made, outcome=Outcome.NOT_FOUND, whose=whose)
        near = found.confidence.page >= thresholds().clarify
        worth = outcome is Outcome.NOT_FOUND and near and not found.newest.unknown
        return replace(made, sources=_sources(_near(candidates), found, index, shelf) if worth else ())
    meant = apart(found.ranking, shelf, index.language) if len(found.within) < 2 else []
    if len(meant) > 1:
        names = (governments.named(shelf.jurisdiction(c.document), asked) for c in meant[:CHOICES])
        sources = _sources(meant[:SOURCES], found, index, shelf)
        return replace(made, outcome=Outcome.CLARIFY, sources=sources, choices=tuple(names), asks_place=True)
    if outcome is Outcome.CLARIFY:
        sources = _sources(alike(found.ranking), found, index, shelf)
        return replace(made, sources=sources, choices=tuple(s.title for s in sources))
    sources = _sources(_near(candidates), found, index, shelf)
    return replace(
        made,
        sources=sources,
        choices=related(best, sources[0].section, found.newest, shelf),
        about=first["title"] if found.led else "",
        place=assumed(first, found.newest.spelt),
        unsure=found.confidence.whole < thresholds().sure,
    )


def judge(confidence: Confidence, query: Query, ranking: Ranking, only_named: bool = False) -> Outcome:
    """The ladder: answer, ask which of two or three is meant, not found, out of scope.

    `only_named` is whether all that was said is in the title of the best page: of several such pages none is likely, and
    yet one of them is meant.
    """
    limits = thresholds()
    ambiguous = len(alike(ranking)) > 1
    brief = len(query.asked) <= BRIEF
    if ambiguous and brief and only_named:
        return Outcome.CLARIFY
    if confidence.whole >= limits.answer and not (ambiguous and brief):
        return Outcome.ANSWERED
    if confidence.page >= limits.clarify and ambiguous:
        return Outcome.CLARIFY
    return Outcome.NOT_FOUND if confidence.page >= limits.scope else Outcome.OUT_OF_SCOPE


def alike(ranking: Ranking) -> list[Candidate]:
    """The first candidate and those that answer about as well."""
    best = ranking.candidates[0].score
    return [c for c in ranking.candidates[:SOURCES] if c.score >= best - ALIKE]


def _near(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The first candidate and others that are worth showing beside it."""
    return [c for c in candidates[:SOURCES] if c.score >= NEAR * candidates[0].score]


def _sources(candidates: Iterable[Candidate], found: Reading, index: Index, shelf: Shelf) -> tuple[Source, ...]:
    """The candidates' best passages, quoted."""
    return tuple(quoted(_passage(c.document, found, index, shelf), found.newest, index, shelf) for c in candidates)


def _passage(document: int, found: Reading, index: Index, shelf: Shelf) -> int:
    if document == found.ranking.candidates[0].document:
        return found.chosen.passage
    return choose(found.newest, document, found.passages.scores, index, shelf).passage


def quoted(number: int, query: Query, index: Index, shelf: Shelf) -> Source:
    """Passage `number`, quoted for a query."""
    passage, document = shelf.passage(number), shelf.document(number)
    kinds, above = kind.asked(query.spelt, index.language), f"{document['title']}\n{passage.heading}"
    said = quote(passage.text, dict(query.terms), index.language, kinds=kinds, above=above)
    brief = quote(passage.text, dict(query.terms), index.language, SHORT, kinds, above) if len(said) > SHORT else ""
    return Source(
        title=document["title"],
        url=passage.url,
        section=passage.heading,
        quote=said,
        publisher=document["publisher"],
        as_of=document["as_of"],
        language=index.language,
        jurisdiction=document["jurisdiction"],
        contact=document["contact"],
        passage=passage.id,
        brief=brief,
    )


def related(best: Candidate, here: str, query: Query, shelf: Shelf) -> tuple[str, ...]:
    """Questions that the same document answers under other headings than `here`, written as one would show them."""
    asked = shelf.documents[best.document]["questions"]
    return tuple(
        question
        for question, heading in asked
        if heading != here and question[0].isupper() and question.endswith("?") and question != query.text
    )[:CHOICES]
