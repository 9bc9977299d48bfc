"""Telephone numbers as they are written in Canada."""

import re


def telephone(number: str, language: str) -> str:
    """A number of North America as it is written: 613-555-0142, in French 613 555-0142; others as they are."""
    if not re.fullmatch(r"\+1\d{10}", number):
        return number
    area, exchange, line = number[2:5], number[5:8], number[8:]
    return f"{area}\u00a0{exchange}-{line}" if language == "fr" else f"{area}-{exchange}-{line}"
