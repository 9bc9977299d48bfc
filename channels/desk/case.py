"""A case: what one citizen wants of a person, who has it, and what is said and done in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Outcome = Literal["answered", "referred", "no_answer", "spam"]
Asks = Literal["offer", "phone", "when", "message", "rating"]
Wants = Literal["chat", "callback", "message"]


class NoCase(Exception):
    """There is no such case, or not for this agent."""


class Taken(Exception):
    """Somebody else has the case, or it is closed or waiting: `by` is their name, if anybody has it."""

    def __init__(self, by: str | None) -> None:
        super().__init__(f"{by} has this case." if by else "Nobody has this case now.")
        self.by = by


@dataclass(frozen=True, slots=True)
class Case:
    """`epoch` grows whenever the case changes hands: who shows it has the case still. Times are in UTC.

    `topic` is the title of what was last answered. `first_due`, `reply_due` and `resolve_due` are until when somebody
    should have answered first, what was said last, and have come to an end; None where nothing waits for it, or the team
    never opens. `asks` is what the citizen was asked besides, `wants` how they wish to be answered.
    """

    id: int
    conversation: str
    channel: str
    language: str
    place: str | None
    team: str
    because: str
    topic: str | None
    urgent: bool
    state: str
    agent: str | None
    agent_name: str | None
    epoch: int
    opened: datetime
    waiting_since: datetime
    answered: datetime | None
    closed: datetime | None
    first_due: datetime | None
    reply_due: datetime | None
    resolve_due: datetime | None
    asks: Asks | None
    wants: Wants
    outcome: Outcome | None
    tags: Sequence[str]
    reopened: int


@dataclass(frozen=True, slots=True)
class Line:
    """Something said or done in a case. `text` is what a citizen or an agent wrote."""

    id: int
    message: str
    kind: str
    at: datetime
    agent: str | None
    agent_name: str | None
    text: str
    about: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Unsent:
    """What an agent said that is not in the outbox yet: to whom, and the reply as JSON."""

    line: int
    conversation: str
    address: str
    message: str
    reply: str
