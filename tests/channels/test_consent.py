"""Words of consent: known in every writing, and in no sentence that only has them in it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import consent
from channels.adapters.sms import BY_TWILIO
from channels.channel import Incoming
from channels.consent import WORDS, YES, Word, mark
from channels.marks import stop_key
from knowledge import plain

WRITINGS = {
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "full stop": "{}.".format,
    "shouted": "{}!!!".format,
    "asked": "{} ?".format,
    "quoted": "« {} »".format,
    "curly": "“{}”".format,
    "spaced": " \t{}\u00a0\n".format,
    "emoji": "🛑{}🙏🏽".format,
    "invisible": "\u200b{}\ufe0f".format,
    "full width": lambda word: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in word),
}


def texted(text: str) -> Incoming:
    return Incoming("1", "sms:+16135550142", text)


@pytest.mark.parametrize("write", WRITINGS.values(), ids=WRITINGS)
def test_every_word_is_known_in_every_writing(write: object) -> None:
    found = {word: consent.word(texted(write(word)), stopped=False) for word in WORDS}  # type: ignore[operator]
    assert found == WORDS


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("STOP", Word("stop", "stop", None)),
        ("Stop-all", Word("stop", "stop all", None)),
        ("UNSUBSCRIBE", Word("stop", "unsubscribe", "en")),
        ("opt-out", Word("stop", "opt out", "en")),
        ("ARRÊT", Word("stop", "arret", "fr")),
        ("arret", Word("stop", "arret", "fr")),
        (unicodedata.normalize("NFD", "Arrêtez"), Word("stop", "arretez", "fr")),
        ("DÉSABONNER", Word("stop", "desabonner", "fr")),
        ("Me désabonner.", Word("stop", "me desabonner", "fr")),
        ("Désinscrire", Word("stop", "desinscrire", "fr")),
        ("START", Word("start", "start", None)),
        ("Unstop", Word("start", "unstop", "en")),
        ("Reprendre", Word("start", "reprendre", "fr")),
        ("HELP", Word("help", "help", "en")),
        ("Info?", Word("help", "info", None)),
        ("À l’aide", None),
        ("AIDE", Word("help", "aide", "fr")),
    ],
)
def test_a_word_has_a_meaning_and_a_language(text: str, meant: Word | None) -> None:
    assert consent.word(texted(text), stopped=False) == meant


@pytest.mark.parametrize(
    "text",
    [
        "can I cancel my passport",
        "Cancel my appointment",
        "stop paying taxes?",
        "How do I stop CPP",
        "STOP sign fines",
        "stop\nwhat is a T4",
        "when does EI end",
        "the end",
        "end of lease",
        "I want to quit my job",
        "start a business",
        "helpful",
        "help with rent",
        "aide sociale",
        "aide juridique",
        "arrêt de travail",
        "arrêter de travailler à 60 ans",
        "reprendre mes études",
        "info impôt",
        "st op",
        "s.t.o.p",
        "yes",
        "oui",
        "",
        "🛑",
        "?",
    ],
)
def test_a_sentence_that_has_such_a_word_is_none(text: str) -> None:
    assert consent.word(texted(text), stopped=False) is None


@given(st.sampled_from(sorted(WORDS)), st.text(max_size=20), st.text(max_size=20))
def test_with_anything_that_can_be_read_beside_it_a_word_is_none(word: str, before: str, after: str) -> None:
    text = f"{before} {word} {after}"
    found = consent.word(texted(text), stopped=False)
    if plain(before) or plain(after):
        assert found == WORDS.get(plain(text)), "“stop all” is itself a word"
    else:
        assert found == WORDS[word]


@pytest.mark.parametrize(("text", "language"), [("yes", "en"), ("YES!", "en"), ("Oui.", "fr"), ("ＯＵＩ", "fr")])
def test_yes_resumes_only_for_somebody_who_has_stopped(text: str, language: str) -> None:
    assert consent.word(texted(text), stopped=True) == Word("start", plain(text), language)
    assert consent.word(texted(text), stopped=False) is None


@pytest.mark.parametrize("text", ["yes please", "oui merci", "ok", "no", "y"])
def test_little_else_resumes(text: str) -> None:
    assert consent.word(texted(text), stopped=True) is None


def test_what_twilio_answers_by_itself_is_known_and_means_the_same_here() -> None:
    known = WORDS | YES
    assert {word: known[word].kind for word in BY_TWILIO} == {
        **dict.fromkeys("stop stopall unsubscribe cancel end quit optout revoke".split(), "stop"),
        **dict.fromkeys("start unstop yes".split(), "start"),
        **dict.fromkeys("help info".split(), "help"),
    }


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        ("stop", Word("stop", "stop", None)),
        ("start", Word("start", "start", None)),
        ("help", Word("help", "help", None)),
        ("agent", None),
        ("language", None),
        ("more", None),
    ],
)
def test_a_command_stands_for_its_word_in_no_language(command: str, meant: Word | None) -> None:
    said = Incoming("1", "telegram:5", "", command=command)  # type: ignore[arg-type]
    assert consent.word(said, stopped=False) == meant


def test_the_web_has_no_such_words() -> None:
    for said in (Incoming("1", "web:a", "STOP"), Incoming("1", "web:a", "", command="stop")):
        assert consent.word(said, stopped=True) is None
        assert mark(said, "k") == (stop_key("k"), "")


@pytest.mark.parametrize(
    ("text", "change"),
    [("Stop!", "set"), ("arrêt", "set"), ("start", "del"), ("OUI", "del"), ("aide", ""), ("T4?", "")],
)
def test_what_becomes_of_the_mark_when_a_message_is_accepted(text: str, change: str) -> None:
    assert mark(texted(text), "k") == (stop_key("k"), change)
    assert stop_key("k") != stop_key("l")
