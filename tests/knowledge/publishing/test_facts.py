"""Facts are the same in whichever language and form they are written."""

from datetime import date

import pytest

from knowledge.publishing.facts import facts, passed, tokens

CASES = [
    ("It costs $1,200.50.", "Le coût est de 1 200,50 $.", "amount", "1200.5"),
    ("A grant of $2.5 million", "Une subvention de 2,5 millions de dollars", "amount", "2500000"),
    ("up to $30,000 a year", "jusqu'à 30 000 $ par année", "amount", "30000"),
    ("75 cents a page", "75 cents la page", "amount", "0.75"),
    ("interest of 5.5%", "des intérêts de 5,5 %", "percentage", "5.5"),
    ("55 percent of it", "55 pour cent du montant", "percentage", "55"),
    ("on October 10, 2026", "le 10 octobre 2026", "date", "2026-10-10"),
    ("on 1 August 2026", "le 1er août 2026", "date", "2026-08-01"),
    ("by April 30", "avant le 30 avril", "date", "--04-30"),
    ("in September 2026", "en septembre 2026", "date", "2026-09"),
    ("as of 2026-03-31", "en date du 2026-03-31", "date", "2026-03-31"),
    ("Call 1-800-622-6232.", "Appelez au 1 800 622-6232.", "phone", "8006226232"),
    ("Call 1-800-O-Canada.", "Appelez au 1 800 O-Canada.", "phone", "8006226232"),
    ("Call (613) 555-0142.", "Appelez au 613 555-0142.", "phone", "6135550142"),
    ("within 30 days", "dans les 30 jours", "duration", "30 day"),
    ("in two weeks", "dans deux semaines", "duration", "14 day"),
    ("10 business days", "10 jours ouvrables", "duration", "10 working day"),
    ("a 10-year passport", "un passeport de dix ans", "duration", "120 month"),
    ("the last 15 years", "les 15 dernières années", "duration", "180 month"),
    ("for 24 hours", "pendant 24 heures", "duration", "1440 minute"),
]


@pytest.mark.parametrize(("english", "french", "kind", "value"), CASES)
def test_a_fact_is_the_same_in_both_languages(english: str, french: str, kind: str, value: str) -> None:
    for text, language in ((english, "en"), (french, "fr")):
        assert [(fact.kind, fact.value) for fact in facts(text, language)] == [(kind, value)], text
        assert facts(text, language)[0].written in text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Renew it every year, or in one month.", "en"),  # of one, "un an" and "a year" are the same
        ("Open from 8 h to 16 h.", "fr"),
        ("You may apply online.", "en"),
        ("Form RC1, section 12.3, 4-digit code 1234", "en"),
        ("", "fr"),
        ("Il y a 30 000 places.", "fr"),
    ],
)
def test_what_is_no_fact(text: str, language: str) -> None:
    assert not facts(text, language)


def test_nothing_is_taken_twice() -> None:
    found = facts("Pay $50 by October 10, 2026 or within 10 days: 1-800-555-0100.", "en")
    assert [fact.kind for fact in found] == ["amount", "date", "duration", "phone"]


TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("You can apply until October 10, 2026.", "en", ["October 10, 2026"]),
        ("Apply no later than Oct. 10, 2026.", "en", ["Oct. 10, 2026"]),
        ("It ends on 2026-10-10.", "en", ["2026-10-10"]),
        ("Valid until October 2026", "en", ["October 2026"]),
        ("Valid until November 2026", "en", []),  # its last day is to come
        ("You can apply until October 10, 2027.", "en", []),
        ("The fee has been $12 since October 10, 2025.", "en", []),
        ("Before you begin, in September 2026, fees were $5.", "en", []),
        ("Apply until October 10.", "en", []),  # of which year?
        ("Faites la demande jusqu'au 10 octobre 2026.", "fr", ["10 octobre 2026"]),
        ("Faites-la avant le 1er octobre 2026.", "fr", ["1er octobre 2026"]),
        ("La date limite est le 3 févr. 2026.", "fr", ["3 févr. 2026"]),
        ("Offert jusqu’en septembre 2026", "fr", ["septembre 2026"]),
        ("En vigueur depuis le 10 octobre 2025", "fr", []),
    ],
)
def test_days_that_have_passed(text: str, language: str, found: list[str]) -> None:
    assert [fact.written for fact in passed(text, language, TODAY)] == found


def test_tokens_are_all_figures_and_months() -> None:
    assert {"18", "2", "1200.5", "month 8"} <= tokens("Age 18, two of them, $1,200.50, in August", "en")
    assert {"18", "2", "1200.5", "month 8"} <= tokens("18 ans, deux, 1 200,50 $, en août", "fr")
