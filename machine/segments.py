"""What answers cost as text messages: the answers that the published knowledge gives, in each typography."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from channels.bot import from_answer
from channels.channel import Reply
from channels.sms.render import bubble, compose
from channels.sms.segments import UCS2, count, encoding
from channels.sms.typography import Typography, gsm

if TYPE_CHECKING:
    from knowledge import Knowledge

MOST = 500  # questions of a language, from all over what is published


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one answer, in segments: of the text that is sent, and of all that there is to say. `wide` is whether the text
    needs the alphabet of 70 characters to a segment."""

    title: str
    sent: int
    all: int
    wide: bool


@dataclass(frozen=True, slots=True)
class Share:
    """Of all answers of a language in one typography; `whole` is the share that is said in the first text."""

    language: str
    typography: Typography
    costs: Sequence[Cost]

    @property
    def whole(self) -> float:
        return statistics.fmean(cost.sent == cost.all for cost in self.costs)

    @property
    def wide(self) -> float:
        return statistics.fmean(cost.wide for cost in self.costs)

    @property
    def sent(self) -> float:
        return statistics.fmean(cost.sent for cost in self.costs)

    @property
    def all(self) -> float:
        return statistics.fmean(cost.all for cost in self.costs)

    def dearest(self, most: int) -> list[Cost]:
        """Of each page its dearest answer, and of those the dearest."""
        pages = {cost.title: cost for cost in sorted(self.costs, key=lambda cost: cost.all)}
        return sorted(pages.values(), key=lambda cost: -cost.all)[:most]


def measure(knowledge: "Knowledge", segments: int, progress: Callable[[str, int, int], None]) -> list[Share]:
    """What the answers cost to the questions of the pages, or their titles, with so many segments to a text."""
    shares = []
    for language in knowledge.snapshot.shelves:
        replies = list(_answers(knowledge, language, progress))
        if replies:
            for typography in get_args(Typography):
                costs = [cost(reply, segments, typography) for reply in replies]
                shares.append(Share(language, typography, costs))
    return shares


def cost(reply: Reply, segments: int, typography: Typography) -> Cost:
    sent = bubble(reply, segments, typography).text
    whole = gsm(compose(reply, lambda _: True).text, typography)
    return Cost(reply.quotes[0].title, count(sent), count(whole), encoding(sent) is UCS2)


def _answers(knowledge: "Knowledge", language: str, progress: Callable[[str, int, int], None]) -> Iterator[Reply]:
    """Each answer once, however many questions it answers."""
    documents = knowledge.snapshot.shelves[language].documents
    questions = [
        question
        for document in documents
        for question in [question for question, _ in document["questions"]] or [document["title"]]
    ]
    questions = questions[:: 1 + len(questions) // MOST]
    seen = set()
    for number, question in enumerate(questions, start=1):
        answer = knowledge.ask(question, language=language)
        if answer.outcome == "answered":
            reply = from_answer(answer.as_dict())
            quoted = reply.quotes[0]
            if (quoted.url, quoted.text) not in seen:
                seen.add((quoted.url, quoted.text))
                yield reply
        progress(f"answers in {language}", number, len(questions))
