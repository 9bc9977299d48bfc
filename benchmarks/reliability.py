"""Reliability is how well a confidence holds: the calibration error, and how often the surest answers are wrong."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.arrays import Floats

OF_PEOPLE = ("answerable", "aside")  # the kinds of questions that people ask


@dataclass(frozen=True, slots=True)
class Example:
    language: str
    kind: str
    group: str  # what must not be on both sides of a fold
    seen: Floats
    right: bool
    elsewhere: bool  # another government's, by the rule of the ladder: never answered


def of_people(confidence: Floats, examples: list[Example], language: str) -> tuple[Floats, Floats]:
    """Confidence and whether it was right, of the questions that people ask."""
    here = np.array([e.language == language and e.kind in OF_PEOPLE for e in examples])
    return confidence[here], np.array([e.right for e in examples])[here]


def calibration_error(confidence: Floats, right: Floats, bins: int = 10) -> float:
    """Expected calibration error: the mean distance of confidence from the share that was right, over equal bins."""
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(confidence[bin_of == b].mean() - right[bin_of == b].mean()) * (bin_of == b).mean() for b in set(bin_of)]
    return float(sum(gaps))


def draw(confidence: Floats, examples: list[Example], limits: dict[str, float], path: Path) -> None:
    """Reliability, and how often answers are wrong when only the surest are given."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams["svg.hashsalt"] = "guichet"  # the same picture from the same figures
    figure, (reliable, risky) = plt.subplots(1, 2, figsize=(9, 4))
    for language in sorted({e.language for e in examples}):
        p, right = of_people(confidence, examples, language)
        order = np.argsort(-p)
        parts = np.array_split(np.argsort(p), 8)
        reliable.plot([p[i].mean() for i in parts], [right[i].mean() for i in parts], marker="o", label=language)
        risky.plot(
            np.arange(1, len(p) + 1) / len(p), 1 - np.cumsum(right[order]) / np.arange(1, len(p) + 1), label=language
        )
    reliable.plot([0, 1], [0, 1], "k:", linewidth=1)
    reliable.axvline(limits["answer"], color="gray", linewidth=1)
    reliable.set(xlabel="confidence", ylabel="share that was right", title="Reliability", xlim=(0, 1), ylim=(0, 1))
    risky.set(
        xlabel="share of questions answered", ylabel="share of answers that were wrong", title="Risk and coverage"
    )
    for axes in (reliable, risky):
        axes.legend()
        axes.grid(alpha=0.3)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
