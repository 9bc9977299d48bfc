"""An evaluation says how well search finds what it should, on a folder of labelled questions in BEIR's form."""

import hashlib
import json
import math
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.encoder import Encoder, Progress, silent
from knowledge.index import Index
from knowledge.text import language_of

METRICS = ("R@1", "R@5", "R@10", "MRR@10", "nDCG@10", "ms_per_query")


class NotAFolder(Exception):
    """The folder has not what an evaluation needs; the sentence names the file."""


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    text: str
    history: tuple[str, ...]
    relevant: dict[str, int]


def read(folder: Path) -> tuple[dict[str, str], list[Question]]:
    """The corpus (text by id) and the judged questions of a BEIR folder. Raises NotAFolder."""
    try:
        corpus = {d["_id"]: _text(d) for d in _lines(folder / "corpus.jsonl")}
        judged: dict[str, dict[str, int]] = {}
        for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
            question, document, grade = line.split("\t")
            if int(grade) > 0:
                judged.setdefault(question, {})[document] = int(grade)
        questions = [
            Question(q["_id"], q["text"], tuple(q.get("history") or ()), judged[q["_id"]])
            for q in _lines(folder / "queries.jsonl")
            if q["_id"] in judged
        ]
    except (OSError, KeyError, ValueError) as error:
        raise NotAFolder(f"{folder} is not a BEIR folder (corpus.jsonl, queries.jsonl, qrels.tsv): {error}") from error
    return corpus, questions


def score(rankings: Iterable[Sequence[str]], questions: Sequence[Question]) -> dict[str, float]:
    """Recall is 1 where any relevant passage is among the first k; nDCG uses the grades."""
    totals: Counter[str] = Counter()
    for ranking, question in zip(rankings, questions, strict=True):
        ranks = [rank for rank, name in enumerate(ranking[:10]) if name in question.relevant]
        for k in (1, 5, 10):
            totals[f"R@{k}"] += bool(ranks and ranks[0] < k)
        totals["MRR@10"] += 1 / (1 + ranks[0]) if ranks else 0
        gain = sum(question.relevant[ranking[rank]] / math.log2(rank + 2) for rank in ranks)
        best = sum(g / math.log2(n + 2) for n, g in enumerate(sorted(question.relevant.values(), reverse=True)[:10]))
        totals["nDCG@10"] += gain / best
    return {name: round(totals[name] / max(1, len(questions)), 4) for name in METRICS[:-1]}


def _text(document: dict[str, str]) -> str:
    return (document.get("title", "") + "\n" + document["text"]).strip()


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
