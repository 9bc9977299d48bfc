"""A question is read as it was meant: slips forgiven, shorthand and other names known, and nothing makes it fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import kind, place
from knowledge.index import Index, Texts
from knowledge.query import GUESSED, LONGEST, MEANT, also_called

ROWS = ["employment insurance benefits", "renew a passport cost", "social insurance number"]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.build("en", Texts(ROWS, range(3), range(3), ROWS, [0, 0, 0]), None)


def test_a_guess_counts_less_and_is_read(index: Index) -> None:
    query = index.understand("my pasport", None)
    assert dict(query.terms)["passport"] == GUESSED
    assert query.read_as == "my passport" and query.guessed == ("pasport",)


def test_another_name_is_looked_for_too(index: Index) -> None:
    query = index.understand("EI", None)
    assert dict(query.terms)["employ"] == MEANT and "employment insurance" in query.read_as


def test_taken_as_written_nothing_is_guessed(index: Index) -> None:
    query = index.understand("EI pasport", None, forgiving=False)
    assert query.read_as == "EI pasport" and not query.guessed and query.unknown == ("ei", "pasport")


def test_the_longest_name_is_taken() -> None:
    assert also_called(["sin", "card"], language="en") == ["social insurance number"]


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


def test_another_country_is_noticed_unless_someone_comes_from_there() -> None:
    assert place.abroad("how do I renew my American passport")
    assert not place.abroad("can an American work in Canada")
    assert not place.abroad("je viens d'arriver de France")
