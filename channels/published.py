"""The published knowledge, opened when it is first asked for."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knowledge import Knowledge


def opener(home: Path) -> Callable[[], "Knowledge"]:
    """Opens the knowledge once: a worker whose bot is well never loads it."""
    opened: list[Knowledge] = []
    opening = threading.Lock()

    def knowledge() -> "Knowledge":
        from knowledge import Knowledge

        with opening:
            if not opened:
                opened.append(Knowledge.open(home))
        return opened[0]

    return knowledge
