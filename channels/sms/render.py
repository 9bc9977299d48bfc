"""A reply as a text message: what answers, its source and its choices within a budget; the rest when it is asked for."""

import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote as escaped

from babel.dates import format_date

from channels.channel import Choice, Link, Quote, Reply
from channels.sms.cutting import cut
from channels.sms.segments import GSM7, count
from channels.sms.typography import Typography, gsm
from channels.texts import texts
from knowledge import sentences

LEAST = 60  # characters in which something is said: a sentence that is shorter may be a heading or a question
LOCALES = {"en": "en_CA", "fr": "fr_CA"}
Fits = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Bubble:
    """`text` is sent as it stands, `rest` follows when the citizen asks for more. `choices` are numbered from 1."""

    text: str
    rest: str = ""
    choices: tuple[Choice, ...] = ()


def bubble(reply: Reply, segments: int, typography: Typography) -> Bubble:
    """The reply in at most so many segments; the address of its source among them, if any address fits.

    Accents go, too, where without that not even one sentence could be said.
    """
    most = segments * GSM7.alone  # characters: what has more need not be counted

    def fits(text: str) -> bool:
        written = gsm(text, typography)
        return len(written) <= most and count(written) <= segments

    made = compose(reply, fits)
    if typography == "settled" and not made.text.startswith((_first(_say(reply)), _first(_say(reply, brief=True)))):
        return bubble(reply, segments, "plain")
    return Bubble(gsm(made.text, typography), made.rest, made.choices)


def compose(reply: Reply, fits: Fits) -> Bubble:
    """The reply as text in which everything fits, or else what answers, its source, and how to get the rest: all that is
    quoted, where it does not begin with what answers."""
    own = texts(reply.language)
    say, brief, choices = _say(reply), _say(reply, brief=True), menu(reply)
    quote = reply.quotes[0] if reply.quotes else None
    whole = _lines(say, cited(quote, reply.language) if quote else "", choices)
    if fits(whole):
        return Bubble(whole, "", reply.choices)
    more, made, address = own["more"], None, _address(quote.url) if quote else ""
    for source, later in _sources(quote, reply.language):
        if made and not (address and source.endswith(address)):
            break

        def framed(beginning: str, source: str = source) -> str:
            return _lines(beginning, source, more)

        beginning, left = cut(brief if quote else whole, lambda part: fits(framed(part)))
        left = say.removeprefix(beginning).lstrip() if quote else left
        if fits(framed(beginning)):
            made = Bubble(framed(beginning), _lines(left, later, choices if quote else ""), reply.choices)
            if beginning.startswith(_first(brief)):
                break
    if made:
        return made
    beginning, left = cut(whole, fits)  # there is no room even to say that there is more
    return Bubble(beginning, left, reply.choices)


def _first(text: str) -> str:
    """The sentences that a text begins with, so many that they say something."""
    ends = [end for _, end in sentences(text)]
    return text[: next((end for end in ends if end >= LEAST), len(text))].rstrip()


def cited(quote: Quote, language: str) -> str:
    """Who published a quote, when it held, and where it stands."""
    return _lines(_held(quote, language), _address(quote.url))


def linked(link: Link) -> str:
    """What a further source is called, and whose it is."""
    return " – ".join(part for part in (link.title, link.publisher) if part)


def _held(quote: Quote, language: str) -> str:
    held = texts(language)["as_of"].format(date=day(quote.as_of, language)) if quote.as_of else ""
    return ", ".join(part for part in (quote.publisher, held) if part)


def _address(url: str | None) -> str:
    """With its letters escaped: plainer typography must not lead elsewhere."""
    return escaped(url or "", safe=string.punctuation)


def day(iso: str, language: str) -> str:
    """A date as Canadians write it in short: "Sep. 30, 2026", « 30 sept. 2026 », « 1er mai 2026 »."""
    words = str(format_date(date.fromisoformat(iso[:10]), "medium", LOCALES.get(language, "en_CA")))
    return re.sub(r"^1 ", "1er ", words)


def _say(reply: Reply, brief: bool = False) -> str:
    """What is said and quoted. That something is published goes without saying where there is little room; what was taken
    for granted does not."""
    answers = reply.quotes and reply.outcome == "answered"
    lead = reply.text if reply.degraded or reply.assumes or not answers else ""
    shown = not reply.quotes and (reply.outcome == "not_found" or not reply.choices)  # else they are among the choices
    listed = reply.links if shown else ()
    further = [_lines(linked(link), _address(link.url)) for link in listed]
    return _lines(lead, *((brief and quote.brief) or quote.text for quote in reply.quotes), *further)


def menu(reply: Reply) -> str:
    """The choices of a reply, to answer by number; told from numbered steps by what stands before them."""
    if not reply.choices:
        return ""
    lines = (f"{number}) {choice.label}" for number, choice in enumerate(reply.choices, start=1))
    return _lines(texts(reply.language)["choose"], *lines)


def _sources(quote: Quote | None, language: str) -> Iterator[tuple[str, str]]:
    """How a source can be given, the shorter after the longer, and what of it then comes with the rest. Whose it is goes
    last, and the address before it, which mostly tells."""
    if quote:
        address, held = _address(quote.url), _held(quote, language)
        yield cited(quote, language), ""
        if address:
            yield _lines(quote.publisher, address), held
            yield address, held
        yield quote.publisher, cited(quote, language)
        yield "", cited(quote, language)
    else:
        yield "", ""


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
