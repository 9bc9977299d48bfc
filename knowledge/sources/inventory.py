"""The Government of Canada service inventory: a CSV with both languages of a service in one row.

It is published on open.canada.ca; the columns and their meaning are those of its data dictionary (resource "service").
"""

import ast
import csv
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from knowledge.document import Document, Section
from knowledge.sources import address, plain
from knowledge.sources.problem import OnProblem, Problem, SourceError, refuse

LANGUAGES = ("en", "fr")
_BILINGUAL = ("service_name", "service_description", "service_uri", "program_name")
NEEDED = (
    *("fiscal_yr", "service_id", "service_scope", "owner_org_title"),
    *(f"{column}_{language}" for column in _BILINGUAL for language in LANGUAGES),
)
_PUBLISHED = "Publish the file again as it was downloaded from open.canada.ca, in UTF-8 and with its header."

Row = dict[str, str]


def read(path: Path, on_problem: OnProblem = refuse) -> Iterator[Document]:
    """Two documents, English and French, for each service that is offered outside the government.

    A service reported for several fiscal years is the newest one's. Raises SourceError where the file is no inventory.
    """
    newest: dict[str, Row] = {}
    for number, row in _rows(path):
        lacking = [c for c in ("service_id", "fiscal_yr", *(f"service_name_{x}" for x in LANGUAGES)) if not row[c]]
        lacking += [f"service_description_{x}" for x in LANGUAGES if not row[f"service_description_{x}"]]
        if lacking:
            on_problem(
                Problem(path, f"The service has no {', '.join(lacking)}.", "It was left out; fill it in.", number)
            )
        elif _until(row["fiscal_yr"]) is None:
            cause = f"{row['fiscal_yr']!r} is not a fiscal year."
            on_problem(Problem(path, cause, 'The service was left out; write "2023-2024".', number))
        elif row["service_id"] not in newest or newest[row["service_id"]]["fiscal_yr"] < row["fiscal_yr"]:
            newest[row["service_id"]] = row
    for row in newest.values():
        if "EXTERN" in re.split(r"\s*,\s*", row["service_scope"]):
            yield from documents(row)


def documents(row: Row) -> Iterator[Document]:
    """The service of one row, in each language. Its description is all that can be quoted: other columns are codes."""
    for language, other in (LANGUAGES, LANGUAGES[::-1]):
        yield Document(
            id=f"inventory/{row['service_id']}/{language}",
            language=language,
            title=plain.line(row[f"service_name_{language}"]),
            publisher=_owner(row["owner_org_title"], language),
            sections=(Section((), plain.paragraphs(row[f"service_description_{language}"])),),
            url=address.first_usable(row[f"service_uri_{language}"]),
            jurisdiction="ca",
            topics=_programs(row[f"program_name_{language}"]),
            as_of=_until(row["fiscal_yr"]),
            translation=f"inventory/{row['service_id']}/{other}",
        )


def _rows(path: Path) -> Iterator[tuple[int, Row]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines, restval="")
        try:
            missing = [c for c in NEEDED if c not in (reader.fieldnames or ())]
            if missing:
                cause = f"The header of a service inventory has the columns {', '.join(missing)}; this one lacks them."
                raise SourceError(Problem(path, cause, _PUBLISHED, 1))
            start = reader.line_num + 1
            for row in reader:
                yield start, {column: (row[column] or "").strip() for column in NEEDED}
                start = reader.line_num + 1
        except UnicodeDecodeError as error:
            raise SourceError(Problem(path, "The file is not in UTF-8.", _PUBLISHED)) from error
        except csv.Error as error:
            raise SourceError(
                Problem(path, f"The row cannot be read: {error}.", _PUBLISHED, reader.line_num)
            ) from error


def _until(fiscal_year: str) -> date | None:
    """The last day of a fiscal year, April 1 to March 31: "2023-2024" ends on 2024-03-31."""
    years = re.fullmatch(r"(\d{4})-(\d{4})", fiscal_year)
    return date(int(years[2]), 3, 31) if years and int(years[2]) == int(years[1]) + 1 else None


def _owner(title: str, language: str) -> str:
    names = [plain.line(name) for name in title.split(" | ")]
    return names[LANGUAGES.index(language)] if len(names) == len(LANGUAGES) else names[0]


def _programs(cell: str) -> tuple[str, ...]:
    """The program names of a cell that lists them as quoted strings, 'Benefits', "Travail d'équipe"; "" has none."""
    try:
        names = ast.literal_eval(f"[{cell}]")
    except (SyntaxError, ValueError):
        names = [cell.strip("'\" ")]
    return tuple(dict.fromkeys(plain.line(str(name)) for name in names if str(name).strip()))
