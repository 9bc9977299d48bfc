"""Confidence is the probability that the best passage answers, by logistic regression on what the search has seen."""

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from knowledge import place
from knowledge.index import Index
from knowledge.query import Query
from knowledge.ranking import Ranking
from knowledge.text import terms

FEATURES = (
    "cosine",  # of the best document's best row
    "gist",  # cosine of the best document as a whole
    "covered",  # idf-weighted share of the question's words that the best document has
    "said",  # … that the best passage has, or a question that it answers
    "titled",  # share of the words of the best document's title that were asked about
    "bm25",  # of the best document, over the idf of all the question's words
    "margin",  # score of the best document over the second
    "agreed",  # whether words alone and meaning alone chose the best document, half each
    "unknown",  # idf-weighted share of words that no passage has
    "guessed",  # share of words that were taken for another
    "words",  # ln(1 + words)
    "aside",  # score of what no passage answers, over the best document's own
    "aside_said",  # idf-weighted share of words that only what no passage answers has
    "foreign",  # whether another country is named that the best document does not mention
    "sectioned",  # whether the best document has headings
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Coefficients in the order of FEATURES, for one language with and without an encoder; thresholds of the ladder."""

    weights: tuple[float, ...]
    bias: float

    def __call__(self, features: np.ndarray) -> float:
        return 1 / (1 + math.exp(-(float(np.dot(self.weights, features)) + self.bias)))


@dataclass(frozen=True, slots=True)
class Thresholds:
    """`answer`: at least this confident, the best passage is the answer. `clarify`: at least this confident of the best two
    or three together, they are offered. Below `scope` the question is taken not to be about public services."""

    answer: float
    clarify: float
    scope: float


def features(query: Query, ranking: Ranking, index: Index, title: str) -> np.ndarray:
    """float64 (len(FEATURES),): what is known about the first candidate of `ranking`, the document called `title`."""
    best, scores = ranking.candidates[0], ranking.scores
    passage = best.passages[0]
    rows = [*best.passages, *(r for p in best.passages for r in _range(index.questions(p)))]
    own = [passage, *_range(index.questions(passage))]
    idf = {term: weight * index.words.idf(term) for term, weight in query.terms}
    total = sum(idf.values()) or 1.0
    second = ranking.candidates[1].score if len(ranking.candidates) > 1 else 0.0
    by_words = best.document == int(np.argmax(scores.about))
    by_meaning = scores.gist is not None and best.document == int(np.argmax(scores.gist))
    asides = range(
        int(np.searchsorted(index.passage[index.passages :], index.passages)) + index.passages, len(index.passage)
    )
    missing = [t for t in idf if not index.about.has(t, [best.document])]
    return np.array(
        [
            float(scores.cosine[rows].max()) if scores.cosine is not None else 0.0,
            float(scores.gist[best.document]) if scores.gist is not None else 0.0,
            1 - sum(idf[t] for t in missing) / total,
            sum(w for t, w in idf.items() if index.words.has(t, own)) / total,
            _titled(query, title, index.language),
            float(scores.about[best.document]) / total,
            best.score - second,
            (by_words + by_meaning) / 2,
            sum(w for t, w in idf.items() if t not in index.words.vocabulary) / total,
            len(query.guessed) / max(1, len(query.terms)),
            math.log1p(len(query.terms)),
            float(scores.fused[asides].max(initial=0.0)) - float(scores.fused[rows].max()),
            sum(idf[t] for t in missing if index.words.has(t, asides)) / total,
            _foreign(query.text, best.document, index),
            float(index.sectioned[best.document]),
        ]
    )


def calibration(language: str, with_encoder: bool) -> Calibration:
    """The one of `language`; English's where a language has none yet."""
    fitted = _file()["lexical" if not with_encoder else "full"]
    about = fitted.get(language, fitted["en"])
    return Calibration(tuple(about["weights"][name] for name in FEATURES), about["bias"])


def thresholds() -> Thresholds:
    return Thresholds(**_file()["thresholds"])


@cache
def _file() -> dict:
    return json.loads(Path(__file__).with_name("calibration.json").read_text())


def _titled(query: Query, title: str, language: str) -> float:
    of_title = set(terms(title, language))
    return len(of_title & {term for term, _ in query.terms}) / max(1, len(of_title))


def _foreign(question: str, document: int, index: Index) -> float:
    named = place.abroad(question)
    mentioned = [any(index.about.has(t, [document]) for t in terms(name, index.language)) for name in named]
    return float(bool(named) and not any(mentioned))


def _range(rows: slice) -> range:
    return range(rows.start, rows.stop)
