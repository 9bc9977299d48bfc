"""A question is read as it was meant: slips forgiven, shorthand and other names known, and nothing makes it fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.finding import kind
from knowledge.finding.index import Index, Texts
from knowledge.finding.query import GUESSED, LONGEST, MEANT, also_called
from knowledge.places import gazetteer, place
from knowledge.text import plain
from tests.knowledge.conftest import BagOfWords

ROWS = ["employment insurance benefits", "renew a passport cost", "social insurance number"]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.build("en", Texts(ROWS, range(3), range(3), ROWS, [0, 0, 0]), None)


def test_a_guess_counts_less_and_is_read(index: Index) -> None:
    query = index.understand("my pasport", None)
    assert dict(query.terms)["passport"] == GUESSED
    assert query.read_as == "my passport" and query.guessed == ("pasport",)


def test_a_word_that_the_encoder_knows_in_the_language_is_not_guessed_at() -> None:
    class Reader(BagOfWords):
        def knows(self, word: str, language: str) -> bool:
            return (word, language) == ("chaise", "fr")

    rows = ["permis de chasse au chevreuil", "renouveler un passeport"]
    french = Index.build("fr", Texts(rows, range(2), range(2), rows, [0, 0]), None)
    assert french.understand("chaise", None).guessed == ("chaise",)
    assert french.understand("chaise", Reader()).unknown == ("chaise",)
    assert french.understand("chausse", Reader()).guessed == ("chausse",)


def test_another_name_is_looked_for_too(index: Index) -> None:
    query = index.understand("EI", None)
    assert dict(query.terms)["employ"] == MEANT and "employment insurance" in query.read_as


def test_what_was_said_is_told_from_its_other_names(index: Index) -> None:
    query = index.understand("EI benefits", None)
    assert [term for term, _ in query.asked] == ["ei", "benefit"]
    assert {"employ", "insur"} <= {term for term, _ in query.terms} and set(query.named["ei"]) >= {"employ", "insur"}


def test_taken_as_written_nothing_is_guessed(index: Index) -> None:
    query = index.understand("EI pasport", None, forgiving=False)
    assert query.spelt == query.read_as == "EI pasport" and not query.guessed and query.unknown == ("ei", "pasport")


@pytest.mark.parametrize("mark", ["[phone number]", "[numéro d’assurance sociale]", "[name] [email address]"])
def test_what_stands_for_personal_data_is_not_looked_for(index: Index, mark: str) -> None:
    read = index.understand(f"My permit, {mark}, is lost", None)
    assert read == index.understand("My permit, , is lost", None)
    assert index.understand(mark, None).terms == ()


def test_the_longest_name_is_taken() -> None:
    assert also_called(["sin", "card"], language="en") == {"sin card": "social insurance number"}


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=200))
def test_anything_can_be_asked(index: Index, text: str) -> None:
    assert index.score(index.understand(text, None)).whole.shape == (3,)


def test_a_very_long_question_is_read_in_part(index: Index) -> None:
    assert len(index.understand("passport " * 12_000, None).text) <= LONGEST


@pytest.mark.parametrize(
    ("language", "question", "kinds"),
    [
        ("en", "how do I find out what it costs", {"cost"}),
        ("en", "how long does it take", {"time"}),
        ("en", "who can get it", {"eligibility"}),
        ("en", "what documents do I need to bring", {"documents"}),
        ("fr", "ça coûte combien", {"cost", "amount"}),
        ("fr", "combien de temps faut-il attendre", {"time"}),
        ("fr", "comment faire", {"apply"}),
        ("en", "canoe", set()),
    ],
)
def test_the_kind_of_a_question(language: str, question: str, kinds: set[str]) -> None:
    assert kind.asked(question, language) == kinds


@pytest.mark.parametrize(
    ("language", "question", "left"),
    [
        ("en", "How much is the passport?", "the passport"),
        ("fr", "Combien coûte un passeport?", "un passeport"),
        ("en", "renewal", ""),
    ],
)
def test_what_a_question_is_about_besides_its_kind(language: str, question: str, left: str) -> None:
    assert kind.subject(question, language).split() == left.split()


@pytest.mark.parametrize(
    ("language", "heading", "kinds"),
    [
        ("en", "Cost", {"cost"}),
        ("en", "How long it takes", {"time"}),
        ("en", "How much you can get", {"amount"}),
        ("fr", "Ce qu'il vous faut", {"documents"}),
        ("fr", "Qui peut l'obtenir", {"eligibility"}),
        ("fr", "Pour nous joindre", {"contact"}),
    ],
)
def test_the_kind_of_a_heading(language: str, heading: str, kinds: set[str]) -> None:
    assert kind.headed(heading, language) == kinds


@pytest.mark.parametrize(
    ("question", "places"),
    [
        ("Québec health card", ("ca-qc",)),
        ("i lost my card bc i moved", ()),
        ("driver's licence BC", ("ca-bc",)),
        ("WHERE DO I GO ON MONDAY", ()),
        ("PEI and NB", ("ca-pe", "ca-nb")),
        ("les enfants ont un passeport", ()),
        ("moving from Alberta to Toronto", ("ca-ab", "ca-on-toronto")),
        ("St. John's", ("ca-nl",)),
        ("taxes municipales à Laval", ("ca-qc-laval",)),
        ("garbage in Sault Ste. Marie", ("ca-on-sault-ste-marie",)),
        ("parking in the Annex on Victoria Day", ()),
    ],
)
def test_a_place_that_is_named(question: str, places: tuple[str, ...]) -> None:
    assert place.named(question) == places


@pytest.mark.parametrize(
    ("jurisdiction", "where", "holds"),
    [
        ("ca", "ca-on-toronto", True),
        ("ca-on", "ca-on-toronto", True),
        ("ca-on-toronto", "ca-on", True),
        ("ca-on-toronto", "ca-on-ottawa", False),
        ("ca-on", "ca-qc", False),
        ("ca-on", "ca-ontario", False),
    ],
)
def test_where_a_service_holds(jurisdiction: str, where: str, holds: bool) -> None:
    assert place.holds(jurisdiction, where) is holds


@pytest.mark.parametrize(
    "question",
    [
        "how do I renew my American passport",
        "marriage license in Las Vegas",
        "toucher le chômage en France",
        "combien d'allocations à Lyon",
        "cb de tps pr un visa us",
        "acte de naissance algérien",
    ],
)
def test_what_is_to_be_had_in_another_country_is_noticed(question: str) -> None:
    assert place.abroad(question)


@pytest.mark.parametrize(
    "question",
    [
        "can an American work in Canada",
        "je viens d'arriver de France",
        "my wife is Brazilian, can I sponsor her",
        "do I need a passport to visit the US",
        "j'ai travaillé au Maroc, ai-je droit à une pension",
        "est-ce que le formulaire existe en anglais",
        "Indian status card",
        "have a nice day",
    ],
)
def test_who_only_comes_from_there_or_goes_there_is_not(question: str) -> None:
    assert not place.abroad(question)


@pytest.mark.parametrize(
    ("language", "question", "whose"),
    [
        ("en", "renew at ICBC", "ca-bc"),
        ("en", "avis from Revenu Québec", "ca-qc"),
        ("en", "change my name with the NHS", "abroad"),
        ("fr", "ma carte Vitale est perdue", "abroad"),
        ("fr", "permis de la SAAQ", "ca-qc"),
        ("en", "cafe near me", None),
        ("en", "Canadian Armed Forces (CAF) pension", None),
        ("de", "Kfz", None),
    ],
)
def test_another_governments_own_office_or_programme(language: str, question: str, whose: str | None) -> None:
    assert place.agency(question, language) == whose


def test_the_gazetteer_is_what_places_are_called() -> None:
    codes = gazetteer.codes()
    assert len(codes) > 1500
    assert (codes["gatineau"], codes["willowdale"], codes["lyon"]) == ("ca-qc-gatineau", "ca-on-toronto", "abroad")
    assert all(name == plain(name) for name in codes)


def test_of_places_with_the_same_name_the_canadian_one_is_meant_unless_another_is_much_larger() -> None:
    def city(name: str, country: str, people: int, province: str = "08") -> dict[str, object]:
        where = {"latitude": 45.0, "longitude": -75.0, "admin1code": province}
        return {"name": name, "countrycode": country, "population": people, **where}

    made = gazetteer.made_of(
        [
            city("London", "CA", 400_000),
            city("London", "GB", 9_000_000),
            city("Cambridge", "GB", 250_000),
            city("Cambridge", "CA", 130_000),
            city("Fort Wayne", "US", 260_000),
            city("Nice", "FR", 340_000),
            city("Tiny Town", "US", 20_000),
        ]
    )
    assert {name: made.get(name) for name in ("london", "cambridge", "fort wayne", "nice", "tiny town", "suisse")} == {
        "london": "abroad",
        "cambridge": "ca-on-cambridge",
        "fort wayne": "abroad",
        "nice": None,
        "tiny town": None,
        "suisse": "abroad",
    }


def test_the_name_of_a_place_is_not_taken_for_another_word(index: Index) -> None:
    assert not index.understand("Laval Lyon", None).guessed
