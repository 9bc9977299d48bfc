"""What changed between two readings is told page by page, and figures old and new."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from knowledge.document import Document, Section
from knowledge.publishing.changes import Change, Changes, SectionChange, compare
from knowledge.publishing.lines import read, written

from ..conftest import document, town


def test_what_is_the_same_has_no_changes() -> None:
    assert not compare(town(), reversed(town()))


def test_pages_come_and_go() -> None:
    more = document("ferry", "Ferry", intro="The ferry goes at noon.")
    found = compare(town()[1:], [*town()[:-1], more])
    assert [page.title for page in found.added] == ["Canoe permit", "Ferry"]
    assert [page.id for page in found.removed] == ["town/fr/canot"]
    assert not found.changed
    assert found.pages() == {"town/en/canoe", "town/en/ferry"}


def changed(change: Callable[[Document], Document], number: int = 0) -> Changes:
    after = town()
    after[number] = change(after[number])
    return compare(town(), after)


def with_section(page: Document, heading: str, text: str) -> Document:
    sections = [s if s.path != (heading,) else replace(s, text=text) for s in page.sections]
    return replace(page, sections=tuple(sections))


@pytest.mark.parametrize(
    ("number", "heading", "text", "figures"),
    [
        (0, "Cost", "A canoe permit costs $15 a year. It is free under the age of 18.", [("amount", "$12", "$15")]),
        (3, "Coût", "Un permis de canot coûte 1 200,50 $ par année.", [("amount", "12 $", "1 200,50 $")]),
        (1, "Cost", "A market stall costs $30 a day until May 3, 2027.", [("date", None, "May 3, 2027")]),
        (1, "Cost", "A market stall is free.", [("amount", "$30", None)]),
        (1, "Cost", "A market stall costs 30 dollars a day, no more.", []),  # the words changed, the amount did not
    ],
)
def test_figures_are_shown_old_and_new(
    number: int, heading: str, text: str, figures: list[tuple[str, str | None, str | None]]
) -> None:
    [page] = changed(lambda before: with_section(before, heading, text), number).changed
    assert page.sections == (SectionChange(heading, "changed", tuple(Change(*each) for each in figures)),)


def test_sections_come_and_go() -> None:
    new = Section(("Hours",), "Open for 2 hours.")
    [page] = changed(lambda before: replace(before, sections=(*before.sections[:-1], new))).changed
    assert [(each.heading, each.what) for each in page.sections] == [
        ("Hours", "added"),
        ("How long it takes", "removed"),
    ]
    assert page.sections[0].figures == (Change("duration", None, "2 hours"),)


def test_sections_with_one_heading_are_told_apart() -> None:
    twice = (Section(("Step",), "One."), Section(("Step",), "Two."))
    before = replace(town()[0], sections=twice)
    after = replace(before, sections=(twice[0], Section(("Step",), "Three.")))
    [page] = compare([before], [after]).changed
    assert [(each.heading, each.what) for each in page.sections] == [("Step", "changed")]


def test_what_stands_above_a_page_is_told_too() -> None:
    [page] = changed(lambda before: replace(before, as_of=date(2026, 9, 1), title="Permit", topics=("boat",))).changed
    told = {each.what: (each.old, each.new) for each in page.fields}
    assert told == {
        "title": ("Canoe permit", "Permit"),
        "as_of": ("2026-03-31", "2026-09-01"),
        "topics": (None, None),
    }
    assert not page.sections


def test_spaces_are_no_change() -> None:
    [page] = changed(
        lambda before: replace(with_section(before, "Cost", before.sections[2].text + "  "), title="X")
    ).changed
    assert not page.sections


def test_documents_are_kept_as_lines_and_read_again() -> None:
    damaged = replace(town()[0], sections=(Section((), "half a \ud83d pair, \u2028 and a line"),), as_of=None)
    assert list(read(written([*town(), damaged]))) == [*town(), damaged]
    assert not any("\n" in line or "\u2028" in line for line in written([damaged]))
