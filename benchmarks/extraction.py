"""Measures how well a quote is what answers: the words it shares with the answer, and whether it leaves a condition out.

On Doc2Dial, from the passage that answers and from the one that search finds first; in French on what was asked and
answered before the questions of frdoc2bot. Weights are fitted (--fit) on one half of both, results are of the other.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize

from benchmarks.spans import Asked, english, french, overlap, place, tokens
from knowledge.answering import quoting
from knowledge.answering.quoting import FEATURES, LONGEST, SHORT, features, quote
from knowledge.answering.units import tied, units
from knowledge.arrays import Floats
from knowledge.encoder import Encoder
from knowledge.finding import kind
from knowledge.finding.evaluate import _index, _texts, find, read
from knowledge.finding.index import Index
from knowledge.text import sentences, terms

HERE = Path(__file__).resolve().parents[1]
DATA = HERE.parent / "shared" / "data"
RIDGE = 1e-3
Quoting = Callable[[Asked], str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="fit the weights of quotes anew, and write them")
    parser.add_argument("--lexical", action="store_true", help="without the encoder: nothing that needs its vectors")
    parser.add_argument("--data", type=Path, default=DATA)
    chosen = parser.parse_args()
    home = Path(os.environ.get("GUICHET_HOME", HERE / ".guichet"))
    encoder = None if chosen.lexical else Encoder.open(home / "encoder")
    folder = chosen.data / "doc2dial_val_plus"
    asked = [*english(folder), *french(chosen.data / "frdoc2bot_dev")]
    if chosen.fit:
        fit([each for each in asked if each.half == 0])
    held = [each for each in asked if each.half == 1]
    sets = {language: [each for each in held if each.language == language] for language in ("en", "fr")}
    sets["en, found first"] = found_first(folder, sets["en"], encoder, home / "evaluated")
    ways = quotings(encoder)
    shown = Table("passages", "quote", "F1", "precision", "recall", "characters", "of its condition", "ms")
    for name, those in sets.items():
        for way, make in ways.items():
            shown.add_row(name, way, *measured(those, make))
    Console().print(shown)


def quotings(encoder: Encoder | None) -> dict[str, Quoting]:
    """What is compared: from nothing done to all that is."""
    ways: dict[str, Quoting] = {
        "all of it": lambda asked: asked.passage,
        "first sentence": lambda asked: first(asked.passage, 1),
        "first two sentences": lambda asked: first(asked.passage, 2),
        f"most words within {LONGEST}": most_words,
        "ours": ours,
        f"ours within {SHORT}": lambda asked: ours(asked, SHORT),
    }
    if encoder is not None:
        ways["nearest sentence by cosine"] = lambda asked: nearest(asked, encoder)
    return ways


def ours(asked: Asked, longest: int = LONGEST) -> str:
    question, language = asked.question.text, asked.language
    sought, kinds = terms(question, language), kind.asked(question, language)
    return quote(asked.passage, sought, language, longest, kinds, asked.title)


def first(passage: str, count: int) -> str:
    spans = sentences(passage)
    return passage[: spans[min(count, len(spans)) - 1][1]].strip()


def most_words(asked: Asked) -> str:
    """The longest span that fits and has most of the question's words, as near the beginning as can be."""
    passage = asked.passage
    if len(passage) <= LONGEST:
        return passage
    sought = set(terms(asked.question.text, asked.language))
    spans = sentences(passage)
    having = [len(sought.intersection(terms(passage[a:b], asked.language))) for a, b in spans]
    best, most = (0, 1), -1.0
    for start in range(len(spans)):
        end = start + 1
        while end < len(spans) and spans[end][1] - spans[start][0] <= LONGEST:
            end += 1
        if (worth := sum(having[start:end]) - 0.01 * start) > most:
            best, most = (start, end), worth
    return passage[spans[best[0]][0] : spans[best[1] - 1][1]].strip()


def nearest(asked: Asked, encoder: Encoder) -> str:
    """The sentence nearest in meaning, as far as the first thirty go."""
    parts = [asked.passage[a:b].strip() for a, b in sentences(asked.passage)][:30]
    vectors = encoder.encode([asked.question.text, *parts])
    return parts[int(np.argmax(vectors[1:] @ vectors[0]))]


def found_first(folder: Path, gold: Sequence[Asked], encoder: Encoder | None, cache: Path) -> list[Asked]:
    """The questions with the passages that search finds first, in the light of the conversation."""
    corpus, _ = read(folder)
    names = list(corpus)
    index: Index = _index("en", _texts(corpus), encoder, cache, lambda *_: None)
    found = [corpus[names[int(np.argmax(find(index, each.question, encoder, "en")))]] for each in gold]
    return [replace(each, title=d["title"], passage=d["text"]) for each, d in zip(gold, found, strict=True)]


def measured(those: Sequence[Asked], make: Quoting) -> list[str]:
    """Means, the share of quotes that leave no condition of their last sentence out, and ms of one core at the median."""
    seen, took, kept = [], [], []
    for asked in those:
        start = time.process_time()
        said = make(asked)
        took.append(time.process_time() - start)
        seen.append((*overlap(said, asked.gold), len(said)))
        kept.append(complete(said, asked.passage, asked.language))
    *scores, characters = np.mean(seen, axis=0)
    timed = f"{1000 * float(np.median(took)):.2f}"
    return [*(f"{score:.3f}" for score in scores), f"{characters:.0f}", f"{np.mean(kept):.1%}", timed]


def complete(said: str, passage: str, language: str) -> bool:
    """Whether what comes right after a quote takes nothing of it back."""
    end = passage.find(said) + len(said)
    spans = sentences(passage)
    after = next((i for i, (start, _) in enumerate(spans) if start >= end), 0)
    return not after or not tied(passage[slice(*spans[after - 1])], passage[slice(*spans[after])], language)


def fit(asked: Iterable[Asked]) -> None:
    """Choose the weights with which the units that have the answer are likeliest, and write them."""
    rows, shares = [], []
    for each in asked:
        parts = units(each.passage, each.language, LONGEST)
        share = held(each, parts.spans)
        if share.sum():
            question = each.question.text
            sought, kinds = terms(question, each.language), kind.asked(question, each.language)
            rows.append(np.array(features(each.passage, parts, sought, each.language, kinds, each.title)))
            shares.append(share / share.sum())
    x, y = np.concatenate(rows), np.concatenate(shares)
    scale = x.std(axis=0) + 1e-9
    starts = np.cumsum([0, *map(len, rows)])[:-1]
    of = np.repeat(np.arange(len(rows)), [len(row) for row in rows])

    def loss(weights: Floats) -> tuple[float, Floats]:
        worth = x / scale @ weights
        worth -= np.maximum.reduceat(worth, starts)[of]
        chance = np.exp(worth)
        chance /= np.add.reduceat(chance, starts)[of]
        wrong = -(y * np.log(chance + 1e-12)).sum() / len(rows) + RIDGE * weights @ weights
        return wrong, (x / scale).T @ (chance - y) / len(rows) + 2 * RIDGE * weights

    best = minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B").x / scale
    chosen = {name: round(float(weight), 3) for name, weight in zip(FEATURES, best, strict=True)}
    Path(quoting.__file__).with_suffix(".json").write_text(json.dumps({"weights": chosen}, indent=1) + "\n")
    quoting.weights.cache_clear()


def held(asked: Asked, spans: Sequence[tuple[int, int]]) -> Floats:
    """How much of the answer each unit has: characters where it is the passage's own words, else tokens."""
    first, last = place(asked.passage, asked.gold)
    if last:
        return np.array([max(0, min(last, b) - max(first, a)) for a, b in spans], np.float32)
    gold = set(tokens(asked.gold))
    having = np.array([len(gold.intersection(tokens(asked.passage[a:b]))) for a, b in spans], np.float32)
    return np.where(having == having.max(), having, 0)


if __name__ == "__main__":
    main()
