"""What the commands show of answers on record, of what is withheld and of what is pinned."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from channels.provenance import Quoted, Recorded
from knowledge.rules.withheld import Step
from machine.console import err, out
from machine.deciding import Withheld
from machine.pinning import Checked, Listed
from machine.recorded import Affected, Explained

QUESTION = 60  # characters of a question that a table shows


def show_latest(found: Sequence[Recorded]) -> None:
    table = Table("answer", "time", "channel", "question", "outcome", "passage")
    for each in found:
        told = (each.name, f"{each.at:%Y-%m-%d %H:%M}", each.channel, _short(each.question), each.reply["outcome"])
        table.add_row(*map(escape, told), escape(each.passage))
    out.print(table if found else "No answer is on record.")


def show_explained(explained: Explained) -> None:
    one, basis = explained.recorded, explained.recorded.basis
    reply = one.reply
    lines: dict[str, Any] = {
        "answer": one.name,
        "time": one.at.isoformat(timespec="seconds"),
        "conversation": f"{one.conversation} ({one.channel})",
        "question": one.question,
        "outcome": reply["outcome"],
        "confidence": reply["confidence"],
        "snapshot": reply["snapshot"],
        "passages": ", ".join(reply["passages"]) or "none",
        "quote": one.quote or "none",
        "read as": basis.get("question"),
        "language": basis.get("language"),
        "place": basis.get("place"),
        "follows": " / ".join(basis.get("before") or ()),
        "pin": _pin(basis.get("pin")),
        "withdrawn then": ", ".join(f"{kind} {what!r}" for kind, what in basis.get("withheld") or ()),
        "left out": ", ".join(basis.get("left_out") or ()),
        "ranked": ", ".join(f"{document} {score:.3f}" for document, score in basis.get("ranked") or ()),
        "chosen": " · ".join(filter(None, basis.get("chosen") or ())),
        "encoder": basis.get("encoder"),
        "code": basis.get("code"),
    }
    for name, value in lines.items():
        if value not in (None, ""):
            out.print(f"[dim]{name:<15}[/]", end="")
            out.print(str(value), markup=False, soft_wrap=True)
    for sentence in explained.says:
        err.print("[yellow]![/]", end=" ")
        err.print(sentence, markup=False, soft_wrap=True)
    if explained.again is not None:
        again = explained.again
        told = f"Made again: {'the same answer' if explained.same else 'another answer'}"
        out.print(f"[{'green' if explained.same else 'red'}]{told}[/] · confidence {again.confidence:.4f}")
        if not explained.same:
            out.print(f"{again.outcome}: {again.sources[0].quote if again.sources else ''}", markup=False)


def show_affected(found: Sequence[Affected]) -> None:
    for each in found:
        one = each.told
        name = f"case {one.case}" if isinstance(one, Quoted) else one.name
        out.print(f"[bold]{name}[/] {one.at:%Y-%m-%d %H:%M} {one.channel} {one.conversation}", soft_wrap=True)
        said = "by a person at the desk" if isinstance(one, Quoted) else f"asked: {one.question}"
        out.print(f"  {said}", markup=False, soft_wrap=True)
        out.print(f"  {'[red]no longer published so:[/]' if each.changed else 'quoted:'} ", end="")
        out.print(each.quote, markup=False, soft_wrap=True)
    people = sum(isinstance(each.told, Quoted) for each in found)
    conversations = len({each.told.conversation for each in found})
    out.print(f"{len(found) - people} answers and {people} by people, in {conversations} conversations.")


def step_of(step: Step) -> dict[str, Any]:
    did = "reinstate" if step.ends else "withdraw"
    until = step.until.isoformat() if step.until else None
    told = {"did": did, "kind": step.kind, "what": step.what, "at": step.at.isoformat(), "by": step.by}
    return told | {"because": step.because, "until": until}


def show_taken_out(withheld: Withheld) -> None:
    step = withheld.step
    out.print(
        f"The {step.kind} {step.what!r} is out of service: {_pages(withheld.pages)}.", markup=False, soft_wrap=True
    )
    untouched = [language for language, count in withheld.pages.items() if not count]
    if untouched and step.kind != "language":
        err.print(f"Nothing in {', '.join(untouched)} is withdrawn by it: look whether that should be, too.")
    end = f"guichet reinstate {step.kind} {step.what!r} --reason …"
    out.print(f"Bring it back: {end}", markup=False, soft_wrap=True)


def show_withheld(found: Sequence[Withheld]) -> None:
    table = Table("kind", "what", "pages", "since", "until", "by", "reason")
    for each in found:
        step = each.step
        until = f"{step.until:%Y-%m-%d %H:%M}" if step.until else ""
        told = (step.kind, step.what, _pages(each.pages), f"{step.at:%Y-%m-%d %H:%M}", until, step.by, step.because)
        table.add_row(*map(escape, told))
    out.print(table if found else "Nothing is withdrawn.")


def show_steps(steps: Sequence[Step]) -> None:
    table = Table("time", "did", "kind", "what", "by", "reason")
    for step in steps:
        did = "reinstate" if step.ends else "withdraw"
        told = (f"{step.at:%Y-%m-%d %H:%M}", did, step.kind, step.what, step.by, step.because)
        table.add_row(*map(escape, told))
    out.print(table)


def show_pins(found: Sequence[Listed]) -> None:
    table = Table("pin", "reviewed by", "reviewed", "expires", "questions", "state")
    for each in found:
        count = " ".join(f"{language} {len(asked)}" for language, asked in each.pin.questions.items())
        days = (str(each.pin.reviewed), str(each.pin.expires))
        state = f"[red]{escape(each.idle)}[/]" if each.idle else "[green]in use[/]"
        table.add_row(escape(each.pin.name), escape(each.pin.by), *days, count, state)
    out.print(table if found else "Nothing is pinned.")


def show_checked(found: Sequence[Checked]) -> None:
    for each in found:
        out.print(f"{'[green]✓[/]' if each.well else '[red]✗[/]'} [bold]{escape(each.name)}[/] {escape(each.idle)}")
        for question in each.missed:
            out.print(f"  not answered by it: {question}", markup=False)
        for question, nearness in each.captured:
            out.print(f"  captured ({nearness:.3f}): {question}", markup=False)
        out.print(f"  {len(each.captured)} of {each.asked} other questions captured")


def _pin(pin: Mapping[str, Any] | None) -> str:
    return f"{pin['name']}, reviewed by {pin['by']} on {pin['reviewed']}, nearness {pin['nearness']}" if pin else ""


def _pages(pages: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {'page' if count == 1 else 'pages'} in {code}" for code, count in pages.items())


def _short(text: str) -> str:
    return text if len(text) <= QUESTION else f"{text[: QUESTION - 1]}…"
