"""Signals are what can be told of a passage as the answer to a turn: what the ranker decides by."""

from collections.abc import Iterator, Sequence

import numpy as np

from knowledge.arrays import Floats, Integers
from knowledge.finding.fusion import fuse_documents, shares
from knowledge.finding.index import Index
from knowledge.finding.query import Query
from knowledge.finding.views import View, Views

OF_WORDS = ("whole", "words", "words_of_idf", "about", "about_of_idf", "document_gap", "within")  # by each view
OF_MEANING = ("cosine", "cosine_gap", "sentence", "sentence_gap", "gist", "gist_gap")  # gaps among the candidates
MEANINGS = ("itself", "near", "opening")  # the whole conversation has the same as what is near
OF_LATE = ("itself_late", "itself_late_gap", "opening_late", "opening_late_gap")  # word by word, by meaning
OF_ALL = ("base", "gap", "rank", "covered", "place", "along", "passages")
OF_TURN = ("telling", "turns", "asked", "follows", "question", "across", "cosine_max", "near_cosine_max", "several")
SIGNALS = (
    *(f"{view}_{name}" for view in Views._fields[:3] for name in OF_WORDS),
    *(f"{meaning}_{name}" for meaning in MEANINGS for name in OF_MEANING),
    *OF_LATE,
    *OF_ALL,
    *OF_TURN,
)
LATE = 20  # passages into a document; further counts no more


def signals(index: Index, read: Views, base: Floats, among: Integers, turns: int, asked: str) -> Floats:
    """float32 (len(among), len(SIGNALS)): what is known of the passages `among`, by falling `base`.

    `base` is how well each passage answers by the fixed mixture, `turns` how many came before, `asked` the language of
    the question. Needs cosines.
    """
    newest, documents = read.itself.query, index.document[among]
    words = [list(_of_words(index, view, among, documents, asked)) for view in (read[:3] if turns else read[:1])]
    meant = list(_of_meanings(index, read, among, documents, turns > 0))
    late = _late(index, read, among, turns > 0)
    if not turns:  # there is one view
        words, meant, late = words * 3, meant * 3, late * 2
    place, count = index.position[among].astype(np.float32), index.lengths[documents]
    seen = [column for columns in (*words, *meant, *late) for column in columns]
    seen += [
        base[among],
        base[among] - base[among].max(),
        np.log1p(np.arange(len(among))),
        _covered(index, newest.asked, among),
        np.minimum(place, LATE),
        place / np.maximum(1, count - 1),
        np.log1p(count),
    ]
    cosines = [float(view.scores.cosine.max()) if view.scores.cosine is not None else 0.0 for view in read[:2]]
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


def _of_words(index: Index, view: View, among: Integers, documents: Integers, asked: str) -> Iterator[Floats]:
    scores, total = view.scores, _weight(index, view.query)
    words, about = _best_row(index, scores.words, among), scores.about[documents]
    yield scores.whole[among]
    yield words / max(float(scores.words.max()), 1e-9)
    yield words / total
    yield about / max(float(scores.about.max()), 1e-9)
    yield about / total
    if index.about.rows < index.passages:
        fused = fuse_documents(scores.about, scores.gist, index.sectioned, shares(asked, index.language))
        yield fused[documents] - fused.max()
    else:
        yield np.zeros(len(among), np.float32)
    scored = slice(None) if scores.among is None else scores.among
    best = np.full(index.about.rows, -1.0, np.float32)
    np.maximum.at(best, index.document[scored], scores.whole[scored])
    yield scores.whole[among] - best[documents]


def _of_meanings(
    index: Index, read: Views, among: Integers, documents: Integers, follows: bool
) -> Iterator[tuple[Floats, ...]]:
    """By the meaning of the turn itself, and, if it follows others, by that of what is near it and by the opening's."""
    assert index.parts is not None
    assert index.dense is not None
    assert index.gist is not None
    vectors, seen = list[Floats](), list[tuple[Floats, Floats]]()
    for view in (read.itself, read.near) if follows else (read.itself,):
        assert view.query.vector is not None
        assert view.scores.cosine is not None
        assert view.scores.gist is not None
        vectors.append(view.query.vector)
        seen.append((_best_row(index, view.scores.cosine, among), view.scores.gist[documents]))
    if follows and read.opening is not None:
        opening = read.opening.vector
        vectors.append(opening)
        seen.append((index.dense.of(among, opening), index.gist.of(documents, opening)))
    for (cosine, gist), sentence in zip(seen, index.parts.best(among, np.stack(vectors)), strict=True):
        yield cosine, cosine - cosine.max(), sentence, sentence - sentence.max(), gist, gist - gist.max()


def _late(index: Index, read: Views, among: Integers, follows: bool) -> list[tuple[Floats, Floats]]:
    """How near the words of the turn itself come to those of each passage, and, if it follows others, the opening's."""
    assert read.itself.query.meant is not None
    asked = [read.itself.query.meant, *([read.opening.words] if follows and read.opening is not None else [])]
    if index.late is None:  # an index of before words were kept
        return [(np.zeros(len(among), np.float32),) * 2] * len(asked)
    return [(late, late - late.max()) for late in index.late.of(among, asked)]


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
