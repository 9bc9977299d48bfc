"""What is published, as the actions see it: the knowledge, opened once per process and shared."""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from knowledge import Answer, Knowledge, NoSnapshot

log = logging.getLogger(__name__)


class Asked(Protocol):
    """What an action needs of the knowledge. Safe to ask from several threads."""

    def ask(self, question: str, *, language: str, place: str | None = None, before: Sequence[str] = ()) -> Answer: ...


Opener = Callable[[], Asked]
"""Gives the knowledge; raises NoSnapshot where nothing is published yet."""

_opening = threading.Lock()
_opened: list[Knowledge] = []


def opened() -> Knowledge:
    """The knowledge of $GUICHET_HOME, opened when it is first asked for. Raises NoSnapshot."""
    with _opening:
        if not _opened:
            _opened.append(Knowledge.open(Path(os.environ.get("GUICHET_HOME", ".guichet"))))
        return _opened[0]


def warm_up() -> None:
    """Open it before the first citizen waits for it, the encoder included."""
    try:
        opened().ask("passport", language="en")
    except NoSnapshot as no:
        log.warning("Nothing is published yet. %s", no)
