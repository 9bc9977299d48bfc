"""Which language a citizen asks for."""

import pytest

from actions.change_language import ActionChangeLanguage, asked_for
from tests.actions.told import run


@pytest.mark.parametrize(
    ("text", "from_english", "from_french"),
    [
        ("english please", "en", "en"),
        ("can you speak English?", "en", "en"),
        ("englsih plz", "en", "en"),
        ("en anglais s'il vous plaît", "en", "en"),
        ("répondre en anglais svp", "en", "en"),
        ("français svp", "fr", "fr"),
        ("franssais svp", "fr", "fr"),
        ("do you speak french", "fr", "fr"),
        ("fr", "fr", "fr"),
        ("en", "en", "en"),
        ("I don't speak French", "en", "en"),
        ("je ne comprends pas l'anglais", "fr", "fr"),
        ("I speak English, not French", "en", "en"),
        ("pas anglais, français", "fr", "fr"),
        ("change language", "fr", "en"),
        ("changer de langue", "fr", "en"),
        ("do you speak Spanish", None, None),
        ("en créole s'il vous plaît", None, None),
        ("in Inuktitut", None, None),
        ("which languages do you speak", None, None),
        ("quelles langues parlez-vous", None, None),
        ("French or English?", None, None),
    ],
)
def test_asked_for(text: str, from_english: str | None, from_french: str | None) -> None:
    assert (asked_for(text, "en"), asked_for(text, "fr")) == (from_english, from_french)


async def test_a_change_is_passed_on_and_the_rule_speaks() -> None:
    told = await run(ActionChangeLanguage(), "en français svp")
    assert told.customs == [{"language": "fr"}]
    assert told.slots == {"language": "fr"}
    assert (told.responses, told.next) == ([], None)


async def test_a_third_language_is_answered_honestly_and_changes_nothing() -> None:
    told = await run(ActionChangeLanguage(), "parlez-vous arabe", language="fr")
    assert told.responses == ["utter_two_languages"]
    assert (told.customs, told.slots, told.next) == ([], {}, "action_listen")
