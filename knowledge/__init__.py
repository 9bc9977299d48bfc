"""Published service information in, cited answers out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from knowledge.answer import Answer as Answer
    from knowledge.answer import Outcome as Outcome
    from knowledge.answer import Source as Source
    from knowledge.document import Document as Document
    from knowledge.document import Section as Section
    from knowledge.encoder import Encoder as Encoder
    from knowledge.encoder import NoEncoder as NoEncoder
    from knowledge.export import export as export
    from knowledge.publishing.snapshot import NoSnapshot as NoSnapshot
    from knowledge.publishing.snapshot import NotPublished as NotPublished
    from knowledge.publishing.snapshot import build as build
    from knowledge.rules.withheld import page_address as page_address
    from knowledge.service import Filter as Filter
    from knowledge.service import Hit as Hit
    from knowledge.service import Knowledge as Knowledge
    from knowledge.text import plain as plain
    from knowledge.text import sentences as sentences

_HOME = {
    "Answer": "answer",
    "Outcome": "answer",
    "Source": "answer",
    "Document": "document",
    "Section": "document",
    "Encoder": "encoder",
    "NoEncoder": "encoder",
    "export": "export",
    "Filter": "service",
    "Hit": "service",
    "Knowledge": "service",
    "NoSnapshot": "publishing.snapshot",
    "NotPublished": "publishing.snapshot",
    "build": "publishing.snapshot",
    "plain": "text",
    "sentences": "text",
    "page_address": "rules.withheld",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    # loaded when first used: importing knowledge costs nothing, and asking never loads what only indexing needs
    if name not in _HOME:
        raise AttributeError(f"module 'knowledge' has no attribute {name!r}")
    return getattr(import_module(f"knowledge.{_HOME[name]}"), name)
