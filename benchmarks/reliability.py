"""Reliability is how well a confidence holds: the calibration error, and how often the surest answers are wrong."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.arrays import Floats

OF_PEOPLE = ("answerable", "detail", "aside")  # the kinds of questions that people ask
# A question whose document was taken away, or the section of it that answers, says what confidence must fall to when
# nothing answers, and so do details that were looked for because no page tells them; they are not what people mostly ask, so
# they count less. So do stories, which tell at length what happened, in other words than the page. Names of inventory
# services as questions keep a bare description from being distrusted.
WEIGHT = {
    "answerable": 1.0,
    "detail": 1.0,
    "aside": 1.0,
    "story": 0.3,
    "sought detail": 0.3,
    "section removed": 0.3,
    "removed": 0.15,
    "name": 0.3,
    "name removed": 0.1,
}


@dataclass(frozen=True, slots=True)
class Example:
    language: str
    foreseen: bool  # whether pages foresee questions, as those do that are written for this
    kind: str
    group: str  # what must not be on both sides of a fold
    seen: Floats
    page: bool  # the right one
    right: bool  # and the passage of it that was chosen answers
    elsewhere: bool  # another government's, by the rule of the ladder: never answered


def of_people(
    confidence: dict[str, Floats], examples: list[Example], language: str, foreseen: bool, whole: bool = True
) -> tuple[Floats, Floats]:
    """Confidence and whether it was right, of the questions that people ask: in the answer as a whole, or in its page."""
    here = np.array([(e.language, e.foreseen) == (language, foreseen) and e.kind in OF_PEOPLE for e in examples])
    told = confidence["page"] * confidence["section"] if whole else confidence["page"]
    return told[here], np.array([e.right if whole else e.page for e in examples])[here]


def calibration_error(confidence: Floats, right: Floats, bins: int = 10) -> float:
    """Expected calibration error: the mean distance of confidence from the share that was right, over equal bins."""
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(confidence[bin_of == b].mean() - right[bin_of == b].mean()) * (bin_of == b).mean() for b in set(bin_of)]
    return float(sum(gaps))


def by_chance(confidence: Floats, draws: int = 200) -> float:
    """The calibration error that a confidence would have on average if it were exact: of few questions more or fewer are
    right than is probable."""
    chance = np.random.default_rng(0)
    errors = [
        calibration_error(confidence, (chance.random(len(confidence)) < confidence).astype(float)) for _ in range(draws)
    ]
    return float(np.mean(errors))


def draw(confidence: dict[str, Floats], examples: list[Example], path: Path) -> None:
    """Reliability, and how often answers are wrong when only the surest are given."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams["svg.hashsalt"] = "guichet"  # the same picture from the same figures
    figure, (reliable, risky) = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
    for number, language in enumerate(sorted({e.language for e in examples})):
        for foreseen, line in ((True, "-"), (False, "--")):
            p, right = of_people(confidence, examples, language, foreseen)
            order = np.argsort(-p)
            parts = np.array_split(np.argsort(p), 8)
            drawn: dict[str, Any] = {"color": f"C{number}", "linestyle": line}
            drawn["label"] = language if foreseen else f"{language}, pages that foresee no questions"
            reliable.plot([p[i].mean() for i in parts], [right[i].mean() for i in parts], marker="o", **drawn)
            count = np.arange(1, len(p) + 1)
            risky.plot(count / len(p), 1 - np.cumsum(right[order]) / count, **drawn)
    reliable.plot([0, 1], [0, 1], "k:", linewidth=1)
    reliable.set(xlabel="confidence", ylabel="share that was right", title="Reliability", xlim=(0, 1), ylim=(0, 1))
    risky.set(
        xlabel="share of questions answered", ylabel="share of answers that were wrong", title="Risk and coverage"
    )
    for axes in (reliable, risky):
        axes.grid(alpha=0.3)
    figure.legend(*risky.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
