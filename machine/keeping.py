"""The commands that keep all of it and bring it back: backup, restore."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="A file that is not there yet.")]) -> None:
    """Put all that cannot be made again into one file, also while the service runs."""
    from channels.settings import Settings
    from machine.backup import backup as make
    from machine.backup import said
    from machine.console import preparing

    _end_in_order()
    with preparing() as progress:
        made = make(Settings(), file, progress)
    typer.echo(said(made))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What guichet backup has made.")],
    replace: Annotated[bool, typer.Option("--replace", help="Put aside what is there.")] = False,
) -> None:
    """Bring back what a backup has, while the service does not run."""
    from channels.settings import Settings
    from machine.console import preparing
    from machine.restore import restore as bring_back
    from machine.restore import said

    _end_in_order()
    with preparing() as progress:
        restored = bring_back(Settings(), file, replace, progress)
    typer.echo(said(restored))


def _end_in_order() -> None:
    """Whoever ends it ends the servers that it started, too, and leaves nothing half made."""
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda number, frame: sys.exit(128 + number))
