"""Quiet hours: over midnight, in the zone's own time, also in the nights in which it changes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.quiet import Hours, hours
from channels.settings import Settings

TORONTO, ST_JOHNS = "America/Toronto", "America/St_Johns"
USUAL = "21:00-08:00"


def at(text: str, zone: str = TORONTO, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-31 20:59:59.999999", None),
        ("2026-03-31 21:00", "2026-04-01 08:00"),
        ("2026-03-31 23:59:59.999999", "2026-04-01 08:00"),
        ("2026-04-01 00:00", "2026-04-01 08:00"),
        ("2026-04-01 07:59:59.999999", "2026-04-01 08:00"),
        ("2026-04-01 08:00", None),
        ("2026-04-01 12:00", None),
        ("2026-12-31 22:00", "2027-01-01 08:00"),
        ("2028-02-28 22:00", "2028-02-29 08:00"),
    ],
)
def test_quiet_hours_go_over_midnight(now: str, opens: str | None) -> None:
    assert hours(USUAL, TORONTO).opens(at(now)) == (at(opens) if opens else None)


@pytest.mark.parametrize(
    ("zone", "now", "opens"),
    [
        (TORONTO, "2026-03-08T02:00Z", "2026-03-08T12:00Z"),  # the evening before clocks go forward: 8:00 is EDT
        (TORONTO, "2026-03-08T06:59Z", "2026-03-08T12:00Z"),  # 1:59 EST, a minute before
        (TORONTO, "2026-03-08T07:00Z", "2026-03-08T12:00Z"),  # 3:00 EDT, a minute later
        (TORONTO, "2026-03-08T12:00Z", None),
        (TORONTO, "2026-03-09T00:59Z", None),  # 20:59 EDT
        (TORONTO, "2026-03-09T01:00Z", "2026-03-09T12:00Z"),
        (TORONTO, "2026-11-01T01:00Z", "2026-11-01T13:00Z"),  # the evening before they go back: 8:00 is EST
        (TORONTO, "2026-11-01T05:30Z", "2026-11-01T13:00Z"),  # 1:30 for the first time
        (TORONTO, "2026-11-01T06:30Z", "2026-11-01T13:00Z"),  # and for the second
        (TORONTO, "2026-11-01T12:59Z", "2026-11-01T13:00Z"),
        (ST_JOHNS, "2026-03-08T00:30Z", "2026-03-08T10:30Z"),  # 21:00 of half an hour's zone
        (ST_JOHNS, "2026-03-08T00:29Z", None),
        (ST_JOHNS, "2026-03-08T10:29Z", "2026-03-08T10:30Z"),
        (ST_JOHNS, "2026-03-08T10:30Z", None),
        (ST_JOHNS, "2026-11-01T04:00Z", "2026-11-01T11:30Z"),
        (ST_JOHNS, "2026-11-01T10:30Z", "2026-11-01T11:30Z"),  # 8:00 of the day before is 7:00 now
        ("America/Regina", "2026-03-08T13:59Z", "2026-03-08T14:00Z"),  # Saskatchewan changes nothing
        ("America/Regina", "2026-11-01T13:59Z", "2026-11-01T14:00Z"),
    ],
)
def test_the_zone_s_own_time_counts_when_it_changes(zone: str, now: str, opens: str | None) -> None:
    expected = datetime.fromisoformat(opens) if opens else None
    assert hours(USUAL, zone).opens(datetime.fromisoformat(now)) == expected


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.integers(4 * 60, 11 * 60),
    st.integers(12 * 60, 24 * 60 - 1),
    st.sampled_from([TORONTO, ST_JOHNS, "America/Vancouver", "America/Regina", "UTC"]),
)
def test_what_is_put_off_is_put_off_to_the_first_moment_that_is_open(
    now: datetime, until: int, after: int, zone: str
) -> None:
    day = hours(f"{after // 60:02}:{after % 60:02}-{until // 60:02}:{until % 60:02}", zone)
    opens = day.opens(now)
    if opens is None:
        return
    assert now < opens <= now + timedelta(hours=25)
    assert day.opens(opens) is None
    assert day.opens(datetime.fromtimestamp(opens.timestamp() - 0.001, UTC)) == opens


def test_quiet_hours_are_read_as_they_are_written() -> None:
    assert hours("20:30-09:15", ST_JOHNS) == Hours(time(9, 15), time(20, 30), ST_JOHNS)
    assert hours("23:59-00:00", TORONTO) == Hours(time(0), time(23, 59), TORONTO)


@pytest.mark.parametrize(
    ("text", "zone", "why"),
    [
        ("", TORONTO, "'' is not written like 21:00-08:00, from when to when nobody is written to unasked."),
        ("21-8", TORONTO, "'21-8' is not written like 21:00-08:00"),
        ("9:00-08:00", TORONTO, "'9:00-08:00' is not written like 21:00-08:00"),
        ("21:00 - 08:00", TORONTO, "is not written like 21:00-08:00"),
        ("21h00-08h00", TORONTO, "is not written like 21:00-08:00"),
        ("24:00-08:00", TORONTO, "'24:00-08:00' is not written like 21:00-08:00"),
        ("21:60-08:00", TORONTO, "'21:60-08:00' is not written like 21:00-08:00"),
        ("21:00-08:00\n", TORONTO, "is not written like 21:00-08:00"),
        ("08:00-21:00", TORONTO, "'08:00-21:00' would leave no hours in which to write: quiet hours go over midnight."),
        ("08:00-08:00", TORONTO, "'08:00-08:00' would leave no hours in which to write"),
        (USUAL, "Toronto", "'Toronto' is not a time zone. Write it like America/Toronto."),
        (USUAL, "America", "'America' is not a time zone."),
        (USUAL, "", "'' is not a time zone."),
        (USUAL, "../../etc/passwd", "is not a time zone."),
        (USUAL, "/etc/passwd", "is not a time zone."),
        (USUAL, "Amérique/Montréal\0", "is not a time zone."),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_with_a_sentence(text: str, zone: str, why: str) -> None:
    with pytest.raises(ValueError) as refused:
        hours(text, zone)
    assert why in str(refused.value)
    if text:  # an empty setting is none
        with pytest.raises(ValueError, match=r"is not|would leave") as refused:
            Settings(_env_file=None, quiet_hours=text, time_zone=zone)
        assert why in str(refused.value)
