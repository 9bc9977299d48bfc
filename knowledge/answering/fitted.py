"""What was fitted to the development questions, and the thresholds that were chosen: one reviewed file."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """At least `answer` confident in the page and its passage, the passage is the answer, and below `sure` it is said that
    it may not be. At least `clarify` in the page, the best two or three are offered if they are alike, or else as pages
    that may not answer. Below `scope` in it the question is taken not to be about public services."""

    sure: float
    answer: float
    clarify: float
    scope: float


def thresholds() -> Thresholds:
    return Thresholds(**in_file()["thresholds"])


@cache
def in_file() -> dict[str, Any]:
    """What benchmarks/calibrate.py has fitted and chosen."""
    fitted: dict[str, Any] = json.loads(FILE.read_text())
    return fitted
