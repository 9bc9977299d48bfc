"""A quote is the part of a passage that answers: whole sentences and lists, side by side, word for word.

Each unit gets a probability of being what answers, and the quote is the units for which the words they share with the
answer can be expected to be most (F1). Weights are fitted by benchmarks/extraction.py.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from knowledge.answering.units import Units, units
from knowledge.reviewed import reviewed
from knowledge.text import terms

LONGEST = 600  # characters: one look at a phone
SHORT = 280  # characters: what a text message of three parts has beside its source
# What an answer is taken to have, of the longest quote; a passage that is no longer is quoted whole. A page has room, and a
# sentence too many costs its reader less than the one that is missing; a text message has none.
ANSWER, ANSWER_OF_SHORT = 0.75, 0.5

FEATURES = (
    "said",  # share of what is sought that the unit has, each word by how rare it is in the passage
    "best",  # whether no unit, and no heading, has more
    "before",  # what the unit or heading before it has that has most: an answer follows what names its subject
    "follows",  # by how much more the one right before it has
    "late",  # its place, from 0 for the first to nearly 1
    "words",  # ln(1 + how many words)
    "tells",  # whether it has what answers this kind of question, such as a sum for a cost
    "asks",  # whether it is a question
)


def quote(
    text: str,
    sought: Collection[str] | Mapping[str, float],
    language: str,
    longest: int = LONGEST,
    kinds: Collection[str] = (),
    above: str = "",
) -> str:
    """The span of `text` that answers best, at most `longest` characters where its units allow.

    `sought` are the stems of the newest question, with their weights if they differ; `kinds` what it asks for (kind.py);
    `above` the title and the heading, whose words tell less about where in the passage the answer is.
    """
    parts = units(text, language, longest)
    if not parts.spans or len(text) <= _answer(longest):
        return text.strip()
    chances = likely(features(text, parts, sought, language, kinds, above))
    first, last = most_telling(parts, chances, longest)
    return text[parts.spans[first][0] : parts.spans[last][1]].strip()


def features(
    text: str,
    parts: Units,
    sought: Collection[str] | Mapping[str, float],
    language: str,
    kinds: Collection[str] = (),
    above: str = "",
) -> list[tuple[float, ...]]:
    """For each unit, the FEATURES."""
    weights = sought if isinstance(sought, Mapping) else dict.fromkeys(sought, 1.0)
    said = [terms(text[a:b], language) for a, b in parts.spans]
    headed = terms(f"{above}\n{parts.heading}", language)
    having = Counter(term for unit in (*said, headed) for term in set(unit))
    units_in_all = len(said) + bool(headed) + 1
    rare = {t: weight * math.log(units_in_all / (having[t] + 0.5)) for t, weight in weights.items() if having[t]}
    total = sum(rare.values()) or 1.0
    shares = [sum(rare[term] for term in rare if term in unit) / total for unit in map(set, (headed, *said))]
    most = max(shares)
    telling = _telling(language, tuple(sorted(kinds)))
    rows = list[tuple[float, ...]]()
    for i, (start, end) in enumerate(parts.spans):
        unit, share = text[start:end], shares[i + 1]
        rows.append(
            (
                share,
                float(0 < share >= most),
                max(shares[: i + 1]),
                max(0.0, shares[i] - share),
                i / len(said),
                math.log1p(len(said[i])),
                float(bool(telling and telling.search(unit))),
                float(unit.rstrip().endswith("?")),
            )
        )
    return rows


def likely(rows: Sequence[Sequence[float]]) -> list[float]:
    """The probability of each unit that it is what answers; together they are 1."""
    by = weights()
    worth = [sum(w * x for w, x in zip(by, row, strict=True)) for row in rows]
    raised = [math.exp(each - max(worth)) for each in worth]
    return [each / sum(raised) for each in raised]


def most_telling(parts: Units, chances: Sequence[float], longest: int) -> tuple[int, int]:
    """The first and the last unit of the quote with the highest expected F1."""
    best, best_worth = (0, len(parts.spans) - 1), -1.0
    for first, last in _spans(parts, longest):
        length = parts.spans[last][1] - parts.spans[first][0]
        worth = sum(chances[first : last + 1]) / (length + _answer(longest))
        if worth > best_worth:
            best, best_worth = (first, last), worth
    return best


def _answer(longest: int) -> float:
    return longest * (ANSWER if longest > SHORT else ANSWER_OF_SHORT)


def _spans(parts: Units, longest: int) -> Iterator[tuple[int, int]]:
    """What may be quoted: all that fits, and from each beginning the least, whether it fits or not."""
    for first in range(len(parts.spans)):
        if not parts.begins[first]:
            continue
        least = True
        for last in range(first, len(parts.spans)):
            fits = parts.spans[last][1] - parts.spans[first][0] <= longest
            if not fits and not least:
                break
            if parts.ends[last]:
                yield first, last
                least = False


@cache
def weights() -> tuple[float, ...]:
    """In the order of FEATURES, as quoting.json has them."""
    fitted = json.loads(Path(__file__).with_suffix(".json").read_text())
    return tuple(float(fitted["weights"][name]) for name in FEATURES)


@cache
def _telling(language: str, kinds: tuple[str, ...]) -> re.Pattern[str] | None:
    tells = reviewed("answering/quoting")[language]["tells"]
    known = [tells[kind] for kind in kinds if kind in tells]
    return re.compile("|".join(known), re.IGNORECASE) if known else None
