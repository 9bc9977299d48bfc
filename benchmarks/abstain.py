"""Measures knowing when not to answer: what share of questions that nothing answers is held back, by confidence alone.

    python benchmarks/abstain.py [FOLDER] [--answered 0.85]

FOLDER is in BEIR's form; its queries also have `answerability`: ANSWERABLE, UNANSWERABLE, or others, which are shown beside.
The corpus is published as pages are, and asked as a process is, with the turns before. The threshold is where `--answered`
of the answerable questions are answered.
"""

import argparse
import json
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from knowledge import Knowledge, build
from knowledge.document import Document, Section
from knowledge.encoder import Encoder, SharedEncoder

HERE = Path(__file__).resolve().parents[1]
FOLDER = HERE.parent / "shared" / "data" / "mtragun_govt_mini"
TITLE = 8  # words of a page without a title that stand for one


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--answered", type=float, default=0.85, help="the share of answerable questions to be answered")
    chosen = parser.parse_args()
    home = Path(os.environ.get("GUICHET_HOME", HERE / ".guichet"))
    confidence = asked(chosen.folder, home)
    least = float(np.quantile(confidence["ANSWERABLE"], 1 - chosen.answered))
    table = Table("answerability", "questions", "answered", title=f"answered from a confidence of {least:.3f}")
    for kind, found in sorted(confidence.items()):
        table.add_row(kind.lower(), str(len(found)), f"{np.mean(np.array(found) >= least):.0%}")
    Console().print(table)


def asked(folder: Path, home: Path) -> dict[str, list[float]]:
    """The confidence of each question's answer, by its answerability."""
    mine = home / "abstain"
    build(list(documents(folder)), Encoder.open(home / "encoder", workers=os.cpu_count() or 1), mine)
    knowledge = Knowledge(mine, SharedEncoder(home / "encoder"))
    found: dict[str, list[float]] = defaultdict(list)
    lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    for question in track([json.loads(line) for line in lines], "ask", console=Console(stderr=True)):
        answer = knowledge.ask(question["text"], language="en", before=tuple(question.get("history") or ()))
        found[question["answerability"]].append(answer.confidence)
    return found


def documents(folder: Path) -> list[Document]:
    """The corpus as pages: parts with the same title are sections of one."""
    parts: dict[str, list[str]] = defaultdict(list)
    for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
        part = json.loads(line)
        parts[part["title"].strip() or " ".join(part["text"].split()[:TITLE])].append(part["text"])
    return [
        Document(f"page/{number}", "en", title, "Somebody", tuple(Section((), text) for text in texts))
        for number, (title, texts) in enumerate(parts.items())
    ]


if __name__ == "__main__":
    main()
