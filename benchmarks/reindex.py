"""Measures indexing again after 1% of the passages changed, against a full build: seconds, step by step.

    python benchmarks/reindex.py [--passages 50000] [--json]

In the full build texts are not really encoded, which would take minutes: their vectors are random, and the time is that of
a sample for each text. In the build after it what changed is encoded.
"""

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import corpus
from knowledge.arrays import Floats
from knowledge.document import Document, Section
from knowledge.encoder import Encoder, Progress, Reading, Words, silent
from knowledge.publishing.snapshot import build

CHANGED = 0.01
WORDS = 44  # of a passage, on average, without those that tell nothing
SAMPLE = 300  # texts that are encoded to know how long one takes


class Drawn(Encoder):
    """Encodes what it is given, or, while `drawing`, draws vectors; counts texts and seconds."""

    def __init__(self, encoder: Encoder) -> None:
        self.__dict__.update(encoder.__dict__)
        self.drawing, self.texts, self.seconds = True, list[str](), 0.0

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> Floats:
        if self.drawing:
            self.texts += texts
            drawn = np.random.default_rng(len(texts)).standard_normal((len(texts), self.dim), np.float32)
            return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))
        began = time.perf_counter()
        found = super().encode(texts)
        self.seconds += time.perf_counter() - began
        return found

    def read(self, texts: Sequence[str], progress: Progress = silent) -> Iterator[Reading]:
        if self.drawing:
            drawn = np.random.default_rng(len(texts)).standard_normal((WORDS, self.width), np.float32)
            words = Words(
                np.arange(WORDS, dtype=np.int32), (drawn / np.linalg.norm(drawn, axis=1)[:, None]).astype(np.float16)
            )
            return (Reading(vector, words) for vector in self.encode(texts))
        began = time.perf_counter()
        found = list(super().read(texts))
        self.seconds += time.perf_counter() - began
        return iter(found)


def measure(passages: int, home: Path) -> dict[str, float]:
    encoder = Drawn(Encoder.open(home / "encoder", workers=os.cpu_count() or 1))
    documents = corpus.documents(corpus.pool(encoder, home / "scale"), passages)
    with tempfile.TemporaryDirectory(dir=home) as folder:
        full, snapshot = _timed(documents, encoder, Path(folder))
        encoder.drawing = False
        texts = random.Random(1).sample(encoder.texts, SAMPLE)
        encoder.encode(texts)
        each = encoder.seconds / SAMPLE
        count = snapshot["en"]["passages"]
        encoder.seconds = 0.0
        again, _ = _timed(changed(documents, round(CHANGED * count)), encoder, Path(folder))
    whole = full + each * len(encoder.texts)
    return {
        "passages": count,
        "texts_per_second": round(1 / each, 1),
        "full_encoding_s": round(each * len(encoder.texts), 1),
        "full_rest_s": round(full, 1),
        "again_encoding_s": round(encoder.seconds, 2),
        "again_rest_s": round(again - encoder.seconds, 2),
        "full_s": round(whole, 1),
        "again_s": round(again, 2),
        "times_faster": round(whole / again, 1),
    }


def changed(documents: Sequence[Document], count: int) -> list[Document]:
    """The documents with another sentence in `count` of their sections."""
    found = list(documents)
    for at in random.Random(2).sample(range(len(found)), count):
        first, *others = found[at].sections
        found[at] = replace(found[at], sections=(Section(first.path, f"It has changed. {first.text}"), *others))
    return found


def _timed(documents: Sequence[Document], encoder: Encoder, home: Path) -> tuple[float, dict[str, dict[str, int]]]:
    began = time.perf_counter()
    snapshot = build(documents, encoder, home)
    return time.perf_counter() - began, snapshot.manifest["languages"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=50_000)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    given = parser.parse_args()
    figures = measure(given.passages, Path(os.environ.get("GUICHET_HOME", corpus.ROOT / ".guichet")))
    if given.json:
        print(json.dumps(figures, indent=1))
        return
    table = Table("", "encoding", "the rest", "together", title=f"{figures['passages']:,} passages, seconds")
    for name, title in (("full", "full build"), ("again", "again, 1% changed")):
        table.add_row(title, *(f"{figures[f'{name}_{part}']:g}" for part in ("encoding_s", "rest_s", "s")))
    table.add_row("", "", "", f"1/{figures['times_faster']:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
