"""Confidence is how probable it is that the best page is the right one, and that the passage chosen of it answers."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from knowledge.answering.fitted import in_file
from knowledge.answering.section import Chosen
from knowledge.arrays import Floats, Integers, besides
from knowledge.encoder import meaning
from knowledge.finding import kind
from knowledge.finding.index import Index
from knowledge.finding.query import Query
from knowledge.finding.ranking import Ranking
from knowledge.finding.scores import Scores
from knowledge.places import place
from knowledge.shelf import Shelf
from knowledge.text import terms

LEAST = 1e-3  # a chance of a passage below which it makes no more difference
FEATURES = (
    "cosine",  # of the best document's best row
    "gist",  # cosine of the best document as a whole
    "covered",  # idf-weighted share of the question's words that the best document has
    "plain",  # cosine of the best document's best row over that of the nearest thing that no document answers, both to
    # the question without other names: an acronym means many things, and its other name only one of them
    "titled",  # "covered", times the share of the words of the document's title that were asked about
    "said",  # BM25 of the document's best row, over the idf of all that was looked for
    "words",  # ln(1 + how many words were asked)
    "margin",  # score of the best document over the second
    "judged",  # how well the best document's best passage answers, by the ranker
    "judged_share",  # the best document's share of all candidates, by the ranker
    "agreed",  # whether words alone and meaning alone chose the best document, half each
    "aside",  # score of the nearest thing that no document answers, over the best document's own
    "aside_said",  # idf-weighted share of words that such things have and the best document has not
    "foreign",  # whether another country is named that the best document does not mention
    "sectioned",  # whether the best document has headings, where any has
    "section",  # ln of the chance that the chosen passage is the one of its document that is asked for
    "section_covered",  # idf-weighted share of the newest turn's words that the passage, its heading or its title has
    "section_of_page",  # the same share of those of the newest turn's words that the best document has
    "kind_found",  # whether the passage's heading is of the kind that is asked about
    "kind_missed",  # whether a kind is asked about, and the heading is of another
    "only",  # whether the passage is the only one of its document
    "foreseen",  # whether the best document foresees questions, which are nearer to what is asked than what is told
    "section_said",  # cosine of the passage's nearest sentence, or question that it answers, besides the title
    "section_word",  # cosine of the word of the newest turn that the passage tells the least of
)
LEFT_OUT = {"page": ("only", "section_said", "section_word"), "section": ("sectioned",)}  # what tells nothing of a part


class Confidence(NamedTuple):
    """The probabilities, 0 … 1, that the page is the right one, and that the passage answers if the page is right."""

    page: float
    section: float

    @property
    def whole(self) -> float:
        """That the answer answers."""
        return self.page * self.section


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic regression: weights in the order of FEATURES."""

    weights: tuple[float, ...]
    bias: float

    def __call__(self, features: Floats) -> float:
        return _logistic(float(np.dot(self.weights, features)) + self.bias)


def features(query: Query, ranking: Ranking, newest: Query, chosen: Chosen, index: Index, shelf: Shelf) -> Floats:
    """float64 (len(FEATURES),): what is known about the first candidate of `ranking`, and the passage of it that was
    `chosen` for the newest turn."""
    best, scores = ranking.candidates[0], ranking.scores
    title = shelf.documents[best.document]["title"]
    own = np.sort(index.passages_of(best.document))
    rows = np.r_[own, index.questions(int(own[0]), int(own[-1]))]
    asides, document = range(index.asides, len(index.passage)), range(best.document, best.document + 1)
    idf = {term: weight * index.words.idf(term) for term, weight in query.asked}
    total = sum(idf.values()) or 1.0
    missing = {term: idf[term] * (1 - _has(term, query, index, document)) for term in idf}
    covered = 1 - sum(missing.values()) / total
    sought, of_title = {term for term, _ in query.terms}, set(terms(title, index.language))
    second = ranking.candidates[1].score if len(ranking.candidates) > 1 else 0.0
    by_words = best.document == int(np.argmax(scores.about))
    by_meaning = scores.gist is not None and best.document == int(np.argmax(scores.gist))
    return np.array(
        [
            float(scores.cosine[rows].max()) if scores.cosine is not None else 0.0,
            float(scores.gist[best.document]) if scores.gist is not None else 0.0,
            covered,
            _plainly(query, index, rows),
            covered * len(of_title & sought) / max(1, len(of_title)),
            float(scores.words[rows].max()) / (sum(w * index.words.idf(term) for term, w in query.terms) or 1.0),
            math.log1p(len(idf)),
            best.score - second,
            *_judged(best.document, index, scores),
            (by_words + by_meaning) / 2,
            float(scores.fused[index.asides :].max(initial=0.0)) - float(scores.fused[rows].max()),
            sum(m for term, m in missing.items() if index.words.has(term, asides)) / total,
            _foreign(query.spelt, best.document, index),
            float(index.sectioned[best.document] or not index.sectioned.any()),
            *_of_section(newest, chosen, best.document, title, index, shelf),
            float(len(own) == 1),
            float(len(rows) > len(own)),
            *_of_meaning(newest, chosen.passage, title, index),
        ]
    )


def _judged(document: int, index: Index, scores: Scores) -> tuple[float, float]:
    if scores.judged is None:
        return 0.0, 0.0
    passages, values = scores.judged
    own, odds = index.document[passages] == document, np.exp(values - values.max())
    return float(values[own].max(initial=values.min())), float(odds[own].sum() / odds.sum())


def _of_section(
    newest: Query, chosen: Chosen, document: int, title: str, index: Index, shelf: Shelf
) -> tuple[float, ...]:
    passage = shelf.passage(chosen.passage)
    has = set(terms(f"{title} {passage.heading} {passage.text}", index.language))
    idf = {term: weight * index.words.idf(term) for term, weight in newest.asked}
    covered = sum(told for term, told in idf.items() if term in has)
    page = sum(told for term, told in idf.items() if index.about.has(term, range(document, document + 1)))
    asked = kind.asked(newest.read_as, index.language)
    found = bool(asked & kind.headed(passage.heading, index.language))
    shares = covered / (sum(idf.values()) or 1.0), min(1.0, covered / page) if page else 1.0
    return math.log(max(chosen.chance, LEAST)), *shares, float(found), float(bool(asked) and not found)


def _of_meaning(newest: Query, passage: int, title: str, index: Index) -> tuple[float, float]:
    if (
        index.dense is None
        or index.parts is None
        or newest.encoder is None
        or newest.vector is None
        or newest.meant is None
    ):
        return 0.0, 0.0
    said = index.parts.of(np.array([passage]))[0], index.dense.vectors[index.questions(passage, passage)]
    nearest = besides(np.concatenate(said), newest.vector, meaning(newest.encoder, title))[1].max()
    return float(nearest), index.late.least(passage, newest.meant) if index.late is not None else 0.0


def told(seen: Floats, language: str, with_encoder: bool) -> Confidence:
    """The confidence in a passage of `language` by its features, with or without its meaning."""
    fitted = in_file()["full" if with_encoder else "lexical"]
    return Confidence(*(_calibration(fitted[part], language)(seen) for part in Confidence._fields))


def _calibration(fitted: dict[str, Any], language: str) -> Calibration:
    weights = tuple(fitted["weights"][name] for name in FEATURES)
    return Calibration(weights, fitted["bias"] + fitted["of_language"].get(language, 0.0))


def confidence_in_context(together: Confidence, alone: Confidence) -> Confidence:
    """That the best passage answers a turn that goes on: `together` is the confidence of the turn in its context, which
    vouches for the subject, and `alone` that of the turn by itself, which tells a follow-up from small talk. Who goes on
    asks for one thing in few words, and the section that has it is mostly the right one."""
    of_together, of_alone, of_section = in_file()["in_context"]
    page = of_together * logit(together.page) + of_alone * logit(alone.page)
    return Confidence(_logistic(page), _logistic(logit(together.section) + of_section))


def surer(one: Confidence, other: Confidence) -> Confidence:
    """Of two confidences in one page that which is higher as a whole."""
    return max(one, other, key=lambda told: told.whole)


def _logistic(seen: float) -> float:
    return (1 + math.tanh(seen / 2)) / 2  # which this way does not overflow


def logit(probability: float) -> float:
    near = min(max(probability, 1e-4), 1 - 1e-4)
    return math.log(near / (1 - near))


def _has(term: str, query: Query, index: Index, document: range) -> float:
    """Whether the document has the term, 0 or 1, or else the share of the words of its other name that it has."""
    other = query.named.get(term, ())
    if index.about.has(term, document) or not other:
        return float(index.about.has(term, document))
    return sum(index.about.has(each, document) for each in other) / len(other)


def _plainly(query: Query, index: Index, rows: Integers) -> float:
    if index.dense is None or query.plain is None:
        return 0.0
    own, asides = index.dense.vectors[rows] @ query.plain, index.dense.vectors[index.asides :] @ query.plain
    return float(own.max(initial=-1.0) - asides.max(initial=-1.0))


def _foreign(question: str, document: int, index: Index) -> float:
    named = place.abroad(question)
    mentioned = [
        all(index.about.has(t, range(document, document + 1)) for t in terms(name, index.language)) for name in named
    ]
    return float(bool(named) and not any(mentioned))
