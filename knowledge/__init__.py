"""Published service information in, cited answers out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from knowledge.answer import Answer as Answer, Outcome as Outcome, Source as Source
    from knowledge.document import Document as Document, Section as Section
    from knowledge.encoder import Encoder as Encoder, NoEncoder as NoEncoder
    from knowledge.export import export as export
    from knowledge.service import Filter as Filter, Hit as Hit, Knowledge as Knowledge
    from knowledge.snapshot import NoSnapshot as NoSnapshot, NotPublished as NotPublished, build as build

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
    "NoSnapshot": "snapshot",
    "NotPublished": "snapshot",
    "build": "snapshot",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    # loaded when first used: importing knowledge costs nothing, and asking never loads what only indexing needs
    if name not in _HOME:
        raise AttributeError(f"module 'knowledge' has no attribute {name!r}")
    return getattr(import_module(f"knowledge.{_HOME[name]}"), name)
