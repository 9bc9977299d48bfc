"""Content items of GOV.UK in, documents out: guides with their parts, and nothing that was withdrawn."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowledge.document import Document, Section
from knowledge.sources import Problem, SourceError, read
from knowledge.sources.govuk import HEADINGS
from knowledge.text import LANGUAGES

ITEM: dict[str, Any] = {
    "base_path": "/keep-bees",
    "content_id": "0b2f9a4e-3f6c-4d39-8d0e-7a4f5b1c2d3e",
    "document_type": "answer",
    "schema_name": "answer",
    "locale": "en",
    "title": "Keep bees",
    "description": "What to do before you keep bees.",
    "public_updated_at": "2026-02-03T09:15:00.000+00:00",
    "updated_at": "2026-11-01T01:02:03Z",
    "withdrawn_notice": {},
    "details": {"body": "<p>Register your hives.</p>\n"},
    "links": {
        "organisations": [{"title": "Hive Office", "base_path": "/government/organisations/hive-office"}],
        "primary_publishing_organisation": [{"title": "Department for Bees"}],
        "mainstream_browse_pages": [{"title": "Farming"}],
        "taxons": [{"title": "Animals"}, {"title": "Farming"}],
        "available_translations": [
            {"base_path": "/keep-bees", "locale": "en"},
            {"base_path": "/elever-abeilles.fr", "locale": "fr"},
        ],
    },
}
GUIDE = {
    "parts": [
        {
            "title": "Overview",
            "slug": "overview",
            "body": '<p>You can keep bees at home.</p><div class="call-to-action"><p>Register first.</p></div>',
        },
        {
            "title": "Fees",
            "slug": "fees",
            "body": (
                '<h2 id="per-hive">Per hive</h2><table><thead><tr><th>Hives</th><th>Fee</th></tr></thead>'
                "<tbody><tr><td>1 to 5</td><td>£12</td></tr></tbody></table><h2>Nothing here</h2>"
            ),
        },
        {"title": "Empty", "slug": "empty", "body": ""},
    ]
}
SERVICE = {
    "introductory_paragraph": "<p>Tell us about your hives.</p>",
    "start_button_text": "Start now",
    "transaction_start_link": "https://bees.service.gov.uk/start",
    "more_information": [
        {"content_type": "text/govspeak", "content": "It takes *ten* minutes."},
        {"content_type": "text/html", "content": "<p>It takes <em>ten</em> minutes.</p>"},
    ],
    "other_ways_to_apply": "<ul><li>by post</li><li>by phone</li></ul>",
}


def written(folder: Path, *items: Any) -> Path:
    file = folder / "bees.json"
    file.write_text(json.dumps(items[0] if len(items) == 1 else items), encoding="utf-8")
    return file


def of(folder: Path, **changed: Any) -> Document:
    (document,) = read(written(folder, ITEM | changed))
    return document


def test_everything_of_an_answer(tmp_path: Path) -> None:
    assert of(tmp_path) == Document(
        id=f"{tmp_path.name}/bees",
        language="en",
        title="Keep bees",
        publisher="Department for Bees",
        sections=(Section((), "Register your hives.", "https://www.gov.uk/keep-bees"),),
        url="https://www.gov.uk/keep-bees",
        jurisdiction="gb",
        topics=("Farming", "Animals"),
        as_of=date(2026, 2, 3),
        modified=date(2026, 2, 3),
    )


def test_each_part_of_a_guide_has_its_address(tmp_path: Path) -> None:
    assert of(tmp_path, details=GUIDE).sections == (
        Section(
            ("Overview",), "You can keep bees at home.\n\nRegister first.", "https://www.gov.uk/keep-bees/overview"
        ),
        Section(("Fees", "Per hive"), "Hives | Fee\n1 to 5 | £12", "https://www.gov.uk/keep-bees/fees#per-hive"),
    )


def test_what_stands_around_the_start_button(tmp_path: Path) -> None:
    assert [(s.path, s.text) for s in of(tmp_path, details=SERVICE).sections] == [
        ((), "Tell us about your hives."),
        (("Before you start",), "It takes ten minutes."),
        (("Other ways to apply",), "- by post\n- by phone"),
    ]


def test_translations_are_found_by_address(tmp_path: Path) -> None:
    french = ITEM | {"base_path": "/elever-abeilles.fr", "locale": "fr", "title": "Élever des abeilles"}
    found = list(read(written(tmp_path, ITEM, french)))
    assert [(d.id.split("/", 1)[1], d.translation and d.translation.split("/", 1)[1]) for d in found] == [
        ("bees/keep-bees", "bees/elever-abeilles.fr"),
        ("bees/elever-abeilles.fr", "bees/keep-bees"),
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"withdrawn_notice": {"explanation": "<p>This is out of date.</p>", "withdrawn_at": "2024-01-01T00:00:00Z"}},
        {"details": {"withdrawn_notice": {"explanation": "Old."}, "body": "<p>Old words.</p>"}},
        {"document_type": "gone", "details": {}},
        {"document_type": "redirect", "details": {}, "title": None},
    ],
    ids=str.split("withdrawn in-details gone redirect"),
)
def test_what_is_not_published_is_left_out_in_silence(tmp_path: Path, changed: dict[str, Any]) -> None:
    assert list(read(written(tmp_path, ITEM | changed))) == []


@pytest.mark.parametrize(
    ("wrong", "cause", "left"),
    [
        ({"title": "\u0000 "}, "Item 2: It has no title.", 1),
        ({"base_path": "keep-ants"}, "Item 2: It has no base_path.", 1),
        ({"base_path": "/keep ants"}, "Item 2: It has no base_path.", 1),
        ({"locale": "cy"}, "Item 2: Its language is 'cy'.", 1),
        ({"details": {"collection_groups": []}}, "Item 2: It has no text in its details.", 1),
        ({"details": "body"}, "Item 2: details is no object.", 1),
        ({"details": {"body": "<p>" + "ants " * 2_000_000}}, "Item 2: body has 10,000,003 characters.", 1),
        ({"details": {"body": {"html": "<p>ants"}}}, "Item 2: body is no text.", 1),
        ({"details": {"parts": GUIDE}}, "Item 2: parts is no list.", 1),
        ({"base_path": "/keep-bees"}, "Item 2: There is an item", 1),
        ({"links": []}, "Item 2: links is no object.", 2),
        ({"links": {"organisations": ["Ants"]}}, "Item 2: organisations has an entry that is no object.", 2),
        ({"public_updated_at": "spring"}, "Item 2: public_updated_at is 'spring', which is no date.", 2),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_item_with_a_slip(tmp_path: Path, wrong: dict[str, Any], cause: str, left: int) -> None:
    file = written(tmp_path, ITEM, ITEM | {"base_path": "/keep-ants"} | wrong)
    problems: list[Problem] = []
    assert len(list(read(file, problems.append))) == left
    assert any(p.cause.startswith(cause) for p in problems), problems
    assert all(p.file == file and p.way_out for p in problems)
    with pytest.raises(SourceError):
        list(read(file))


def test_deep_html_is_read(tmp_path: Path) -> None:
    text = of(tmp_path, details={"body": "<div>" * 20_000 + "Bees" + "</div>" * 20_000}).sections[0].text
    assert text == "Bees"


def test_without_an_organisation_the_site_is_the_publisher(tmp_path: Path) -> None:
    assert of(tmp_path, links={}).publisher == "GOV.UK"


def test_every_language_has_the_same_fields() -> None:
    assert set(HEADINGS) == set(LANGUAGES)
    assert len({tuple(fields) for fields in HEADINGS.values()}) == 1
