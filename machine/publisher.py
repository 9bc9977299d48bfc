"""The commands of who publishes: watch, review, report."""

import json
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from channels.settings import Settings
    from machine.publishing import Published
    from machine.watch import Tellers

app = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Word(StrEnum):
    LIST = "list"
    SHOW = "show"
    APPROVE = "approve"
    REJECT = "reject"
    LOG = "log"


def seconds(given: str) -> float:
    """ "15m", "2h", "90s" or "1d" in seconds. Raises BadParameter."""
    number, unit = given[:-1], given[-1:]
    if not number.isdigit() or unit not in UNITS or not int(number):
        raise typer.BadParameter(f"{given!r} is no time. Write it as 15m, 2h or 1d.")
    return float(int(number) * UNITS[unit])


@app.command()
def watch(
    every: Annotated[str | None, typer.Option(help="How often sites are asked: 15m, 2h, 1d.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Read all of it once, and end.")] = False,
    review: Annotated[bool, typer.Option("--review", help="Let changes wait for guichet review.")] = False,
    as_json: Json = False,
) -> None:
    """Read again what was indexed, publish what has changed, and say what it was; Ctrl-C ends it."""
    from channels.settings import Settings
    from machine.watch import Watch, watching

    settings = Settings()
    pause = seconds(every) if every else settings.watch_minutes * 60.0
    watched = Watch(settings, _tellers(as_json), pause, review or settings.watch_review)
    _end_in_order()
    try:
        with watching(settings.home):
            if once:
                raise typer.Exit(not watched.once())
            watched.run()
    except SystemExit:
        typer.echo("Stopped.", err=True)


def be_watch(settings: "Settings") -> None:
    """Be the part of the service that watches, until told to stop."""
    from machine.watch import Watch, watching

    _end_in_order()
    with watching(settings.home):
        Watch(settings, _tellers(False), settings.watch_minutes * 60.0, settings.watch_review).run()


def _end_in_order() -> None:
    """At once, wherever it is: what is published is published whole, or not at all."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda number, frame: sys.exit(0))


def _tellers(as_json: bool) -> "Tellers":
    from datetime import datetime

    from machine.console import err
    from machine.pages import show_report
    from machine.watch import Tellers

    def line(sign: str, text: str) -> None:
        err.print(f"{datetime.now():%H:%M:%S} {sign}", end=" ")
        err.print(text, markup=False, soft_wrap=True)

    def published(done: "Published") -> None:
        if done.report and as_json:
            typer.echo(json.dumps(done.report.as_dict()))
        elif done.report:
            show_report(done.report.as_dict(), news=True)

    steps: set[tuple[str, int]] = set()

    def progress(step: str, number: int, of: int) -> None:
        tenth = number * 10 // of if of >= 100 else 0
        if tenth and (step, tenth) not in steps:
            steps.add((step, tenth))
            line("·", f"{step}: {number:,} of {of:,}")
        if of and number >= of:
            steps.difference_update({each for each in steps if each[0] == step})

    return Tellers(lambda says: line("·", says), lambda says: line("[yellow]![/]", says), published, progress)


@app.command()
def review(
    word: Annotated[Word, typer.Argument(help="list, show, approve, reject, or log: what was decided.")] = Word.LIST,
    id: Annotated[str | None, typer.Argument(help="Of what waits.")] = None,
    by: Annotated[str | None, typer.Option(help="Who says so; your name on this machine if not given.")] = None,
    why: Annotated[str, typer.Option(help="Why; it is kept in the log.")] = "",
    as_json: Json = False,
) -> None:
    """See what waits to be published, and publish or reject it."""
    from channels.settings import Settings
    from machine import review as reviews
    from machine.pages import show_changes, show_waiting

    settings = Settings()
    if word == Word.LOG:
        for said in reviews.words(settings.home):
            typer.echo(json.dumps(said, ensure_ascii=False) if as_json else _decided(said))
        return
    if word == Word.LIST:
        _list(settings.home, as_json)
        return
    waits = reviews.reading(settings.home, id or "")
    if word == Word.SHOW:
        changes = reviews.changes(settings.home, waits).as_dict()
        typer.echo(json.dumps(changes)) if as_json else show_changes(changes)
    elif word == Word.REJECT:
        reviews.decide(settings.home, waits.name, "rejected", by, why)
        typer.echo(f"Rejected. What is published of {waits.source} stays, until it says something else.")
    else:
        _approve(settings, waits.name, by, why, as_json)
    if word == Word.SHOW and not as_json:
        show_waiting([each for each in reviews.waiting(settings.home) if each[0].id == waits.name])


def _list(home: Path, as_json: bool) -> None:
    from dataclasses import asdict

    from machine import review as reviews
    from machine.pages import show_waiting

    waiting = reviews.waiting(home)
    if as_json:
        typer.echo(json.dumps([asdict(held) | {"since": since} for held, since in waiting]))
    elif waiting:
        show_waiting(waiting)
    else:
        typer.echo("Nothing waits for review.")


def _approve(settings: "Settings", name: str, by: str | None, why: str, as_json: bool) -> None:
    from machine import review as reviews
    from machine.console import preparing
    from machine.pages import show_report
    from machine.publishing import publish, sources_of

    waits = reviews.reading(settings.home, name)
    sources = list(dict.fromkeys([*sources_of(settings.home), waits.source]))
    reviews.decide(settings.home, name, "approved", by, why)
    with preparing() as progress:
        done = publish(settings, sources, {waits.source: waits}, progress, approved={waits.source})
    if as_json:
        typer.echo(json.dumps(done.report.as_dict() if done.report else {}))
    elif done.report:
        show_report(done.report.as_dict(), news=True)
    else:
        typer.echo("Approved. It is what was published already.")


def _decided(said: dict[str, Any]) -> str:
    why = f" ({said['why']})" if said["why"] else ""
    return f"{said['at']} {said['by']} {said['word']} {said['id']} of {said['source']}{why}"


@app.command()
def report(
    number: Annotated[int, typer.Argument(min=1, help="1 is the latest, 2 the one before.")] = 1,
    everything: Annotated[bool, typer.Option("--all", help="All that was found, not the first few.")] = False,
    as_json: Json = False,
) -> None:
    """Show what a publication changed, and what should be mended on the pages."""
    from channels.settings import Settings
    from machine.pages import FEW, show_report
    from machine.reports import kept

    found = list(kept(Settings().home))
    if len(found) < number:
        typer.echo(
            f"There are {len(found)} reports. One is made whenever guichet index or guichet watch finds changes."
        )
        raise typer.Exit(1)
    chosen = found[number - 1]
    typer.echo(json.dumps(chosen)) if as_json else show_report(chosen, None if everything else FEW)
