"""Trains the bundled encoder from data that is at hand: `make encoder`; what was begun and ended goes on where it was."""

import argparse
import csv
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from knowledge.document import Document
from knowledge.export import bundled_teacher, export
from knowledge.sources import read
from knowledge.training import asks
from knowledge.training.asks import Ask
from knowledge.training.compare import compare
from knowledge.training.distil import Recipe, distil
from knowledge.training.head import attach
from knowledge.training.pairs import Pair, bundled, inventory, services, told, written
from knowledge.training.retrieve import retrieve
from knowledge.training.student import ENGLISH

HERE = Path(__file__).resolve().parent
KNOWLEDGE = HERE.parent
LAWS = 70_000  # segments of federal law that are learnt from; more of them is more of the same
NAMES = 3  # how often the names of services are learnt to find by, against headings and questions
INVENTORY, CONTENT, CITIZENS = 2, 3, 6  # how often the others are: rarer than law, and more like what is asked
WORDS, LEXICON, SERVICES, TOLD = 5, 2, 2, 2


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m knowledge.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the inventory, its split and the laws")
    parser.add_argument("--work", type=Path, required=True, help="where unfinished work is kept")
    parser.add_argument("--to", type=Path, default=KNOWLEDGE / "bilingual", help="where the encoder is written")
    chosen = parser.parse_args()
    console, recipe = Console(stderr=True), Recipe()
    wanted = [
        chosen.data / name
        for name in ("service_inventory_2024.csv", "service_inventory_split.tsv", "laws_en_fr.tsv.gz")
    ]
    if missing := [path.name for path in wanted if not path.exists()]:
        console.print(f"{chosen.data} has no {', '.join(missing)}: name the folder that has (--data).")
        raise SystemExit(2)
    documents = list(read(KNOWLEDGE / "content", lambda problem: None))
    table, split, laws = wanted
    train = {row["service_id"] for row in csv.DictReader(split.open(), delimiter="\t") if row["split"] == "train"}
    pairs = list(_pairs(documents, table, train, laws))
    asked: list[Ask] = [
        *list(asks.of_inventory(table, train)) * NAMES,
        *asks.of_services(HERE / "services.tsv"),
        *asks.of_told(HERE / "told.tsv", table, train),
        *asks.of_content(documents),
        *asks.of_headings(documents, random.Random(1)),
    ]
    console.print(
        f"{len(pairs):,} pairs and {len(asked):,} asks: about two hours on two cores. Ctrl-C keeps what is done."
    )
    with Progress(
        "{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    ) as bar:
        steps: dict[str, int] = {}

        def show(step: str, done: int, total: int) -> None:
            if step not in steps:
                steps[step] = int(bar.add_task(step, total=total))
            bar.update(steps[step], completed=done, total=total)  # type: ignore[arg-type]

        distil(pairs, list(written(HERE / "lexicon.tsv")), bundled_teacher(), chosen.work, recipe, show)
        taught = retrieve(asked, pairs, bundled_teacher(), chosen.work, recipe, show)
        made = chosen.work / "encoder"
        encoder = export(made, taught, show, french_from=ENGLISH)
        attach(made, compare(asked, encoder, recipe.seed, show))
    chosen.to.mkdir(parents=True, exist_ok=True)
    for file in made.iterdir():  # beside what else is there, such as the card
        shutil.copyfile(file, chosen.to / file.name)
    console.print(f"Written to {chosen.to}. `make bench` says how well it finds, `guichet prepare` takes it into use.")


def _pairs(documents: list[Document], table: Path, train: set[str], laws: Path) -> Iterator[Pair]:
    yield from inventory(table, train, INVENTORY)
    yield from bundled(documents, CONTENT)
    for file in sorted(HERE.glob("citizens-*.tsv")):
        yield from written(file, CITIZENS)
    for file in sorted(HERE.glob("words-*.tsv")):
        yield from written(file, WORDS)
    yield from written(HERE / "lexicon.tsv", LEXICON)
    yield from services(HERE / "services.tsv", SERVICES)
    yield from (Pair(en, fr, TOLD) for _, en, fr in told(HERE / "told.tsv"))
    every = list(written(laws))
    random.Random(1).shuffle(every)
    yield from every[:LAWS]


if __name__ == "__main__":
    main()
