"""The fields of one published record, each read as what it should be; what is wrong is told with its record."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.sources import address, plain
from knowledge.sources.problem import OnProblem, Problem

LONGEST = 1_000_000  # characters of one field: more is no description of a service


@dataclass(frozen=True, slots=True)
class Fields:
    """A record of `file`. `name` says which, as a sentence begins, "Service 3"; `line` is where it is, if that is known.

    A field that is missing or of another kind than asked for is as if it were empty.
    """

    values: Mapping[str, Any]
    name: str
    file: Path
    on_problem: OnProblem
    line: int | None = None

    def problem(self, cause: str, way_out: str) -> None:
        self.on_problem(Problem(self.file, f"{self.name}: {cause}", way_out, self.line))

    def text(self, field: str) -> str:
        """As it is written, line breaks included."""
        value = self.values.get(field)
        if value is None or isinstance(value, bool):
            return ""
        if not isinstance(value, str | int | float | date):
            self.problem(f"{field} is no text.", "It was left out; write a text in quotation marks.")
            return ""
        said = str(value)
        if len(said) > LONGEST:
            self.problem(f"{field} has {len(said):,} characters.", f"It was left out; {LONGEST:,} are read.")
            return ""
        return said

    def line_of(self, *fields: str) -> str:
        """The first of `fields` that says something, as one line."""
        return next((said for said in (plain.line(self.text(field)) for field in fields) if said), "")

    def paragraphs(self, *fields: str) -> str:
        return next((said for said in (plain.paragraphs(self.text(field)) for field in fields) if said), "")

    def day(self, field: str) -> date | None:
        """The day of a date or a moment as ISO 8601 has it."""
        said = self.line_of(field)
        found = re.match(r"(\d{4}-\d{2}-\d{2})(?!\d)", said)
        try:
            if found:
                return date.fromisoformat(found[1])
        except ValueError:  # the 31st of February
            found = None
        if said:
            self.problem(f"{field} is {said[:60]!r}, which is no date.", 'Write the day as "2026-03-31".')
        return None

    def number(self, field: str) -> float | None:
        try:
            found = float(self.line_of(field))
        except ValueError:
            return None
        return found if abs(found) < 1e12 else None  # nor is NaN

    def address(self, field: str) -> str | None:
        said = self.line_of(field)
        found = address.first_usable(said) if said else None
        if said and found is None:
            self.problem(
                f"{field} is {said[:80]!r}, no address that a citizen can follow.", "Write all of it, from https:// on."
            )
        return found

    def of(self, field: str) -> "Fields":
        """The record within this one; an empty one where there is none."""
        value = self.values.get(field)
        if value is not None and not isinstance(value, Mapping):
            self.problem(f"{field} is no object.", "It was left out.")
        return replace(self, values=value if isinstance(value, Mapping) else {})

    def each(self, field: str) -> Iterator["Fields"]:
        """The records of a list within this one."""
        value = self.values.get(field)
        if value is None:
            return
        if not isinstance(value, list):
            self.problem(f"{field} is no list.", "It was left out.")
            return
        for inner in value:
            if isinstance(inner, Mapping):
                yield replace(self, values=inner)
            elif inner is not None:
                self.problem(f"{field} has an entry that is no object.", "It was left out.")
