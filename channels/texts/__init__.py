"""The sentences that the channels themselves say, one file per language."""

from functools import cache
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent


@cache
def languages() -> tuple[str, ...]:
    """The languages there are texts in, by ISO 639-1 code, the default one first."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yml")))


@cache
def texts(language: str) -> dict[str, str]:
    """The sentences of one language by key; English where the language is not known."""
    known = language if language in languages() else "en"
    sentences: dict[str, str] = yaml.safe_load((FOLDER / f"{known}.yml").read_text(encoding="utf-8"))
    return sentences
