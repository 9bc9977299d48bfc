"""The commands about what is said: explain, affected; withdraw, reinstate, withdrawn; pin add, list, check, remove."""

import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from channels.settings import Settings

app = typer.Typer()
pin = typer.Typer(help="Reviewed answers that stand above a question.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(pin, name="pin")

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
By = Annotated[str, typer.Option(help="Who decides it; whoever is signed in here if not given.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever asks later.")]
What = Annotated[str, typer.Argument(help="topic, source, page or language.")]
DAY = "%Y-%m-%d"


@app.command()
def explain(
    answer: Annotated[str | None, typer.Argument(help="Name of an answer, or the first digits of it.")] = None,
    last: Annotated[int, typer.Option(min=1, help="Without a name: list so many of the latest.")] = 10,
    conversation: Annotated[str, typer.Option(help="Without a name: of this conversation alone.")] = "",
    as_json: Json = False,
) -> None:
    """Say how an answer came about, and make it again on the snapshot of its day."""
    from machine import recorded, shown

    settings = _settings()
    if answer is None:
        found = recorded.latest(settings, last, conversation)
        _echo([_brief(each) for each in found]) if as_json else shown.show_latest(found)
        return
    explained = recorded.explain(settings, answer)
    _echo(explained.as_dict()) if as_json else shown.show_explained(explained)


@app.command()
def affected(
    page: Annotated[str, typer.Argument(help="Address of a page or section, or id of a document or passage.")],
    since: Annotated[
        datetime | None, typer.Option(formats=[DAY], help="A day; from the beginning if not given.")
    ] = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only those whose quote is not published so any more.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the conversations that a page was quoted in, so that people can be told what is right."""
    from machine import recorded, shown

    found = recorded.affected(_settings(), page, since.replace(tzinfo=UTC) if since else None, changed)
    _echo([each.as_dict() for each in found]) if as_json else shown.show_affected(found)


@app.command()
def withdraw(
    kind: What,
    what: Annotated[str, typer.Argument(help="Words, a publisher or host, an address or id, a code.")],
    reason: Reason,
    until: Annotated[datetime | None, typer.Option(formats=[DAY], help="Last day on which it is withdrawn.")] = None,
    by: By = "",
) -> None:
    """Take something out of service at once, in every process, without a new index."""
    from machine import deciding, shown

    shown.show_taken_out(
        deciding.take_out(_settings(), kind, what, reason, by or getpass.getuser(), until.date() if until else None)
    )


@app.command()
def reinstate(kind: What, what: str, reason: Reason, by: By = "") -> None:
    """Bring back what was withdrawn."""
    from machine import deciding

    step = deciding.bring_back(_settings(), kind, what, reason, by or getpass.getuser())
    typer.echo(f"The {step.kind} {step.what!r} is in service again.")


@app.command()
def withdrawn(
    everything: Annotated[bool, typer.Option("--all", help="What was withdrawn earlier, too.")] = False,
    as_json: Json = False,
) -> None:
    """List what is withdrawn: since when, by whom, why, until when."""
    from knowledge.rules.withheld import history
    from machine import deciding, shown

    settings = _settings()
    if everything:
        steps = history(settings.home)
        _echo([shown.step_of(each) for each in steps]) if as_json else shown.show_steps(steps)
        return
    found = deciding.withheld(settings)
    _echo([shown.step_of(each.step) | {"pages": each.pages} for each in found]) if as_json else shown.show_withheld(
        found
    )


@pin.command("add")
def add_pin(
    name: Annotated[str, typer.Argument(help="What you call it.")],
    question_en: Annotated[list[str], typer.Option(help="A question in English; give several wordings.")],
    question_fr: Annotated[list[str], typer.Option(help="A question in French; give several wordings.")],
    passage_en: Annotated[list[str], typer.Option(help="Id of a passage to quote in English, the first one in full.")],
    passage_fr: Annotated[list[str], typer.Option(help="Id of a passage to quote in French.")],
    expires: Annotated[datetime, typer.Option(formats=[DAY], help="Last day on which it holds.")],
    by: Annotated[str, typer.Option(help="Who has reviewed it.")],
) -> None:
    """Pin published passages above a question, in both languages."""
    from knowledge.rules.pins import Pin
    from machine import deciding

    questions = {"en": tuple(question_en), "fr": tuple(question_fr)}
    passages = {"en": tuple(passage_en), "fr": tuple(passage_fr)}
    today = datetime.now(UTC).date()
    deciding.add_pin(_settings(), Pin(name, questions, passages, by, today, expires.date()))
    typer.echo(f"Pinned until {expires:%Y-%m-%d}. See what it captures: guichet pin check {name}")


@pin.command("list")
def list_pins(as_json: Json = False) -> None:
    """List the pins, and those that are not used, with the reason."""
    from machine import pinning, shown

    found = pinning.listed(_settings())
    _echo([each.as_dict() for each in found]) if as_json else shown.show_pins(found)


@pin.command("check")
def check_pins(
    name: Annotated[str | None, typer.Argument(help="One pin; all of them if not given.")] = None,
    questions: Annotated[Path | None, typer.Option(help="Folder of questions that others ask.")] = None,
    as_json: Json = False,
) -> None:
    """Ask the questions of the pins, and see whether they come out, and which other questions they capture."""
    from machine import pinning, shown

    found = pinning.check(_settings(), name, questions or pinning.QUESTIONS)
    _echo([each.as_dict() for each in found]) if as_json else shown.show_checked(found)
    raise typer.Exit(not all(each.well for each in found))


@pin.command("remove")
def remove_pin(name: str) -> None:
    """Take a pin away: the question is answered by what is found again."""
    from machine import deciding

    deciding.remove_pin(_settings(), name)
    typer.echo(f"{name} is not pinned any more.")


def _brief(recorded: Any) -> dict[str, Any]:
    told = {"answer": recorded.name, "at": recorded.at.isoformat(), "conversation": recorded.conversation}
    return told | {"question": recorded.question, "outcome": recorded.reply["outcome"], "passage": recorded.passage}


def _echo(values: Any) -> None:
    typer.echo(json.dumps(values, ensure_ascii=False, indent=2))


def _settings() -> "Settings":
    from channels.settings import Settings

    return Settings()
