"""The ranker puts the best of the found passages in order, by gradient-boosted trees over their signals."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.arrays import Floats, Integers
from knowledge.encoder import Encoder
from knowledge.finding.following import mixed
from knowledge.finding.fusion import share_of_history
from knowledge.finding.index import Index
from knowledge.finding.query import Query
from knowledge.finding.scores import WITHHELD, Judged, Scores
from knowledge.finding.signals import signals
from knowledge.finding.views import Views, views

CANDIDATES = 50
CONVERSATION = 0.5  # what the whole conversation counts for becoming a candidate
MODEL = Path(__file__).with_name("ranker.onnx")  # fitted by benchmarks/rank.py


def ranked(
    index: Index, newest: Query, alone: Scores, before: Sequence[str], encoder: Encoder | None, asked: str
) -> Scores:
    """How well each passage answers the newest turn in the light of those before it, where the scores of the turn `alone`
    are known: by a fixed mixture, with the candidates in the ranker's order, who share out the scores that they have
    among them. By the mixture only, where there are no cosines."""
    read = views(index, newest, alone, before, encoder, asked)
    base = together(index, read)
    if alone.cosine is None:
        return base
    among = candidates(read, base)
    if not len(among):
        return base
    values = judged(signals(index, read, base.whole, among, len(before), asked))
    whole = base.whole.copy()
    whole[among[np.argsort(-values, kind="stable")]] = base.whole[among]
    return replace(base, whole=whole, judged=Judged(among, values))


def together(index: Index, read: Views) -> Scores:
    """The less the newest turn tells by itself, the more the turns near it say what it is about."""
    itself, near = read[:2]
    return (
        itself.scores
        if near is itself
        else mixed(itself.scores, near.scores, share_of_history(index.telling(itself.query)))
    )


def candidates(read: Views, base: Scores) -> Integers:
    """The numbers of the passages that may be the best, by falling score; none that is withheld."""
    scores = base.whole + CONVERSATION * read.conversation.scores.whole
    found = np.argpartition(-scores, CANDIDATES)[:CANDIDATES] if len(scores) > CANDIDATES else np.arange(len(scores))
    found = found[base.whole[found] > WITHHELD]
    return np.asarray(found[np.argsort(-base.whole[found], kind="stable")])


def judged(seen: Floats) -> Floats:
    """float32 (passages,): how well each answers, by its signals."""
    return np.asarray(_session().run(None, {"signals": seen})[0]).ravel()


@cache
def _session() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"])
