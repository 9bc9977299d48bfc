"""What came with a citizen's message, as a line of a case keeps it: its type, and sealed what the provider knows it by."""

from collections.abc import Sequence
from typing import Any

from channels.channel import File, Incoming
from channels.desk.case import Line
from channels.desk.seal import Seal

Sent = Sequence[File]


def attached(said: Incoming) -> Sent:
    """The files of a message; one without a reference for each of what cannot be fetched, such as a place on a map."""
    return (*said.files, *[File("", "")] * (said.media - len(said.files)))


def sealed(files: Sent, seal: Seal) -> dict[str, Any] | None:
    """What a line keeps about its files, if there are any."""
    return {"files": [[each.kind, seal.close(each.ref) if each.ref else ""] for each in files]} if files else None


def listed(line: Line) -> list[dict[str, Any]]:
    """The files of a line as pages get them: `number` is what to ask for, None where it cannot be fetched."""
    return [
        {"kind": kind, "number": number if ref else None} for number, (kind, ref) in enumerate(_kept(line), start=1)
    ]


def opened(line: Line, number: int, seal: Seal) -> File | None:
    """The file of that number, from 1; None where there is none, or it cannot be read any more."""
    for kind, ref in _kept(line)[max(number, 1) - 1 : number]:
        if found := seal.read(ref):
            return File(kind, found)
    return None


def _kept(line: Line) -> list[list[str]]:
    found: list[list[str]] = (line.about or {}).get("files", [])
    return found
