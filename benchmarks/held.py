"""Held are the services that no training has seen: the inventory's other rows, as folders of questions in BEIR's form."""

import csv
import json
import shutil
from pathlib import Path

INVENTORY, SPLIT = "service_inventory_2024.csv", "service_inventory_split.tsv"
OF_INVENTORY = "gc_services_"  # folders whose questions are names of training rows: gc_services_en2fr asks in English


def folders(data: Path, to: Path) -> list[Path]:
    """The folders of `data`; instead of those of the inventory's training rows, in `to`, the same corpus asked for the
    services of the other rows."""
    found = sorted(each.parent for each in data.glob("*/queries.jsonl"))
    return [held(each, to) if each.name.startswith(OF_INVENTORY) else each for each in found]


def held(folder: Path, to: Path) -> Path:
    """The folder's corpus, asked for the services that were kept out of training by their names."""
    data, asked_in = folder.parent, folder.name.removeprefix(OF_INVENTORY)[:2]
    with (data / SPLIT).open(newline="") as lines:
        kept = {row["service_id"] for row in csv.DictReader(lines, delimiter="\t") if row["split"] == "test"}
    with (data / INVENTORY).open(encoding="utf-8-sig", newline="") as lines:
        names: dict[str, str] = {}
        for row in csv.DictReader(lines):
            names.setdefault(row["service_id"], row[f"service_name_{asked_in}"].strip())
    made = to / f"{folder.name}_held"
    made.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / "corpus.jsonl", made / "corpus.jsonl")
    corpus = [json.loads(line)["_id"] for line in (made / "corpus.jsonl").open(encoding="utf-8")]
    asked = [(name, names[name]) for name in corpus if name in kept]
    questions = [json.dumps({"_id": f"q{service}", "text": text}, ensure_ascii=False) for service, text in asked]
    (made / "queries.jsonl").write_text("\n".join(questions) + "\n", encoding="utf-8")
    judged = ["query-id\tcorpus-id\tscore", *(f"q{service}\t{service}\t1" for service, _ in asked)]
    (made / "qrels.tsv").write_text("\n".join(judged) + "\n", encoding="utf-8")
    return made
