"""What an HTML page says of itself for machines, as schema.org has it: the service, who provides it where, questions.

From JSON-LD and from microdata. It is beside the page's text and never instead of it: what cannot be read is passed over.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledge.document import Section
from knowledge.places.place import canadian
from knowledge.sources import plain
from knowledge.text import fold
from knowledge.text import plain as words

_SERVICES = frozenset(("GovernmentService", "GovernmentPermit", "Service"))
_MOST = 2_000  # values looked at
_LONGEST = 1_000_000  # characters of a script
_ENOUGH = 60  # letters of an answer tell where it stands
_MEMBERS = ("@graph", "mainEntity", "about", "mainEntityOfPage", "itemListElement", "hasPart")

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Data:
    """Of the first service: its `names`, `provider`, and `area`, a jurisdiction's code; "" where the page does not say.

    `questions` are those of its FAQ, each with its answer as plain text.
    """

    names: tuple[str, ...] = ()
    provider: str = ""
    area: str = ""
    questions: Mapping[str, str] = field(default_factory=dict)


def described(tree: LexborHTMLParser) -> Data:
    """Read the page's JSON-LD, and its microdata."""
    found = [*_json(tree), *_microdata(tree)]
    known = {str(each["@id"]): each for each in found if each.get("@id") and len(each) > 1}
    service: Values = next((each for each in found if _types(each) & _SERVICES), {})
    names = (_text(service.get(key)) for key in ("name", "alternateName", "serviceType"))
    return Data(
        tuple(dict.fromkeys(name for name in names if name)),
        _named(service.get("provider") or service.get("serviceOperator"), known),
        next((code for each in _each(service.get("areaServed")) if (code := _code(_named(each, known)))), ""),
        dict(_questions(found, known)),
    )


def asked(questions: Mapping[str, str], sections: Sequence[Section]) -> dict[str, str]:
    """Each question with the heading of the section that answers it; others are left out."""
    headings = {fold(section.path[-1]): section.path[-1] for section in reversed(sections) if section.path}
    texts = [(words(section.text), section.path[-1] if section.path else "") for section in sections]
    found: dict[str, str] = {}
    for question, answer in questions.items():
        heading = headings.get(fold(question))
        if heading is None:
            begins = words(answer)[:_ENOUGH]
            heading = next((name for text, name in texts if len(begins) > 10 and begins in text), None)
        if heading is not None:
            found[question] = heading
    return found


def _json(tree: LexborHTMLParser) -> Iterator[Values]:
    """Every object of the page's scripts, however they hold each other, outermost first."""
    left = _MOST
    for script in tree.css('script[type="application/ld+json"]'):
        try:
            waiting: list[Any] = [json.loads(script.text()[:_LONGEST])]
        except (ValueError, RecursionError):
            continue
        while waiting and left:
            value, left = waiting.pop(0), left - 1
            if isinstance(value, list):
                waiting += value[:_MOST]
            elif isinstance(value, dict):
                yield value
                waiting += [value[key] for key in _MEMBERS if key in value]


def _microdata(tree: LexborHTMLParser) -> Iterator[Values]:
    """Services and questions, with the values that stand in them."""
    for scope in tree.css("[itemscope][itemtype]")[:_MOST]:
        kind = (scope.attributes.get("itemtype") or "").rstrip("/").rpartition("/")[2]
        if kind in _SERVICES:
            found: dict[str, Any] = {key: _value(scope, f"[itemprop={key}]") for key in ("provider", "areaServed")}
            found |= {key: value for key in found if (value := _value(scope, f"[itemprop={key}] [itemprop=name]"))}
            yield {"@type": kind, "name": _value(scope, "[itemprop=name]"), **found}
        elif kind == "Question":
            answer = _value(scope, "[itemprop=acceptedAnswer] [itemprop=text]")
            yield {"@type": kind, "name": _value(scope, "[itemprop=name]"), "acceptedAnswer": {"text": answer}}


def _value(scope: LexborNode, selector: str) -> str:
    node = scope.css_first(selector)
    return (node.attributes.get("content") or node.text(separator=" ")) if node is not None else ""


def _questions(found: Sequence[Values], known: Mapping[str, Values]) -> Iterator[tuple[str, str]]:
    for each in found:
        if "Question" in _types(each):
            question = _text(each.get("name") or each.get("text"))
            answers = [_followed(answer, known) for answer in _each(each.get("acceptedAnswer"))]
            answer = next((str(one["text"]) for one in answers if one.get("text")), "")
            if question and len(question) < 300:
                yield question, plain.line(LexborHTMLParser(answer[:_LONGEST]).text(separator=" ") if answer else "")


def _types(value: Values) -> set[str]:
    return {str(each).rpartition("/")[2].rpartition(":")[2] for each in _each(value.get("@type"))}


def _each(value: Any) -> list[Any]:
    return value[:_MOST] if isinstance(value, list) else [] if value is None else [value]


def _followed(value: Any, known: Mapping[str, Values]) -> Values:
    """An object, or the one on the page that it refers to: one step, for references may go in circles."""
    if not isinstance(value, Mapping):
        return {"name": value}
    return known.get(str(value.get("@id")), value) if len(value) == 1 else value


def _named(value: Any, known: Mapping[str, Values]) -> str:
    return next((name for each in _each(value) if (name := _text(_followed(each, known).get("name")))), "")


def _text(value: Any) -> str:
    """A text, or the first of several; a text with its language is an object."""
    for each in _each(value):
        said = each.get("@value") if isinstance(each, Mapping) else each
        if isinstance(said, str) and (found := plain.line(said[:500])):
            return found
    return ""


def _code(area: str) -> str:
    if words(area) in ("canada", "ca"):
        return "ca"
    return next((code for part in (area, *area.split(",")) if (code := canadian().get(words(part)))), "")
