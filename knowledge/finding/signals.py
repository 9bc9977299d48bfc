"""Signals are what can be told of a passage as the answer to a turn: what the ranker decides by."""

from collections.abc import Iterator, Sequence

import numpy as np

from knowledge.arrays import Floats, Integers
from knowledge.finding.fusion import fuse_documents, shares
from knowledge.finding.index import Index
from knowledge.finding.query import Query
from knowledge.finding.views import View

VIEWS = ("itself", "near", "conversation", "opening")
OF_EACH = (
    *("whole", "words", "words_of_idf", "about", "about_of_idf"),
    *("cosine", "cosine_gap", "sentence", "sentence_gap", "gist", "gist_gap"),
)
OF_DOCUMENT = ("document_gap", "within")  # of all views but the opening
OF_ALL = ("base", "gap", "rank", "covered", "place", "along", "passages")
OF_TURN = ("telling", "turns", "asked", "follows", "question", "across", "cosine_max", "near_cosine_max", "several")
SIGNALS = (
    *(f"{view}_{name}" for view in VIEWS for name in OF_EACH),
    *(f"{view}_{name}" for view in VIEWS[:3] for name in OF_DOCUMENT),
    *OF_ALL,
    *OF_TURN,
)
LATE = 20  # passages into a document; further counts no more


def signals(index: Index, read: Sequence[View], base: Floats, among: Integers, turns: int, asked: str) -> Floats:
    """float32 (len(among), len(SIGNALS)): what is known of the passages `among`, by falling `base`.

    `base` is how well each passage answers by the fixed mixture, `turns` how many came before, `asked` the language of
    the question. Needs cosines.
    """
    newest = read[0].query
    documents = index.document[among]
    told = read if turns else read[:1]
    sentences = _sentences(index, told, among)
    each = [list(_of_each(index, view, among, documents, best)) for view, best in zip(told, sentences, strict=True)]
    own = [list(_of_document(index, view, among, documents, asked)) for view in (read[:3] if turns else read[:1])]
    if not turns:  # there is one view
        each, own = each * 4, own * 3
    seen = [column for columns in (*each, *own) for column in columns]
    place, count = index.position[among].astype(np.float32), index.lengths[documents]
    seen += [
        base[among],
        base[among] - base[among].max(),
        np.log1p(np.arange(len(among))),
        _covered(index, newest.asked, among),
        np.minimum(place, LATE),
        place / np.maximum(1, count - 1),
        np.log1p(count),
    ]
    cosines = [float(each.scores.cosine.max()) if each.scores.cosine is not None else 0.0 for each in read[:2]]
    turn = [
        index.telling(newest),
        turns,
        len(newest.asked),
        turns > 0,
        "?" in newest.text,
        asked != index.language,
        *cosines,
        index.about.rows < index.passages,
    ]
    table = np.empty((len(among), len(SIGNALS)), np.float32)
    for number, column in enumerate(seen):
        table[:, number] = column
    table[:, len(seen) :] = turn
    return table


def _of_each(index: Index, view: View, among: Integers, documents: Integers, sentence: Floats) -> Iterator[Floats]:
    scores = view.scores
    assert scores.cosine is not None
    assert scores.gist is not None
    total = _weight(index, view.query)
    words, cosine = _best_row(index, scores.words, among), _best_row(index, scores.cosine, among)
    about, gist = scores.about[documents], scores.gist[documents]
    yield scores.whole[among]
    yield words / max(float(scores.words.max()), 1e-9)
    yield words / total
    yield about / max(float(scores.about.max()), 1e-9)
    yield about / total
    yield cosine
    yield cosine - scores.cosine.max()
    yield sentence
    yield sentence - sentence.max()
    yield gist
    yield gist - scores.gist.max()


def _sentences(index: Index, read: Sequence[View], among: Integers) -> Floats:
    """float32 (len(read), len(among)): the cosine of each passage's nearest sentence with each view."""
    assert index.parts is not None
    meant = [view.query.vector for view in read if view.query.vector is not None]
    return index.parts.best(among, np.stack(meant))


def _of_document(index: Index, view: View, among: Integers, documents: Integers, asked: str) -> Iterator[Floats]:
    scores = view.scores
    if index.about.rows < index.passages:
        fused = fuse_documents(scores.about, scores.gist, index.sectioned, shares(asked, index.language))
        yield fused[documents] - fused.max()
    else:
        yield np.zeros(len(among), np.float32)
    scored = slice(None) if scores.among is None else scores.among
    best = np.full(index.about.rows, -1.0, np.float32)
    np.maximum.at(best, index.document[scored], scores.whole[scored])
    yield scores.whole[among] - best[documents]


def _best_row(index: Index, scores: Floats, among: Integers) -> Floats:
    """For each passage the best score of its own row and of the questions that it answers."""
    best = scores[among]
    asked = index.passage[index.passages : index.asides]
    first, last = asked.searchsorted(among), asked.searchsorted(among, "right")
    for n in np.flatnonzero(last > first):
        best[n] = max(best[n], scores[index.passages + first[n] : index.passages + last[n]].max())
    return best


def _covered(index: Index, terms: Sequence[tuple[str, float]], among: Integers) -> Floats:
    """The share of the terms, by idf and weight, that each passage has."""
    order = np.argsort(among)
    rows, covered = among[order], np.zeros(len(among), np.float32)
    total = 1e-9
    for term, weight in terms:
        told = weight * index.words.idf(term)
        total += told
        covered[order] += told * (index.words.of(rows, index.words.known([(term, 1.0)])) > 0)
    return np.asarray(covered / total)


def _weight(index: Index, query: Query) -> float:
    return sum(weight * index.words.idf(term) for term, weight in query.terms) or 1.0
