"""What the knowledge says to a question: published passages, quoted exactly, or that it does not know."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    ANSWERED = "answered"
    CLARIFY = "clarify"  # two or three services are equally likely: they are offered as choices
    NOT_FOUND = "not_found"  # about public services, but no passage answers it
    OUT_OF_SCOPE = "out_of_scope"  # not a question about public services


@dataclass(frozen=True, slots=True)
class Source:
    """A published passage. `quote` is its exact words; dates are ISO 8601; `url` points to the section where it can."""

    title: str
    url: str | None
    section: str
    quote: str
    publisher: str
    as_of: str | None
    language: str
    jurisdiction: str
    contact: str | None
    passage: str  # the passage's id in the snapshot


@dataclass(frozen=True, slots=True)
class Answer:
    """`sources` is best first: the answer, then up to two others. `choices` are questions that can be asked next.

    `confidence` is the calibrated probability, 0 to 1, that the first source answers the question.
    `snapshot` names the version of the knowledge that was asked, `basis` is how the answer came about: what was asked of
    what, what ranked first, which decisions of people stood above it. With the snapshot it makes the same answer again.
    """

    outcome: Outcome
    confidence: float
    language: str
    sources: tuple[Source, ...] = ()
    choices: tuple[str, ...] = ()
    snapshot: str = ""
    basis: dict[str, Any] = field(default_factory=dict, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready values, the form in which actions pass it on."""
        return asdict(self)
