"""Services as a tabular package of the HSDS 3 (Open Referral): a folder with services.csv and its other tables."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.document import Document
from knowledge.sources.fields import Fields
from knowledge.sources.hsds import documents, joined
from knowledge.sources.problem import OnProblem, Problem, refuse

# what hangs on a record, by the column in which the other table names it: (field, table, column)
_ON_CONTACT = (("phones", "phones", "contact_id"),)
_ON_PLACE = (
    *((table, table, "location_id") for table in ("addresses", "phones", "schedules", "languages")),
    ("accessibility", "accessibility", "location_id"),
)
_ON_AT = tuple((table, table, "service_at_location_id") for table in ("phones", "schedules", "contacts"))
_ON_SERVICE = tuple(
    (table, table, "service_id")
    for table in (
        *("phones", "schedules", "service_areas", "languages", "cost_options", "required_documents", "contacts"),
        "service_at_locations",
    )
)
_TABLES = {
    "organizations": "organization", "programs": "program", "locations": "location", "addresses": "address",
    "phones": "phone", "schedules": "schedule", "languages": "language", "contacts": "contact",
    "accessibility": "accessibility_for_disabilities", "service_at_locations": "service_at_location",
    "service_areas": "service_area", "cost_options": "cost_option", "required_documents": "required_document",
    "attributes": "attribute", "taxonomy_terms": "taxonomy_term", "meta_table_descriptions": "meta_table_description",
}  # fmt: skip

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]


def is_package(services: Path) -> bool:
    """Whether a file has the columns that every table of services has."""
    try:
        with services.open(encoding="utf-8-sig", newline="", errors="replace") as lines:
            return {"id", "name", "status"} <= {cell.strip() for cell in next(csv.reader(lines), [])}
    except (OSError, csv.Error):
        return False


def read(pages: Mapping[str, Path], on_problem: OnProblem = refuse, today: date | None = None) -> Iterator[Document]:
    """A document for each service of the packages, whose tables of services are `pages`, files by id; as hsds reads them."""
    yield from joined(documents(_records(pages, on_problem), today or date.today()))


def _records(pages: Mapping[str, Path], on_problem: OnProblem) -> Iterator[tuple[str, Fields]]:
    for name, file in pages.items():
        tables = {
            table: _table(file.parent, (f"{table}.csv", f"{one}.csv"), on_problem) for table, one in _TABLES.items()
        }
        language = next((row["language"] for row in tables["meta_table_descriptions"] if row.get("language")), "")
        by = _Joined(tables)
        for line, row in _rows(file, on_problem):
            yield name, Fields({"language": language, **by.service(row)}, "Service", file, on_problem, line)


class _Joined:
    """The tables, each by the columns that name a record of another one. Nothing is followed in circles."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._by: dict[tuple[str, str], dict[str, list[Row]]] = {}

    def service(self, row: Row) -> Row:
        terms = [
            self._one("taxonomy_terms", each.get("taxonomy_term_id")) for each in self._of("attributes", "link_id", row)
        ]
        found = {**row, **self._hung(row, _ON_SERVICE)}
        found["contacts"] = [{**each, **self._hung(each, _ON_CONTACT)} for each in found["contacts"]]
        found["service_at_locations"] = [
            {**at, **self._hung(at, _ON_AT), "location": self._place(at.get("location_id"))}
            for at in found["service_at_locations"]
        ]
        found["organization"] = self._one("organizations", row.get("organization_id"))
        found["program"] = self._one("programs", row.get("program_id"))
        found["attributes"] = [{"taxonomy_term": term} for term in terms]
        return found

    def _place(self, key: str | None) -> Row:
        row = self._one("locations", key)
        return {**row, **self._hung(row, _ON_PLACE)} if row else {}

    def _hung(self, row: Row, what: tuple[tuple[str, str, str], ...]) -> Row:
        return {field: self._of(table, column, row) for field, table, column in what}

    def _of(self, table: str, column: str, row: Row) -> list[Row]:
        return self._index(table, column).get(row.get("id") or "", [])

    def _one(self, table: str, key: str | None) -> Row:
        return next(iter(self._index(table, "id").get(key or "", [])), {})

    def _index(self, table: str, column: str) -> dict[str, list[Row]]:
        if (table, column) not in self._by:
            found: dict[str, list[Row]] = {}
            for row in self._tables[table]:
                if row.get(column):
                    found.setdefault(row[column], []).append(row)
            self._by[table, column] = found
        return self._by[table, column]


def _table(folder: Path, names: tuple[str, ...], on_problem: OnProblem) -> list[Row]:
    file = next((folder / name for name in names if (folder / name).is_file()), None)
    return [row for _, row in _rows(file, on_problem)] if file is not None else []


def _rows(file: Path, on_problem: OnProblem) -> Iterator[tuple[int, Row]]:
    """Each row with its line. A table that breaks off is reported, and read so far."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, restval="")
            start = 2
            try:
                for row in reader:
                    yield start, {column.strip(): (row[column] or "").strip() for column in row if column}
                    start = reader.line_num + 1
            except csv.Error as error:
                cause = f"The row cannot be read: {error}."
                on_problem(Problem(file, cause, "It and what follows were left out; publish it again.", start))
    except UnicodeDecodeError:
        on_problem(Problem(file, "The table is not in UTF-8.", "Save it as UTF-8."))
    except OSError as error:
        on_problem(Problem(file, f"The table cannot be read: {error.strerror}.", "Check who may read it."))
