"""A reply as a text message: what answers, its source and its choices within a budget; the rest when it is asked for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from channels.channel import Choice, Quote, Reply
from channels.sms.cutting import cut
from channels.sms.segments import count
from channels.sms.typography import Typography, gsm
from channels.texts import texts

LOCALES = {"en": "en_CA", "fr": "fr_CA"}
Fits = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Bubble:
    """`text` is sent as it stands, `rest` follows when the citizen asks for more. `choices` are numbered from 1."""

    text: str
    rest: str = ""
    choices: tuple[Choice, ...] = ()


def bubble(reply: Reply, segments: int, typography: Typography) -> Bubble:
    """The reply in at most so many segments; the address of its source among them, if any address fits."""

    def fits(text: str) -> bool:
        return count(gsm(text, typography)) <= segments

    made = compose(reply, fits)
    return Bubble(gsm(made.text, typography), made.rest, made.choices)


def compose(reply: Reply, fits: Fits) -> Bubble:
    """The reply as text in which everything fits, or else its beginning, its source, and how to get the rest."""
    own = texts(reply.language)
    say, choices = _say(reply), menu(reply)
    quote = reply.quotes[0] if reply.quotes else None
    whole = _lines(say, cited(quote, reply.language) if quote else "", choices)
    if fits(whole):
        return Bubble(whole, "", reply.choices)
    more = own["more"]
    for source in _sources(quote, reply.language):

        def framed(beginning: str, source: str = source) -> str:
            return _lines(beginning, source, more)

        if fits(framed("")):
            text = say if quote else whole
            beginning, left = cut(text, lambda part: fits(framed(part)))
            return Bubble(framed(beginning), _lines(left, choices if quote else ""), reply.choices)
    beginning, left = cut(whole, fits)  # there is no room even to say that there is more
    return Bubble(beginning, left, reply.choices)


def cited(quote: Quote, language: str) -> str:
    """Who published a quote, when it held, and where it stands."""
    held = texts(language)["as_of"].format(date=day(quote.as_of, language)) if quote.as_of else ""
    return _lines(", ".join(part for part in (quote.publisher, held) if part), quote.url or "")


def day(iso: str, language: str) -> str:
    """A date as Canadians write it in short: "Sep 30, 2026", « 30 sept. 2026 »."""
    return str(format_date(date.fromisoformat(iso[:10]), "medium", LOCALES.get(language, "en_CA")))


def _say(reply: Reply) -> str:
    """What is said and quoted. That something is published goes without saying where there is little room."""
    lead = "" if reply.quotes and reply.outcome == "answered" and not reply.degraded else reply.text
    further = (
        [_lines(link.title, link.url or "") for link in reply.links] if not (reply.quotes or reply.choices) else []
    )
    return _lines(lead, *(quote.text for quote in reply.quotes), *further)


def menu(reply: Reply) -> str:
    """The choices of a reply, to answer by number; told from numbered steps by what stands before them."""
    if not reply.choices:
        return ""
    lines = (f"{number}) {choice.label}" for number, choice in enumerate(reply.choices, start=1))
    return _lines(texts(reply.language)["choose"], *lines)


def _sources(quote: Quote | None, language: str) -> Iterator[str]:
    """How a source can be given, the shorter after the longer."""
    if quote:
        yield cited(quote, language)
        yield quote.url or quote.publisher
    yield ""


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
