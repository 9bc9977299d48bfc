"""A stamp tells whether a file is another than the one that was looked at, for the price of one stat."""

import os
from pathlib import Path

NEVER = (-1, -1)  # the stamp of what was never looked at

Stamp = tuple[int, int]


def stamp(path: Path) -> Stamp:
    """Changes when the file is written, replaced, or goes."""
    try:
        stat = os.stat(path)
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_ino)
