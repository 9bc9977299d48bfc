"""Fits the confidence of answers on labelled questions, chooses the thresholds, and draws how well they hold."""

import argparse
import csv
import dataclasses
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from benchmarks import sections
from benchmarks.reliability import OF_PEOPLE, Example, calibration_error, draw, of_people
from knowledge.answering.belonging import anothers, places
from knowledge.answering.confidence import FEATURES, features
from knowledge.answering.fitted import FILE, in_file
from knowledge.answering.section import choose as choose_section
from knowledge.arrays import Floats, Integers
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
# A question whose document was taken away, or the section of it that answers, says what confidence must fall to when
# nothing answers; it is not what people mostly ask, so it counts less. Names of inventory services as questions keep a bare
# description from being distrusted.
WEIGHT = {
    "answerable": 1.0, "section removed": 0.3, "removed": 0.15, "aside": 1.0, "name": 0.3, "name removed": 0.1,
}  # fmt: skip
ANSWERED_ASIDES = 0.06  # of questions that nothing answers, the share that may be answered


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
    weights, shares = sections.fit(asked, snapshot, encoder)
    Console().print(f"section chosen right, of services not fitted to: {shares}")
    in_file()["sections"] = weights  # confidence is fitted to what they choose
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
        chosen_by_hand = {"in_context": in_file()["in_context"]}  # docs/decisions/0018
        FILE.write_text(json.dumps(fitted | {"sections": weights} | chosen_by_hand, indent=1) + "\n")
        draw(*shown, fitted["thresholds"], chosen.plot)


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
    """What the search sees of a question, and of the same question with what answers it taken away: the document, or
    those of its sections that do."""
    language = question["language"]
    index, shelf = snapshot.indexes[language], snapshot.shelves[language]
    query = index.understand(question["text"], encoder)
    if not query.terms:
        return
    group = (question["gold"] or [question["text"]])[0].rsplit("/", 1)[-1]
    scores = index.score(query)
    yield example(question["kind"], group, query, scores, index, shelf, question["gold"], question.get("sections"))
    if len(question["gold"]) == 1:
        number = next(n for n, d in enumerate(shelf.documents) if d["id"] in question["gold"])
        kind = "removed" if question["kind"] == "answerable" else "name removed"
        yield example(kind, group, query, without(scores, number, index), index, shelf, [])
        passages = index.passages_of(number)
        answering = np.isin([shelf.passage(int(n)).heading for n in passages], question.get("sections") or [])
        if 0 < answering.sum() < len(passages):
            left = without_passages(scores, passages[answering], index)
            yield example("section removed", group, query, left, index, shelf, [])


def example(
    kind: str,
    group: str,
    query: Query,
    scores: Scores,
    index: Index,
    shelf: Shelf,
    gold: list[str],
    answering: list[str] | None = None,
) -> Example:
    """Right is the first document if it is one of `gold`, and the passage chosen of it under a heading of `answering`."""
    ranking = rank(
        ranked(index, query, scores, (), query.encoder, index.language), index, shelf, places(query.spelt, None)
    )
    best = ranking.candidates[0]
    document, chosen = shelf.documents[best.document], choose_section(query, best.document, scores, index, shelf)
    answers = not answering or shelf.passage(chosen.passage).heading in answering
    return Example(
        index.language,
        kind,
        group,
        features(query, ranking, query, chosen, index, shelf),
        document["id"] in gold and answers,
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


def without_passages(scores: Scores, passages: Integers, index: Index) -> Scores:
    """The scores as if a document did not have these passages, nor the questions that they answer."""
    gone = np.isin(index.passage, passages)

    def least(of: Floats) -> Floats:
        return np.where(gone, of.min(), of)

    whole = scores.whole.copy()
    whole[passages] = -1
    cosine = None if scores.cosine is None else least(scores.cosine)
    return dataclasses.replace(scores, whole=whole, words=least(scores.words), fused=least(scores.fused), cosine=cosine)


def fit(examples: list[Example]) -> dict[str, Any]:
    """One regression for all languages, each with a bias of its own; the scaler's part is in the coefficients."""
    scaler, regression = _fitted(examples)
    stretched, moved = _held_to_people(scaler, regression, examples)
    weights = stretched * regression.coef_[0] / scaler.scale_
    bias = float(stretched * regression.intercept_[0] - (weights * scaler.mean_).sum() + moved)
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
        known = [e for e in examples if fold[e.group] != n]
        scaler, regression = _fitted(known)
        stretched, moved = _held_to_people(scaler, regression, known)
        here = [i for i, e in enumerate(examples) if fold[e.group] == n]
        drawn = regression.decision_function(scaler.transform(_inputs([examples[i] for i in here])))
        found[here] = 1 / (1 + np.exp(-(stretched * drawn + moved)))
    return np.where([e.elsewhere for e in examples], 0.0, found)


def _fitted(examples: list[Example]) -> tuple[StandardScaler, LogisticRegression]:
    scaler = StandardScaler()
    x = scaler.fit_transform(_inputs(examples))
    weights = [WEIGHT[e.kind] for e in examples]
    return scaler, LogisticRegression(C=0.2).fit(x, [e.right for e in examples], sample_weight=weights)


def _held_to_people(
    scaler: StandardScaler, regression: LogisticRegression, examples: list[Example]
) -> tuple[float, float]:
    """How the regression's logits are stretched and moved to be right about what people ask (Platt's scaling)."""
    asked = [e for e in examples if e.kind in OF_PEOPLE]
    drawn = regression.decision_function(scaler.transform(_inputs(asked)))
    held = LogisticRegression(C=1000).fit(drawn[:, None], [e.right for e in asked])
    return float(held.coef_[0, 0]), float(held.intercept_[0])


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


if __name__ == "__main__":
    main()
