"""An open question, how it was met when it was asked, and what that amounts to over all of them."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.reliability import by_chance, calibration_error
from knowledge import Answer
from knowledge.answer import Outcome

UNANSWERED = {Outcome.NOT_FOUND, Outcome.OUT_OF_SCOPE}


class Asked(Protocol):
    """What is asked: the knowledge, as processes open it."""

    def ask(self, question: str, *, language: str, place: str | None = None, before: Sequence[str] = ()) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Question:
    """`language` is that of the words, `page` that of the page they are typed on, where it is another.

    `services` are the pages that answer, by the name of their file; none where nothing that is published does.
    `sections` are the headings under which the answer may be, anywhere if there are none; one of `answers` is in the
    quote. `expect` is said where a place decides: "answer", "answer_or_ask" or "no_answer". `pair` is what a question
    has in common with the same question in the other language; `about` is the page that does not say what is asked.
    """

    id: str
    language: str
    kind: str
    text: str
    services: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    place: str | None = None
    expect: str | None = None
    page: str | None = None
    pair: str | None = None
    about: tuple[str, ...] = ()


class Verdict(StrEnum):
    RIGHT = "right"  # the page, the section and the words that are asked for
    PART = "part"  # the page, but another part of it
    WRONG = "wrong"  # another page, or any where nothing answers
    ASKED = "asked"  # asked back, which page or which place is meant
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Met:
    """How a question was met. `good` is whether that is what should happen, `first` and `five` are whether a page that
    answers ranks first and among the first five, `there` whether it does first and the passage that was chosen of it,
    quoted or not, is under a heading that answers, and `about` whether the first page is about it, though it may not
    tell. `page` is the confidence in the page alone, `ms` the time of the whole answer."""

    question: Question
    verdict: Verdict
    good: bool
    first: bool
    five: bool
    there: bool
    about: bool
    confidence: float
    page: float
    passage: str | None
    ms: float


def questions(folder: Path) -> list[Question]:
    """The open questions of all files, in the order of the files."""
    return [
        _question(json.loads(line))
        for file in sorted(folder.glob("open-*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]


def _question(labels: dict[str, Any]) -> Question:
    fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in labels.items()}
    return Question(**fields)


def meet(question: Question, knowledge: Asked) -> Met:
    """Ask it as a process does: in the language of the page, with the place and with what was said before."""
    began = time.perf_counter()
    answer = knowledge.ask(
        question.text,
        language=question.page or question.language,
        place=question.place,
        before=question.history,
    )
    took = 1000 * (time.perf_counter() - began)
    verdict = judge(question, answer)
    ranked = [service(name) for name, _ in answer.basis.get("ranked", ())]
    wanted = set(question.services)
    first = bool(wanted.intersection(ranked[:1]))
    passage, heading = answer.basis.get("chosen", ("", ""))
    return Met(
        question,
        verdict,
        good(question, verdict),
        first,
        bool(wanted.intersection(ranked[:5])),
        _headed(question, passage, heading),
        bool({*question.services, *question.about}.intersection(ranked[:1])),
        answer.confidence,
        answer.basis.get("confidence", [answer.confidence])[0],
        answer.sources[0].passage if answer.sources else None,
        took,
    )


def judge(question: Question, answer: Answer) -> Verdict:
    if answer.outcome in UNANSWERED:
        return Verdict.UNANSWERED
    if answer.outcome is not Outcome.ANSWERED:
        return Verdict.ASKED
    best = answer.sources[0]
    if service(best.passage) not in question.services:
        return Verdict.WRONG
    quote = one_line(best.quote)
    said = not question.answers or any(one_line(words) in quote for words in question.answers)
    return Verdict.RIGHT if _headed(question, best.passage, best.section) and said else Verdict.PART


def _headed(question: Question, passage: str, heading: str) -> bool:
    """Whether a passage is from a page that answers, and under a heading that does."""
    headed = not question.sections or heading in question.sections
    return service(passage) in question.services and headed


def good(question: Question, verdict: Verdict) -> bool:
    if not question.services:
        return verdict is Verdict.UNANSWERED
    return verdict is Verdict.RIGHT or (verdict is Verdict.ASKED and question.expect == "answer_or_ask")


def service(name: str) -> str:
    """Of a document or a passage: "eta" of "content/en/eta#cost-1"."""
    return name.partition("#")[0].rpartition("/")[2]


def one_line(text: str) -> str:
    """With plain single spaces; no-break spaces are told apart from others nowhere."""
    return " ".join(text.split())


def measured(met: Sequence[Met]) -> dict[str, Any]:
    """Shares of 1 by kind and by language, and on the questions that are asked in both languages."""
    languages = sorted({m.question.language for m in met})
    kinds = list(dict.fromkeys(m.question.kind for m in met))
    by_kind = [
        {"kind": kind, "language": language} | shares(here)
        for kind in kinds
        for language in languages
        if (here := [m for m in met if (m.question.kind, m.question.language) == (kind, language)])
    ]
    return {
        "kinds": by_kind,
        "languages": {code: overall([m for m in met if m.question.language == code]) for code in languages},
        "parallel": parallel(met),
    }


def shares(met: Sequence[Met]) -> dict[str, Any]:
    counted = {verdict.value: share(met, lambda m, v=verdict: m.verdict is v) for verdict in Verdict}  # type: ignore[misc]
    return {"questions": len(met), "good": share(met, lambda m: m.good), **counted}


def overall(met: Sequence[Met]) -> dict[str, Any]:
    answerable = [m for m in met if m.question.services]
    others = [m for m in met if not m.question.services]
    return {
        "answerable": shares(answerable),
        "R@1": share(answerable, lambda m: m.first),
        "R@5": share(answerable, lambda m: m.five),
        "unanswerable": shares(others),
        "calibration_error_of_page": _error((m.page, m.about) for m in met),
        "calibration_error": _error((m.confidence, m.there) for m in met),
        "calibration_error_of_page_by_chance": round(by_chance(np.array([m.page for m in met])), 4),
        "calibration_error_by_chance": round(by_chance(np.array([m.confidence for m in met])), 4),
        "median_ms": round(float(np.median([m.ms for m in met])), 2),
    }


def _error(told: Iterable[tuple[float, bool]]) -> float:
    confidence, right = np.array(list(told)).T
    return round(calibration_error(confidence, right), 4)


def parallel(met: Sequence[Met]) -> dict[str, Any]:
    """How much better English is met than French, in points, where both languages ask the same and a page answers."""
    pairs: dict[str, dict[str, Met]] = {}
    for m in met:
        if m.question.pair and m.question.services:
            pairs.setdefault(m.question.pair, {})[m.question.language] = m
    both = [pair for pair in pairs.values() if pair.keys() == {"en", "fr"}]
    found: dict[str, Any] = {"pairs": len(both)}
    told: dict[str, Callable[[Met], bool]] = {
        "R@1": lambda m: m.first,
        "R@5": lambda m: m.five,
        "good": lambda m: m.good,
    }
    for name, holds in told.items():
        en, fr = (share([pair[code] for pair in both], holds) for code in ("en", "fr"))
        found[name] = {"en": en, "fr": fr, "gap_points": round(100 * (en - fr), 1)}
    return found


def share(met: Sequence[Met], holds: Callable[[Met], bool]) -> float:
    return round(sum(map(holds, met)) / max(1, len(met)), 4)
