"""What people decide at the command line about what is published: to withhold it, to bring it back, to pin it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import cast, get_args
from zoneinfo import ZoneInfo

from channels.settings import Settings
from knowledge.publishing.snapshot import Snapshot
from knowledge.rules.pins import Pin, PinsUnfit, ailment, checked, read, write
from knowledge.rules.veil import Veil
from knowledge.rules.withheld import Kind, NotWithheld, Step, history, reinstate, standing, withdraw
from machine.home import CannotStart

KINDS = get_args(Kind)
LONGEST = 500  # characters of what is withheld, and of a reason


@dataclass(frozen=True, slots=True)
class Withheld:
    """Something that is withheld, and how many pages of each published language that is."""

    step: Step
    pages: dict[str, int]


def take_out(settings: Settings, kind: str, what: str, because: str, by: str, until: date | None) -> Withheld:
    """Withhold something until the end of a day, or until it is brought back. Raises CannotStart, NoSnapshot."""
    meant, now = _kind(kind), datetime.now(UTC)
    what, because = _said("What is withdrawn", what), _said("A reason", because)
    ends = datetime.combine(until + timedelta(days=1), time(), ZoneInfo(settings.time_zone)) if until else None
    if ends is not None and ends <= now:
        raise CannotStart(f"{until} is over. Name a day to come, or none.")
    step = Step(now, meant, what, because, by, ends.astimezone(UTC) if ends else None)
    pages = Veil(Snapshot.open(settings.home), [step]).count
    if not any(pages.values()):
        raise CannotStart(
            f"Nothing that is published is the {kind} {what!r}, and nothing was withdrawn. {HINTS[meant]}"
        )
    withdraw(settings.home, step)
    return Withheld(step, pages)


def bring_back(settings: Settings, kind: str, what: str, because: str, by: str) -> Step:
    """Raises CannotStart where it is not withheld."""
    try:
        return reinstate(settings.home, _kind(kind), what, _said("A reason", because), by)
    except NotWithheld as why:
        raise CannotStart(str(why)) from None


def withheld(settings: Settings) -> list[Withheld]:
    """All that is withheld now. Raises NoSnapshot."""
    steps = standing(history(settings.home), datetime.now(UTC))
    snapshot = Snapshot.open(settings.home) if steps else None
    return [Withheld(step, Veil(snapshot, [step]).count if snapshot is not None else {}) for step in steps]


def add_pin(settings: Settings, pin: Pin) -> None:
    """Pin an answer, in the place of one of the same name. Raises CannotStart, NoSnapshot."""
    try:
        fit = checked(pin)
    except PinsUnfit as why:
        raise CannotStart(str(why)) from None
    if reason := ailment(fit, Snapshot.open(settings.home), datetime.now(UTC).date()):
        raise CannotStart(f"Nothing was pinned. {reason}")
    write(settings.home, [*(each for each in pins(settings) if each.name != pin.name), fit])


def remove_pin(settings: Settings, name: str) -> None:
    """Raises CannotStart where there is none."""
    there = pins(settings)
    kept = [each for each in there if each.name != name]
    if len(kept) == len(there):
        raise CannotStart(f"There is no pin {name!r}. Pins are {', '.join(each.name for each in there) or 'none'}.")
    write(settings.home, kept)


def pins(settings: Settings) -> tuple[Pin, ...]:
    """All of them. Raises CannotStart where they are unfit."""
    try:
        return read(settings.home)
    except PinsUnfit as why:
        raise CannotStart(str(why)) from None


def _kind(given: str) -> Kind:
    if given not in KINDS:
        raise CannotStart(f"{given!r} cannot be withdrawn: say which {', '.join(KINDS)}.")
    return cast(Kind, given)


def _said(which: str, text: str) -> str:
    text = " ".join(text.split())
    if not text or len(text) > LONGEST:
        raise CannotStart(f"{which} needs words, {LONGEST} characters at most.")
    return text


HINTS: dict[Kind, str] = {
    "topic": "Write words of the titles or topics of pages; commas part several: passport, passeport",
    "source": "Write a publisher, a host, or the beginning of addresses: Town of Example, www.example.ca",
    "page": "Write its address or id as an answer has it: guichet ask --json …",
    "language": "Write its code: en, fr",
}
