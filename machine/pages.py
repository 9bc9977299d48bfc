"""What the command prints of pages: what changed on them, what was found there, and what waits for review."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from machine.console import out
from machine.reports import Held, by_kind

FEW = 5
_SIGNS = {"added": "[green]+[/]", "removed": "[red]−[/]", "changed": "[yellow]~[/]"}


def show_report(report: Mapping[str, Any], few: int | None = FEW, news: bool = False) -> None:
    """A report as it is kept; of what is found, at most `few` of each kind. With `news`, pages that have not changed are
    only counted."""
    if report["snapshot"]:
        out.print(f"[green]Published[/] {report['snapshot']} · {report['at']}")
    else:
        out.print(f"Nothing was published · {report['at']}")
    show_changes(report["changes"], few)
    for held in report["held"]:
        show_held(Held(**held))
    changes = report["changes"]
    pages = {page["id"] for page in (*changes["added"], *(each["page"] for each in changes["changed"]))}
    shown = [finding for finding in report["findings"] if not news or finding["page"]["id"] in pages]
    show_findings(shown, few)
    if len(shown) < len(report["findings"]):
        out.print(f"{len(report['findings']) - len(shown)} more on pages that have not changed: guichet report")
    for problem in report["problems"][:few]:
        _line("[yellow]![/]", problem)
    _more(len(report["problems"]), few, "problems of pages")


def show_changes(changes: Mapping[str, Any], few: int | None = None) -> None:
    parts = [f"{len(changes[what])} {what}" for what in ("added", "changed", "removed") if changes[what]]
    out.print(f"Pages: {', '.join(parts)}" if parts else "No page has changed.")
    for what in ("added", "removed"):
        for page in changes[what][:few]:
            _line(f"  {_SIGNS[what]}", f"{page['id']}  {page['title']}")
        _more(len(changes[what]), few, what)
    for each in changes["changed"][:few]:
        _line(f"  {_SIGNS['changed']}", f"{each['page']['id']}  {each['page']['title']}")
        for field in each["fields"]:
            _line("     ", _instead(field) if field["old"] or field["new"] else f"{field['what']} changed")
        for section in each["sections"]:
            _line(f"      {_SIGNS[section['what']]}", section["heading"] or "(before the first heading)")
            for figure in section["figures"]:
                _line("         ", _instead(figure))
    _more(len(changes["changed"]), few, "changed")


def show_findings(findings: Iterable[Mapping[str, Any]], few: int | None = FEW) -> None:
    for kind, found in by_kind(dict(finding) for finding in findings).items():
        out.print(f"[yellow]{kind}[/]: {len(found)}")
        for finding in found[:few]:
            where = f"{finding['page']['id']}{' › ' if finding['heading'] else ''}{finding['heading']}"
            _line("  ·", f"{where}: {finding['says']}")
        _more(len(found), few, kind)


def show_waiting(waiting: Sequence[tuple[Held, str]]) -> None:
    for held, since in waiting:
        show_held(held)
        out.print(f"    since {since}")


def show_held(held: Held) -> None:
    _line(f"[bold yellow]Held back[/] {held.id}", f"{held.source}: {held.why}")
    _line("   ", f"See it: guichet review show {held.id}, then: guichet review approve {held.id}, or reject {held.id}")


def _instead(change: Mapping[str, Any]) -> str:
    return f"{change['what']}: {change['old'] or 'none'} → {change['new'] or 'none'}"


def _more(number: int, few: int | None, what: str) -> None:
    if few is not None and number > few:
        out.print(f"    and {number - few} more ({what}): guichet report --all", markup=False)


def _line(sign: str, text: str) -> None:
    out.print(sign, end=" ")
    out.print(text, markup=False, soft_wrap=True)
