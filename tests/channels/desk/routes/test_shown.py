"""What pages are told of teams."""

from datetime import UTC, datetime, timedelta

import pytest

from channels.desk.routes.shown import team_shown
from channels.desk.teams import teams

TITLE = {"en": "General", "fr": "Général"}
YESTERDAY = f"{datetime.now(UTC) - timedelta(days=1):%a}".lower()


@pytest.mark.parametrize(("hours", "is_open"), [("always", True), ({YESTERDAY: ["10:00-10:30"]}, False)])
def test_a_team_says_whether_it_is_open_also_where_it_never_closes(hours: object, is_open: bool) -> None:
    shown = team_shown(
        teams({"general": {"title": TITLE, "hours": hours, "holidays": "none", "time_zone": "UTC"}})["general"]
    )
    assert shown["open"] is is_open
    assert shown["closes"] is None
    assert datetime.fromisoformat(shown["opens"]) > datetime.now(UTC) - timedelta(minutes=1)
