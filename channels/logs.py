"""Logs as one JSON object a line on standard error: what happened to which conversation's hash, never what was said."""

import logging
import sys
import traceback
from collections.abc import Iterator

import structlog
from structlog.typing import EventDict, WrappedLogger

DEEPEST = 12  # calls of a traceback that are logged


def configure() -> None:
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log addresses, and Telegram's have the bot's token
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            name_exception,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def name_exception(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """An exception as the names of it and its causes, and where it was raised: its message may quote what was said."""
    error = sys.exc_info()[1]
    if event.pop("exc_info", None) and error:
        event["exception"] = " from ".join(type(each).__name__ for each in _causes(error))
        calls = traceback.extract_tb(error.__traceback__)[-DEEPEST:]
        event["raised"] = [f"{call.filename}:{call.lineno} {call.name}" for call in calls]
    return event


def _causes(error: BaseException) -> Iterator[BaseException]:
    each: BaseException | None = error
    while each:
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
