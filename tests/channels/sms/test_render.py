"""Replies as text messages: within their budget, with their source first, and nothing lost on the way to the rest."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.channel import Choice, Link, Quote, Reply
from channels.sms.render import Bubble, bubble, cited, compose, day, linked, menu
from channels.sms.segments import count, graphemes
from channels.sms.typography import Typography, gsm
from channels.texts import languages, texts

URL = "https://www.canada.ca/en/passports.html"
QUOTE = Quote("You can renew online.", "Passports", "Renewal", URL, "Service Canada", "2026-09-30", "en")
ANSWER = Reply("Here is what is published:", quotes=(QUOTE,), outcome="answered")
CITED = f"Service Canada, as of Sep. 30, 2026\n{URL}"
MORE = "Send MORE for the rest."
CHOICES = (Choice("Renew a passport", "renew my passport"), Choice("A lost passport", "i lost it"))
MENU = "Reply with a number:\n1) Renew a passport\n2) A lost passport"
FRENCH = Reply(
    "Voici ce qui est publié\u00a0:",
    quotes=(
        replace(QUOTE, text="Il faut «\u00a0renouveler\u00a0» l’œuvre… 163,50\u00a0$ – déjà.", as_of="2026-05-01"),
    ),
    language="fr",
    outcome="answered",
)


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (ANSWER, f"You can renew online.\n{CITED}"),
        (replace(ANSWER, outcome=None), f"Here is what is published:\nYou can renew online.\n{CITED}"),
        (replace(ANSWER, text="It is down.", degraded=True), f"It is down.\nYou can renew online.\n{CITED}"),
        (replace(ANSWER, text="For Ontario:", assumes=True), f"For Ontario:\nYou can renew online.\n{CITED}"),
        (replace(ANSWER, quotes=(replace(QUOTE, as_of=None),)), f"You can renew online.\nService Canada\n{URL}"),
        (replace(ANSWER, quotes=(replace(QUOTE, url=None),)), "You can renew online.\n" + CITED.split("\n")[0]),
        (replace(ANSWER, links=(Link("Fees", "https://a.ca", "A"),)), f"You can renew online.\n{CITED}"),
        (replace(ANSWER, choices=CHOICES), f"You can renew online.\n{CITED}\n{MENU}"),
        (
            FRENCH,
            f'Il faut "renouveler" l\'oeuvre... 163,50 $ - déjà.\nService Canada, en date du 1er mai 2026\n{URL}',
        ),
        (Reply("Which one?", choices=CHOICES, outcome="clarify"), f"Which one?\n{MENU}"),
        (Reply("Which one?", choices=CHOICES, links=(Link("Fees", "https://a.ca", "A"),)), f"Which one?\n{MENU}"),
        (Reply(choices=CHOICES), MENU),
        (Reply(choices=CHOICES[:1], language="fr"), "Répondez par un numéro :\n1) Renew a passport"),
        (
            Reply("Not found.", links=(Link("Fees", "https://a.ca", "A"), Link("By mail", None, "B"))),
            "Not found.\nFees - A\nhttps://a.ca\nBy mail - B",
        ),
        (
            Reply("Nearest.", choices=CHOICES, links=(Link("Fees", "https://a.ca", "A"),), outcome="not_found"),
            f"Nearest.\nFees - A\nhttps://a.ca\n{MENU}",
        ),
        (Reply("Hello."), "Hello."),
        (Reply(), ""),
    ],
)
def test_a_reply_that_fits_is_one_text(reply: Reply, text: str) -> None:
    assert bubble(reply, 1, "settled") == Bubble(text, "", reply.choices)


LONG = replace(QUOTE, text="A new photo goes with the form. A second form is what few people are asked for.")
SIGNED = replace(
    LONG,
    text="A new photo goes with the form, signed by a person you know well." + LONG.text[31:],
    url="https://a.ca/p",
)
FAR = "https://www.canada.ca/" + "a" * 78  # a hundred characters


@pytest.mark.parametrize(
    ("reply", "text", "rest"),
    [
        (
            replace(ANSWER, quotes=(SIGNED,), choices=CHOICES),
            f"{SIGNED.text[:65]}\nService Canada, as of Sep. 30, 2026\nhttps://a.ca/p\n{MORE}",
            f"A second form is what few people are asked for.\n{MENU}",
        ),
        (
            replace(ANSWER, quotes=(replace(SIGNED, url=URL),)),
            f"{SIGNED.text[:65]}\nService Canada\n{URL}\n{MORE}",
            "A second form is what few people are asked for.\nService Canada, as of Sep. 30, 2026",
        ),
        (
            replace(ANSWER, quotes=(replace(LONG, url=FAR),)),
            f"A new photo goes with the form.\n{FAR}\n{MORE}",
            "A second form is what few people are asked for.\nService Canada, as of Sep. 30, 2026",
        ),
        (
            replace(ANSWER, quotes=(replace(LONG, url=FAR + "b" * 34),)),
            f"A\n{FAR}{'b' * 34}\n{MORE}",
            f"{LONG.text[2:]}\nService Canada, as of Sep. 30, 2026",
        ),
        (  # with one character more there is room for the address, but for nothing to say with it
            replace(ANSWER, quotes=(replace(LONG, url=FAR + "b" * 35),), choices=CHOICES),
            f"{LONG.text}\nService Canada\n{MORE}",
            f"Service Canada, as of Sep. 30, 2026\n{FAR}{'b' * 35}\n{MENU}",
        ),
        (
            Reply("What do you want to do? " * 5, choices=CHOICES),
            f"{' '.join(['What do you want to do?'] * 5)}\n{MORE}",
            MENU,
        ),
        (
            Reply(" ".join(["Il faut présenter une demande."] * 6), language="fr"),
            f"{' '.join(['Il faut présenter une demande.'] * 4)}\nEnvoyez SUITE pour la suite.",
            "Il faut présenter une demande. Il faut présenter une demande.",
        ),
    ],
    ids=[
        "all of the source",
        "whose it is and its address, or it could not say a sentence",
        "its address",
        "room for one word",
        "room for none, but for whose it is",
        "choices",
        "French",
    ],
)
def test_what_has_no_room_comes_with_the_rest(reply: Reply, text: str, rest: str) -> None:
    assert bubble(reply, 1, "settled") == Bubble(text, rest, reply.choices)


def test_where_accents_would_leave_no_room_for_a_sentence_they_go() -> None:
    dear = "Au Canada, un nouveau passeport pour adulte coûte 163,50\u00a0$ pour 10 ans."
    quote = replace(QUOTE, text=f"{dear} Il coûte 122,50\u00a0$ pour 5 ans.", url=FAR, language="fr")
    reply = Reply(quotes=(quote,), language="fr", outcome="answered")
    assert bubble(reply, 3, "settled").text.startswith(dear), "there is room"
    assert bubble(reply, 2, "settled").text.startswith(gsm(dear, "plain"))
    assert not bubble(reply, 2, "exact").text.startswith(dear), "asked for exactly, and so cut"


def test_where_there_is_no_room_to_say_that_there_is_more_it_is_not_said() -> None:
    assert compose(Reply("One two three"), lambda text: len(text) <= 10) == Bubble("One two", "three")


def test_an_address_is_not_written_plainer() -> None:
    at = replace(QUOTE, url=f"{URL}#prêt-de-l’été", text="Prêt…")
    found = Reply("Dès là…", links=(Link("Prêt", f"{URL}#à–b%20c", "A"),), language="fr")
    whole = f"{URL}#pr%C3%AAt-de-l%E2%80%99%C3%A9t%C3%A9"
    assert bubble(Reply(quotes=(at,)), 3, "plain").text == f"Pret...\nService Canada, as of Sep. 30, 2026\n{whole}"
    assert bubble(found, 3, "plain").text == f"Dès là...\nPret - A\n{URL}#%C3%A0%E2%80%93b%20c"


@pytest.mark.parametrize(
    ("iso", "english", "french"),
    [
        ("2026-03-31", "Mar. 31, 2026", "31 mars 2026"),
        ("2026-05-01", "May 1, 2026", "1er mai 2026"),
        ("2026-08-21T12:00:00Z", "Aug. 21, 2026", "21 août 2026"),
    ],
)
def test_dates_are_as_canadians_write_them(iso: str, english: str, french: str) -> None:
    assert (day(iso, "en"), day(iso, "fr"), day(iso, "xx")) == (english, french, english)


SENTENCES = (
    "You can renew your passport online if it has expired.",
    "The fee is $163.50 (call 1-800-567-6868).",
    "Vous pouvez renouveler votre passeport par la poste.",
    "Les frais sont de «\u00a0163,50\u00a0$\u00a0» jusqu’au 31 mars 2026…",
    "Ça coûte plus cher à l’étranger.",
    "👨‍👩‍👧‍👦 🇨🇦",
    "https://www.canada.ca/en/immigration-refugees-citizenship/services/canadian-passports.html",
)
WORDS = st.lists(st.sampled_from(SENTENCES) | st.text(max_size=30), max_size=30).map(" ".join)
PATHS = st.text("abc/-", max_size=150)
QUOTES = st.builds(
    Quote,
    text=WORDS,
    title=st.just("Title"),
    section=st.just("Section"),
    url=st.none() | PATHS.map("https://www.canada.ca/".__add__),
    publisher=st.sampled_from(("Service Canada", "Immigration, Réfugiés et Citoyenneté Canada", "Agence du revenu…")),
    as_of=st.none() | st.dates().map(str),
    language=st.just("en"),
)
REPLIES = st.builds(
    Reply,
    text=WORDS,
    quotes=st.lists(QUOTES, max_size=1).map(tuple),
    links=st.lists(st.builds(Link, WORDS, st.none() | PATHS, st.just("A")), max_size=3).map(tuple),
    choices=st.lists(st.builds(Choice, st.sampled_from(SENTENCES), st.just("say")), max_size=9).map(tuple),
    language=st.sampled_from(languages()),
    outcome=st.sampled_from((None, "answered", "clarify", "not_found")),
    degraded=st.booleans(),
    assumes=st.booleans(),
)
BUDGETS = st.integers(1, 10)
TYPOGRAPHIES = st.sampled_from(("exact", "settled", "plain"))


def compact(text: str) -> str:
    return "".join(text.split())


def told(reply: Reply) -> str:
    """What a reply says besides its source and its choices."""
    needed = reply.degraded or reply.assumes or not (reply.quotes and reply.outcome == "answered")
    lead = [reply.text] if needed else []
    links = (
        []
        if reply.quotes or (reply.choices and reply.outcome != "not_found")
        else [f"{linked(link)} {link.url or ''}" for link in reply.links]
    )
    return " ".join([*lead, *(quote.text for quote in reply.quotes), *links])


@settings(deadline=None, max_examples=300)
@given(REPLIES, BUDGETS, TYPOGRAPHIES)
def test_no_budget_is_exceeded_and_the_address_comes_first_where_it_can(
    reply: Reply, budget: int, how: Typography
) -> None:
    made = bubble(reply, budget, how)
    assert count(made.text) <= budget
    assert made.choices == reply.choices
    for quote in reply.quotes:
        say = told(reply).strip()
        least = f"{graphemes(say)[0] if say else ''}\n{quote.url}\n{texts(reply.language)['more']}"
        if quote.url and count(gsm(least, how)) <= budget:
            assert quote.url in made.text.split("\n")


@settings(deadline=None, max_examples=300)
@given(REPLIES, BUDGETS, TYPOGRAPHIES)
def test_whose_it_is_is_told_in_the_first_text_if_only_by_its_address(
    reply: Reply, budget: int, how: Typography
) -> None:
    made = bubble(reply, budget, how)
    for quote in reply.quotes:
        say = told(reply).strip()
        least = f"{graphemes(say)[0] if say else ''}\n{quote.publisher}\n{texts(reply.language)['more']}"
        if count(gsm(least, how)) <= budget:
            whose = {gsm(quote.publisher, typography) for typography in ("exact", "settled", "plain")}
            lines = made.text.split("\n")
            assert quote.url in lines or any(line.startswith(name) for line in lines for name in whose)


@settings(deadline=None, max_examples=300)
@given(REPLIES, BUDGETS, TYPOGRAPHIES)
def test_the_beginning_and_the_rest_say_all(reply: Reply, budget: int, how: Typography) -> None:
    """`compose` leaves the typography to `bubble`, and what is said can be compared."""

    def fits(text: str) -> bool:
        return count(gsm(text, how)) <= budget

    made, more = compose(reply, fits), texts(reply.language)["more"]
    shown = made.text.removesuffix(more) if made.rest else made.text
    assert not made.rest or made.text.endswith(more), "that there is a rest is said"
    everything = compact(shown + made.rest)
    for quote in reply.quotes:
        held = cited(replace(quote, url=None), reply.language)
        assert {held, quote.url or ""} <= {*shown.split("\n"), *made.rest.split("\n"), ""}
        named = f"{quote.publisher}\n{quote.url}" if quote.url else " "
        for source in (cited(quote, reply.language), named, quote.url or " ", quote.publisher, ""):
            if shown.rstrip().endswith(source):
                shown = shown.rstrip().removesuffix(source)
                break
    assert compact(shown + made.rest).startswith(compact(told(reply)))
    assert compact(menu(reply)) in everything
    left = made.rest
    while left:
        part = bubble(Reply(left, language=reply.language, continues=True), budget, how)
        assert count(part.text) <= budget and len(part.rest) < len(left)
        left = part.rest
