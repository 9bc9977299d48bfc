"""A quote is the part of a passage that answers: whole sentences and lists, side by side, word for word."""

from collections.abc import Collection

from knowledge.text import sentences, terms

LONGEST = 600  # characters: two text messages and a half, or one look at a phone


def quote(text: str, sought: Collection[str], language: str, longest: int = LONGEST) -> str:
    """The span of `text` with most of the `sought` stems, as long as fits; all of `text` where that fits."""
    if len(text) <= longest:
        return text
    units = _with_lead_in(text, sentences(text))
    worth = [len(set(terms(text[a:b], language)) & set(sought)) for a, b in units]
    best, best_worth = (0, 1), -1.0
    for first in range(len(units)):
        last = first + 1
        while last < len(units) and units[last][1] - units[first][0] <= longest:
            last += 1
        # of spans that say as much, the one nearest the beginning, where a passage says what it is about
        gained = sum(worth[first:last]) - 0.01 * first
        if gained > best_worth:
            best, best_worth = (first, last), gained
    return text[units[best[0]][0] : units[best[1] - 1][1]].strip()


def _with_lead_in(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """A sentence that announces a list belongs to its first item."""
    units: list[tuple[int, int]] = []
    for start, end in spans:
        if units and text[units[-1][0] : units[-1][1]].rstrip().endswith(":"):
            units[-1] = (units[-1][0], end)
        else:
            units.append((start, end))
    return units
