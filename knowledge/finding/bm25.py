"""BM25 says what each term adds to each row: Lucene's formula, for all terms and rows at once."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge.arrays import Floats, Integers
from knowledge.finding.vocabulary import Digests

K1, B = 0.4, 0.65  # lower than customary: in a short passage a word that is there again says little


class Impacts(NamedTuple):
    """Of the term `terms[n]`: the rows that have it, ascending, and what it adds to them, from indptr[n] to [n + 1]."""

    terms: Digests
    indptr: Integers
    indices: Integers
    data: Floats


def impacts(row: Integers, term: Digests, rows: int) -> Impacts:
    """The same numbers as bm25s computes with method="lucene", to the last bit, in a tenth of its time.

    `row` and `term` are each occurrence's; `rows` counts also those that have no term.
    """
    terms, number = np.unique(term, return_inverse=True)
    lengths = np.bincount(row, minlength=rows)
    occurrences = number.astype(np.int64) * rows + row
    del number
    occurrences.sort()
    first = _firsts(occurrences)
    tf = np.diff(np.append(first, len(occurrences))).astype(np.float32)
    of, indices = np.divmod(occurrences[first], max(rows, 1))
    df = np.bincount(of, minlength=len(terms))
    idf = np.array([math.log(1 + (rows - n + 0.5) / (n + 0.5)) for n in df.tolist()], np.float32)
    mean = lengths.mean() if rows else 1.0
    norm = (K1 * ((1 - B) + B * lengths / (mean or 1.0))).astype(np.float32)
    data = idf[of] * (tf / (norm[indices] + tf))
    return Impacts(terms, np.concatenate([[0], np.cumsum(df)]), indices.astype(np.int32), data)


def _firsts(ordered: NDArray[np.signedinteger[Any]]) -> Integers:
    """Where each different value of an ordered array comes first."""
    return np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(ordered) else ordered
