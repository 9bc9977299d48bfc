"""A part is killed in the middle of a turn: the citizen gets one reply."""

import time

import pytest

from tests.journeys.conftest import Citizen, Running


@pytest.mark.parametrize("part", ["worker", "bot", "actions", "redis"])
def test_a_killed_part_costs_no_reply_and_doubles_none(running: Running, part: str) -> None:
    citizen = running.citizen()
    citizen.ask("hello")
    ids = [citizen.say(question) for question in ("How do I renew my passport?", "how much does it cost?")]
    running.kill(part)
    replies = answered(citizen, ids)
    assert [reply["in_reply_to"] for reply in replies] == ids, "each once, in order"
    back_to_normal(running)


def answered(citizen: Citizen, ids: list[str]) -> list[dict[str, str]]:
    """The replies to these messages, once all have come and a while has passed in which a second one could."""

    def replies(events: list[tuple[str, dict[str, str]]]) -> list[dict[str, str]]:
        return [reply for kind, reply in events if kind == "reply" and reply["in_reply_to"] in ids]

    citizen.events(lambda events: {reply["in_reply_to"] for reply in replies(events)} == set(ids), seconds=60)
    time.sleep(1)
    return [reply for reply in replies(citizen.history()) if reply["id"].endswith("/1")]


def back_to_normal(running: Running) -> None:
    """Until the whole service answers again as it should."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        try:
            if "automated" in running.citizen().ask("are you a robot?", seconds=10)["text"]:
                return
        except (AssertionError, OSError):
            time.sleep(0.5)
    pytest.fail("the service has not come back")
