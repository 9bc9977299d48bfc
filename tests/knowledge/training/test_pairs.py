"""Pairs say the same in both languages, whatever they are read from, and slips leave a text recognisable."""

import gzip
import random
import re
from pathlib import Path

import pytest

from knowledge.document import Document, Section
from knowledge.training.pairs import (
    LONGEST,
    Pair,
    bundled,
    inventory,
    misspelt,
    services,
    told,
    written,
    written_services,
)

HERE = Path(__file__).resolve().parents[3] / "knowledge" / "training"


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_of_pairs_is_read(tmp_path: Path, packed: bool) -> None:
    lines = "a fee\tdes frais\n# a remark\tune remarque\nonly English\n\tseulement\n" + f"{'x' * 900}\t{'y' * 900}\n"
    file = tmp_path / ("pairs.tsv.gz" if packed else "pairs.tsv")
    file.write_bytes(gzip.compress(lines.encode()) if packed else lines.encode())
    first, long = written(file, often=3)
    assert first == Pair("a fee", "des frais", 3)
    assert (len(long.en), len(long.fr)) == (LONGEST, LONGEST)


def test_only_the_services_to_learn_from_are_learnt_from(tmp_path: Path) -> None:
    columns = ("service_name", "service_description", "program_name")
    head = ["service_id", *(f"{c}_{code}" for c in columns for code in ("en", "fr"))]
    rows = [
        [
            "1",
            "Fishing licence",
            "Permis de pêche",
            "Fish here. Pay first.",
            "Pêchez ici. Payez avant.",
            "Parks",
            "Parcs",
        ],
        ["2", "Kept back", "Mis de côté", "A test.", "Un test.", "Tests", "Tests"],
    ]
    file = tmp_path / "inventory.csv"
    file.write_text("\n".join(",".join(row) for row in [head, *rows]), encoding="utf-8-sig")
    found = {(pair.en, pair.fr) for pair in inventory(file, {"1"})}
    assert {("Fishing licence", "Permis de pêche"), ("Pay first.", "Payez avant.")} <= found
    assert not any("test" in english.lower() for english, _ in found)


def page(code: str, other: str, texts: tuple[str, ...]) -> Document:
    sections = tuple(Section((f"h{n}",), text) for n, text in enumerate(texts))
    return Document(f"content/{code}/x", code, f"title {code}", "Town", sections, translation=f"content/{other}/x")


def test_pages_are_aligned_by_sentence_where_both_have_as_many() -> None:
    english = page("en", "fr", ("One. Two.", "Alone. Again."))
    french = page("fr", "en", ("Un. Deux.", "Seul."))
    found = [(pair.en, pair.fr) for pair in bundled([english, french])]
    assert ("One.", "Un.") in found and ("Two.", "Deux.") in found
    assert ("Alone. Again.", "Seul.") in found, "as a whole where the number of sentences differs"
    assert not list(bundled([english, page("fr", "en", ("Un.",))])), "pages of other sections are left out"
    assert not list(bundled([english]))


def test_what_citizens_write_is_in_both_languages_and_nobody_in_particular() -> None:
    files = sorted(HERE.glob("citizens-*.tsv"))
    pairs = [pair for file in files for pair in written(file)]
    assert len(pairs) == sum(len(file.read_text().splitlines()) for file in files) >= 1800
    assert len({pair.en.casefold() for pair in pairs}) > 0.99 * len(pairs)
    assert not [pair for pair in pairs if "@" in pair.en + pair.fr]


def test_every_word_of_the_lexicon_is_one_word_once_and_most_are_used_in_a_text() -> None:
    lexicon = [pair.fr for pair in written(HERE / "lexicon.tsv")]
    assert len(lexicon) == len(set(lexicon)) >= 7000
    assert all(word.isalpha() and word == word.lower() for word in lexicon)
    texts = [pair for file in sorted(HERE.glob("words-*.tsv")) for pair in written(file)]
    used = {word for pair in texts for word in re.findall(r"[^\W\d_]+", pair.fr.lower())}
    assert len(texts) >= 4500 and sum(word in used for word in lexicon) > 0.97 * len(lexicon)
    assert not [pair for pair in texts if "@" in pair.en + pair.fr or "http" in pair.en + pair.fr]


def test_a_written_service_is_learnt_by_its_name_its_sentences_and_what_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "services.tsv"
    file.write_text("Moorage\tAmarrage\tTie up here. Pay first.\tAmarrez ici. Payez avant.\tmy boat\tmon bateau\n")
    assert {(pair.en, pair.fr) for pair in services(file)} == {
        ("Moorage", "Amarrage"),
        ("my boat", "mon bateau"),
        ("Moorage. Tie up here. Pay first.", "Amarrage. Amarrez ici. Payez avant."),
        ("Tie up here.", "Amarrez ici."),
        ("Pay first.", "Payez avant."),
    }


def test_the_written_services_are_whole_and_named_once() -> None:
    written_down = list(written_services(HERE / "services.tsv"))
    assert len({service.name[0] for service in written_down}) == len(written_down) >= 2000
    assert all(text for service in written_down for both in service for text in both)
    assert len(list(told(HERE / "told.tsv"))) >= 1500


def test_a_slip_is_small_and_short_words_are_spared() -> None:
    chance = random.Random(3)
    text = "how do I renew my passport"
    slips = {misspelt(text, chance) for _ in range(50)}
    assert len(slips) > 20 and all(abs(len(slip) - len(text)) <= 1 for slip in slips)
    assert misspelt("SIN", chance) == "SIN"
