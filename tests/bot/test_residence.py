"""Where people say that they live, and where they only ask about a place."""

import pytest

from bot.components.residence import Residence, residence


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("I live in Toronto", "ca-on-toronto"),
        ("i'm in ottawa", "ca-on-ottawa"),
        ("I live in St. John's", "ca-nl-st-johns"),
        ("I just moved to New Brunswick", "ca-nb"),
        ("j'habite à Montréal", "ca-qc-montreal"),
        ("Je vis au Québec.", "ca-qc"),
        ("je viens de déménager en Colombie-Britannique", "ca-bc"),
        ("Ontario", "ca-on"),
        ("Ottawa, Ontario", "ca-on-ottawa"),
        ("à Gatineau", "ca-qc-gatineau"),
        ("quebec city", "ca-qc-quebec"),
        ("what if I live in Alberta", "ca-ab"),
        ("and in Ontario?", "ca-on"),
        ("Et si j’habite à Québec?", "ca-qc"),
        ("pis en Ontario", "ca-on"),
    ],
)
def test_who_says_no_more_than_where_they_live(text: str, place: str) -> None:
    assert residence(text) == Residence(place, alone=True)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("hi, I live in Toronto and need a parking permit", "ca-on-toronto"),
        ("we live in a small town in Ontario", "ca-on"),
        ("J'habite à Ottawa, comment renouveler ma carte santé?", "ca-on-ottawa"),
        ("je suis citoyenne canadienne et j’habite au Yukon", "ca-yt"),
    ],
)
def test_who_says_it_on_the_way(text: str, place: str) -> None:
    assert residence(text) == Residence(place, alone=False)


@pytest.mark.parametrize(
    "text",
    [
        "Ontario Works",
        "toronto parking permit",
        "how do I get a marriage licence in Toronto",
        "I was born in Alberta",
        "I live in France",
        "I am in love",
        "je suis en maladie",
        "permis de conduire de l'Ontario",
        "in",
        "",
        "\ud800",
    ],
)
def test_who_does_not_say_it(text: str) -> None:
    assert residence(text) is None
