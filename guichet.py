"""The command: up, index, watch, ask, train, evaluate, agent, channels, outbox, doctor … It wires; it decides nothing."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knowledge import blas
from machine import agents, keeping, publisher, ruling

if TYPE_CHECKING:
    from channels.settings import Settings

app = typer.Typer(
    name="guichet",
    help="Guichet answers citizens' questions with published service information, in English and French.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(keeping.app)  # backup, restore
app.add_typer(publisher.app)  # watch, review, report
app.add_typer(agents.app, name="agent")
app.add_typer(ruling.app)  # explain, affected, withdraw, reinstate, withdrawn, pin

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


class PartName(StrEnum):
    WEB = "web"
    WORKER = "worker"
    BOT = "bot"
    ACTIONS = "actions"
    DESK = "desk"
    PHONE = "phone"
    WATCH = "watch"


class Language(StrEnum):
    EN = "en"
    FR = "fr"


@app.command()
def up(
    dev: Annotated[bool, typer.Option("--dev", help="With telephones to try SMS, WhatsApp and Telegram on.")] = False,
) -> None:
    """Set up what is missing, start everything and say where the chat is; Ctrl-C stops all of it."""
    from machine.console import start

    start(_settings(), dev)


@app.command()
def prepare() -> None:
    """Make what is missing: the exported model, an index of the bundled content, the trained bot."""
    from machine.console import preparing
    from machine.prepare import prepare as make

    with preparing() as progress:
        make(_settings(), progress)


@app.command()
def index(
    sources: Annotated[list[str], typer.Argument(help="Folders of pages, files, or the addresses of sites.")],
) -> None:
    """Read published content and publish it: running processes answer from it at once."""
    from machine.console import preparing, show_index
    from machine.prepare import encoder_is_made, export_encoder
    from machine.prepare import published as publish

    settings = _settings()
    problems: list[object] = []
    with preparing() as progress:
        if not encoder_is_made(settings):
            export_encoder(settings, progress)
        published = publish(settings, sources, progress, problems.append)
    show_index(published, problems)
    raise typer.Exit(bool(published.held))


@app.command()
def ask(
    question: str,
    lang: Annotated[Language | None, typer.Option(help="Told from the question if not given.")] = None,
    place: Annotated[str | None, typer.Option(help="Where you live: ca-on, ca-on-toronto …")] = None,
    after: Annotated[list[str] | None, typer.Option(help="A question that you asked before; once for each.")] = None,
    as_json: Json = False,
) -> None:
    """Ask the published knowledge from the terminal."""
    from knowledge import Knowledge
    from knowledge.finding.following import turns

    language = lang or _language_of(question)
    knowledge, before = Knowledge.open(_settings().home), list[str]()
    for asked in (*(after or ()), question):
        answer = knowledge.ask(asked, language=language, place=place, before=before)
        before += turns(asked, answer)
    if as_json:
        typer.echo(json.dumps(answer.as_dict(), ensure_ascii=False, indent=2))
    else:
        from machine.console import show_answer

        show_answer(answer)


@app.command()
def train() -> None:
    """Train the bot from bot/."""
    from machine.console import preparing
    from machine.prepare import train as make

    with preparing() as progress:
        make(_settings(), progress)


@app.command()
def evaluate(
    folder: Path,
    lang: Annotated[Language | None, typer.Option(help="Told from the words if not given.")] = None,
    as_json: Json = False,
) -> None:
    """Measure retrieval on a BEIR folder: corpus.jsonl, queries.jsonl, qrels.tsv."""
    from knowledge import Encoder
    from knowledge.finding.evaluate import evaluate as measure
    from machine.console import preparing, show_metrics
    from machine.prepare import encoder_is_made, export_encoder

    settings = _settings()
    with preparing() as progress:
        if not encoder_is_made(settings):
            export_encoder(settings, progress)
        encoder = Encoder.open(settings.home / "encoder", workers=2)
        metrics = measure(folder, encoder, settings.home / "evaluated", lang, progress)
    typer.echo(json.dumps(metrics)) if as_json else show_metrics(folder, metrics)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what is running, which versions, which index, and what is wrong."""
    from machine.console import show_findings
    from machine.doctor import examine

    findings = examine(_settings())
    well = all(finding.well for finding in findings)
    if as_json:
        report = {"well": well, "findings": [finding.as_dict() for finding in findings]}
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        show_findings(findings)
    raise typer.Exit(not well)


@app.command()
def channels(as_json: Json = False) -> None:
    """Say which channels are on, what the others need, and how the traffic goes."""
    import asyncio
    from dataclasses import asdict

    from machine.tables import show_channels
    from machine.traffic import channels as look

    lines = asyncio.run(look(_settings()))
    typer.echo(json.dumps([asdict(line) for line in lines], indent=2)) if as_json else show_channels(lines)


@app.command()
def outbox(
    again: Annotated[str | None, typer.Option(help="Number of what to try once more, or all.")] = None,
    as_json: Json = False,
) -> None:
    """List what could not be answered or delivered, with the reason, and try it again."""
    import asyncio

    from machine.tables import show_left
    from machine.traffic import again as try_again
    from machine.traffic import left as look

    if again:
        done = asyncio.run(try_again(_settings(), again))
        typer.echo(json.dumps({"put_back": done}) if as_json else f"{done} put back into their queues.")
        raise typer.Exit(0 if done or again == "all" else 1)
    left = asyncio.run(look(_settings()))
    told = [{"number": x.aside.id, "queue": x.queue, "since": x.aside.since, "why": x.aside.why} for x in left]
    typer.echo(json.dumps(told, indent=2)) if as_json else show_left(left)


@app.command()
def segments(as_json: Json = False) -> None:
    """Say what the published answers cost as text messages."""
    from dataclasses import asdict

    from knowledge import Knowledge
    from machine.console import preparing
    from machine.segments import measure
    from machine.tables import show_segments

    settings = _settings()
    with preparing() as progress:
        shares = measure(Knowledge.open(settings.home), settings.sms_segments, progress)
    if as_json:
        typer.echo(json.dumps([asdict(share) for share in shares], ensure_ascii=False))
    else:
        show_segments(shares, settings.sms_segments, settings.sms_typography)


@app.command(hidden=True)
def run(part: PartName) -> None:
    """Be one process of the service, as docker-compose.yml does."""
    from machine.parts import run as be

    be(part, _settings())


@app.command(hidden=True)
def health(part: PartName) -> None:
    """Say whether one part does its work, as docker-compose.yml asks."""
    import asyncio

    from machine.health import ailment

    if why := asyncio.run(ailment(part, _settings())):
        typer.echo(why, err=True)
        raise typer.Exit(1)


@app.command(hidden=True)
def migrate() -> None:
    """Bring the tables of PostgreSQL to this version's form."""
    from machine.servers import migrate as bring_up_to_date

    bring_up_to_date(_settings().database_url)


def _settings() -> "Settings":
    from channels.settings import Settings

    return Settings()


def _language_of(question: str) -> str:
    from channels.conversation import written_language

    return written_language(question) or "en"


def main() -> None:
    """Run the command; what a person can put right is said in a sentence, without a traceback."""
    blas.prepare()
    try:
        app()
    except Exception as error:
        from machine.errors import sentence

        said = sentence(error)
        if said is None:
            raise
        from machine.console import say_error

        say_error(said)
        sys.exit(1)


if __name__ == "__main__":
    main()
