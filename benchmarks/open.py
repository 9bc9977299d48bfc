"""The open benchmark: asks the bundled content the public questions, as a process does, and says how each was met."""

import argparse
import hashlib
import json
import os
import platform
from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import retrieval
from benchmarks.met import Met, Verdict, measured, meet, questions
from knowledge import Knowledge
from knowledge.encoder import SharedEncoder
from knowledge.finding.evaluate import evaluate
from knowledge.publishing.snapshot import Snapshot, build
from knowledge.rules.ruled import answering_files
from knowledge.sources import read

HERE = Path(__file__).resolve().parents[1]
CONTENT = HERE / "knowledge" / "content"
QUESTIONS = HERE / "benchmarks" / "questions"
RESULTS = HERE / "benchmarks" / "results"
PAGE = HERE / "docs" / "benchmark.md"
MARKS = ("<!-- measured: begin -->", "<!-- measured: end -->")
PACKAGES = ("numpy", "onnxruntime", "tokenizers", "bm25s", "PyStemmer")
WARM = 5  # questions that are asked once before any is timed
COLUMNS = ("as it should be", "right", "other part", "wrong", "asked back", "not answered")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="BEIR folders to measure retrieval on as well")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--dry", action="store_true", help="print, but write nothing")
    chosen = parser.parse_args()
    home = Path(os.environ.get("GUICHET_HOME", HERE / ".guichet"))
    encoder = SharedEncoder(home / "encoder")
    console = Console(stderr=True)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("snapshot")
        built = build(list(read(CONTENT, lambda problem: None)), encoder.get(), home / "open")
        knowledge = Knowledge(home / "open", encoder)
        asked = questions(QUESTIONS)
        for question in asked[:WARM]:
            meet(question, knowledge)
        bar.update(task, total=len(asked), description="ask")
        met = []
        for question in asked:
            met.append(meet(question, knowledge))
            bar.advance(task)
        folders = {}
        for folder in chosen.folders:
            task = bar.add_task(folder.name)
            shown = partial(retrieval.show, bar, task, folder.name)
            folders[folder.name] = evaluate(folder, encoder.get(), home / "evaluated", progress=shown)
    found = measured(met) | {"versions": versions(built)}
    if not chosen.dry:
        write(found, met, folders)
    if chosen.json:
        print(json.dumps(found | ({"folders": folders} if folders else {}), ensure_ascii=False, indent=1))
        return
    Console().print(table(found["kinds"]))
    Console().print(summary(found["languages"], found["parallel"]))
    if folders:
        Console().print(retrieval.table(folders))


def versions(built: Snapshot) -> dict[str, Any]:
    """What the numbers depend on; digests are of the files' content, whatever keeps their history."""
    return {
        "date": date.today().isoformat(),
        "snapshot": built.name,
        "encoder": built.manifest["encoder"],
        "content": digest(CONTENT.rglob("*.md")),
        "questions": digest(QUESTIONS.glob("open-*.jsonl")),
        "knowledge": digest(answering_files()),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def digest(files: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for file in sorted(files):
        whole.update(f"{file.relative_to(HERE)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()[:16]


def write(found: dict[str, Any], met: Sequence[Met], folders: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "open.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    rows = (
        {"id": m.question.id, "verdict": m.verdict, "good": m.good, "confidence": m.confidence, "passage": m.passage}
        for m in met
    )
    (RESULTS / "open-answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if folders:
        (RESULTS / "folders.json").write_text(json.dumps(folders, indent=1) + "\n", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    PAGE.write_text(f"{before}{MARKS[0]}\n{markdown(found)}\n{MARKS[1]}{after}", encoding="utf-8")


def markdown(found: dict[str, Any]) -> str:
    told = found["versions"]
    lines = [
        f"Measured on {told['date']}: snapshot `{told['snapshot']}`, encoder `{str(told['encoder'])[:12]}`, "
        f"content `{told['content']}`, questions `{told['questions']}`.",
        "",
        "| " + " | ".join(("kind", "language", "questions", *COLUMNS)) + " |",
        "|---|---|---|---|---|---|---|---|---|",
        *("| " + " | ".join(row) + " |" for row in cells(found["kinds"])),
        "",
        "| | English | French | gap, points |",
        "|---|---|---|---|",
    ]
    en, fr = found["languages"]["en"], found["languages"]["fr"]
    for name, part, key in (
        ("answered right, of what is published", "answerable", "right"),
        ("answered wrong, of what is published", "answerable", "wrong"),
        ("not answered, of what nothing answers", "unanswerable", "unanswered"),
    ):
        lines.append(f"| {name} | {en[part][key]:.1%} | {fr[part][key]:.1%} | |")
    for name, key in (("right page first", "R@1"), ("right page among the first five", "R@5")):
        lines.append(f"| {name} | {en[key]:.1%} | {fr[key]:.1%} | |")
    for name, key in (("page", "calibration_error_of_page"), ("page and section", "calibration_error")):
        both = " | ".join(f"{found[key]:.3f} ({found[f'{key}_by_chance']:.3f})" for found in (en, fr))
        lines.append(f"| calibration error, {name} (of an exact confidence, by chance) | {both} | |")
    lines.append(f"| median ms per answer | {en['median_ms']:.1f} | {fr['median_ms']:.1f} | |")
    pairs = found["parallel"]
    for key, name in (("R@1", "right page first"), ("R@5", "among the first five"), ("good", "as it should be")):
        both = pairs[key]
        label = f"{name}, on {pairs['pairs']} parallel questions"
        lines.append(f"| {label} | {both['en']:.1%} | {both['fr']:.1%} | {both['gap_points']:+.1f} |")
    return "\n".join(lines)


def cells(kinds: Iterable[dict[str, Any]]) -> Iterable[list[str]]:
    for row in kinds:
        shown = (f"{row[key]:.0%}" for key in ("good", *(verdict.value for verdict in Verdict)))
        yield [row["kind"].replace("_", " "), row["language"], str(row["questions"]), *shown]


def table(kinds: Iterable[dict[str, Any]]) -> Table:
    shown = Table(
        "kind", "language", "questions", "as it should be", "right", "other part", "wrong", "asked", "unanswered"
    )
    for row in cells(kinds):
        shown.add_row(*row)
    return shown


def summary(languages: dict[str, dict[str, Any]], pairs: dict[str, Any]) -> Table:
    shown = Table("", *languages, title=f"{pairs['pairs']} parallel questions: gap " + gaps(pairs))
    for key in ("R@1", "R@5", "calibration_error_of_page", "calibration_error", "median_ms"):
        shown.add_row(key, *(f"{found[key]:.3f}" for found in languages.values()))
    for part in ("answerable", "unanswerable"):
        for key, value in (("questions", "{}"), ("good", "{:.3f}"), ("wrong", "{:.3f}")):
            shown.add_row(f"{part}: {key}", *(value.format(found[part][key]) for found in languages.values()))
    return shown


def gaps(pairs: dict[str, Any]) -> str:
    return ", ".join(f"{key} {pairs[key]['gap_points']:+.1f}" for key in ("R@1", "R@5", "good"))


if __name__ == "__main__":
    main()
