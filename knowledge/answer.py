"""What the knowledge says to a question: published passages, quoted exactly, or that it does not know."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from knowledge.places.governments import Whose as Whose


class Outcome(StrEnum):
    ANSWERED = "answered"
    CLARIFY = "clarify"  # two or three services are equally likely: they are offered as choices
    NOT_FOUND = "not_found"  # about public services, but no passage answers it
    OUT_OF_SCOPE = "out_of_scope"  # not a question about public services


@dataclass(frozen=True, slots=True)
class Source:
    """A published passage. `quote` is its exact words; dates are ISO 8601; `url` points to the section where it can.

    `brief` is its exact words, too, for where there is little room; "" where `quote` is short.
    """

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
    brief: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`sources` is best first: the answer, then up to two others. `choices` are questions that can be asked next.

    `confidence` is the calibrated probability, 0 to 1, that the first source answers the question.
    `snapshot` names the version of the knowledge that was asked, `basis` is how the answer came about: what was asked of
    what, what ranked first, which passage was chosen and how sure it was, which decisions of people stood above it. With
    the snapshot it makes the same answer again.

    What was taken for granted: `about` is the title of the page that the conversation, and not the question, led to;
    `place` is the jurisdiction that the answer holds for, where the question does not say it. With `asks_place` the place
    decides, and the choices are places. An answer is `unsure` that is rather wrong than right. `whose` is the government
    that a question without an answer belongs to; the sources of such a question are the nearest pages, which may not
    answer it.
    """

    outcome: Outcome
    confidence: float
    language: str
    sources: tuple[Source, ...] = ()
    choices: tuple[str, ...] = ()
    snapshot: str = ""
    basis: dict[str, Any] = field(default_factory=dict, compare=False)
    about: str = ""
    place: str = ""
    asks_place: bool = False
    unsure: bool = False
    whose: Whose | None = None

    def as_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready values, the form in which actions pass it on."""
        return asdict(self)
