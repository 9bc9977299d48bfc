"""Measures how well search finds what it should on every BEIR folder it is given, and prints one table."""

import argparse
import json
import os
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from benchmarks import held
from knowledge.encoder import Encoder
from knowledge.finding.evaluate import METRICS, evaluate

HERE = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="BEIR folders; all in ../shared/data if none is given")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--lexical", action="store_true", help="without the encoder")
    chosen = parser.parse_args()
    home = Path(os.environ.get("GUICHET_HOME", HERE / ".guichet"))
    folders = chosen.folders or held.folders(HERE.parent / "shared" / "data", home / "held")
    encoder = None if chosen.lexical else Encoder.open(home / "encoder", workers=os.cpu_count() or 1)
    console = Console(stderr=True)
    results: dict[str, dict[str, Any]] = {}
    with Progress(console=console, transient=True) as bar:
        for folder in folders:
            task = bar.add_task(folder.name)
            results[folder.name] = evaluate(
                folder,
                encoder,
                home / "evaluated",
                progress=partial(show, bar, task, folder.name),
            )
    if chosen.json:
        print(json.dumps(results, indent=1))
    else:
        Console().print(table(results))


def show(bar: Progress, task: TaskID, name: str, step: str, done: int, total: int) -> None:
    bar.update(task, completed=done, total=total, description=f"{name}: {step}")


def table(results: dict[str, dict[str, Any]]) -> Table:
    shown = Table("folder", "languages", "questions", "passages", *METRICS)
    for name, found in results.items():
        spoken = f"{found['asked_in']} → {found['language']}"
        counts = (f"{found['questions']:,}", f"{found['passages']:,}")
        shown.add_row(name, spoken, *counts, *(f"{found[m]:.3f}" for m in METRICS[:-1]), f"{found['ms_per_query']:.1f}")
    return shown


if __name__ == "__main__":
    main()
