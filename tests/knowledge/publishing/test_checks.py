"""What publishers are told of their pages: what is wrong is found, and what is right is left alone."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from knowledge.document import Document, Section
from knowledge.publishing.checks import Finding, check
from knowledge.sources import read
from knowledge.sources.links import dead

TODAY = date(2026, 11, 28)


def pages(english: str, french: str, **about: object) -> list[Document]:
    both = []
    for code, other, text in (("en", "fr", english), ("fr", "en", french)):
        page = Document(
            f"town/{code}/canoe",
            code,
            "Canoe",
            "Town of Elsewhere",
            (Section(("Cost",), text),),
            url="https://www.town.example.ca/canoe",
            as_of=date(2026, 8, 1),
            translation=f"town/{other}/canoe",
        )
        both.append(replace(page, **about))  # type: ignore[arg-type]
    return both


def found(documents: list[Document], **how: object) -> list[Finding]:
    return check(documents, TODAY, 12, **how)  # type: ignore[arg-type]


DIFFERENT = [
    ("It costs $30.", "Cela coûte 35 $.", "$30", "35 $"),
    ("It costs $1,200.50.", "Cela coûte 1 250,50 $.", "$1,200.50", "1 250,50 $"),
    ("You get 55%.", "Vous recevez 65 %.", "55%", "65 %"),
    ("Apply by April 30.", "Faites la demande avant le 30 mai.", "April 30", "30 mai"),
    ("You have 30 days.", "Vous avez 60 jours.", "30 days", "60 jours"),
    ("You have 10 business days.", "Vous avez deux semaines.", "10 business days", "deux semaines"),
    ("It costs $30, or $60 for two.", "Cela coûte 30 $.", "$60", "none of that"),
    ("Call 1-800-555-0142.", "Appelez au 1 800 555-0124.", "1-800-555-0142", "1 800 555-0124"),
    ("It costs $60, then $60, then $30.", "Cela coûte 60 $, puis 30 $, puis 30 $.", "$60", "30 $"),
]


@pytest.mark.parametrize(("english", "french", "mine", "theirs"), DIFFERENT)
def test_what_differs_between_languages_is_found(english: str, french: str, mine: str, theirs: str) -> None:
    [finding] = found(pages(english, french))
    assert finding.kind == "languages differ" and finding.heading == "Cost"
    assert mine in finding.says and theirs in finding.says


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("It costs $1,200.50, or $500.", "Cela coûte 500 ou 1 200,50 $."),
        ("You are 18 or older.", "Vous avez 18 ans ou plus."),
        ("It costs $30. A renewal costs $30, too.", "La demande et le renouvellement coûtent 30 $."),
        ("It takes a year.", "Cela prend un an."),
        ("Send it within two weeks, by October 10 to 15.", "Envoyez-la dans les 14 jours, du 10 au 15 octobre."),
        ("Open 24 hours a day, 7 days a week", "Ouvert 24 heures sur 24, 7 jours sur 7"),
        ("English line: 1-800-531-7555", "Ligne française : 1 800 431-5595"),
        ("Pay half of $2.5 million.", "Payez la moitié de 2,5 millions de dollars."),
    ],
)
def test_what_is_said_otherwise_is_no_difference(english: str, french: str) -> None:
    assert not found(pages(english, french))


def test_pages_whose_sections_do_not_correspond_are_compared_as_a_whole() -> None:
    one, other = pages("It costs $30. You have 20 days.", "Cela coûte 30 $.")
    more = replace(other, sections=(*other.sections, Section(("Délai",), "Vous avez 20 jours.")))
    assert not found([one, more])
    less = replace(other, sections=(*other.sections, Section(("Délai",), "Vous avez 25 jours.")))
    assert [finding.heading for finding in found([one, less])] == [""]


def test_a_page_without_its_translation_is_found_where_pages_have_some() -> None:
    one, other = pages("All.", "Tout.")
    alone = replace(one, id="town/en/ferry", translation="town/fr/ferry")
    assert [(f.kind, f.page.id) for f in found([one, other, alone])] == [("translation missing", "town/en/ferry")]
    assert not found([alone])  # nothing here is in two languages


@pytest.mark.parametrize(
    ("as_of", "modified", "is_old"),
    [
        (date(2025, 11, 28), None, True),
        (date(2025, 11, 29), None, False),
        (date(2024, 1, 1), date(2026, 10, 1), False),
        (None, date(2024, 1, 1), True),
        (None, None, False),
    ],
)
def test_pages_out_of_date(as_of: date | None, modified: date | None, is_old: bool) -> None:
    kinds = {finding.kind for finding in found(pages("All.", "Tout.", as_of=as_of, modified=modified))}
    assert kinds == ({"out of date"} if is_old else set())


def test_days_that_have_passed_are_shown_with_the_words_before_them() -> None:
    one, other = pages("Apply until October 10, 2026.", "Faites la demande jusqu'au 10 octobre 2026.")
    says = [finding.says for finding in found([one, other])]
    assert says[0].startswith("“Apply until October 10, 2026” has passed")
    assert "jusqu'au 10 octobre 2026” a" not in says[1] and "jusqu'au 10 octobre 2026” has passed" in says[1]


def test_addresses_that_a_site_has_no_more_are_found_where_they_are_named() -> None:
    gone = "https://www.town.example.ca/old"
    one, other = pages(f"See {gone}.", f"Voir {gone}#frais.", url=None)
    kinds = [(finding.kind, finding.page.language) for finding in found([one, other], gone=[gone])]
    assert kinds == [("link broken", "en"), ("link broken", "fr")]
    [own, _] = found(pages("All.", "Tout."), gone=["https://www.town.example.ca/canoe"])
    assert "Its own address" in own.says
    assert not found([one, other])


def test_links_to_files_that_are_not_there(tmp_path: Path) -> None:
    page = tmp_path / "town" / "en" / "canoe.md"
    page.parent.mkdir(parents=True)
    (page.parent / "fees.md").write_text("fees")
    page.write_text(
        "---\ntitle: Canoe\npublisher: Town\n---\n"
        "[a](fees.md) [b](fees) [c](https://www.town.example.ca) [d](/fees) [e](#cost) [f](mailto:a@town.example.ca)\n"
        "[gone](tolls.md#cost) ![picture](map.png) `[code](x.md)`\n\n```\n[code](y.md)\n```\n"
    )
    assert dead(tmp_path / "town") == {"town/en/canoe": ["tolls.md#cost", "map.png"]}
    documents = list(read(page.parent.parent, lambda problem: None))
    [finding, _] = found(documents, dead=dead(tmp_path / "town"))
    assert finding.kind == "link broken" and "tolls.md#cost leads to no file" in finding.says
    assert not dead(tmp_path / "nowhere")
