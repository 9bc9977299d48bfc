"""A team's calendar: against a slow clock, over the nights in which clocks change, and by what the laws set free."""

import subprocess
import sys
import time as clock
from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.desk.calendar import DAYS, Calendar, calendar

TORONTO, VANCOUVER, ST_JOHNS, REGINA = "America/Toronto", "America/Vancouver", "America/St_Johns", "America/Regina"
# Havana puts its clock back at midnight and forward from it; Lord Howe moves it by half an hour.
ZONES = [TORONTO, VANCOUVER, ST_JOHNS, REGINA, "America/Havana", "Australia/Lord_Howe", "UTC"]
OFFICE = """
time_zone: America/Toronto
hours: {mon-fri: ["08:30-12:00", "13:00-16:30"], sat: ["10:00-14:00"]}
holidays: ca-on
closed: [2026-12-24]
special: {2026-12-31: ["08:30-12:00"]}
"""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def office() -> Calendar:
    return calendar(yaml.safe_load(OFFICE))


def at(text: str, zone: str = TORONTO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def nightly(interval: str, zone: str) -> Calendar:
    return Calendar(zone, {day: [interval] for day in DAYS})


# What it says


@pytest.mark.parametrize(
    ("now", "opens", "closes"),
    [
        ("2026-03-31 08:29", "2026-03-31 08:30", None),
        ("2026-03-31 08:30", "2026-03-31 08:30", "2026-03-31 12:00"),
        ("2026-03-31 11:59", "2026-03-31 11:59", "2026-03-31 12:00"),
        ("2026-03-31 12:00", "2026-03-31 13:00", None),
        ("2026-03-31 16:30", "2026-04-01 08:30", None),
        ("2026-04-02 17:00", "2026-04-04 10:00", None),  # over Good Friday
        ("2026-04-04 14:00", "2026-04-06 08:30", None),  # Easter Monday is not set free by Ontario's law
        ("2026-12-23 20:00", "2026-12-29 08:30", None),  # closed, Christmas, Boxing Day, Sunday, Boxing Day observed
        ("2026-12-31 08:00", "2026-12-31 08:30", None),
        ("2026-12-31 09:00", "2026-12-31 09:00", "2026-12-31 12:00"),
        ("2026-12-31 12:00", "2027-01-02 10:00", None),
    ],
)
def test_a_team_opens_and_closes(now: str, opens: str, closes: str | None) -> None:
    team = office()
    assert team.is_open(at(now)) == (closes is not None)
    assert team.opens(at(now)) == at(opens)
    assert team.closes(at(now)) == (at(closes) if closes else None)


def test_only_open_time_is_worked() -> None:
    team = office()
    assert team.worked(at("2026-03-31 09:00"), at("2026-03-31 10:00")) == HOUR
    assert team.worked(at("2026-03-31 11:30"), at("2026-03-31 13:30")) == HOUR
    assert team.worked(at("2026-03-30 00:00"), at("2026-04-06 00:00")) == timedelta(hours=4 * 7 + 4)
    assert team.worked(at("2026-03-31 10:00"), at("2026-03-31 09:00")) == timedelta(0)
    assert team.worked(at("2026-04-10 10:00"), at("2026-03-31 09:00")) == timedelta(0)


def test_what_is_due_is_due_within_hours() -> None:
    team = office()
    assert team.due(at("2026-04-02 16:00"), HOUR) == at("2026-04-04 10:30")
    assert team.due(at("2026-03-31 08:30"), timedelta(hours=3, minutes=30)) == at("2026-03-31 12:00")
    assert team.due(at("2026-04-03 11:00"), timedelta(0)) == at("2026-04-03 11:00")


def test_a_day_s_intervals_may_be_unordered_and_touch() -> None:
    team = Calendar("UTC", {"thu": ["12:00-14:00", "22:00-24:00", "09:00-12:00"], "fri": ["00:00-01:00"]})
    assert team.closes(utc("2026-01-01 09:30")) == utc("2026-01-01 14:00")
    assert team.closes(utc("2026-01-01 23:59")) == utc("2026-01-02 01:00")
    assert team.is_open(utc("2026-01-02 00:00"))
    assert team.worked(utc("2026-01-01 00:00"), utc("2026-01-08 00:00")) == timedelta(hours=8)


def test_a_special_day_replaces_a_holiday_and_a_day_that_is_closed_anyway() -> None:
    special = {date(2026, 7, 1): ["09:00-10:00"], date(2026, 7, 5): ["09:00-11:00"], date(2026, 7, 2): []}
    team = Calendar(TORONTO, {"wed": ["08:00-16:00"], "thu": ["08:00-16:00"]}, "ca-on", special=special)
    assert team.worked(at("2026-06-29 00:00"), at("2026-07-06 00:00")) == 3 * HOUR


def test_times_come_back_in_utc_and_may_be_asked_for_in_any_zone() -> None:
    team = office()
    there = datetime(2026, 3, 31, 5, 15, tzinfo=ZoneInfo(VANCOUVER))
    due = team.due(there, HOUR)
    assert due == utc("2026-03-31 13:30")
    for found in (due, team.opens(there), team.closes(there + HOUR), team.due(there, timedelta(0))):
        assert found is not None and found.tzinfo is UTC
    assert team.worked(there, there + HOUR) == timedelta(minutes=45)


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 3, 31, 9)
    aware = naive.replace(tzinfo=UTC)
    team = office()
    for ask in (
        lambda: team.is_open(naive),
        lambda: team.opens(naive),
        lambda: team.closes(naive),
        lambda: team.worked(naive, aware),
        lambda: team.worked(aware, naive),
        lambda: team.due(naive, HOUR),
    ):
        with pytest.raises(ValueError, match="give a time that says its own"):
            ask()


# Always and never


def test_always_is_always() -> None:
    team = calendar({"time_zone": TORONTO, "hours": "always"})
    now = at("2026-12-25 03:00")
    assert team.is_open(now) and team.opens(now) == now and team.closes(now) is None
    assert team.due(now, timedelta(days=300)) == now + timedelta(days=300)
    assert team.worked(now, now + timedelta(days=400)) == timedelta(days=400)


def test_always_but_for_a_day() -> None:
    team = calendar({"time_zone": TORONTO, "hours": "always", "closed": [date(2026, 12, 25)], "holidays": "none"})
    assert team.closes(at("2026-12-20 03:00")) == at("2026-12-25 00:00")
    assert team.opens(at("2026-12-25 00:00")) == at("2026-12-26 00:00")


def test_never_is_none() -> None:
    team = Calendar(TORONTO, {})
    now = at("2026-03-31 10:00")
    assert not team.is_open(now)
    assert team.opens(now) is None and team.closes(now) is None and team.due(now, MINUTE) is None
    assert team.worked(now, now + timedelta(days=700)) == timedelta(0)


def test_once_within_a_year_is_found_and_too_little_in_two_is_not() -> None:
    team = Calendar(TORONTO, {}, special={date(2027, 3, 30): ["09:00-10:00"]})
    now = at("2026-03-31 10:00")
    assert team.opens(now) == at("2027-03-30 09:00")
    assert team.closes(at("2027-03-30 09:30")) == at("2027-03-30 10:00")
    assert team.opens(at("2026-03-20 10:00")) is None
    assert team.due(now, HOUR) == at("2027-03-30 10:00")
    assert team.due(now, HOUR + MINUTE) is None


# Nights in which the clock changes


@pytest.mark.parametrize(
    ("interval", "zone", "start", "end"),
    [
        ("01:00-04:00", TORONTO, "2026-03-08 06:00", "2026-03-08 08:00"),  # forward: two hours of three
        ("01:00-04:00", TORONTO, "2026-11-01 05:00", "2026-11-01 09:00"),  # back: four hours of three
        ("02:15-02:45", TORONTO, "2026-03-09 06:15", "2026-03-09 06:45"),  # left out on the 8th
        ("02:30-04:00", TORONTO, "2026-03-08 07:00", "2026-03-08 08:00"),  # from when the clock is past it
        ("01:00-02:30", TORONTO, "2026-03-08 06:00", "2026-03-08 07:00"),
        ("01:00-01:30", TORONTO, "2026-11-01 05:00", "2026-11-01 05:30"),  # once, the first time
        ("01:30-02:00", TORONTO, "2026-11-01 05:30", "2026-11-01 07:00"),
        ("08:30-12:00", TORONTO, "2026-03-08 12:30", "2026-03-08 16:00"),
        ("20:00-24:00", TORONTO, "2026-11-02 01:00", "2026-11-02 05:00"),
        ("01:00-04:00", VANCOUVER, "2025-11-02 08:00", "2025-11-02 12:00"),
        ("01:00-04:00", VANCOUVER, "2025-03-09 09:00", "2025-03-09 11:00"),
        ("01:00-04:00", ST_JOHNS, "2026-03-08 04:30", "2026-03-08 06:30"),
        ("01:00-04:00", ST_JOHNS, "2026-11-01 03:30", "2026-11-01 07:30"),
        ("01:00-04:00", REGINA, "2026-03-08 07:00", "2026-03-08 10:00"),  # Saskatchewan changes nothing
        ("01:00-04:00", REGINA, "2026-11-01 07:00", "2026-11-01 10:00"),
        ("00:00-01:00", ST_JOHNS, "2011-03-13 03:30", "2011-03-13 03:31"),  # forward at 0:01, until 2011
        ("23:00-24:00", ST_JOHNS, "2010-11-07 01:30", "2010-11-07 02:30"),  # and at 0:01 back to the day before
        ("00:00-01:00", ST_JOHNS, "2010-11-07 02:30", "2010-11-07 04:30"),
        ("08:00-09:00", "Pacific/Apia", "2011-12-30 18:00", "2011-12-30 19:00"),  # of the 31st: there was no 30th
    ],
)
def test_hours_are_the_clock_s_on_the_wall(interval: str, zone: str, start: str, end: str) -> None:
    team, opens, closes = nightly(interval, zone), utc(start), utc(end)
    assert team.opens(opens - MINUTE * 30) == opens
    assert not team.is_open(opens - MINUTE) and team.is_open(opens)
    assert team.closes(opens) == closes
    assert team.is_open(opens + (closes - opens) / 4)
    assert team.is_open(closes - MINUTE) and not team.is_open(closes)
    assert team.worked(opens - 2 * HOUR, closes + 2 * HOUR) == closes - opens
    assert team.due(opens - HOUR, closes - opens) == closes


def slow(team: Calendar, start: datetime, minutes: int) -> list[bool]:
    """Minute by minute, whether a clock that is never put back shows an hour that is open."""
    zone = ZoneInfo(team.time_zone)
    shown, found = datetime.min, []
    for minute in range(-180, minutes):
        shown = max(shown, (start + minute * MINUTE).astimezone(zone).replace(tzinfo=None, fold=0))
        if minute < 0:
            continue
        today = team.special.get(shown.date())
        if today is None:
            today = [] if shown.date() in team.closed else team.hours.get(DAYS[shown.weekday()], [])
        found.append(any(each.split("-")[0] <= f"{shown:%H:%M}" < each.split("-")[1] for each in today))
    return found


@st.composite
def intervals(draw: st.DrawFn) -> list[str]:
    edges = sorted(draw(st.sets(st.integers(0, 96).map(lambda n: n * 15), max_size=6)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in pairs]


# From a day before: a clock that changes in the days after, or not.
NIGHTS = ["2026-03-07", "2026-10-31", "2026-04-04", "2026-10-03", "2026-06-30"]


@st.composite
def teams(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    hours = {day: draw(intervals()) for day in draw(st.sets(st.sampled_from(DAYS), min_size=4))}
    start = utc(draw(st.sampled_from(NIGHTS))) + MINUTE * draw(st.integers(0, 1440))
    days = st.integers(0, 4).map(lambda n: start.date() + timedelta(days=n))
    closed = draw(st.frozensets(days, max_size=1))
    special = {day: draw(intervals()) for day in draw(st.sets(days, max_size=2)) - closed}
    return Calendar(draw(st.sampled_from(ZONES)), hours, None, closed, special), start


@settings(max_examples=100, deadline=None)
@given(teams(), st.integers(0, 3 * 1440), st.integers(0, 1440))
def test_it_says_what_a_slow_clock_shows(given: tuple[Calendar, datetime], span: int, working: int) -> None:
    team, start = given
    shown = slow(team, start, 4 * 1440)
    assert team.is_open(start) == shown[0]
    assert team.is_open(start + span * MINUTE) == shown[span]
    assert team.worked(start, start + span * MINUTE) == sum(shown[:span]) * MINUTE
    if True in shown:
        assert team.opens(start) == start + shown.index(True) * MINUTE
    else:
        opens = team.opens(start)
        assert opens is None or opens >= start + len(shown) * MINUTE
    if not shown[0]:
        assert team.closes(start) is None
    elif False in shown:
        assert team.closes(start) == start + shown.index(False) * MINUTE
    due = team.due(start, working * MINUTE)
    passed = bisect_left([0, *accumulate(shown)], working)
    if passed <= len(shown):
        assert due == start + passed * MINUTE
    else:
        assert due is None or due > start + len(shown) * MINUTE


MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
TEAMS = st.builds(
    lambda zone, hours, holidays: Calendar(zone, dict(zip(DAYS, hours, strict=True)), holidays),
    st.sampled_from(ZONES),
    st.lists(intervals(), min_size=7, max_size=7),
    st.sampled_from([None, "ca", "ca-on", "ca-qc", "ca-sk"]),
)


@settings(deadline=None)
@given(TEAMS, st.lists(MOMENTS, min_size=3, max_size=3))
def test_parts_of_a_time_add_up(team: Calendar, moments: list[datetime]) -> None:
    a, b, c = sorted(moments)
    assert team.worked(a, b) + team.worked(b, c) == team.worked(a, c)


@settings(deadline=None)
@given(TEAMS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_when_it_is_due_so_much_was_worked(team: Calendar, start: datetime, working: timedelta) -> None:
    due = team.due(start, working)
    if due is None:
        assert team.worked(start, start + timedelta(days=725)) < working
        return
    assert team.worked(start, due) == working
    if working:
        assert team.worked(start, due - timedelta.resolution) < working


@settings(deadline=None)
@given(TEAMS, MOMENTS)
def test_it_opens_when_it_has_been_closed_and_closes_when_it_has_been_open(team: Calendar, now: datetime) -> None:
    opens, closes = team.opens(now), team.closes(now)
    if team.is_open(now):
        assert opens == now
        assert closes is None or (not team.is_open(closes) and team.worked(now, closes) == closes - now)
    else:
        assert closes is None
        assert opens is None or (team.is_open(opens) and team.worked(now, opens) == timedelta(0))


# Holidays


@pytest.mark.parametrize(
    ("day", "what", "free"),
    [
        ("2026-01-01", "New Year's Day", {"ca", "ca-on", "ca-qc", "ca-bc", "ca-sk", "ca-nl", "ca-mb"}),
        ("2026-02-16", "Family Day, or Louis Riel's", {"ca-on", "ca-bc", "ca-sk", "ca-mb"}),
        ("2026-04-03", "Good Friday", {"ca", "ca-on", "ca-qc", "ca-bc", "ca-sk", "ca-nl", "ca-mb"}),
        ("2026-05-18", "Victoria Day, or Patriots'", {"ca", "ca-on", "ca-qc", "ca-bc", "ca-sk", "ca-mb"}),
        ("2026-06-24", "Saint-Jean-Baptiste", {"ca-qc"}),
        ("2026-07-01", "Canada Day", {"ca", "ca-on", "ca-qc", "ca-bc", "ca-sk", "ca-nl", "ca-mb"}),
        ("2026-08-03", "British Columbia Day, Saskatchewan Day", {"ca-bc", "ca-sk"}),
        ("2026-09-07", "Labour Day", {"ca", "ca-on", "ca-qc", "ca-bc", "ca-sk", "ca-nl", "ca-mb"}),
        ("2026-09-30", "Truth and Reconciliation", {"ca", "ca-bc", "ca-mb"}),
        ("2026-10-12", "Thanksgiving", {"ca", "ca-on", "ca-qc", "ca-bc", "ca-sk", "ca-mb"}),
        ("2026-11-11", "Remembrance Day", {"ca", "ca-bc", "ca-sk", "ca-nl"}),
        ("2026-12-25", "Christmas", {"ca", "ca-on", "ca-qc", "ca-bc", "ca-sk", "ca-nl", "ca-mb"}),
        ("2026-12-28", "Boxing Day, which is a Saturday, observed", {"ca", "ca-on"}),
        ("2026-04-06", "Easter Monday", set()),
        ("2026-03-31", "a Tuesday", set()),
    ],
)
def test_each_law_sets_its_days_free(day: str, what: str, free: set[str]) -> None:
    for law in ("ca", "ca-on", "ca-qc", "ca-bc", "ca-sk", "ca-nl", "ca-mb"):
        team = Calendar(TORONTO, {name: ["09:00-17:00"] for name in DAYS}, law)
        assert team.is_open(at(f"{day} 10:00")) == (law not in free), f"{what}, {law}"


def test_without_holidays_every_day_is_as_its_weekday() -> None:
    team = Calendar(TORONTO, {name: ["09:00-17:00"] for name in DAYS})
    assert team.is_open(at("2026-12-25 10:00"))


def test_a_holiday_is_a_day_of_the_team_s_own_zone() -> None:
    team = Calendar(VANCOUVER, {name: ["00:00-24:00"] for name in DAYS}, "ca")
    assert team.closes(utc("2026-06-30 12:00")) == at("2026-07-01 00:00", VANCOUVER)
    assert team.opens(utc("2026-07-01 12:00")) == at("2026-07-02 00:00", VANCOUVER)


def test_who_needs_no_holidays_does_not_load_them() -> None:
    code = (
        "import sys; from channels.desk.calendar import calendar; calendar({'time_zone': 'UTC', 'hours': 'always'});"
        "assert 'holidays' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# How it is written


def test_it_is_read_as_it_is_written() -> None:
    day = ("08:30-12:00", "13:00-16:30")
    read = office()
    assert read == Calendar(
        TORONTO,
        {**{name: list(day) for name in DAYS[:5]}, "sat": ["10:00-14:00"]},
        "ca-on",
        frozenset({date(2026, 12, 24)}),
        {date(2026, 12, 31): ["08:30-12:00"]},
    )


def test_days_go_round_the_week_and_dates_may_be_quoted() -> None:
    read = calendar(
        {
            "time_zone": "UTC",
            "hours": {"sat-mon": ["09:00-10:00"], "wed": []},
            "holidays": "none",
            "closed": ["2026-12-24"],
            "special": {"2026-12-31": []},
        }
    )
    assert set(read.hours) == {"sat", "sun", "mon", "wed"}
    assert read.closed == {date(2026, 12, 24)} and read.special == {date(2026, 12, 31): []}


GOOD: dict[str, Any] = {"time_zone": TORONTO, "hours": {"mon-fri": ["08:30-12:00"]}, "holidays": "ca-on"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"time_zone": None}, "A calendar has a time_zone, written like America/Toronto."),
        ({"time_zone": "Toronto"}, "'Toronto' is not a time zone. Write it like America/Toronto."),
        ({"time_zone": "../../etc/passwd"}, "is not a time zone."),
        ({"hours": None}, 'A calendar has hours, like {mon-fri: ["08:30-12:00", "13:00-16:30"]}, or always.'),
        ({"hours": {}}, "A calendar has hours"),
        ({"hours": "never"}, "A calendar has hours"),
        ({"hours": {"monday": ["08:30-12:00"]}}, "'monday' is no day of the week. Write mon, tue"),
        ({"hours": {"mon-": ["08:30-12:00"], "mon": []}}, "mon has hours twice"),
        ({"hours": {"mon-fri": ["08:30-12:00"], "wed": ["09:00-10:00"]}}, "wed has hours twice, once by 'wed'"),
        ({"hours": {"fri-thu": [], "fri-mon": []}}, "fri has hours twice"),
        ({"hours": {"mon": "08:30-12:00"}}, 'The hours of mon are a list, like ["08:30-12:00"], or [] when closed'),
        ({"hours": {"mon": None}}, "The hours of mon are a list"),
        ({"hours": {"mon": [510]}}, "510 on mon is not written like 08:30-12:00."),
        ({"hours": {"mon": ["8:30-12:00"]}}, "'8:30-12:00' on mon is not written like 08:30-12:00."),
        ({"hours": {"mon": ["08:30-12:00\n"]}}, "on mon is not written like 08:30-12:00."),
        ({"hours": {"mon": ["08:60-12:00"]}}, "is not written like 08:30-12:00."),
        (
            {"hours": {"mon": ["08:30-24:30"]}},
            "'08:30-24:30' on mon goes beyond 24:00: write the rest on the day after.",
        ),
        ({"hours": {"mon": ["12:00-08:30"]}}, "'12:00-08:30' on mon ends before it has begun: over midnight, write"),
        ({"hours": {"mon": ["12:00-12:00"]}}, "ends before it has begun"),
        ({"hours": {"mon": ["12:00-14:00", "08:00-12:01"]}}, "The hours of mon, 12:00-14:00, 08:00-12:01, overlap"),
        ({"holidays": None}, "Say which holidays a calendar has: ca for federal ones, ca-on for Ontario's …, or none."),
        ({"holidays": False}, "Say which holidays a calendar has"),
        ({"holidays": "ca-xx"}, "'ca-xx' has no holidays here. Write ca for federal ones, ca-ab, ca-bc"),
        ({"holidays": "ca-"}, "'ca-' has no holidays here."),
        ({"holidays": "us-ny"}, "'us-ny' has no holidays here."),
        ({"closed": "2026-12-24"}, "closed is a list of dates, like [2026-12-24], not '2026-12-24'."),
        ({"closed": date(2026, 12, 24)}, "closed is a list of dates"),
        ({"closed": ["24 December"]}, "'24 December' is no date. Write it like 2026-12-24."),
        ({"closed": [datetime(2026, 12, 24, 8)]}, "is no date."),
        ({"closed": [2026]}, "2026 is no date."),
        ({"special": ["2026-12-31"]}, 'special has intervals for dates, like {2026-12-31: ["08:30-12:00"]}'),
        ({"special": {"31": []}}, "'31' is no date."),
        ({"special": {date(2026, 12, 31): ["10:00-09:00"]}}, "'10:00-09:00' on 2026-12-31 ends before"),
        ({"closed": ["2026-12-31"], "special": {"2026-12-31": []}}, "2026-12-31 is closed and special: have it in one"),
        ({"holiday": "ca"}, "A calendar has no 'holiday'. It has time_zone, hours, holidays, closed, special."),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_way_out(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError) as refused:
        calendar(GOOD | change)
    assert why in str(refused.value)


def test_a_day_that_is_none_is_refused_without_the_parser_too() -> None:
    with pytest.raises(ValueError, match=r"'mon-fri' is no day of the week. Write mon, tue, wed, thu, fri, sat, sun."):
        Calendar(TORONTO, {"mon-fri": ["08:30-12:00"]})
    with pytest.raises(ValueError, match="Nothing is due in"):
        office().due(at("2026-03-31 10:00"), -MINUTE)


def test_two_weeks_take_less_than_a_millisecond() -> None:
    team, now = office(), at("2026-03-30 00:00")
    later = now + timedelta(days=14)
    team.worked(now, later)
    took = []
    for _ in range(20):
        began = clock.perf_counter()
        team.worked(now, later)
        team.due(now, timedelta(hours=80))
        took.append(clock.perf_counter() - began)
    assert min(took) < 0.001
