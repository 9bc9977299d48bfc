"""Any text can be cleaned, cut and reduced to terms, and what people write alike comes out alike."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.text import LANGUAGES, clean, fold, language_of, sentences, spelt_out, stem, terms, words, written_in

from .conftest import DATA

anything = st.text(alphabet=st.characters(exclude_categories=()), max_size=300)


@given(anything)
def test_sentences_are_all_of_the_text(text: str) -> None:
    spans = sentences(text)
    assert "".join(text[a:b] for a, b in spans) == text
    assert all(a < b for a, b in spans)


@given(anything, st.sampled_from(LANGUAGES))
def test_any_text_has_terms_that_can_be_stored(text: str, language: str) -> None:
    " ".join(terms(text, language)).encode()
    assert clean(clean(text)) == clean(text)
    spelt_out(clean(text), language)
    language_of(text)


@given(anything)
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_every_naughty_string_is_read() -> None:
    if not DATA.exists():
        pytest.skip("the data for measuring is not beside the checkout")
    for line in json.loads((DATA / "blns.json").read_text()):
        for language in LANGUAGES:
            terms(clean(line), language)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Call 1 800 567-6868. Ask for Dr. Roy.", ["Call 1 800 567-6868. ", "Ask for Dr. Roy."]),
        ("It costs $163.50 in 2026. Pay online.", ["It costs $163.50 in 2026. ", "Pay online."]),
        ("Appelez M. Roy, p. ex. le lundi. Merci!", ["Appelez M. Roy, p. ex. le lundi. ", "Merci!"]),
        ("Dites « Oui. » Puis signez.", ["Dites « Oui. » ", "Puis signez."]),
        ("Bring:\n- a photo\n- a form\nThen sign.", ["Bring:\n", "- a photo\n", "- a form\n", "Then sign."]),
        ("1. Fill out the form.\n2. Mail it.", ["1. Fill out the form.\n", "2. Mail it."]),
        ("Size | Fee\nSmall | $5\n\nPay in cash.", ["Size | Fee\n", "Small | $5\n\n", "Pay in cash."]),
        ("It is free, e.g. for veterans. Ask.", ["It is free, e.g. for veterans. ", "Ask."]),
        ("No heading here\n\nAnother paragraph", ["No heading here\n\n", "Another paragraph"]),
    ],
)
def test_a_sentence_ends_where_a_reader_ends_it(text: str, expected: list[str]) -> None:
    assert [text[a:b] for a, b in sentences(text)] == expected


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "Passports", "passport"),
        ("en", "the citizen’s licence", "Citizen's Licences"),
        ("fr", "l'assurance-emploi", "Assurance emploi"),
        ("fr", "déclaration d’impôt", "declarations d'impot"),
        ("fr", "ŒUVRE", "oeuvres"),
        ("en", "60,000 dollars", "60 000 dollars"),
    ],
)
def test_what_means_the_same_has_the_same_terms(language: str, one: str, other: str) -> None:
    assert terms(one, language) == terms(other, language)


def test_a_number_stays_what_it_is() -> None:
    assert words("T4 1 200 $ 31 mars", "fr") == ["t4", "1200", "31", "mars"]


def test_stop_words_alone_are_better_than_nothing() -> None:
    assert terms("to be or not to be", "en")


@pytest.mark.parametrize(
    ("language", "short", "meant"),
    [
        ("fr", "cb de tps", "combien de temps"),
        ("fr", "la TPS", "la TPS"),
        ("fr", "g perdu", "j'ai perdu"),
        ("en", "wat docs", "what documents"),
        ("en", "a doctor", "a doctor"),
    ],
)
def test_shorthand_is_spelt_out(language: str, short: str, meant: str) -> None:
    assert spelt_out(short, language) == meant


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How do I apply for the benefit?", "en"),
        ("Comment faire une demande?", "fr"),
        ("prix du passeport", "fr"),
        ("", "en"),
    ],
)
def test_the_language_of_a_text_is_told(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("C'est quoi le prix d'un passeport?", "fr"),
        ("combien ca coute pour mon permis", "fr"),
        ("how much is it for my licence", "en"),
        ("passeport", None),
        ("the prix de my passeport", None),
        ("the cost of le passeport pour my son", None),
        ("", None),
    ],
)
def test_only_what_is_evident_tells_the_language_that_is_written(text: str, language: str | None) -> None:
    assert written_in(text) == language


@pytest.mark.parametrize(
    "forms", ["loi lois", "emploi emplois", "delai delais", "essai essais", "francais francaise", "anglais anglaises"]
)
def test_a_french_plural_has_the_stem_of_its_singular(forms: str) -> None:
    assert len({stem(form, "fr") for form in forms.split()}) == 1
