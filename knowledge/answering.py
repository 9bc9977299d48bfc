"""Answering goes from a question to an Answer: the passage that answers, quoted; which is meant; or an honest no."""

from knowledge import kind, place
from knowledge.answer import Answer, Outcome, Source
from knowledge.confidence import calibration, features, thresholds
from knowledge.encoder import Encoder
from knowledge.index import Index
from knowledge.query import Query
from knowledge.quoting import quote
from knowledge.ranking import WITHHELD, Candidate, Ranking, rank, sections
from knowledge.shelf import Shelf
from knowledge.snapshot import Snapshot
from knowledge.text import terms

SOURCES = 3
CHOICES = 3
RANKED = 5  # documents whose scores are told with the answer
NEAR = 0.85  # of the best score: what a further source must reach to be worth showing
ALIKE = 0.07  # below the best score: so close, that a few words cannot tell which is meant
BRIEF = 2  # words that name a subject and ask nothing about it
AHEAD = 0.9  # how near another place's document must come for the question to be that place's


def answer(question: str, asked: str, where: str | None, snapshot: Snapshot, encoder: Encoder | None) -> Answer:
    """Read, rank, judge, quote. `asked` is the language of the question; where nothing is published in it, another's
    passages answer. `where` is the place of whoever asks; a place that the question names goes before it."""
    language = asked if asked in snapshot.indexes else next(iter(snapshot.indexes))
    index, shelf = snapshot.indexes[language], snapshot.shelves[language]
    query = index.understand(question, encoder, forgiving=language == asked)
    ranking = rank(index.score(query, asked), index, shelf, places(query.spelt, where))
    if not query.terms or not ranking.candidates:
        return Answer(Outcome.OUT_OF_SCOPE, 0.0, language, snapshot=snapshot.name)
    seen = features(query, ranking, index, shelf.documents[ranking.candidates[0].document]["title"])
    confidence = calibration(language, ranking.scores.cosine is not None)(seen)
    title = set(terms(shelf.documents[ranking.candidates[0].document]["title"], language))
    outcome = judge(confidence, query, ranking, only_named=title.issuperset(term for term, _ in query.asked))
    if anothers(query, asked, ranking, shelf):
        outcome, confidence = Outcome.NOT_FOUND, min(confidence, thresholds().scope)
    if outcome is Outcome.ANSWERED:
        best = ranking.candidates[0]
        near = [c for c in ranking.candidates[1:SOURCES] if c.score >= NEAR * best.score]
        sources = tuple(source(c, query, ranking, index, shelf) for c in (best, *near))
        choices = related(best, sources[0].section, query, shelf)
    elif outcome is Outcome.CLARIFY:
        meant = alike(ranking)
        sources = tuple(source(c, query, ranking, index, shelf) for c in meant)
        choices = tuple(s.title for s in sources)
    else:
        sources = choices = ()
    ranked = [[shelf.documents[c.document]["id"], round(c.score, 4)] for c in ranking.candidates[:RANKED]]
    return Answer(outcome, round(confidence, 4), language, sources, choices, snapshot.name, {"ranked": ranked})


def anothers(query: Query, asked: str, ranking: Ranking, shelf: Shelf) -> bool:
    """Whether the question belongs to another government than those whose pages are known: to one where the best page
    does not hold, or to the one whose own office or programme it names."""
    best = ranking.candidates[0]
    whose = place.agency(query.spelt, asked)
    if whose and not place.belongs(shelf.documents[best.document]["jurisdiction"], whose):
        return True
    return ranking.elsewhere > AHEAD * best.score


def places(question: str, where: str | None) -> tuple[str, ...]:
    """Whose services may answer: places that the question names, or else where the citizen is. Empty for anywhere."""
    named = place.named(question)
    if named and where and place.moving(question):
        return (*named, where)
    return named or ((where,) if where else ())


def judge(confidence: float, query: Query, ranking: Ranking, only_named: bool = False) -> Outcome:
    """The ladder: answer, ask which of two or three is meant, not found, out of scope.

    `only_named` is whether all that was said is in the title of the best page: of several such pages none is likely, and
    yet one of them is meant.
    """
    limits = thresholds()
    ambiguous = len(alike(ranking)) > 1
    brief = len(query.asked) <= BRIEF
    if ambiguous and brief and only_named:
        return Outcome.CLARIFY
    if confidence >= limits.answer and not (ambiguous and brief):
        return Outcome.ANSWERED
    if confidence >= limits.clarify and ambiguous:
        return Outcome.CLARIFY
    return Outcome.NOT_FOUND if confidence >= limits.scope else Outcome.OUT_OF_SCOPE


def alike(ranking: Ranking) -> list[Candidate]:
    """The first candidate and those that answer about as well."""
    best = ranking.candidates[0].score
    return [c for c in ranking.candidates[:SOURCES] if c.score >= best - ALIKE]


def source(candidate: Candidate, query: Query, ranking: Ranking, index: Index, shelf: Shelf) -> Source:
    """The candidate's best passage, quoted."""
    found = sections(query, candidate.document, ranking.scores, index, shelf)
    best = next(number for number in found if ranking.scores.whole[number] > WITHHELD)
    return quoted(best, query, index, shelf)


def quoted(number: int, query: Query, index: Index, shelf: Shelf) -> Source:
    """Passage `number`, quoted for a query."""
    passage, document = shelf.passage(number), shelf.document(number)
    return Source(
        title=document["title"],
        url=passage.url,
        section=passage.heading,
        quote=quote(passage.text, dict(query.terms), index.language, kinds=kind.asked(query.spelt, index.language)),
        publisher=document["publisher"],
        as_of=document["as_of"],
        language=index.language,
        jurisdiction=document["jurisdiction"],
        contact=document["contact"],
        passage=passage.id,
    )


def related(best: Candidate, here: str, query: Query, shelf: Shelf) -> tuple[str, ...]:
    """Questions that the same document answers under other headings than `here`, written as one would show them."""
    asked = shelf.documents[best.document]["questions"]
    return tuple(
        question
        for question, heading in asked
        if heading != here and question[0].isupper() and question.endswith("?") and question != query.text
    )[:CHOICES]
