"""What the command shows a person: progress, tables, answers, and errors as sentences."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from machine.ports import reachable

if TYPE_CHECKING:
    from channels.settings import Settings
    from knowledge.answer import Answer
    from machine.doctor import Finding
    from machine.prepare import Progress as Told
    from machine.publishing import Published

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def say_error(text: str) -> None:
    err.print("[bold red]Error[/]", end=" ")
    err.print(text, markup=False, soft_wrap=True)


@contextmanager
def preparing() -> Iterator["Told"]:
    """Shows each step that it is told of: with its progress and time on a terminal, as a line elsewhere."""
    if not err.is_terminal:
        yield _told_by_line()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err) as bars:
        steps: dict[str, TaskID] = {}

        def told(step: str, done: int, of: int) -> None:
            if step not in steps:
                for before in steps.values():  # one step after the other: the next one has begun, so these are done
                    bars.update(before, completed=1, total=1)
                steps[step] = bars.add_task(_capital(step), total=of or None)
            bars.update(steps[step], completed=done, total=of or None)

        yield told


def _told_by_line() -> "Told":
    steps: set[str] = set()

    def told(step: str, done: int, of: int) -> None:
        if step not in steps:
            steps.add(step)
            err.print(f"{_capital(step)} …", markup=False)

    return told


def _capital(step: str) -> str:
    return step[:1].upper() + step[1:]


def start(settings: "Settings", dev: bool = False) -> None:
    """Prepare, start everything, and stay until Ctrl-C. Raises CannotStart, CannotPrepare, ServerFailed, TeamsUnfit.

    With `dev`, telephones are started as well, and all channels are on.
    """
    from channels.desk.teams import read
    from machine.home import held
    from machine.phone.settings import with_telephones
    from machine.ports import check_public_port
    from machine.prepare import is_prepared
    from machine.supervisor import Supervisor

    began = time.monotonic()
    read(settings.desk_teams)  # what is wrong with it is said before anything starts
    if dev:
        settings = with_telephones(settings)

    def say(title: str, state: str) -> None:
        err.print(f"  {title:<18} [dim]{state}[/]")

    def ready(running: "Settings") -> None:
        address = f"http://{reachable(running.public_host)}:{running.public_port}"
        out.print(f"\n[bold green]Ready[/] after {time.monotonic() - began:.0f} s.")
        out.print(f"  The chat:              [bold]{address}/[/]  (français : {address}/fr)", soft_wrap=True)
        out.print(f"  Without JavaScript:    {address}/chat")
        desk = f"http://{reachable(running.desk_host)}:{running.desk_port}/"
        out.print(f"  The agents' desk:      {desk}  (come in: .venv/bin/guichet agent invite)", soft_wrap=True)
        if dev:
            out.print(f"  Telephones:            {running.twilio_url}/  (SMS, WhatsApp, Telegram)", soft_wrap=True)
        out.print('  Ask in the terminal:   .venv/bin/guichet ask "how do I renew my passport"')
        out.print("  Stop:                  Ctrl-C\n")

    with held(settings.home) as lock:
        check_public_port(settings.public_port, settings.public_host)
        if not is_prepared(settings):
            _prepare_apart()
        asyncio.run(Supervisor(settings, say, (lock,), dev=dev).up(ready))
    err.print("Stopped.")


def _prepare_apart() -> None:
    """In a process of its own: what it loads would stay in memory for as long as the service runs."""
    from machine.kept import ending_with_parent

    command = [sys.executable, "-m", "guichet", "prepare"]
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda number, frame: sys.exit(128 + number))
    with subprocess.Popen(command, start_new_session=True, preexec_fn=ending_with_parent()) as child:
        try:
            code = child.wait()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)  # a training that it had begun, too
    if code:
        sys.exit(code)  # it has said why


def show_index(published: "Published", problems: Sequence[Any]) -> None:
    from machine.pages import show_held, show_report

    for problem in problems[:20]:
        err.print("[yellow]![/]", end=" ")
        err.print(str(problem), markup=False, soft_wrap=True)
    if len(problems) > 20:
        err.print(f"[yellow]![/] and {len(problems) - 20} more")
    table = Table("language", "documents", "passages")
    for language, count in (published.manifest or {})["languages"].items():
        table.add_row(language, f"{count['documents']:,}", f"{count['passages']:,}")
    out.print(table)
    if published.report:
        show_report(published.report.as_dict() | {"problems": []}, news=True)
    for held in published.held:
        if not held.new:
            show_held(held)
    out.print('Published. Running processes answer from it now. Try: guichet ask "…"')


def show_answer(answer: "Answer") -> None:
    colour = {"answered": "green", "clarify": "yellow"}.get(answer.outcome, "red")
    out.print(f"[{colour}]{answer.outcome}[/] · confidence {answer.confidence:.2f}")
    for taken, what in (
        ("about", answer.about),
        ("for", answer.place),
        ("asks", "where you live" * answer.asks_place),
        ("says", "that it may not be the answer" * answer.unsure),
    ):
        if what:
            out.print(f"[dim]{taken}[/] {what}", highlight=False)
    if answer.whose:
        out.print(f"[dim]belongs to[/] {answer.whose.names.get('en', '')} {answer.whose.url}".rstrip(), highlight=False)
    for number, source in enumerate(answer.sources):
        heading = " › ".join(part for part in (source.title, source.section) if part)
        out.print(f"\n[bold]{heading}[/]")
        if number == 0 and answer.outcome == "answered":
            out.print(source.quote, markup=False)
        about = " · ".join(
            part for part in (source.publisher, source.as_of and f"as of {source.as_of}", source.url) if part
        )
        out.print(f"[dim]{about}[/]")
    for choice in answer.choices:
        out.print(f"  • {choice}", markup=False)


def show_metrics(folder: Path, metrics: Mapping[str, Any]) -> None:
    table = Table("set", *metrics)
    table.add_row(
        folder.name, *(f"{value:.3f}" if isinstance(value, float) else str(value) for value in metrics.values())
    )
    out.print(table)


def show_findings(findings: Sequence["Finding"]) -> None:
    for finding in findings:
        out.print(f"{'[green]✓[/]' if finding.well else '[red]✗[/]'} {finding.what:<22} ", end="")
        out.print(finding.says, markup=False, soft_wrap=True)
        if not finding.well and finding.remedy:
            out.print(f"    → {finding.remedy}", markup=False, soft_wrap=True)
