"""Near finds the rows nearest in meaning without comparing all: a graph of neighbours (HNSW) by usearch, by memory map."""

import os
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from knowledge.arrays import Floats, Integers, mapped

NEIGHBOURS = 32  # of each row in the graph
SOUGHT = 256  # rows that are kept in mind while a row is put in
KEPT_IN_MIND, SHARE = 192, 1 / 600  # rows while a question is looked up: at least, and of all
CHANGED = 0.1  # the share of rows beyond which the graph is made anew
FILE = "near.usearch"


class Near:
    """int8 copies of the rows in a graph; each is called by the first 8 bytes of its text's digest.

    So a graph outlives its snapshot: rows that are gone are taken out, new ones put in. `keys` are in ascending order, and
    row `rows[n]` has keys[n]. Which rows are missed (about two in a hundred) depends on the order in which a graph grew.
    """

    def __init__(self, keys: Integers, rows: Integers, path: Path | None = None, graph: Any = None) -> None:
        self.keys, self.rows, self._path, self._made = keys, rows, path, graph

    @classmethod
    def build(cls, vectors: Floats, digests: Integers, before: Self | None = None) -> Self:
        named = np.ascontiguousarray(digests[:, :8]).view(np.uint64).ravel()
        order = np.argsort(named, kind="stable")
        keys = named[order]
        # each text once, in the order of the rows: neighbours that come together are found sooner, and missed less
        rows = np.sort(np.unique(named, return_index=True)[1])
        graph = None
        if before is not None:
            new, gone = rows[~np.isin(named[rows], before.keys)], np.setdiff1d(before.keys, keys)
            if len(new) + len(gone) <= CHANGED * len(keys):
                graph, rows = before.copied(), new
                graph.remove(gone)
        if graph is None:
            graph = _graph(vectors.shape[1])
        graph.add(named[rows], vectors[rows], threads=os.cpu_count() or 1)
        return cls(keys, order.astype(np.int32), graph=graph)

    def save(self, folder: Path) -> None:
        np.save(folder / "near_keys.npy", self.keys)
        np.save(folder / "near_rows.npy", self.rows)
        self._graph.save(folder / FILE)

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        """None where there is none."""
        if not (folder / FILE).exists():
            return None
        return cls(mapped(folder / "near_keys.npy"), mapped(folder / "near_rows.npy"), folder / FILE)

    def search(self, vector: Floats, count: int) -> Integers:
        """About the `count` rows nearest to `vector`, and all that have the same text, in no order. From many threads."""
        found = np.asarray(self._graph.search(vector, count, threads=1).keys, np.uint64)
        first, last = np.searchsorted(self.keys, found), np.searchsorted(self.keys, found, "right")
        most = int((last - first).max(initial=0))
        at = first[:, None] + np.arange(most)
        return np.asarray(self.rows[at[at < last[:, None]]])

    def copied(self) -> Any:
        """The graph in memory, to be changed."""
        graph = _graph(self._graph.ndim)
        graph.load(self._path)
        return graph

    @cached_property
    def _graph(self) -> Any:
        if self._made is not None:
            return self._made
        graph = _graph(0, lookups=False)
        graph.view(self._path)
        graph.expansion_search = max(KEPT_IN_MIND, round(SHARE * len(self.rows)))
        return graph


def _graph(dim: int, lookups: bool = True) -> Any:
    import onnxruntime  # noqa: F401 — first: where usearch was imported before it, importing it ends the process
    from usearch.index import Index

    return Index(
        ndim=dim,
        metric="cos",
        dtype="i8",
        connectivity=NEIGHBOURS,
        expansion_add=SOUGHT,
        expansion_search=KEPT_IN_MIND,
        enable_key_lookups=lookups,
    )
