"""Reviewed files are the word lists beside the code: written by people, read once, the same for all who ask."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where libyaml is there


@cache
def reviewed(name: str) -> Any:
    """What knowledge/<name>.yml says, "finding/synonyms" for one."""
    written = (Path(__file__).parent / f"{name}.yml").read_text()
    return yaml.load(written, _Loader)  # noqa: S506 - both are safe loaders # nosec B506
