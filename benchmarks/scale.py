"""Measures build time, memory and search times against the number of passages, beside exact search and two peers.

    python -m benchmarks.scale [--sizes 1000 10000 100000 1000000] [--json FILE] [--plot docs/scale.svg]

Each size is built and searched in a process of its own. What is timed is the search with a question's vector at hand, from
terms to the scores of all passages; `at_once_ms` is until 16 questions that come at one moment from as many conversations
are all answered. The peers each do half of it:
bm25s finds ten passages by words, usearch ten by meaning. Passages are those of benchmarks/corpus.py, which says how they
are made; resident memory is of a process that has the index open, maps that were read included.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import corpus
from knowledge.arrays import Floats, Integers
from knowledge.encoder import Encoder, Words
from knowledge.finding.index import EXACT, Index
from knowledge.finding.kept import Kept
from knowledge.finding.late import Late
from knowledge.finding.narrowing import ROWS
from knowledge.finding.parts import SCALE, Parts
from knowledge.finding.query import Query

CONVERSATIONS = 16
TOP = 10
SHOWN = ("size", "build_s", "near_recall", "scored_recall", "whole_recall", "rss_mb", "files_mb")


class Given(Kept):
    """Vectors that are there already; of each passage one sentence and one word."""

    def __init__(self, vectors: Floats) -> None:
        super().__init__()
        object.__setattr__(self, "mixed", vectors)

    def read(
        self, _texts: Sequence[str], _digests: Integers, passages: int, encoder: Encoder, *_: Any
    ) -> tuple[Floats, Late]:
        none = Words(np.zeros(0, np.int32), np.zeros((0, encoder.width), np.float16))
        late = Late.build(repeat(none, passages), encoder.width, None, np.full(passages, -1))
        return self.mixed, late  # type: ignore[attr-defined]

    def sentences(self, texts: Sequence[str], digests: Integers, whole: Floats, *_: Any) -> Parts:
        return Parts(np.rint(whole * SCALE).astype(np.int8), np.arange(len(texts) + 1))


def built(size: int, home: Path, folder: Path) -> dict[str, float]:
    """Build the index of `size` passages in `folder`, encoding left out."""
    encoder = Encoder.open(home / "encoder")
    texts, vectors = corpus.texts(corpus.pool(encoder, home / "scale"), size)
    began = time.perf_counter()
    Index.build("en", texts, encoder, Given(vectors)).save(folder / "index")
    took = time.perf_counter() - began
    (folder / "rows.json").write_text(json.dumps(texts.rows))
    files = sum(f.stat().st_size for f in (folder / "index").rglob("*") if f.is_file())
    return {"build_s": round(took, 1), "files_mb": round(files / 1e6, 1)}


def searched(home: Path, folder: Path) -> dict[str, Any]:
    """Open the index and ask it; then the same exactly, if it does not do that anyway."""
    before = psutil.Process().memory_info().rss
    index = Index.open(folder / "index", "en")
    asked = corpus.questions(Encoder.open(home / "encoder"), home / "scale")
    queries = [replace(index.understand(t, None), vector=v) for t, v in zip(asked.texts, asked.vectors, strict=True)]
    found: dict[str, Any] = {"search_ms": timed(index.score, queries)}
    found["rss_mb"] = round((psutil.Process().memory_info().rss - before) / 1e6, 1)
    with ThreadPoolExecutor(CONVERSATIONS) as pool:
        bursts = [queries[at : at + CONVERSATIONS] for at in range(0, len(queries) - CONVERSATIONS, CONVERSATIONS)]
        found["at_once_ms"] = timed(lambda burst: list(pool.map(index.score, burst)), bursts)
    sample = [query for query in queries[:200] if query.vector is not None]
    narrowed = [index.score(query) for query in sample]
    if index.near is not None and index.dense is not None:
        nearest = [best(index.dense.scores(query.vector)) for query in sample if query.vector is not None]
        near = [index.near.search(query.vector, ROWS) for query in sample if query.vector is not None]
        found["near_recall"] = recall(near, nearest)
        found["scored_recall"] = recall([scores.among for scores in narrowed], nearest)
    found["exact_ms"] = timed(index.score_all, sample)
    found["whole_recall"] = recall(
        [best(n.whole) for n in narrowed], [best(index.score_all(query).whole) for query in sample]
    )
    return found


def peers(home: Path, folder: Path) -> dict[str, Any]:
    import bm25s
    from usearch.index import Index as Graph

    rows = json.loads((folder / "rows.json").read_text())
    asked = corpus.questions(Encoder.open(home / "encoder"), home / "scale")
    began = time.perf_counter()
    words = bm25s.BM25()
    words.index(bm25s.tokenize(rows, show_progress=False), show_progress=False)
    built = time.perf_counter() - began

    def by_words(text: str) -> None:
        words.retrieve(bm25s.tokenize(text, show_progress=False), k=TOP, show_progress=False)

    found: dict[str, Any] = {"bm25s_build_s": round(built, 1), "bm25s_ms": timed(by_words, asked.texts[:200])}
    vectors = np.load(folder / "index" / "vectors.npy", mmap_mode="r")
    began = time.perf_counter()
    graph = Graph(ndim=vectors.shape[1], metric="cos")
    graph.add(np.arange(len(vectors), dtype=np.uint64), np.asarray(vectors))
    found["usearch_build_s"] = round(time.perf_counter() - began, 1)
    found["usearch_ms"] = timed(lambda vector: graph.search(vector, TOP, threads=1), list(asked.vectors))
    got = [np.asarray(graph.search(v, TOP).keys) for v in asked.vectors[:200]]
    found["usearch_recall"] = recall(got, [best(np.asarray(vectors @ v)) for v in asked.vectors[:200]])
    return found


def best(scores: Floats) -> Any:
    return np.argpartition(-scores, TOP)[:TOP]


def recall(got: Sequence[Any], expected: Sequence[Any]) -> float:
    shares = [len(np.intersect1d(a, b)) / len(b) for a, b in zip(got, expected, strict=True)]
    return round(float(np.mean(shares)), 4)


def timed(ask: Callable[[Any], object], queries: Sequence[Any]) -> dict[str, float]:
    for query in queries[:10]:
        ask(query)
    return percentiles([clocked(ask, query) for query in queries])


def clocked(ask: Callable[[Query], object], query: Query) -> float:
    began = time.perf_counter()
    ask(query)
    return time.perf_counter() - began


def percentiles(took: Sequence[float]) -> dict[str, float]:
    return {f"p{n}": round(1000 * float(np.percentile(took, n)), 2) for n in (50, 95)}


def measure(sizes: Sequence[int], home: Path, console: Console) -> list[dict[str, Any]]:
    found = []
    for size in sizes:
        with tempfile.TemporaryDirectory(dir=home) as folder:
            row: dict[str, Any] = {"size": size}
            for step in ("built", "searched", "peers"):
                console.print(f"{size:,}: {step} …")
                command = (sys.executable, "-m", "benchmarks.scale", "--step", step, folder, str(size))
                done = subprocess.run(command, cwd=corpus.ROOT, stdout=subprocess.PIPE, check=True)
                row |= json.loads(done.stdout)
            found.append(row)
    return found


def show(rows: Sequence[dict[str, Any]]) -> None:
    timings = ("search_ms", "exact_ms", "at_once_ms", "bm25s_ms", "usearch_ms")
    table = Table(*SHOWN, *timings, title="Milliseconds: p50 / p95")
    for row in rows:
        times = (f"{row[name]['p50']:g} / {row[name]['p95']:g}" for name in timings)
        table.add_row(*(f"{row.get(name, 1):,}" for name in SHOWN), *times)
    Console(width=150).print(table)


def draw(rows: Sequence[dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams["svg.hashsalt"] = "guichet"  # the same picture from the same figures
    figure, (search, build, memory) = plt.subplots(1, 3, figsize=(13, 4.2), width_ratios=(1.5, 1, 1))
    sizes = [row["size"] for row in rows]
    lines = {"search_ms": "Guichet", "exact_ms": "all scored", "bm25s_ms": "bm25s alone", "usearch_ms": "usearch alone"}
    for (name, title), colour in zip(lines.items(), ("tab:blue", "tab:red", "tab:green", "tab:orange"), strict=True):
        for part, style in (("p50", "o-"), ("p95", "o--")):
            shown = title if part == "p50" else None
            search.plot(sizes, [row[name][part] for row in rows], style, color=colour, label=shown, markersize=3)
    search.axvline(EXACT, color="grey", alpha=0.5, linewidth=1)
    search.set(title="Search without encoding: p50, and p95 dashed", ylabel="ms")
    builds = {"build_s": "Guichet", "bm25s_build_s": "bm25s alone", "usearch_build_s": "usearch alone"}
    for (name, title), colour in zip(builds.items(), ("tab:blue", "tab:green", "tab:orange"), strict=True):
        took = [row[name] or float("nan") for row in rows]  # less than is told has no place on a logarithmic scale
        build.plot(sizes, took, "o-", color=colour, label=title, markersize=3)
    build.set(title="Build without encoding", ylabel="s")
    for name, title in (("files_mb", "files, mapped"), ("rss_mb", "resident after 600 questions")):
        memory.plot(sizes, [row[name] for row in rows], "o-", label=title, markersize=3)
    memory.set(title="Memory of an index", ylabel="MB")
    for axes in (search, build, memory):
        axes.set(xscale="log", yscale="log", xlabel="passages")
        axes.legend()
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--plot", type=Path, help="where to draw them, as SVG")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    home = Path(os.environ.get("GUICHET_HOME", corpus.ROOT / ".guichet"))
    if given.step:
        step, folder, size = given.step
        made = built(int(size), home, Path(folder)) if step == "built" else globals()[step](home, Path(folder))
        print(json.dumps(made))
        return
    rows = measure(given.sizes, home, Console(stderr=True))
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1))
    if given.plot:
        draw(rows, given.plot)
    show(rows)


if __name__ == "__main__":
    main()
