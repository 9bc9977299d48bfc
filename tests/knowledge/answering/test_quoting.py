"""A quote is the words that answer, as they were published, with whatever they are not true without."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from knowledge.answering.quoting import FEATURES, LONGEST, features, likely, quote, weights
from knowledge.answering.units import WHOLE, refers, tied, units
from knowledge.finding import kind
from knowledge.text import LANGUAGES, sentences, terms

FILLING = {
    "en": "The lake office opens in spring. Ducks live there. The water is cold and deep. A path leads around it all. ",
    "fr": "Le bureau du lac ouvre au printemps. Des canards y vivent. L'eau est froide. Un long sentier en fait le tour. ",
}
WORDS = {
    "en": """The fee is $20. | Unless you are 65, pay. | However, it is free. | If you row, pay. | This is due.
        | You cannot row.""",
    "fr": """Le prix est de 20 $. | Sauf si vous avez 65 ans, payez. | Toutefois, c'est gratuit. | Si vous ramez, payez.
        | Ce montant est dû. | Vous ne pouvez pas ramer.""",
}
MARKS = ["", "", "- ", "1. ", "2. ", "a | b ", "Bring:\n", "\n"]


def quoted(question: str, text: str, language: str, longest: int = 200) -> str:
    return quote(text, terms(question, language), language, longest, kind.asked(question, language))


def among(sentence: str, language: str) -> str:
    return f"{FILLING[language]}{sentence}\n\n{FILLING[language]}"


@pytest.mark.parametrize(
    ("language", "question", "answer"),
    [
        ("en", "how much does a canoe permit cost", "A canoe permit costs $42.50 a year."),
        ("fr", "combien coûte un permis de canot", "Un permis de canot coûte 42,50 $ par année."),
        ("en", "who can rent the boathouse", "Residents over 18 can rent the boathouse."),
        (
            "fr",
            "qui peut louer le hangar à bateaux",
            "Les résidents de plus de 18 ans peuvent louer le hangar à bateaux.",
        ),
    ],
)
def test_the_sentence_that_answers_is_quoted_not_the_beginning(language: str, question: str, answer: str) -> None:
    found = quoted(question, among(answer, language), language)
    assert answer in found and len(found) <= 200 < len(among(answer, language))


@pytest.mark.parametrize(
    ("language", "question", "answer", "condition"),
    [
        ("en", "how much is a permit", "A permit costs $42.", "Unless you are under 16, you pay when you apply."),
        ("en", "how much is a permit", "A permit costs $42.", "If you are under 16, the permit is free."),
        ("en", "when is the permit due", "The permit is due by May 1.", "This does not apply to guides."),
        ("en", "can i row at night", "You cannot row at night.", "Only if a guide is with you may you do so."),
        ("en", "which permit covers rowing", "The permit covers rowing.", "However, it does not cover fishing."),
        (
            "fr",
            "combien coûte le permis",
            "Le permis coûte 42 $.",
            "Sauf si vous avez moins de 16 ans, payez d'avance.",
        ),
        ("fr", "combien coûte le permis", "Le permis coûte 42 $.", "À moins que vous soyez guide, payez d'avance."),
        ("fr", "combien coûte le permis", "Le permis coûte 42 $.", "Si vous avez moins de 16 ans, il est gratuit."),
        ("fr", "peut-on ramer la nuit", "Vous ne pouvez pas ramer la nuit.", "Seulement avec un guide, c'est permis."),
        ("fr", "que couvre le permis", "Le permis couvre l'aviron.", "Par contre, la pêche n'est pas comprise."),
    ],
)
@pytest.mark.parametrize("between", [" ", "\n\n", "\n- "])
def test_an_answer_keeps_its_condition(language: str, question: str, answer: str, condition: str, between: str) -> None:
    found = quoted(question, among(answer + between + condition, language), language)
    assert answer in found and condition in found


@pytest.mark.parametrize(
    ("language", "question", "named", "answer"),
    [
        (
            "en",
            "how long is it valid for paddlers",
            "The canoe permit is yellow.",
            "It is valid for paddlers for 3 years.",
        ),
        ("en", "refund for paddlers", "The deposit is $30.", "This amount is a refund that paddlers get in June."),
        (
            "fr",
            "durée pour les pagayeurs",
            "Le permis de canot est jaune.",
            "Il a une durée de 3 ans pour les pagayeurs.",
        ),
        (
            "fr",
            "remboursement aux pagayeurs",
            "Le dépôt est de 30 $.",
            "Ce montant est un remboursement aux pagayeurs.",
        ),
    ],
)
def test_what_points_back_is_quoted_with_what_it_points_at(
    language: str, question: str, named: str, answer: str
) -> None:
    assert f"{named} {answer}" in quoted(question, among(f"{named} {answer}", language), language)


def test_an_impersonal_sentence_points_at_nothing() -> None:
    assert refers("Il est valide 3 ans.", "fr") and not refers("Il est possible de payer en ligne.", "fr")
    assert refers("It is valid for 3 years.", "en") and not refers("It is important to pay.", "en")


STEPS = {
    "en": "To get a permit:\n\n1. Fill out form LK-4.\n2. Ask a guide to sign. Any guide can.\n3. Mail the form.",
    "fr": "Pour avoir un permis :\n\n1. Remplissez le LK-4.\n2. Faites signer un guide. Tous le peuvent.\n3. Postez-le.",
}


@pytest.mark.parametrize(
    ("language", "question"), [("en", "can i mail the form"), ("fr", "puis-je poster le formulaire")]
)
def test_steps_stay_a_list_with_what_announces_it(language: str, question: str) -> None:
    assert STEPS[language] in quoted(question, among(STEPS[language], language), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_too_long_is_cut_after_an_item_and_begins_where_it_begins(language: str) -> None:
    lead = "Bring:\n" if language == "en" else "Apportez :\n"
    items = [f"{number}. A paddle of type {number}. Mark it." for number in range(1, 30)]
    text = lead + "\n".join(items)
    found = quote(text, ["paddl", "25"], language, 200)
    assert found.startswith(lead + items[0]) and found.endswith("Mark it.") and len(found) <= 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_table_row_keeps_its_header(language: str) -> None:
    table = "Boat | Fee\nCanoe | $5\nKayak | $9"
    found = quoted("kayak", among(f"\n\n{table}", language), language)
    assert table in found


def test_a_heading_tells_what_is_meant_but_is_no_answer() -> None:
    text = f"What is the canoe permit?\nCanoe permit\nA yellow card of the lake office. {FILLING['en'] * 2}"
    found = quoted("what is the canoe permit", text, "en")
    assert found.startswith("A yellow card")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_of_the_title_tells_less(language: str) -> None:
    text, sought = f"Permit. {FILLING[language]}", terms("permit ducks canards", language)
    parts = units(text, language, 200)
    alone, titled = (features(text, parts, sought, language, (), title)[0] for title in ("", "Permit"))
    assert titled[FEATURES.index("said")] < alone[FEATURES.index("said")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_short_is_quoted_whole(language: str) -> None:
    assert quote(f" {FILLING[language]}", ["duck"], language) == FILLING[language].strip()
    assert quote("", ["duck"], language) == quote(" \n", ["duck"], language) == ""


def test_a_sum_answers_what_something_costs() -> None:
    costs, other = ("Adults: $12.", "Adults: a boat.")
    text = f"{other} {FILLING['en']} {costs} {FILLING['en']}"
    parts = units(text, "en", 200)
    rows = features(text, parts, terms("price for adults", "en"), "en", {"cost"})
    telling = [text[a:b].strip() for (a, b), row in zip(parts.spans, rows, strict=True) if row[FEATURES.index("tells")]]
    assert telling == [costs]


def test_chances_are_probabilities_even_of_much() -> None:
    rows = [[1000.0] * len(FEATURES), [-1000.0] * len(FEATURES), [0.0] * len(FEATURES)]
    assert sum(likely(rows)) == pytest.approx(1) and all(0 <= chance <= 1 for chance in likely(rows))
    assert len(weights()) == len(FEATURES)


said = [piece.strip() for words in WORDS.values() for piece in words.split("|")]
pieces = st.sampled_from([*said, "Row.", "A long way around the lake, with no end in sight."])
passages = st.lists(st.tuples(st.sampled_from(MARKS), pieces, st.sampled_from([" ", "\n", "\n\n"])), max_size=14).map(
    lambda parts: "".join(mark + said + end for mark, said, end in parts)
)


@given(
    passages, st.sampled_from(LANGUAGES), st.integers(20, 300), st.sets(st.sampled_from(["fee", "row", "prix", "lake"]))
)
@example("The fee is $20.\n- Unless you are 65, pay.", "en", 20, {"fee"})
@example("The fee is $20. 1. Unless you are 65, pay. ", "en", 20, set())
@example("- Le prix est de 20 $.\n- Sauf si vous avez 65 ans, payez.\n- Row.", "fr", 30, {"prix"})
def test_every_quote_is_a_span_that_takes_its_exceptions_along(
    text: str, language: str, longest: int, sought: set[str]
) -> None:
    found = quote(text, sought, language, longest)
    assert found in text and found == found.strip()
    if len(text) <= longest / 2 or not found:
        return
    parts = units(text, language, longest)
    starts = {b - len(text[a:b].lstrip()) for i, (a, b) in enumerate(parts.spans) if parts.begins[i]}
    ends = {len(text[:b].rstrip()) for i, (_, b) in enumerate(parts.spans) if parts.ends[i]}
    places = [at.start() for at in re.finditer(f"(?={re.escape(found)})", text)]
    place = next(at for at in places if at in starts and at + len(found) in ends)
    after = text[place + len(found) :].lstrip()
    assert not re.match(r"(?:[-\d.]+ )?(?:Unless|However|Sauf|Toutefois)\b", after) or language not in _of(after)
    within = [end for end in ends if place < end < place + len(found)]
    assert len(found) <= longest or not within  # what is longer can end nowhere before


def _of(text: str) -> set[str]:
    """The language that an exception is in: of another than the passage's it is not known as one."""
    return {"en"} if re.match(r"(?:[-\d.]+ )?(?:Unless|However)", text) else {"fr"}


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=300), st.sampled_from(LANGUAGES))
def test_any_text_is_quoted_word_for_word(text: str, language: str) -> None:
    assert quote(text, ["a"], language, 40) in text


@settings(deadline=None)
@given(passages, st.sampled_from(LANGUAGES), st.integers(20, 600))
def test_units_are_all_of_the_text_and_something_can_be_quoted(text: str, language: str, longest: int) -> None:
    parts = units(text, language, longest)
    assert parts.heading + "".join(text[a:b] for a, b in parts.spans) == text
    if parts.spans:
        assert parts.begins[0] and parts.ends[-1]
        assert len(parts.spans) == len(parts.begins) == len(parts.ends) <= len(sentences(text))


def test_a_condition_holds_for_an_amount_or_a_refusal_only() -> None:
    assert tied("It costs $5.", "If you row, it is free.", "en") and not tied("Ducks.", "If you row, pay.", "en")
    assert tied("Vous ne pouvez pas ramer.", "Si un guide vient, oui.", "fr") and not tied(
        "Lac.", "Si oui, payez.", "fr"
    )
    assert WHOLE * LONGEST == 900  # a passage: no list of one is cut for a page
