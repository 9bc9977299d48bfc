"""Logs: an exception is told without what was said."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator

import pytest
import structlog

from channels import logs

Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """The lines that were logged, with the logging of production."""
    before, stderr = structlog.get_config(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    logs.configure()
    yield lambda: [json.loads(line) for line in stderr.getvalue().splitlines()]
    structlog.configure(**before)


def test_no_address_that_is_asked_is_logged(written: Lines) -> None:
    """Telegram's have the token of the bot."""
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)


def test_an_exception_is_logged_without_its_message(written: Lines) -> None:
    log = structlog.get_logger()
    try:
        try:
            raise KeyError("my SIN is 046 454 286")
        except KeyError as error:
            raise ValueError("could not read: my SIN is 046 454 286") from error
    except ValueError:
        log.exception("turn failed", conversation="abc")
    (line,) = written()
    assert (line["event"], line["conversation"], line["exception"]) == (
        "turn failed",
        "abc",
        "ValueError from KeyError",
    )
    assert "test_logs.py" in line["raised"][-1]
    assert "046" not in json.dumps(line)


def test_a_line_without_an_exception_is_as_it_is_given(written: Lines) -> None:
    structlog.get_logger().warning("redis away", queue="inbox", exc_info=True)
    (line,) = written()
    assert line.keys() == {"event", "queue", "level", "timestamp"}
