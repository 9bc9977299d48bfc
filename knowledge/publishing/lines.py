"""Documents as lines of JSON, so that what was read of a source can be kept and taken up again."""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from knowledge.document import Document, Section


def written(documents: Iterable[Document]) -> Iterator[str]:
    """A line for each document, without its end."""
    for document in documents:
        about = {name: getattr(document, name) for name in Document.__dataclass_fields__}
        about["sections"] = [[section.path, section.text, section.url] for section in document.sections]
        about["questions"] = dict(document.questions)
        for name in ("as_of", "modified"):
            about[name] = about[name] and about[name].isoformat()
        yield json.dumps(about, ensure_ascii=True)  # a lone surrogate of a damaged page can be written, too


def read(lines: Iterable[str]) -> Iterator[Document]:
    """Raises ValueError, TypeError or KeyError for a line that is damaged."""
    for line in lines:
        about: dict[str, Any] = json.loads(line)
        about["sections"] = tuple(Section(tuple(path), text, url) for path, text, url in about["sections"])
        about["topics"] = tuple(about["topics"])
        for name in ("as_of", "modified"):
            about[name] = date.fromisoformat(about[name]) if about[name] else None
        yield Document(**about)
