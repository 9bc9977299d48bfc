"""Times as Canadians write them, for what the desk tells citizens by itself."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date

LOCALES = {"en": "en_CA", "fr": "fr_CA"}
DAY = {"en": "EEEE, MMMM d", "fr": "EEEE d MMMM"}


def moment(at: datetime, zone: str, language: str, now: datetime) -> str:
    """ "8:30 a.m." today, "Monday, November 30, 8:30 a.m." on another day; "8 h 30", "lundi 30 novembre, 8 h 30"."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    clock = hour(local, language)
    return clock if local.date() == today else f"{day(local, language)}, {clock}"


def span(start: datetime, end: datetime, zone: str, language: str) -> str:
    """ "Monday, November 30, 9:00 a.m. to 12:00 p.m."; "lundi 30 novembre, de 9 h à 12 h"."""
    first, last = start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    between = {"fr": "{day}, de {first} à {last}"}.get(language, "{day}, {first} to {last}")
    return between.format(day=day(first, language), first=hour(first, language), last=hour(last, language))


def minutes(wait: timedelta) -> int:
    return round(wait.total_seconds() / 60)


def day(local: datetime, language: str) -> str:
    return str(format_date(local.date(), DAY.get(language, DAY["en"]), LOCALES.get(language, "en_CA")))


def hour(local: datetime, language: str) -> str:
    """As the Office québécois de la langue française and the Government of Canada's style guides write it."""
    if language == "fr":
        return f"{local.hour}\u00a0h" + (f"\u00a0{local.minute:02}" if local.minute else "")
    half = "a.m." if local.hour < 12 else "p.m."
    return f"{(local.hour - 1) % 12 + 1}:{local.minute:02}\u00a0{half}"
