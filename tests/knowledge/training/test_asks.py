"""Asks go from what is looked for to what has it, within and across the languages."""

import random
from pathlib import Path

from knowledge.document import Document, Section
from knowledge.training.asks import of_content, of_headings, of_inventory, of_services, of_told


def test_a_name_is_asked_for_its_description_in_both_languages(tmp_path: Path) -> None:
    file = tmp_path / "inventory.csv"
    file.write_text(
        "service_id,service_name_en,service_name_fr,service_description_en,service_description_fr\n"
        "1,Fishing licence,Permis de pêche,Fish here.,Pêchez ici.\n"
        "1,Fishing licence,Permis de pêche,Fish here.,Pêchez ici.\n"
        "2,Kept back,Mis de côté,A test.,Un test.\n",
        encoding="utf-8-sig",
    )
    assert {(a.query, a.found, a.of) for a in of_inventory(file, {"1"})} == {
        ("Fishing licence", "Fish here.", "1"),
        ("Fishing licence", "Permis de pêche. Pêchez ici.", "1"),
        ("Permis de pêche", "Pêchez ici.", "1"),
        ("Permis de pêche", "Fishing licence. Fish here.", "1"),
    }


def test_who_needs_a_service_asks_for_its_description_in_both_languages(tmp_path: Path) -> None:
    services, told, inventory = (tmp_path / name for name in ("services.tsv", "told.tsv", "inventory.csv"))
    services.write_text("Moorage\tAmarrage\tTie up here.\tAmarrez ici.\tmy boat\tmon bateau\n")
    asked = {(ask.query, ask.found) for ask in of_services(services)}
    assert asked == {
        ("Moorage", "Tie up here."),
        ("Moorage", "Amarrage. Amarrez ici."),
        ("Amarrage", "Moorage. Tie up here."),
        ("Amarrage", "Amarrez ici."),
        *((said, about) for said in ("my boat", "mon bateau") for about in ("Tie up here.", "Amarrez ici.")),
    }
    inventory.write_text(
        "service_id,service_description_en,service_description_fr\n1,Fish here.,Pêchez ici.\n2,A test.,Un test.\n",
        encoding="utf-8-sig",
    )
    told.write_text("1\ti fish\tje pêche\n2\tkept back\tmis de côté\n")
    assert {(ask.query, ask.found, ask.of) for ask in of_told(told, inventory, {"1"})} == {
        (said, about, "1") for said in ("i fish", "je pêche") for about in ("Fish here.", "Pêchez ici.")
    }


def page(code: str, other: str, heading: str, text: str, question: str) -> Document:
    section = Section((heading,), text)
    return Document(
        f"x/{code}", code, code, "Town", (section,), translation=f"x/{other}", questions={question: heading}
    )


def test_a_heading_is_asked_for_what_is_under_it_in_both_languages() -> None:
    pages = [page("en", "fr", "Cost", "$5.", "how much"), page("fr", "en", "Coût", "5 $.", "c'est combien")]
    asked = list(of_headings(pages, random.Random(1)))
    assert [(a.found, a.of) for a in asked] == [
        ("$5.", "x/en#0"),
        ("5 $.", "x/en#0"),
        ("5 $.", "x/en#0"),
        ("$5.", "x/en#0"),
    ]
    assert [a.query for a in asked[1::2]] == ["en. Cost", "fr. Coût"]
    assert {a.query for n in range(9) for a in of_headings(pages, random.Random(n))} == {
        "Cost", "en. Cost", "Coût", "fr. Coût",
    }  # fmt: skip


def test_a_pages_question_is_asked_for_its_passage_in_both_languages() -> None:
    asked = list(
        of_content([page("en", "fr", "Cost", "$5.", "how much"), page("fr", "en", "Coût", "5 $.", "c'est combien")])
    )
    assert [(a.query, a.found.splitlines()[-1]) for a in asked] == [
        ("how much", "$5."),
        ("how much", "5 $."),
        ("c'est combien", "5 $."),
        ("c'est combien", "$5."),
    ]
    assert len({a.of for a in asked}) == 1, "a question and its translation are not told apart"
