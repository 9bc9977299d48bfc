"""Services of the HSDS in, documents in both languages out: from JSON and from tables, and whatever is wrong with them."""

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowledge.document import Document
from knowledge.sources import Problem, SourceError, digest, read
from knowledge.sources.hsds_text import LABELS
from knowledge.text import LANGUAGES

RECORDS = Path(__file__).parent / "records"
SERVICE = {
    "id": "S1",
    "name": "Snow clearing",
    "description": "We clear the snow from your stairs.",
    "status": "active",
    "organization": {"id": "O1", "name": "Town of Example"},
}


def shown(document: Document) -> str:
    return "\n\n".join(f"# {' > '.join(section.path)}".strip() + f"\n{section.text}" for section in document.sections)


ENGLISH = """\
#
A basket of food for one week.

It has:

- vegetables
- bread

# Alert
Closed on the first Monday in August.

# Who can get it
People who live in Lakeside and are short of money.

# Area served
Lakeside and Upper Lakeside

# How to apply
Call us, or come in.

1. Bring your papers.
2. Fill in one form.

# What you need
- A bill with your address
- A health card

# Cost
There is no charge.

Delivery | $4.50 | each time

# How long it takes
You get a basket within two days.

# Hours
Tuesday, Thursday | 09:00–16:30

# Contact
555-0142, extension 7 | Weekdays
Fax | 555-0143
Email | food@lakeside.example.org

# Languages
We can call an interpreter.

- Cree
- Ukrainian | on Tuesdays

# Where to go > Pantry on Mill Street
12 Mill Street, Lakeside, ON K0K 0K0
Mailing address | PO Box 9, Lakeside

Reception | hello@lakeside.example.org

How to get there | Bus 4 stops at the door.
Accessibility | There is a ramp."""
FRENCH = """\
#
Ce service est fermé temporairement.

Un panier d’aliments pour une semaine.

# Qui peut l’obtenir
Âge : 64 ans et moins

# Coût
Livraison | 4,50 $

# Heures d’ouverture
Lundi | 9:00–12:00

# Coordonnées
Textos | 555-0142, poste 7

# Langues
- ukrainien"""


def test_json_in_both_languages() -> None:
    english, french = read(RECORDS)
    assert shown(english) == ENGLISH
    assert shown(french).replace("\u00a0", " ") == FRENCH
    assert english == Document(
        id="records/en/food/5c1f0a52-8d0e-4f4e-9d6e-0a6a1f6d7b01",
        language="en",
        title="Weekly food basket",
        publisher="Lakeside Pantry",
        sections=english.sections,
        url="https://www.lakeside.example.org/food-basket",
        topics=("Food bank", "Food security", "Food banks"),
        as_of=date(2026, 3, 2),
        modified=date(2026, 3, 5),
        translation="records/fr/food/5c1f0a52-8d0e-4f4e-9d6e-0a6a1f6d7b01",
        contact="555-0142",
    )
    assert (french.language, french.translation) == ("fr", english.id)


def table(folder: Path, name: str, *rows: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(dict.fromkeys(key for row in rows for key in row)), restval="")
        writer.writeheader()
        writer.writerows(rows)


def package(folder: Path, **services: str) -> Path:
    row = {key: str(value) for key, value in SERVICE.items() if key != "organization"}
    table(folder, "services", {**row, "organization_id": "O1", **services})
    table(folder, "organizations", {"id": "O1", "name": "Town of Example", "parent_organization_id": "O1"})
    return folder


def test_tables_say_what_json_says(tmp_path: Path) -> None:
    folder = package(tmp_path / "town", program_id="P1", assured_date="2026-01-31")
    at = {"service_id": "S1", "location_id": "L1", "service_at_location_id": "A1", "contact_id": "C1"}
    table(folder, "programs", {"id": "P1", "name": "Winter help"})
    table(folder, "locations", {"id": "L1", "name": "Works yard", "description": "Behind the hall."})
    table(folder, "service_at_location", {"id": "A1", "service_id": "S1", "location_id": "L1"})
    table(folder, "addresses", {"id": "D1", "location_id": "L1", "address_1": "1 Main Street", "city": "Example"})
    table(
        folder,
        "phones",
        {"id": "T1", "number": "555-0150", **at},
        {"id": "T2", "number": "555-0199", "service_id": "S2"},
    )
    table(folder, "contacts", {"id": "C1", "service_id": "S1", "department": "Roads"})
    table(folder, "attributes", {"id": "B1", "link_id": "S1", "taxonomy_term_id": "W1"})
    table(folder, "taxonomy_terms", {"id": "W1", "name": "Snow", "parent_id": "W1"})
    (document,) = read(folder)
    assert shown(document) == (
        "#\nWe clear the snow from your stairs.\n\n# Contact\n555-0150\nRoads | 555-0150\n\n"
        "# Where to go > Works yard\nBehind the hall.\n\n1 Main Street, Example\n\n555-0150"
    )
    assert (document.id, document.publisher, document.topics, document.as_of) == (
        *("town/services/S1", "Town of Example", ("Winter help", "Snow")),
        date(2026, 1, 31),
    )
    before = digest(folder)
    table(folder, "phones", {"id": "T1", "number": "555-0151", "service_id": "S1"})
    assert digest(folder) != before
    assert [d.id for d in read(folder / "services.csv")] == [document.id]


def test_tables_of_two_languages_are_translations(tmp_path: Path) -> None:
    package(tmp_path / "site" / "en")
    package(tmp_path / "site" / "fr", name="Déneigement", description="Nous déneigeons votre escalier.")
    assert {d.id: d.translation for d in read(tmp_path / "site")} == {
        "site/en/services/S1": "site/fr/services/S1",
        "site/fr/services/S1": "site/en/services/S1",
    }


def test_the_language_is_told_by_the_words_where_nothing_says_it(tmp_path: Path) -> None:
    (tmp_path / "services-en-ligne.json").write_text(
        json.dumps(SERVICE | {"name": "Déneigement", "description": "Nous déneigeons les marches de votre maison."})
    )
    assert [d.language for d in read(tmp_path)] == ["fr"]


@pytest.mark.parametrize(
    ("wrong", "cause", "left"),
    [
        ({"id": ""}, "Service 2: It has no id.", 1),
        ({"name": None, "description": " "}, "Service 2: It has no name, description.", 1),
        ({"organization": None}, "Service 2: It has no organization with a name.", 1),
        ({"organization": ["O1"]}, "Service 2: organization is no object.", 1),
        ({"name": {"en": "Snow"}}, "Service 2: name is no text.", 1),
        ({"description": "snow " * 2_000_000}, "Service 2: description has 10,000,000 characters.", 1),
        ({"id": "S1"}, "Service 2: There is a service 'S1' already.", 1),
        ({"language": "inuktitut"}, "Service 2: Its language is 'in'.", 1),
        (
            {"url": "ask at the counter"},
            "Service 2: url is 'ask at the counter', no address that a citizen can follow.",
            2,
        ),
        ({"assured_date": "2026-02-31"}, "Service 2: assured_date is '2026-02-31', which is no date.", 2),
        ({"last_modified": 20260231}, "Service 2: last_modified is '20260231', which is no date.", 2),
        ({"phones": {"number": "555-0150"}}, "Service 2: phones is no list.", 2),
        ({"phones": ["555-0150", None]}, "Service 2: phones has an entry that is no object.", 2),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_service_with_a_slip(tmp_path: Path, wrong: dict[str, Any], cause: str, left: int) -> None:
    file = tmp_path / "town.json"
    file.write_text(json.dumps([SERVICE, SERVICE | {"id": "S2"} | wrong]))
    problems: list[Problem] = []
    assert len(list(read(file, problems.append))) == left
    assert cause in [p.cause for p in problems]
    assert all(p.file.name == "town.json" and p.way_out for p in problems)
    with pytest.raises(SourceError):
        list(read(file))


def test_nothing_in_a_text_breaks_the_reading(tmp_path: Path) -> None:
    odd = SERVICE | {
        "name": "Snow\u0000\u202e clearing \ud800",
        "minimum_age": "NaN",
        "cost_options": [{"amount": "1e999"}],
    }
    (tmp_path / "town.json").write_text(json.dumps(odd))
    (document,) = read(tmp_path / "town.json")
    assert document.title == "Snow clearing ?"
    assert len(document.sections) == 1


@pytest.mark.parametrize(
    ("content", "cause", "line"),
    [
        (b"", "The file is no JSON: Expecting value (column 1).", 1),
        (b'[\n{"id": "S1",\n', "The file is no JSON: Expecting property name enclosed in double quotes (column 1).", 3),
        (b'{"name": "a\x00b"}', "The file is no JSON: Invalid control character at (column 12).", 1),
        ('{"name": "D\u00e9neigement"}'.encode("cp1252"), "The file is not in UTF-8.", None),
        (b"[" * 200_000, "The file's values are nested too deep.", None),
        (b'{"contents":' * 200_000, "The file's values are nested too deep.", None),
        (b'{"id": ' + b"9" * 5_000 + b"}", "The file cannot be read: Exceeds the limit", None),
        (b'{"name": "Town", "contents": {"id": 1}}', "There is no service in it that could be read.", None),
        (b"[[[[]]]]", "There is no service in it that could be read.", None),
    ],
    ids=str.split("empty cut NUL cp1252 deep deeper long-number other lists"),
)
def test_file_that_is_none(tmp_path: Path, content: bytes, cause: str, line: int | None) -> None:
    (tmp_path / "town.json").write_bytes(content)
    problems: list[Problem] = []
    assert list(read(tmp_path / "town.json", problems.append)) == []
    assert [(p.cause[: len(cause)], p.line) for p in problems] == [(cause, line)]


def test_other_json_in_a_folder_is_no_concern(tmp_path: Path) -> None:
    (tmp_path / "town.json").write_text(json.dumps({"services": [SERVICE | {"organization": None}], "name": "Town"}))
    (tmp_path / "settings.json").write_text('{"theme": "dark"}')
    assert [(d.title, d.publisher) for d in read(tmp_path)] == [("Snow clearing", "Town")]


@pytest.mark.parametrize(
    ("content", "cause", "line"),
    [
        ("S2,Ice,active\n", "Service: It has no description, organization with a name.", 3),
        ("S2,Ice,active,O1," + "x" * 200_000 + "\n", "The row cannot be read: field larger than field limit", 3),
        ("S2,D\u00e9gel,active,O1,text\n", "The table is not in UTF-8.", None),
    ],
    ids=str.split("lacking long cp1252"),
)
def test_table_with_a_slip(tmp_path: Path, content: str, cause: str, line: int | None) -> None:
    package(tmp_path)
    header = "id,name,status,organization_id,description\nS1,Snow,active,O1,We clear it.\n"
    (tmp_path / "services.csv").write_bytes((header + content).encode("cp1252"))
    problems: list[Problem] = []
    found = list(read(tmp_path, problems.append))
    assert [(p.cause[: len(cause)], p.file.name, p.line) for p in problems] == [(cause, "services.csv", line)]
    assert [d.title for d in found] in (["Snow"], [])  # what cannot be decoded is read in larger pieces than lines


def test_every_language_has_every_heading() -> None:
    assert set(LABELS) == set(LANGUAGES)
    assert len({frozenset(labels) for labels in LABELS.values()}) == 1
