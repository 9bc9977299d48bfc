"""A problem is what was wrong with a source, where, and what its publisher can do about it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """`file` is a path, or the address of a page or of a site; `cause` and `way_out` are sentences.

    `line` counts from 1 and is None where the whole file is meant.
    """

    file: Path | str
    cause: str
    way_out: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}" if self.line else str(self.file)
        return f"{where}: {self.cause} {self.way_out}"


class SourceError(Exception):
    """A source that cannot be read as a whole, or a problem that nobody asked to be told of."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


OnProblem = Callable[[Problem], None]


def refuse(problem: Problem) -> None:
    """The callback of whoever gives none: the first problem ends the reading."""
    raise SourceError(problem)
