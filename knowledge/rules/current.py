"""Rules are what people have decided about what is published, as files of the home say it now: read when they change."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.encoder import Encoder
from knowledge.publishing.snapshot import Snapshot
from knowledge.rules import pins, withheld
from knowledge.rules.pins import Pin, PinsUnfit
from knowledge.rules.withheld import Step
from knowledge.stamp import NEVER, Stamp, stamp

if TYPE_CHECKING:
    from knowledge.rules.pinned import Pinned
    from knowledge.rules.veil import Veil

_log = logging.getLogger("knowledge")


class Rules:
    """Safe to ask from several threads: two that notice a change at once both read it, and find the same."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._steps: tuple[Stamp, tuple[Step, ...]] = (NEVER, ())
        self._pins: tuple[Stamp, tuple[Pin, ...]] = (NEVER, ())
        self._veil: Veil | None = None
        self._pinned: tuple[object, Pinned | None] = (None, None)

    def veil(self, snapshot: Snapshot) -> "Veil | None":
        """What is withheld of a snapshot; None where nothing is. Costs one stat as long as nothing changes."""
        now = stamp(self._home / "knowledge" / withheld.FILE)
        if now != self._steps[0]:
            self._steps = (now, tuple(withheld.history(self._home)))
        if not self._steps[1]:
            return None
        steps = withheld.standing(self._steps[1], datetime.now(UTC))
        if not steps:
            return None
        found = self._veil
        if found is None or found.snapshot is not snapshot or found.steps != steps:
            from knowledge.rules.veil import Veil

            found = self._veil = Veil(snapshot, steps)
        return found

    def pinned(self, snapshot: Snapshot, veil: "Veil | None", encoder: Encoder | None) -> "Pinned | None":
        """The pins that hold; None where there are none. Pins that cannot be read leave those before in use."""
        now = stamp(self._home / "knowledge" / pins.FILE)
        if now != self._pins[0]:
            try:
                self._pins = (now, pins.read(self._home))
            except PinsUnfit as why:
                _log.error("Changed pins were not taken: %s", why)
                self._pins = (now, self._pins[1])
        if not self._pins[1]:
            return None
        today = datetime.now(UTC).date()
        of = (now, snapshot.name, veil and veil.steps, encoder and encoder.fingerprint, today)
        made, found = self._pinned
        if found is None or made != of:
            from knowledge.rules.pinned import Pinned

            found = Pinned(self._pins[1], snapshot, veil, encoder, today)
            for name, reason in found.idle.items():
                _log.warning("The pin %r is not used. %s", name, reason)
            self._pinned = (of, found)
        return found
