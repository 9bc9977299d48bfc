"""Teams: which of them a case goes to, and what a file that describes them badly is told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.desk.teams import TeamsUnfit, read, teams

BASE: dict[str, Any] = {"title": {"en": "T", "fr": "T"}, "time_zone": "America/Toronto", "hours": "always"}


@pytest.mark.parametrize(
    ("about", "language", "name"),
    [
        ("How do I renew my passport?", "en", "passports"),
        ("mon passeport est perdu", "fr", "passports"),
        ("I was refused Employment Insurance", "en", "benefits"),
        ("quand vais-je recevoir mon remboursement d’impôt?", "fr", "taxes"),
        ("my landlord raised the rent", "en", "housing"),
        ("hello", "en", "general"),
        ("", "fr", "general"),
        ("a passport photo, and the tax, tax, tax on it", "en", "taxes"),
    ],
)
def test_a_case_goes_where_most_of_its_words_belong(about: str, language: str, name: str) -> None:
    assert read().route(about, language, None).name == name


def test_a_team_gets_no_case_in_a_language_or_of_a_place_that_is_not_its_own() -> None:
    made = teams(
        {
            "general": BASE,
            "ontario": BASE | {"topics": ["health card"], "places": ["ca-on"]},
            "toronto": BASE | {"topics": ["health card"], "places": ["ca-on-toronto"], "languages": ["en"]},
        }
    )
    assert made.route("health card", "en", "ca-on").name == "ontario"
    assert made.route("health card", "en", "ca-on-toronto").name == "toronto", "the narrower place wins"
    assert made.route("health card", "fr", "ca-on-toronto").name == "ontario"
    assert made.route("health card", "en", "ca-qc").name == "general"


def test_a_team_that_is_gone_is_the_first_one() -> None:
    assert read()["closed-last-year"].name == "general"
    assert "closed-last-year" not in read()


def test_what_is_due_is_counted_in_open_time() -> None:
    nine_to_five = BASE | {"hours": {"mon-fri": ["09:00-17:00"]}, "holidays": "ca", "targets": {"first": 30}}
    team = teams({"general": nine_to_five})["general"]
    friday = datetime(2026, 11, 27, 21, 45, tzinfo=UTC)  # 16:45 in Toronto
    assert team.due("first", friday) == datetime(2026, 11, 30, 14, 15, tzinfo=UTC)
    assert team.next == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, "names no team"),
        ({"general": None}, "says nothing"),
        ({"general": BASE | {"colour": "red"}}, "'colour'"),
        ({"general": BASE | {"title": {"en": "T"}}}, "no title in fr"),
        ({"general": BASE | {"overflow": {"after": 5, "to": "nobody"}}}, "no other team"),
        ({"general": BASE | {"overflow": {"after": 5, "to": "general"}}}, "no other team"),
        ({"general": BASE | {"overflow": {"to": "general"}}}, "after"),
        ({"general": BASE | {"targets": {"soon": 5}}}, "'soon'"),
        ({"general": BASE | {"targets": {"first": "soon"}}}, "soon"),
        ({"general": {**BASE, "hours": {"mon": ["9-5"]}}}, "general"),
        ({"general": {**BASE, "time_zone": "Mars/Olympus"}}, "Mars"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_what_to_change(found: Any, why: str, tmp_path: Path) -> None:
    import yaml

    path = tmp_path / "desk.yml"
    path.write_text(yaml.safe_dump(found), encoding="utf-8")
    with pytest.raises(TeamsUnfit, match=why) as raised:
        read(path)
    assert str(path) in str(raised.value)
