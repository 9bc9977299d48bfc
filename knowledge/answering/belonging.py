"""Belonging is whose a question is: which place it is about, and which government looks after what is not known here."""

from collections.abc import Iterable, Sequence

import numpy as np

from knowledge.finding.index import Index
from knowledge.finding.query import Query
from knowledge.finding.ranking import Candidate, Ranking
from knowledge.places import governments, place
from knowledge.places.gazetteer import ABROAD
from knowledge.places.governments import Subject, Whose
from knowledge.shelf import Shelf
from knowledge.text import LANGUAGES, plain, terms

AHEAD = 0.9  # how near another place's document must come for the question to be that place's
APART = 0.75  # of the best score: what the same service of another place must reach to be as likely meant
SAME = 0.5  # of the shorter title's words: from here two documents are about the same, each in its place
ACRONYM = 3  # letters from which a programme is known by them


def places(question: str, where: str | None) -> tuple[str, ...]:
    """Whose services may answer: places that the question names, or else where the citizen is. Empty for anywhere."""
    named = place.named(question)
    if named and where and place.moving(question):
        return (*named, where)
    return named or ((where,) if where else ())


def anothers(query: Query, asked: str, ranking: Ranking, shelf: Shelf) -> bool:
    """Whether the question belongs to another government than those whose pages are known: to one where the best page
    does not hold, or to the one whose own office or programme it names."""
    best = ranking.candidates[0]
    whose = place.agency(query.spelt, asked)
    if whose and not place.belongs(shelf.jurisdiction(best.document), whose):
        return True
    return ranking.elsewhere > AHEAD * best.score


def left_out(ranking: Ranking, index: Index, shelf: Shelf, within: Sequence[str]) -> int | None:
    """The number of the best document of those that hold in none of the places."""
    best = np.full(len(shelf.documents), -1.0, np.float32)
    np.maximum.at(best, index.document, ranking.scores.whole)
    of = (int(number) for number in np.argsort(-best))
    return next((n for n in of if not place.any_holds(shelf.jurisdiction(n), within)), None)


def same_service(one: str, other: str, language: str) -> bool:
    """Whether two titles name the same service of two places: "Ontario health card", "Alberta health care insurance"."""
    about = governments.subject(one, language)
    if about and about == governments.subject(other, language):
        return True
    mine, others = _without_places(one, language), _without_places(other, language)
    return len(mine & others) >= SAME * max(1, min(len(mine), len(others)))


def apart(ranking: Ranking, shelf: Shelf, language: str) -> list[Candidate]:
    """Candidates that differ by their place only, the first among them: whoever asks must say where they live. The first
    alone, where the place decides nothing."""
    first, *others = ranking.candidates
    found, of = [first], [shelf.jurisdiction(first.document)]
    title = shelf.documents[first.document]["title"]
    for candidate in others:
        mine = shelf.jurisdiction(candidate.document)
        elsewhere = mine.count("-") == of[0].count("-") and not place.any_holds(mine, of)
        near = candidate.score >= APART * first.score
        if elsewhere and near and same_service(title, shelf.documents[candidate.document]["title"], language):
            found.append(candidate)
            of.append(mine)
    return found


def assumed(document: dict[str, str], question: str) -> str:
    """The place of a document, where the question does not say it: neither by its name nor by that of its programme."""
    mine = document["jurisdiction"]
    named = place.named(question)
    words = set(plain(question).split())
    acronyms = {plain(word.strip("()")) for word in document["title"].split() if word.strip("(),").isupper()}
    known = any(len(each) >= ACRONYM for each in acronyms & words)
    return "" if "-" not in mine or known or any(place.holds(mine, each) for each in named) else mine


def owner(
    questions: Iterable[str], asked: str, within: Sequence[str], shelf: Shelf, nearest: str, other: int | None = None
) -> Whose | None:
    """The government that the newest of `questions`, which comes first, belongs to, if its pages are not here; None if
    they are, or nobody can tell. `nearest` is the title of the best page, and `other` the document of another place that
    would have answered."""
    newest, *before = questions
    asked = asked if asked in LANGUAGES else LANGUAGES[0]
    about = next((s for each in (newest, *before) if (s := governments.subject(each, asked))), None)
    office = place.agency(newest, asked)
    service = about or set(terms(newest, asked)) & set(terms(nearest, asked))
    if office == ABROAD or (service and not within and place.abroad(newest)):
        return governments.whose(ABROAD, asked)
    of = office or _in_charge(about, within, shelf, other)
    if not of or of in shelf.places:
        return None
    return governments.whose(of, asked, about)


def _in_charge(about: Subject | None, within: Sequence[str], shelf: Shelf, other: int | None) -> str | None:
    if not within or within[0] == "ca":
        return None
    if about is not None:
        return about.looked_after_by(within[0])
    if other is None:
        return None
    provincial = shelf.jurisdiction(other).count("-") < 2
    return governments.province(within[0]) if provincial else within[0]


def _without_places(title: str, language: str) -> set[str]:
    words = [word for word in plain(title).split() if not place.is_name(word)]
    return set(terms(" ".join(words), language))
