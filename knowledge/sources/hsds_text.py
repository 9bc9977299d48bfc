"""What a service's record in the HSDS 3 says, section by section, each under a heading that asks for it."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from pathlib import Path

import yaml
from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency

from knowledge.document import Section
from knowledge.sources.fields import Fields

LABELS = yaml.safe_load(Path(__file__).with_name("hsds.yml").read_text(encoding="utf-8"))

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_TIME = re.compile(r"(\d{1,2}:\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?")


def sections(about: Fields, language: str, today: date) -> Iterator[Section]:
    """The sections that have text: what the service is, then each thing that is asked of it, then its places."""
    says = LABELS[language]
    status = about.line_of("status")
    yield Section((), _blocks(says.get(status, "") if status != "active" else "", about.paragraphs("description")))
    told = (
        ("alert", about.paragraphs("alert")),
        ("eligibility", _blocks(about.paragraphs("eligibility_description") or _age(about, says))),
        ("area", _lines(each.line_of("description", "name") for each in about.each("service_areas"))),
        ("application", about.paragraphs("application_process")),
        ("documents", _list(each.line_of("document") for each in about.each("required_documents"))),
        ("cost", _blocks(about.paragraphs("fees_description", "fees"), _costs(about, language, today))),
        ("wait", about.paragraphs("wait_time")),
        ("hours", _hours(about, language, today)),
        ("contact", _contact(about, language)),
        ("languages", _blocks(about.paragraphs("interpretation_services"), _languages(about, language))),
    )
    for heading, text in told:
        if text:
            yield Section((says[heading],), text)
    for at in about.each("service_at_locations"):
        place = at.of("location")
        text = _place(at, place, language, today)
        if text:
            name = place.line_of("name", "alternate_name")
            yield Section((says["places"], name) if name else (says["places"],), text)


def _place(at: Fields, place: Fields, language: str, today: date) -> str:
    says = LABELS[language]
    access = [
        _blocks(each.paragraphs("description"), each.paragraphs("details")) for each in place.each("accessibility")
    ]
    told = (
        ("transport", place.line_of("transportation")),
        ("accessibility", " ".join(" ".join(access).split())),
    )
    return _blocks(
        at.paragraphs("description") or place.paragraphs("description"),
        _lines(_postal(each, says) for each in place.each("addresses")),
        _blocks(_hours(at, language, today) or _hours(place, language, today)),
        _contact(at, language) or _contact(place, language),
        _lines(f"{says[label]} | {text}" for label, text in told if text),
    )


def _age(about: Fields, says: dict[str, str]) -> str:
    least, most = about.number("minimum_age"), about.number("maximum_age")
    if least is None and most is None:
        return ""
    form = "age" if least is not None and most is not None else "to" if least is None else "from"
    return says[form].format(*(f"{age:g}" if age is not None else "" for age in (least, most)))


def _costs(about: Fields, language: str, today: date) -> str:
    rows = []
    for each in about.each("cost_options"):
        if not _holds(each, today):
            continue
        amount, currency = each.number("amount"), each.line_of("currency").upper()
        price = "" if amount is None else f"{amount:g}"
        if amount is not None and re.fullmatch("[A-Z]{3}", currency):
            price = format_currency(amount, currency, locale=_locale(language))
        rows.append(_row(each.line_of("option"), price, each.line_of("amount_description")))
    return _lines(rows)


def _hours(about: Fields, language: str, today: date) -> str:
    """The schedules in their own words; else what happens each week, day by day. Other rules are not put into words."""
    found = []
    for each in about.each("schedules"):
        if not _holds(each, today):
            continue
        said = _blocks(each.paragraphs("description"), each.paragraphs("notes"))
        found.append(said if each.line_of("description") else _blocks(_week(each, language), said))
    return _blocks(*dict.fromkeys(found))


def _week(about: Fields, language: str) -> str:
    days = [day.strip() for day in about.line_of("byday").upper().split(",")]
    times = [_TIME.fullmatch(about.line_of(field)) for field in ("opens_at", "closes_at")]
    weekly = about.line_of("freq").upper() in ("WEEKLY", "") and about.number("interval") in (None, 1)
    if not weekly or not all(times) or not days or not set(days) <= set(_DAYS):
        return ""
    names = _locale(language).days["stand-alone"]["wide"]
    hours = "–".join(time[1] for time in times if time)
    said = ", ".join(names[_DAYS.index(day)] for day in days)
    return f"{said[:1].upper()}{said[1:]} | {hours}"


def _contact(about: Fields, language: str) -> str:
    says = LABELS[language]
    rows = [_phone(each, says) for each in about.each("phones")]
    if email := about.line_of("email"):
        rows.append(_row(says["email"], email))
    for each in about.each("contacts"):  # the office and not the person: people change, and are not asked for by name
        who = each.line_of("department", "title")
        rows += [_row(who, _phone(phone, says)) for phone in each.each("phones")]
        if email := each.line_of("email"):
            rows.append(_row(who or says["email"], email))
    return _lines(rows)


def _phone(about: Fields, says: dict[str, str]) -> str:
    number = about.line_of("number").strip("\"' ")
    if number and (extension := about.line_of("extension")):
        number = says["extension"].format(number, extension)
    return _row(says.get(about.line_of("type").lower(), ""), number, about.line_of("description")) if number else ""


def _postal(about: Fields, says: dict[str, str]) -> str:
    if about.line_of("address_type") == "virtual":
        return ""
    region = " ".join(x for x in (about.line_of("state_province"), about.line_of("postal_code")) if x)
    streets = (about.line_of("address_1"), about.line_of("address_2"), about.line_of("city"))
    whole = ", ".join(part for part in (*streets, region) if part)
    return _row(says["postal"] if about.line_of("address_type") == "postal" else "", whole) if whole else ""


def _languages(about: Fields, language: str) -> str:
    found = (
        _row(each.line_of("name") or _named(each.line_of("code"), language), each.line_of("note"))
        for each in about.each("languages")
    )
    return _list(found)


def _named(code: str, language: str) -> str:
    try:
        return Locale.parse(code, sep="-").get_display_name(language) or code
    except (ValueError, UnknownLocaleError):
        return code


@cache
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(f"{language}_CA")
    except UnknownLocaleError:
        return Locale.parse(language)


def _holds(about: Fields, today: date) -> bool:
    end = about.day("valid_to")
    return end is None or end >= today


def _row(*cells: str) -> str:
    return " | ".join(cell for cell in cells if cell)


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(line for line in lines if line))


def _list(items: Iterable[str]) -> str:
    return _lines(f"- {item}" for item in items if item)


def _blocks(*blocks: str) -> str:
    return "\n\n".join(block for block in blocks if block)
