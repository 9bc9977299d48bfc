"""A filter that keeps citizens' words out of Rasa's log: of an error it lets through what and where, but no values."""

import json
import logging
import traceback

KEPT = ("event", "event_info", "level", "logger", "timestamp")


class WithoutWords(logging.Filter):
    """Rasa logs a message that it failed on as a field, and the values of all variables with the exception."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if text.startswith("{"):
            record.msg, record.args = _structured(text), None
        if record.exc_info and record.exc_info[1]:
            record.exc_text = where(record.exc_info[1])
            record.exc_info = None
        return True


def where(error: BaseException) -> str:
    """A traceback without the errors' own messages, which may quote what they failed on."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen:
        lines += [*traceback.format_tb(seen.__traceback__), f"{type(seen).__qualname__}\n"]
        seen = seen.__cause__ or seen.__context__
    return "".join(lines).rstrip()


def _structured(text: str) -> str:
    try:
        entry = json.loads(text)
    except ValueError:
        return "A log entry that could not be read was left out."
    kept = {name: entry[name] for name in KEPT if name in entry}
    if isinstance(entry.get("exception"), list):
        kept["exception"] = [
            {
                "type": each.get("exc_type"),
                "at": [f"{f['filename']}:{f['lineno']} {f['name']}" for f in each.get("frames", ())][-5:],
            }
            for each in entry["exception"]
        ]
    return json.dumps(kept, ensure_ascii=False)
