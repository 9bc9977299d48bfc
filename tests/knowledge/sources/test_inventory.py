"""Rows of the service inventory in, documents in both languages out."""

import csv
from datetime import date
from pathlib import Path

import pytest

from knowledge.document import Document, Section
from knowledge.sources import Problem, SourceError, read
from knowledge.sources.address import well_formed
from knowledge.sources.inventory import NEEDED

PUBLISHED = Path(__file__).parents[3].parent / "shared" / "data" / "service_inventory_2024.csv"

BOAT = {
    "fiscal_yr": "2023-2024",
    "service_id": "SRV1",
    "service_scope": "ENTERPRISE,EXTERN",
    "owner_org_title": "Small Harbours Canada | Petits Ports Canada",
    "service_name_en": "Boat\u00a0permits  and licences ",
    "service_name_fr": "Permis et licences de bateau",
    "service_description_en": "Permits for:\r\n•boats\r\n• rafts\r\n\r\nA permit is\r\nfree.",
    "service_description_fr": "Un permis : « gratuit ».",
    "service_uri_en": "www.example.ca/boats",
    "service_uri_fr": "S. O.",
    "program_name_en": "'Boats', \"Rafts' and rows\"",
    "program_name_fr": '"""Bateaux d\'été"""',
}


def published(folder: Path, *rows: dict[str, str]) -> Path:
    file = folder / "inventory.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, [*NEEDED, "num_phone_enquiries"], restval="")
        writer.writeheader()
        writer.writerows(rows)
    return file


def test_both_languages_of_a_row(tmp_path: Path) -> None:
    english, french = read(published(tmp_path, BOAT))
    assert english == Document(
        id="inventory/SRV1/en",
        language="en",
        title="Boat\u00a0permits and licences",
        publisher="Small Harbours Canada",
        sections=(Section((), "Permits for:\n\n- boats\n- rafts\n\nA permit is free."),),
        url="https://www.example.ca/boats",
        jurisdiction="ca",
        topics=("Boats", "Rafts' and rows"),
        as_of=date(2024, 3, 31),
        translation="inventory/SRV1/fr",
    )
    assert french == Document(
        id="inventory/SRV1/fr",
        language="fr",
        title="Permis et licences de bateau",
        publisher="Petits Ports Canada",
        sections=(Section((), "Un permis : « gratuit »."),),
        url=None,
        jurisdiction="ca",
        topics=("Bateaux d'été",),
        as_of=date(2024, 3, 31),
        translation="inventory/SRV1/en",
    )


@pytest.mark.parametrize("scope", ["INTERN", "ENTERPRISE", "CLUSTER,ENTERPRISE,INTERN", ""])
def test_services_inside_the_government_are_left_out(tmp_path: Path, scope: str) -> None:
    assert not list(read(published(tmp_path, BOAT | {"service_scope": scope})))


@pytest.mark.parametrize("order", [1, -1])
def test_the_newest_year_wins(tmp_path: Path, order: int) -> None:
    rows = [BOAT, BOAT | {"fiscal_yr": "2024-2025", "service_name_en": "Boats"}, BOAT | {"fiscal_yr": "2022-2023"}]
    found = list(read(published(tmp_path, *rows[::order])))
    assert [(d.title, d.as_of) for d in found if d.language == "en"] == [("Boats", date(2025, 3, 31))]


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        ({"service_name_fr": " "}, "The service has no service_name_fr."),
        ({"service_id": "", "service_description_en": ""}, "The service has no service_id, service_description_en."),
        ({"fiscal_yr": "2024"}, "'2024' is not a fiscal year."),
        ({"fiscal_yr": "2023-2025"}, "'2023-2025' is not a fiscal year."),
    ],
)
def test_row_that_is_left_out(tmp_path: Path, wrong: dict[str, str], cause: str) -> None:
    problems: list[Problem] = []
    found = list(read(published(tmp_path, BOAT, BOAT | {"service_id": "SRV2"} | wrong), problems.append))
    assert [d.id for d in found] == ["inventory/SRV1/en", "inventory/SRV1/fr"]
    assert [(p.cause, p.line) for p in problems] == [(cause, 8)]  # the first row has lines within its cells


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "this one lacks them"),
        (b"a,b\n1,2\n", "this one lacks them"),
        ((",".join(NEEDED) + "\n" + "\u00e9," * 20).encode("cp1252"), "The file is not in UTF-8."),
    ],
)
def test_no_inventory(tmp_path: Path, content: bytes, cause: str) -> None:
    file = tmp_path / "other.csv"
    file.write_bytes(content)
    with pytest.raises(SourceError, match=cause):
        list(read(file))


def test_the_published_inventory() -> None:
    if not PUBLISHED.is_file():
        pytest.skip("needs the published inventory in ../shared/data/service_inventory_2024.csv")
    documents = {d.id: d for d in read(PUBLISHED)}
    assert len(documents) == 3_192
    assert all(documents[d.translation or ""].translation == d.id for d in documents.values())
    assert {d.language for d in documents.values()} == {"en", "fr"}
    assert all(d.title and d.publisher and d.sections[0].text and d.topics for d in documents.values())
    linked = [d.url for d in documents.values() if d.url]
    assert len(linked) == 2_584  # the others have none, or none that leads anywhere
    assert all(well_formed(url) == url for url in linked)
