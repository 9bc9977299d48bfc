"""Quiet hours: when nobody is written to about something that they did not just ask for."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_TIME = "([01][0-9]|2[0-3]):([0-5][0-9])"


@dataclass(frozen=True, slots=True)
class Hours:
    """From `until` to `after`, in `zone`, anybody may be written to; the rest of the day is quiet."""

    until: time
    after: time
    zone: str

    def opens(self, now: datetime) -> datetime | None:
        """When the quiet hours that `now` is in end; None outside of them. Daylight saving is the zone's."""
        here = now.astimezone(ZoneInfo(self.zone))
        if self.until <= here.time() < self.after:
            return None
        day = here.date() if here.time() < self.until else here.date() + timedelta(days=1)
        return datetime.combine(day, self.until, ZoneInfo(self.zone))


def hours(text: str, zone: str) -> Hours:
    """From "21:00-08:00", the quiet hours. Raises ValueError where they are not written so, or there is no such zone."""
    found = re.fullmatch(rf"{_TIME}-{_TIME}", text)
    if not found:
        raise ValueError(f"{text!r} is not written like 21:00-08:00, from when to when nobody is written to unasked.")
    after, until = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if until >= after:
        raise ValueError(f"{text!r} would leave no hours in which to write: quiet hours go over midnight.")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{zone!r} is not a time zone. Write it like America/Toronto.") from error
    return Hours(until, after, zone)
