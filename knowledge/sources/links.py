"""Links of Markdown pages to files beside them, as far as they can be told without the web: those that lead nowhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from knowledge.sources.problem import SourceError

_CODE = re.compile(r"```.*?```|`[^`\n]*`|<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"\]\(\s*<?([^()\s<>]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\[[^\]]+\]:\s+(\S+)", re.MULTILINE)
_ENDINGS = ("", ".md", ".html", "/index.md", "/index.html")


def dead(source: Path) -> dict[str, list[str]]:
    """The pages of a source in files with such links, by their ids."""
    from knowledge.sources import pages

    try:
        read = [(name, file) for name, file in pages(source).items() if file.suffix.lower() == ".md"]
        found = {name: list(_dead(file)) for name, file in read}
    except (OSError, SourceError):
        return {}
    return {name: links for name, links in found.items() if links}


def _dead(file: Path) -> Iterator[str]:
    text = _CODE.sub("", file.read_text(encoding="utf-8", errors="replace"))
    for match in _LINK.finditer(text):
        link = match[1] or match[2]
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
            continue
        target = unquote(parts.path).rstrip("/")
        if not any((file.parent / f"{target}{ending}").exists() for ending in _ENDINGS):
            yield link
