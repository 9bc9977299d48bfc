"""A text message begins with the words that answer, and the rest of what is quoted comes when it is asked for."""

from dataclasses import replace

import pytest

from channels.channel import Quote, Reply
from channels.sms.render import bubble
from channels.texts import texts
from knowledge import sentences

BEFORE = {
    "en": "The lake office opens in spring and closes when the ice comes back to the bay. " * 6,
    "fr": "Le bureau du lac ouvre au printemps et ferme quand la glace revient dans la baie. " * 6,
}
ANSWER = {"en": "A canoe permit costs $42.", "fr": "Un permis de canot coûte 42 $."}


def asked(language: str) -> Reply:
    text = BEFORE[language] + ANSWER[language]
    quote = Quote(text, "Permits", "Cost", "https://lake.example/permits", "Lake office", "2026-03-31", language)
    return Reply(quotes=(quote,), language=language, outcome="answered")


def briefly(reply: Reply, brief: str) -> Reply:
    return replace(reply, quotes=(replace(reply.quotes[0], brief=brief),))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_answers_comes_first_and_all_of_it_after(language: str) -> None:
    reply = asked(language)
    assert ANSWER[language] not in bubble(reply, 3, "plain").text
    made = bubble(briefly(reply, ANSWER[language]), 3, "exact")
    assert made.text.startswith(ANSWER[language]) and "https://lake.example/permits" in made.text
    assert made.text.endswith(texts(language)["more"])
    assert made.rest.startswith(reply.quotes[0].text)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_the_quote_begins_with_is_not_said_twice(language: str) -> None:
    reply = asked(language)
    first = reply.quotes[0].text[: sentences(reply.quotes[0].text)[0][1]].rstrip()
    made = bubble(briefly(reply, first), 3, "exact")
    assert made.text.startswith(f"{first}\n")
    assert f"{first} {made.rest}".startswith(reply.quotes[0].text)


def test_where_all_of_it_fits_all_of_it_is_said() -> None:
    reply = asked("en")
    reply = replace(reply, quotes=(replace(reply.quotes[0], text=f"Open daily. {ANSWER['en']}", brief=ANSWER["en"]),))
    assert bubble(reply, 3, "settled").text.startswith(f"Open daily. {ANSWER['en']}\n")
