"""An evaluation says how well search finds what it should, on a folder of labelled questions in BEIR's form."""

import hashlib
import json
import math
import os
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.arrays import Floats
from knowledge.encoder import Encoder, Progress, foresee, silent
from knowledge.finding.following import points
from knowledge.finding.index import Index, Texts
from knowledge.finding.ranker import ranked
from knowledge.text import LANGUAGES, language_of

VERSION = 9  # of what is kept: raise it when an index is made differently
METRICS = ("R@1", "R@5", "R@10", "MRR@10", "nDCG@10", "ms_per_query")


class NotAFolder(Exception):
    """The folder has not what an evaluation needs; the sentence names the file."""


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    text: str
    history: tuple[str, ...]
    relevant: dict[str, int]


def read(folder: Path) -> tuple[dict[str, dict[str, str]], list[Question]]:
    """The corpus (documents by id) and the judged questions of a BEIR folder. Raises NotAFolder."""
    try:
        corpus = {d["_id"]: d for d in _lines(folder / "corpus.jsonl")}
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


def evaluate(
    folder: Path,
    encoder: Encoder | None,
    cache: Path | None = None,
    language: str | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Index the folder's corpus, ask its questions, and measure: the METRICS, and what was counted.

    The corpus and the questions each have the language that most of their words have; `language` settles it for both.
    `cache` keeps the index for the next time. `ms_per_query` is the whole search, encoding included, one at a time.
    """
    questions = read(folder)[1]
    index, names, asked, written = index_of(folder, encoder, cache, progress, language)
    rankings, took = [], []
    for done, question in enumerate(questions):
        start = time.perf_counter()
        scores = find(index, question, encoder, asked)
        best = np.argpartition(-scores, min(10, len(names) - 1))[:10]
        rankings.append([names[i] for i in best[np.argsort(-scores[best])]])
        took.append(time.perf_counter() - start)
        progress("ask", done + 1, len(questions))
    return score(rankings, questions) | {
        "ms_per_query": round(1000 * float(np.median(took)), 2) if took else 0.0,
        "questions": len(questions),
        "passages": len(names),
        "language": written,
        "asked_in": asked,
    }


def index_of(
    folder: Path,
    encoder: Encoder | None,
    cache: Path | None = None,
    progress: Progress = silent,
    language: str | None = None,
) -> tuple[Index, list[str], str, str]:
    """The folder's corpus, indexed; the names of its passages; the languages that are asked and that are written in."""
    corpus, questions = read(folder)
    texts = _texts(corpus)
    written = language or _language(texts.rows)
    asked = language or _language(q.text for q in questions)
    return _index(written, texts, encoder, cache, progress), list(corpus), asked, written


def find(index: Index, question: Question, encoder: Encoder | None, asked: str) -> Floats:
    """float32 (passages,): how well each answers the question, in the light of the turns before it."""
    if encoder is not None:
        foresee(encoder, points(question.history))
    newest = index.understand(question.text, encoder, forgiving=asked == index.language)
    return ranked(index, newest, index.score(newest, asked), question.history, encoder, asked).whole


def score(rankings: Iterable[Sequence[str]], questions: Sequence[Question]) -> dict[str, float]:
    """Recall is 1 where any relevant passage is among the first k; nDCG uses the grades."""
    totals = dict.fromkeys(METRICS[:-1], 0.0)
    for ranking, question in zip(rankings, questions, strict=True):
        ranks = [rank for rank, name in enumerate(ranking[:10]) if name in question.relevant]
        for k in (1, 5, 10):
            totals[f"R@{k}"] += bool(ranks and ranks[0] < k)
        totals["MRR@10"] += 1 / (1 + ranks[0]) if ranks else 0
        gain = sum(question.relevant[ranking[rank]] / math.log2(rank + 2) for rank in ranks)
        best = sum(g / math.log2(n + 2) for n, g in enumerate(sorted(question.relevant.values(), reverse=True)[:10]))
        totals["nDCG@10"] += gain / best
    return {name: round(totals[name] / max(1, len(questions)), 4) for name in METRICS[:-1]}


def _language(texts: Iterable[str]) -> str:
    votes = Counter(language_of(t) for t in texts)
    return votes.most_common(1)[0][0] if votes else LANGUAGES[0]


def _texts(corpus: Mapping[str, Mapping[str, str]]) -> Texts:
    """The corpus as an index takes it: passages with the same title are parts of one document."""
    numbers: dict[str, int] = {}
    document = [numbers.setdefault(d.get("title") or name, len(numbers)) for name, d in corpus.items()]
    rows = [d.get("title", "").strip() + "\n" + d["text"].strip() for d in corpus.values()]
    documents = [""] * len(numbers)
    for number, d in zip(document, corpus.values(), strict=True):
        documents[number] = (documents[number] or f"{d.get('title', '')}\n" * 3) + d["text"] + "\n"
    return Texts(rows, range(len(rows)), document, documents, [False] * len(documents))


def _index(language: str, texts: Texts, encoder: Encoder | None, cache: Path | None, progress: Progress) -> Index:
    if cache is None:
        return Index.build(language, texts, encoder, progress=progress)
    made_of = json.dumps([VERSION, language, encoder and encoder.fingerprint, texts.rows]).encode()
    kept = cache / hashlib.sha256(made_of).hexdigest()[:16]
    if not kept.exists():
        index = Index.build(language, texts, encoder, progress=progress)
        scratch = kept.with_name(f".{kept.name}-{os.getpid()}")
        index.save(scratch)
        scratch.rename(kept)
    return Index.open(kept, language)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
