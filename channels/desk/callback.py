"""A call back: at which number somebody can be called, and when their team is there to do it."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import phonenumbers

from channels.desk.calendar import Calendar

Window = tuple[datetime, datetime]

COUNTRY = "CA"  # of numbers that are written without one
LONG = timedelta(hours=2)
STARTS = (time(9), time(11), time(13), time(15), time(17))  # on the clock of the team
NOTICE = timedelta(minutes=30)
DAYS = 14
EACH_DAY, AT_MOST = 2, 4


def number_in(text: str) -> str | None:
    """The telephone number that a text is or has, as E.164; None where there is none that can be called."""
    for found in phonenumbers.PhoneNumberMatcher(text[:200], COUNTRY):
        return str(phonenumbers.format_number(found.number, phonenumbers.PhoneNumberFormat.E164))
    return None


def windows(calendar: Calendar, now: datetime) -> list[Window]:
    """The next times of two hours in which a team is there throughout: two a day, four in all, in UTC."""
    zone = ZoneInfo(calendar.time_zone)
    today = now.astimezone(zone).date()
    found: list[Window] = []
    for day in (today + timedelta(days=each) for each in range(DAYS)):
        starts = [datetime.combine(day, start, zone).astimezone(now.tzinfo) for start in STARTS]
        fit = [at for at in starts if at >= now + NOTICE and calendar.worked(at, at + LONG) == LONG]
        spaced = fit[:: max(1, len(fit) // EACH_DAY)][:EACH_DAY]
        found += [(at, at + LONG) for at in spaced]
        if len(found) >= AT_MOST:
            break
    return found[:AT_MOST]
