"""Fits the confidence of answers on labelled questions, chooses the thresholds, and draws how well they hold."""

import argparse
import csv
import dataclasses
import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import sections
from knowledge.answering.confidence import FEATURES, features, in_file
from knowledge.answering.ladder import anothers, places
from knowledge.arrays import Floats
from knowledge.encoder import Encoder
from knowledge.finding.index import Index, Scores
from knowledge.finding.query import Query
from knowledge.finding.ranker import ranked
from knowledge.finding.ranking import rank
from knowledge.publishing.snapshot import Snapshot, build
from knowledge.shelf import Shelf
from knowledge.sources import read

HERE = Path(__file__).resolve().parents[1]
FOLDS = 5
ASKING = {"en": "how do I apply for {}", "fr": "comment demander {}"}
BIASED = ("fr",)  # languages with a bias of their own; the others have the common one
# A question whose document was taken away says what confidence must fall to when nothing answers; it is not what people
# mostly ask, so it counts less. Names of inventory services as questions keep a bare description from being distrusted.
WEIGHT = {"answerable": 1.0, "removed": 0.15, "aside": 1.0, "name": 0.3, "name removed": 0.1}
ANSWERED_ASIDES = 0.06  # of questions that nothing answers, the share that may be answered


@dataclass(frozen=True, slots=True)
class Example:
    language: str
    kind: str
    group: str  # what must not be on both sides of a fold
    seen: Floats
    right: bool
    elsewhere: bool  # another government's, by the rule of the ladder: never answered


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--inventory", type=Path, default=HERE.parent / "shared" / "data" / "service_inventory_2024.csv"
    )
    parser.add_argument("--plot", type=Path, default=HERE / "docs" / "calibration.svg")
    parser.add_argument("--dry", action="store_true", help="print, but write nothing")
    chosen = parser.parse_args()
    home = Path(os.environ.get("GUICHET_HOME", HERE / ".guichet"))
    encoder = Encoder.open(home / "encoder", workers=2)
    documents = [d for s in (HERE / "knowledge" / "content", chosen.inventory) for d in read(s, lambda problem: None)]
    snapshot = build(documents, encoder, home / "calibrated")
    asked = list(questions(HERE / "benchmarks" / "questions"))
    labelled = [*(q for q in asked if "history" not in q), *names(snapshot, chosen.inventory)]
    fitted: dict[str, Any] = {}
    for mode, by in (("full", encoder), ("lexical", None)):
        examples = [e for question in labelled for e in seen(question, snapshot, by)]
        fitted[mode] = fit(examples)
        if mode == "full":
            confidence = unseen(examples)
            fitted["thresholds"] = choose(confidence, examples)
            report(confidence, examples, fitted["thresholds"])
            shown = confidence, examples
    if not chosen.dry:
        fitted["sections"], shares = sections.fit(asked, snapshot, encoder)
        Console().print(f"section chosen right, of services not fitted to: {shares}")
        keep(fitted | {"in_context": in_file()["in_context"]})  # chosen: docs/decisions/0015
        draw(*shown, fitted["thresholds"], chosen.plot)


def keep(fitted: dict[str, Any]) -> None:
    """Write what was fitted, and go by it from now on."""
    (HERE / "knowledge" / "answering" / "calibration.json").write_text(json.dumps(fitted, indent=1) + "\n")
    in_file.cache_clear()


def questions(folder: Path) -> Iterator[dict[str, Any]]:
    """The development questions: with the services whose pages answer, or with none."""
    for file in sorted(folder.glob("dev-*.jsonl")):
        for line in file.read_text().splitlines():
            question = json.loads(line)
            services = question.get("services") or [s for s in [question.get("service")] if s]
            gold = [f"content/{question['language']}/{service}" for service in services]
            yield question | {"gold": gold, "kind": "answerable" if gold else "aside"}


def names(snapshot: Snapshot, inventory: Path, each: int = 120) -> Iterator[dict[str, Any]]:
    """Names of services of the inventory's training rows as questions about them, half of them remembered in part."""
    chance = random.Random(7)
    split = inventory.with_name("service_inventory_split.tsv")
    rows = csv.DictReader(split.open(), delimiter="\t") if split.exists() else []
    train = {row["service_id"] for row in rows if row["split"] == "train"}
    for language, shelf in snapshot.shelves.items():
        mine = [d for d in shelf.documents if d["id"].startswith("inventory/") and d["id"].split("/")[1] in train]
        for number, document in enumerate(chance.sample(mine, min(each, len(mine)))):
            words = document["title"].split()
            if number % 2:
                words = [w for w in words if chance.random() < 0.6] or words
            text = ASKING[language].format(" ".join(words)) if number % 2 else document["title"]
            yield {"language": language, "text": text, "gold": [document["id"]], "kind": "name"}


def seen(question: dict[str, Any], snapshot: Snapshot, encoder: Encoder | None) -> Iterator[Example]:
    """What the search sees of a question, and of the same question with the document that answers it taken away."""
    language = question["language"]
    index, shelf = snapshot.indexes[language], snapshot.shelves[language]
    query = index.understand(question["text"], encoder)
    if not query.terms:
        return
    group = (question["gold"] or [question["text"]])[0].rsplit("/", 1)[-1]
    scores = index.score(query)
    yield example(question["kind"], group, query, scores, index, shelf, question["gold"])
    if len(question["gold"]) == 1:
        number = next(n for n, d in enumerate(shelf.documents) if d["id"] in question["gold"])
        kind = "removed" if question["kind"] == "answerable" else "name removed"
        yield example(kind, group, query, without(scores, number, index), index, shelf, [])


def example(
    kind: str, group: str, query: Query, scores: Scores, index: Index, shelf: Shelf, gold: list[str]
) -> Example:
    scores = ranked(index, query, scores, (), query.encoder, index.language)
    ranking = rank(scores, index, shelf, places(query.spelt, None))
    best = ranking.candidates[0]
    document = shelf.documents[best.document]
    return Example(
        index.language,
        kind,
        group,
        features(query, ranking, index, document["title"]),
        document["id"] in gold,
        anothers(query, index.language, ranking, shelf),
    )


def without(scores: Scores, document: int, index: Index) -> Scores:
    """The scores as if the index did not have the document."""
    gone = index.document == document
    about, whole = scores.about.copy(), scores.whole.copy()
    about[document], whole[gone] = 0, -1
    gist = scores.gist
    if gist is not None:
        gist = gist.copy()
        gist[document] = -1
    return dataclasses.replace(scores, whole=whole, about=about, gist=gist)


def fit(examples: list[Example]) -> dict[str, Any]:
    """One regression for all languages, each with a bias of its own; the scaler's part is in the coefficients."""
    scaler, regression = _fitted(examples)
    weights = regression.coef_[0] / scaler.scale_
    bias = float(regression.intercept_[0] - (weights * scaler.mean_).sum())
    named = {name: round(float(w), 4) for name, w in zip((*FEATURES, *BIASED), weights, strict=True)}
    own = {language: named.pop(language) for language in BIASED}
    return {"weights": named, "bias": round(bias, 4), "of_language": own}


def unseen(examples: list[Example]) -> Floats:
    """Each example's confidence by a fit that has seen nothing of its group."""
    groups = sorted({e.group for e in examples})
    random.Random(0).shuffle(groups)
    fold = {group: n % FOLDS for n, group in enumerate(groups)}
    found = np.zeros(len(examples))
    for n in range(FOLDS):
        model = make_pipeline(*_fitted([e for e in examples if fold[e.group] != n]))
        here = [i for i, e in enumerate(examples) if fold[e.group] == n]
        found[here] = model.predict_proba(_inputs([examples[i] for i in here]))[:, 1]
    return np.where([e.elsewhere for e in examples], 0.0, found)


def _fitted(examples: list[Example]) -> tuple[StandardScaler, LogisticRegression]:
    scaler = StandardScaler()
    x = scaler.fit_transform(_inputs(examples))
    weights = [WEIGHT[e.kind] for e in examples]
    return scaler, LogisticRegression(C=0.2).fit(x, [e.right for e in examples], sample_weight=weights)


def _inputs(examples: list[Example]) -> Floats:
    return np.array([[*e.seen, *(float(e.language == language) for language in BIASED)] for e in examples])


def choose(confidence: Floats, examples: list[Example]) -> dict[str, float]:
    """The least confidence at which few enough asides are answered, and below it the steps of the ladder."""
    asides, removed = (confidence[[e.kind == kind for e in examples]] for kind in ("aside", "removed"))
    answer = round(float(np.quantile(asides, 1 - ANSWERED_ASIDES)), 2)
    steps = np.arange(0.02, answer, 0.01)
    scope = round(float(steps[np.argmax([(asides < s).mean() + (removed >= s).mean() for s in steps])]), 2)
    return {"answer": answer, "clarify": round((answer + scope) / 2, 2), "scope": scope}


def report(confidence: Floats, examples: list[Example], limits: dict[str, float]) -> None:
    table = Table("language", "asked", "questions", "first right", "answered", "answered right", title=str(limits))
    for language in sorted({e.language for e in examples}):
        for kind in WEIGHT:
            here = np.array([(e.language, e.kind) == (language, kind) for e in examples])
            right = np.array([e.right for e in examples])[here]
            answered = confidence[here] >= limits["answer"]
            share = (f"{x:.3f}" for x in (right.mean(), answered.mean(), (right & answered).mean()))
            table.add_row(language, kind, str(here.sum()), *share)
        p, right = of_people(confidence, examples, language)
        table.add_row(language, "calibration error", "", f"{calibration_error(p, right):.3f}")
    Console(width=110).print(table)


def of_people(confidence: Floats, examples: list[Example], language: str) -> tuple[Floats, Floats]:
    """Confidence and whether it was right, of the questions that people ask."""
    here = np.array([e.language == language and e.kind in ("answerable", "aside") for e in examples])
    return confidence[here], np.array([e.right for e in examples])[here]


def calibration_error(confidence: Floats, right: Floats, bins: int = 10) -> float:
    """Expected calibration error: the mean distance of confidence from the share that was right, over equal bins."""
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(confidence[bin_of == b].mean() - right[bin_of == b].mean()) * (bin_of == b).mean() for b in set(bin_of)]
    return float(sum(gaps))


def draw(confidence: Floats, examples: list[Example], limits: dict[str, float], path: Path) -> None:
    """Reliability, and how often answers are wrong when only the surest are given."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams["svg.hashsalt"] = "guichet"  # the same picture from the same figures
    figure, (reliable, risky) = plt.subplots(1, 2, figsize=(9, 4))
    for language in sorted({e.language for e in examples}):
        p, right = of_people(confidence, examples, language)
        order = np.argsort(-p)
        parts = np.array_split(np.argsort(p), 8)
        reliable.plot([p[i].mean() for i in parts], [right[i].mean() for i in parts], marker="o", label=language)
        risky.plot(
            np.arange(1, len(p) + 1) / len(p), 1 - np.cumsum(right[order]) / np.arange(1, len(p) + 1), label=language
        )
    reliable.plot([0, 1], [0, 1], "k:", linewidth=1)
    reliable.axvline(limits["answer"], color="gray", linewidth=1)
    reliable.set(xlabel="confidence", ylabel="share that was right", title="Reliability", xlim=(0, 1), ylim=(0, 1))
    risky.set(
        xlabel="share of questions answered", ylabel="share of answers that were wrong", title="Risk and coverage"
    )
    for axes in (reliable, risky):
        axes.legend()
        axes.grid(alpha=0.3)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
