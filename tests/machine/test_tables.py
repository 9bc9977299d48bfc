"""Tables as an operator reads them: each channel with why it is off or how it goes, and what was set aside."""

import time
from dataclasses import replace

import pytest

from channels.catalogue import ENTRIES
from channels.lanes import Aside
from channels.traffic import Counts
from machine.tables import show_channels, show_left
from machine.traffic import Left, Line

WEB, SMS, *_ = ENTRIES
QUIET = Counts(0, 0, 0, None, None)
HOUR, DAY = 3600, 86_400
LEFT = Left(
    "outbox:whatsapp", Aside("outbox:whatsapp/1790000000000-0", "k", {}, "Refused: it is refused", 1_790_000_000.0)
)


def shown(capsys: pytest.CaptureFixture[str], *lines: Line) -> list[str]:
    show_channels(lines)
    return capsys.readouterr().out.splitlines()


def counted(counts: Counts) -> Line:
    return Line(WEB, [], "", counts)


def test_a_channel_that_is_off_says_what_to_set(capsys: pytest.CaptureFixture[str]) -> None:
    off = Line(SMS, ["GUICHET_TWILIO_TOKEN", "GUICHET_SMS_NUMBER"], "https://www.example.ca/sms/messages", QUIET)
    assert shown(capsys, off) == ["○ SMS by Twilio        off", "    → set GUICHET_TWILIO_TOKEN, GUICHET_SMS_NUMBER"]


def test_a_channel_that_is_on_says_how_it_goes_and_where_its_provider_reaches_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = time.time()
    sms = Line(SMS, [], "https://a-rather-long-name.of-some-place.example.ca/sms/messages", QUIET)
    counts = Counts(9, 3, 1, now - 5, now - 130)
    assert shown(capsys, replace(sms, counts=counts)) == [
        "● SMS by Twilio        on · last in 5 s ago, last out 2 min ago, 1 of 4 not delivered today (25.0%)",
        "    webhook: https://a-rather-long-name.of-some-place.example.ca/sms/messages",
    ]
    assert shown(capsys, sms)[0].endswith("on · last in never, last out never, nothing sent today")


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (-3, "0 s ago"),
        (0, "0 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (59 * 60, "59 min ago"),
        (HOUR, "1 h ago"),
        (23 * HOUR, "23 h ago"),
        (DAY, "1 d ago"),
        (40 * DAY, "40 d ago"),
    ],
)
def test_ages_are_told_in_the_largest_unit(capsys: pytest.CaptureFixture[str], seconds: int, says: str) -> None:
    (line,) = shown(capsys, counted(Counts(1, 0, 0, time.time() - seconds, None)))
    assert f"last in {says}, last out never" in line


@pytest.mark.parametrize(
    ("taken", "failed", "says"),
    [
        (0, 0, "nothing sent today"),
        (1000, 0, "0 of 1000 not delivered today (0.0%)"),
        (997, 3, "3 of 1000 not delivered today (0.3%)"),
        (0, 2, "2 of 2 not delivered today (100.0%)"),
    ],
)
def test_what_was_not_delivered_is_a_share_of_all(
    capsys: pytest.CaptureFixture[str], taken: int, failed: int, says: str
) -> None:
    (line,) = shown(capsys, counted(Counts(0, taken, failed, None, None)))
    assert line.endswith(says)


def test_where_there_are_no_counts_it_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    why = (
        "Redis does not answer [so far]. See what is wrong with it, in one line however long it may be: guichet doctor"
    )
    (line,) = shown(capsys, Line(WEB, [], "", None, why))
    assert line.endswith(f"on · {why}")


def test_that_nothing_was_set_aside_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    show_left([])
    assert capsys.readouterr().out == "Nothing was set aside in the last two days.\n"


def test_what_was_set_aside_is_listed_with_how_to_try_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    show_left([LEFT, replace(LEFT, aside=replace(LEFT.aside, id="outbox:whatsapp/1790000000001-0", why="z" * 90))])
    told = capsys.readouterr().out
    first, second = (line for line in told.splitlines() if "1790000000" in line)
    since = time.strftime("%b %d %H:%M", time.localtime(LEFT.aside.since))
    assert all(part in first for part in ("outbox:whatsapp/1790000000000-0", since, "Refused: it is"))
    assert "outbox:whatsapp/1790000000001-0" in second, "a long reason leaves room for the number to be copied"
    assert told.count("z") == 90 and "guichet outbox --again NUMBER" in told


@pytest.mark.parametrize("why", ["[/b] is refused", "a [bold]word", "[phone number]", "x\\"])
def test_a_reason_is_shown_as_it_is(capsys: pytest.CaptureFixture[str], why: str) -> None:
    show_left([replace(LEFT, aside=replace(LEFT.aside, why=why))])
    assert why in capsys.readouterr().out
