"""Fits the confidence of answers on labelled questions, chooses the thresholds, and draws how well they hold."""

import argparse
import csv
import dataclasses
import itertools
import json
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import sections
from benchmarks.regressions import fit, unseen
from benchmarks.reliability import WEIGHT, Example, calibration_error, draw, of_people
from knowledge.answering.belonging import anothers, places
from knowledge.answering.confidence import features
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
ASKING = {"en": "how do I apply for {}", "fr": "comment demander {}"}
NOWHERE = ("no heading",)
STORY = "personal"  # the style of questions that tell what happened, and name no service
SOUGHT = "dev-detail"  # the file of questions that were looked for because no page answers them
EVEN = 0.5  # confidence below which an answer is rather wrong than right
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
    # most pages foresee no questions: the same ones without theirs stand for them
    bare = [dataclasses.replace(document, questions={}) for document in documents]
    snapshots = {
        name: build(some, encoder, home / "calibrated" / name)
        for name, some in (("foreseen", documents), ("not foreseen", bare))
    }
    asked = list(questions(HERE / "benchmarks" / "questions"))
    labelled = [*(q for q in asked if "history" not in q), *names(snapshots["foreseen"], chosen.inventory)]
    weights, shares = sections.fit(asked, snapshots["foreseen"], encoder)
    Console().print(f"section chosen right, of services not fitted to: {shares}")
    in_file()["sections"] = weights  # confidence is fitted to what they choose
    fitted: dict[str, Any] = {}
    for mode, by in (("full", encoder), ("lexical", None)):
        examples = [e for each in snapshots.values() for question in labelled for e in seen(question, each, by)]
        fitted[mode] = fit(examples)
        if mode == "full":
            confidence = unseen(examples)
            fitted["thresholds"] = choose(confidence, examples)
            report(confidence, examples, fitted["thresholds"])
            shown = confidence, examples
    if not chosen.dry:
        chosen_by_hand = {"in_context": in_file()["in_context"]}  # docs/decisions/0020 and 0022
        FILE.write_text(json.dumps(fitted | {"sections": weights} | chosen_by_hand, indent=1) + "\n")
        draw(*shown, chosen.plot)


def questions(folder: Path) -> Iterator[dict[str, Any]]:
    """The development questions: with the pages that are about what is asked, and those of them that answer."""
    for file in sorted(folder.glob("dev-*.jsonl")):
        for line in file.read_text().splitlines():
            question = json.loads(line)
            services = question.get("services") or [s for s in [question.get("service")] if s]
            gold, about = (
                [f"content/{question['language']}/{service}" for service in pages]
                for pages in (services, question.get("about", ()))
            )
            answered = "story" if question.get("style") == STORY else "answerable"
            unanswered = "aside" if not about else "sought detail" if file.stem == SOUGHT else "detail"
            yield question | {"gold": gold, "about": gold or about, "kind": answered if gold else unanswered}


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
            gold = [document["id"]]
            yield {"language": language, "text": text, "gold": gold, "about": gold, "kind": "name"}


def seen(question: dict[str, Any], snapshot: Snapshot, encoder: Encoder | None) -> Iterator[Example]:
    """What the search sees of a question, and of the same question with what answers it taken away: the document, or
    those of its sections that do."""
    language = question["language"]
    index, shelf = snapshot.indexes[language], snapshot.shelves[language]
    query = index.understand(question["text"], encoder)
    if not query.terms:
        return
    about = question["about"]
    group = (about or [question["text"]])[0].rsplit("/", 1)[-1]
    scores, answering = index.score(query), question.get("sections") if question["gold"] else NOWHERE
    yield example(question["kind"], group, query, scores, index, shelf, about, answering)
    if len(question["gold"]) == 1:
        number = next(n for n, d in enumerate(shelf.documents) if d["id"] in question["gold"])
        kind = "name removed" if question["kind"] == "name" else "removed"
        yield example(kind, group, query, without(scores, number, index), index, shelf)
        passages = index.passages_of(number)
        told = np.isin([shelf.passage(int(n)).heading for n in passages], question.get("sections") or [])
        if 0 < told.sum() < len(passages):
            left = without_passages(scores, passages[told], index)
            yield example("section removed", group, query, left, index, shelf, about, NOWHERE)


def example(
    kind: str,
    group: str,
    query: Query,
    scores: Scores,
    index: Index,
    shelf: Shelf,
    about: Sequence[str] = (),
    answering: Sequence[str] | None = None,
) -> Example:
    """The first document is right if it is one of those that are `about` what is asked, and the passage chosen of it if it
    is under a heading of `answering`, or under any, where that is not said."""
    ranking = rank(
        ranked(index, query, scores, (), query.encoder, index.language), index, shelf, places(query.spelt, None)
    )
    best = ranking.candidates[0]
    document, chosen = shelf.documents[best.document], choose_section(query, best.document, scores, index, shelf)
    page, answers = document["id"] in about, not answering or shelf.passage(chosen.passage).heading in answering
    return Example(
        index.language,
        index.asides > index.passages,
        kind,
        group,
        features(query, ranking, query, chosen, index, shelf),
        page,
        page and answers,
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


def choose(confidence: dict[str, Floats], examples: list[Example]) -> dict[str, float]:
    """The least confidence at which few enough asides are answered, and below it, by the page, the steps of the ladder."""
    kind, page = np.array([e.kind for e in examples]), confidence["page"]
    answer = round(float(np.quantile((page * confidence["section"])[kind == "aside"], 1 - ANSWERED_ASIDES)), 2)
    asides, removed = page[kind == "aside"], page[kind == "removed"]
    steps = np.arange(0.02, answer, 0.01)
    scope = round(float(steps[np.argmax([(asides < s).mean() + (removed >= s).mean() for s in steps])]), 2)
    return {"sure": EVEN, "answer": answer, "clarify": round((answer + scope) / 2, 2), "scope": scope}


def report(confidence: dict[str, Floats], examples: list[Example], limits: dict[str, float]) -> None:
    table = Table("pages", "asked", "questions", "page right", "right", "answered", "answered right", title=str(limits))
    answered = confidence["page"] * confidence["section"] >= limits["answer"]
    page, right = np.array([(e.page, e.right) for e in examples]).T
    for language, foreseen in itertools.product(sorted({e.language for e in examples}), (True, False)):
        asked = f"{language}, {'' if foreseen else 'not '}foreseen"
        for kind in WEIGHT:
            here = np.array([(e.language, e.foreseen, e.kind) == (language, foreseen, kind) for e in examples])
            share = (f"{of[here].mean():.3f}" for of in (page, right, answered, right & answered))
            table.add_row(asked, kind, str(here.sum()), *share)
        errors = (
            calibration_error(*of_people(confidence, examples, language, foreseen, whole)) for whole in (False, True)
        )
        table.add_row(asked, "calibration error", "", *(f"{error:.3f}" for error in errors))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
