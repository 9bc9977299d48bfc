"""What the command prints of channels, and of what they could not deliver."""

import time
from collections.abc import Sequence
from datetime import datetime

from rich.table import Column, Table
from rich.text import Text

from machine.console import out
from machine.segments import Share
from machine.traffic import Left, Line


def show_channels(lines: Sequence[Line]) -> None:
    for line in lines:
        title = f"{line.entry.title:<20}"
        if line.missing:
            out.print(f"[dim]○ {title} off[/]")
            out.print(f"    → set {', '.join(line.missing)}", markup=False, soft_wrap=True)
            continue
        counts = line.counts
        says = (
            f"last in {_ago(counts.last_in)}, last out {_ago(counts.last_out)}, {_share(counts.failed, counts.taken)}"
            if counts
            else line.uncounted
        )
        out.print(f"[green]●[/] {title} on · ", end="")
        out.print(says, markup=False, soft_wrap=True)
        if line.webhook:
            out.print(f"    webhook: {line.webhook}", markup=False, soft_wrap=True)


def show_left(left: Sequence[Left]) -> None:
    if not left:
        out.print("Nothing was set aside in the last two days.")
        return
    columns = (Column("number", no_wrap=True), Column("since", no_wrap=True), Column("why", overflow="fold"))
    table = Table(*columns)
    for each in left:
        since = datetime.fromtimestamp(each.aside.since).strftime("%b %d %H:%M")
        table.add_row(each.aside.id, since, Text(each.aside.why))
    out.print(table)
    out.print("Try one of them again, or all: guichet outbox --again NUMBER, guichet outbox --again all")


def show_segments(shares: Sequence[Share], segments: int, chosen: str) -> None:
    """What texts cost in each typography, and the dearest answers in the one that is chosen."""
    table = Table("", "typography", "answers", "the text", "all of it", "whole at once", "UCS-2")
    for share in shares:
        means = (f"{len(share.costs):,}", f"{share.sent:.1f}", f"{share.all:.1f}")
        style = "bold" if share.typography == chosen else ""
        table.add_row(share.language, share.typography, *means, f"{share.whole:.0%}", f"{share.wide:.0%}", style=style)
    out.print(f"Segments of answers as texts of at most {segments} (GUICHET_SMS_SEGMENTS), on average")
    out.print(table)
    for share in shares:
        if share.typography == chosen:
            out.print(f"Dearest in {share.language}:")
            for cost in share.dearest(5):
                out.print(f"  {cost.all:>3} segments  {cost.title}", markup=False)


def _ago(then: float | None) -> str:
    if then is None:
        return "never"
    seconds = time.time() - then
    for size, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {name} ago"
    return f"{max(0, seconds):.0f} s ago"


def _share(failed: int, taken: int) -> str:
    if not failed + taken:
        return "nothing sent today"
    return f"{failed} of {failed + taken} not delivered today ({failed / (failed + taken):.1%})"
