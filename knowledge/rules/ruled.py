"""A ruled answer is what is found, under what people have decided: a pin goes before it, what is withheld is not in it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from knowledge.answer import Answer, Outcome
from knowledge.answering.ladder import answer
from knowledge.encoder import Encoder
from knowledge.publishing.snapshot import Snapshot
from knowledge.rules.pinned import Pinned, pinned_answer, recorded
from knowledge.rules.veil import Veil

KNOWLEDGE = Path(__file__).parents[1]
NOT_ANSWERING = ("bilingual", "training", "sources")  # folders of other things: the encoder says its own version


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as knowledge was asked it: in a language, by someone in a place, after the turns `before` it."""

    question: str
    language: str
    place: str | None = None
    before: tuple[str, ...] = ()


def ruled(
    asked: Asked, snapshot: Snapshot, encoder: Encoder | None, veil: Veil | None, pinned: Pinned | None
) -> Answer:
    """The answer, with its basis."""
    pin = pinned.recognise(asked.question, asked.language, encoder) if pinned is not None else None
    basis: dict[str, Any] = {
        "question": asked.question,
        "language": asked.language,
        "place": asked.place,
        "before": list(asked.before),
        "encoder": encoder.fingerprint if encoder is not None else None,
        "code": code(),
        "withheld": [[step.kind, step.what] for step in veil.steps] if veil is not None else [],
    }
    if pin is not None:
        passages = pin.pin.passages[asked.language]
        found = pinned_answer(asked.question, asked.language, passages, snapshot, encoder)
        return replace(found, basis=basis | {"pin": recorded(pin)})
    found, left_out = free(asked, snapshot, encoder, veil)
    return replace(found, basis=basis | found.basis | ({"left_out": left_out} if left_out else {}))


def free(asked: Asked, snapshot: Snapshot, encoder: Encoder | None, veil: Veil | None) -> tuple[Answer, list[str]]:
    """What is found where nothing is pinned, and the passages that would have answered and are withheld.

    What is found instead of them has to be an answer by itself: it is not offered as a guess, and another section of the
    page whose section is withheld is none, since it may say the same.
    """
    found = answer(asked.question, asked.language, asked.place, snapshot, encoder, asked.before)
    covered = [each.passage for each in found.sources if veil is not None and veil.covers(each.passage)]
    if veil is None or not covered:
        return found, []
    kept = tuple(each for each in found.sources if each.passage not in covered)
    is_answer = found.outcome is Outcome.ANSWERED and found.sources[0].passage not in covered
    if is_answer or found.outcome is Outcome.NOT_FOUND:
        return replace(found, sources=kept), covered
    again = answer(asked.question, asked.language, asked.place, veil.under, encoder, asked.before)
    pages = {passage.rpartition("#")[0] for passage in covered}
    if again.outcome is not Outcome.ANSWERED or again.sources[0].passage.rpartition("#")[0] in pages:
        nearest = again.sources if again.outcome is Outcome.NOT_FOUND else ()
        about = (again.confidence, again.language, nearest, (), again.snapshot, again.basis)
        again = Answer(Outcome.NOT_FOUND, *about)
    return again, covered


def again(basis: Mapping[str, Any], snapshot: Snapshot, encoder: Encoder | None, veil: Veil | None) -> Answer:
    """The answer that has this basis, made once more. Raises KeyError where a passage that was pinned is not published."""
    asked = Asked(basis["question"], basis["language"], basis["place"], tuple(basis.get("before") or ()))
    if pin := basis.get("pin"):
        passages = pin["passages"][asked.language]
        return pinned_answer(asked.question, asked.language, passages, snapshot, encoder)
    return free(asked, snapshot, encoder, veil)[0]


@cache
def code() -> str:
    """The version of what answers: that of Guichet, and a digest of the files of knowledge."""
    found = hashlib.blake2b(digest_size=4)
    for path in answering_files():
        found.update(str(path.relative_to(KNOWLEDGE)).encode() + b"\0" + path.read_bytes() + b"\0")
    try:
        return f"{version('guichet')}+{found.hexdigest()}"
    except PackageNotFoundError:
        return found.hexdigest()


def answering_files() -> list[Path]:
    """The files of knowledge that an answer is made by: code, word lists, what was fitted."""
    files = (p for p in KNOWLEDGE.rglob("*") if p.suffix in (".py", ".yml", ".json", ".tsv", ".onnx"))
    return sorted(p for p in files if p.parent.name not in NOT_ANSWERING)
