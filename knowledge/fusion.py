"""Fusion makes one score of two: a convex combination of lexical and dense scores, each brought to 0…1 for the query."""

import numpy as np

LEXICAL = 0.5


def fuse(lexical: np.ndarray, dense: np.ndarray | None, weight: float = LEXICAL) -> np.ndarray:
    """float32 (rows,): weight · BM25/max + (1 − weight) · min-max(cosine); lexical alone where there is no dense half."""
    top = float(lexical.max(initial=0.0))
    words = lexical / top if top > 0 else lexical
    if dense is None or not dense.size:
        return words
    low, high = float(dense.min()), float(dense.max())
    meaning = (dense - low) / (high - low) if high > low else np.zeros_like(dense)
    return weight * words + (1 - weight) * meaning
