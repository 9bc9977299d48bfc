"""The published knowledge, opened when it is first asked for."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from knowledge import Knowledge

Stands = Callable[[Sequence[str], str | None], Awaitable[bool]]
"""Whether passages, by their ids, may still be said with the words that they had in a snapshot."""

log = structlog.get_logger()


@cache
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


def standing(knowledge: "Callable[[], Knowledge]") -> Stands:
    """Asks the published knowledge; while it cannot be asked, nothing may be said."""

    async def stands(passages: Sequence[str], snapshot: str | None) -> bool:
        from knowledge import NoSnapshot

        if not passages:
            return True
        try:
            return await asyncio.to_thread(lambda: knowledge().stands(passages, snapshot))
        except (NoSnapshot, OSError) as why:
            log.warning("passages not looked up", why=f"{type(why).__name__}: {why}")
            return False

    return stands
