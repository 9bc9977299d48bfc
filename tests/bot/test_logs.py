"""The log tells what went wrong, and not what a citizen wrote."""

import json
import logging

from bot.logs import WithoutWords, where

WORDS = "my neighbour owes me money"


def logged(record: logging.LogRecord) -> str:
    assert WithoutWords().filter(record)
    return logging.Formatter("%(levelname)s %(message)s").format(record)


def test_rasas_structured_entries_keep_the_event_and_lose_the_values() -> None:
    entry = {
        "event": "rest.message.received.failure",
        "level": "error",
        "text": WORDS,
        "exception": [
            {
                "exc_type": "ValueError",
                "exc_value": f"cannot parse {WORDS}",
                "frames": [{"filename": "rest.py", "lineno": 7, "name": "receive", "locals": {"text": WORDS}}],
            }
        ],
    }
    line = logged(logging.LogRecord("rasa", logging.ERROR, "", 0, json.dumps(entry), None, None))
    assert WORDS not in line
    assert "rest.message.received.failure" in line
    assert "ValueError" in line
    assert "rest.py:7 receive" in line


def test_an_entry_that_only_looks_structured_is_left_out() -> None:
    assert WORDS not in logged(logging.LogRecord("rasa", logging.ERROR, "", 0, "{" + WORDS, None, None))


def test_a_traceback_names_the_errors_without_their_messages() -> None:
    try:
        try:
            raise KeyError(WORDS)
        except KeyError as cause:
            raise RuntimeError(f"500, body={WORDS}") from cause
    except RuntimeError as error:
        told = where(error)
        line = logged(
            logging.LogRecord("rasa", logging.ERROR, "", 0, "An action failed", None, (type(error), error, None))
        )
    assert "RuntimeError" in told
    assert "KeyError" in told
    assert "test_logs.py" in told
    assert told in line
    assert WORDS not in line


def test_other_messages_stay_as_they_are() -> None:
    assert (
        logged(logging.LogRecord("rasa", logging.WARNING, "", 0, "ready on %s", ("5005",), None))
        == "WARNING ready on 5005"
    )
