"""Scores are what a search has seen of the passages: how well each answers, and what that is made of."""

from dataclasses import dataclass
from typing import NamedTuple

from knowledge.arrays import Floats, Integers

WITHHELD = -0.5  # what no passage scores that may be said


class Judged(NamedTuple):
    """The numbers of the candidates, and how well each answers by the ranker, float32; what that amounts to is relative."""

    passages: Integers
    values: Floats


@dataclass(frozen=True, slots=True)
class Scores:
    """float32. `whole` says how well each passage answers, about 0…1, its document's share included.

    What it is made of: `fused`, BM25 and cosine of each row, BM25 and cosine of each document. Cosines are None without
    an encoder. `among` are the numbers of the passages that were scored, in ascending order, where a large index scored
    only those that could be the best, and None where it scored all; what was not scored has 0 everywhere. `judged` is
    what put the best of `whole` in order, where a ranker did.
    """

    whole: Floats
    fused: Floats
    words: Floats
    cosine: Floats | None
    about: Floats
    gist: Floats | None
    among: Integers | None = None
    judged: Judged | None = None
