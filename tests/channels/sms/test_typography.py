"""Typography: what each setting writes plainer, and that nothing is changed in vain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.segments import count, encoding
from channels.sms.typography import SETTLED, gsm
from channels.texts import languages, texts


@pytest.mark.parametrize(
    ("text", "settled", "plain"),
    [
        ("It’s “free” – or not…", 'It\'s "free" - or not...', None),
        ("«\u00a0Déjà payé\u00a0»", '"Déjà payé"', None),
        ("«\u202fUn\u202f», « deux », «trois»", '"Un", "deux", "trois"', None),
        ("L’œuvre à 1\u00a0234,50\u00a0$ — Œil", "L'oeuvre à 1 234,50 $ - OEil", None),
        ("• un\t→ 2 × 3\u200b", "- un -> 2 x 3", None),
        ("e\u0301te\u0301", "été", None),
        ("ça", "ça", "ca"),
        ("Êtes-vous prêt? C’est là…", "Êtes-vous prêt? C’est là…", "Etes-vous pret? C'est là..."),
        (
            "«\u00a0ça\u00a0» – là où naît l’œuvre",
            "«\u00a0ça\u00a0» – là où naît l’œuvre",
            '"ca" - là où nait l\'oeuvre',
        ),
        ("É È ÀÇç", "É È ÀÇç", "É E AÇc"),
        ("Coût\u00a0: 5\u00a0€ [1]", "Coût\u00a0: 5\u00a0€ [1]", "Cout : 5 € [1]"),
    ],
)
def test_what_each_setting_writes(text: str, settled: str, plain: str | None) -> None:
    """`plain` is as `settled` where that is enough; where it is not, `settled` changes not even a quotation mark."""
    assert (gsm(text, "exact"), gsm(text, "settled"), gsm(text, "plain")) == (text, settled, plain or settled)
    assert gsm(text) == settled, "which is what goes without saying"


@pytest.mark.parametrize("text", ["", "à é è ù ì ò É Ç", "日本 – “ok”", "Prêt? 👍 C’est l’été…", "L’\0", "\ud800 “"])
@pytest.mark.parametrize("how", ["exact", "settled", "plain"])
def test_nothing_changes_that_is_in_the_alphabet_or_cannot_be_brought_there(text: str, how: str) -> None:
    assert gsm(text, how) == text  # type: ignore[arg-type]


def test_french_costs_half_and_the_settled_letters_are_of_the_alphabet() -> None:
    text = "«\u00a0L’enfant est né\u00a0»… Voilà – déjà\u00a0: " * 4
    assert (count(text), count(gsm(text, "settled"))) == (3, 1)
    assert [c for c, plainer in SETTLED.items() if encoding(plainer or "").name != "GSM-7"] == []


@pytest.mark.parametrize("language", languages())
def test_all_that_channels_say_themselves_can_be_said_plainly(language: str) -> None:
    assert [s for s in texts(language).values() if encoding(gsm(s, "plain")).name != "GSM-7"] == []


LETTERS = st.sampled_from("aéêçœŒ€’«»“”–—… \u00a0\u202f\u0301\u0327") | st.characters()


@given(st.lists(LETTERS, max_size=60).map("".join))
def test_the_result_is_the_text_or_in_the_alphabet_and_plain_is_the_last_resort(text: str) -> None:
    settled, plain = gsm(text, "settled"), gsm(text, "plain")
    assert gsm(text, "exact") == text
    for sent in (settled, plain):
        assert sent == text or encoding(sent).name == "GSM-7"
    assert plain == settled or (settled == text and encoding(text).name == "UCS-2")
