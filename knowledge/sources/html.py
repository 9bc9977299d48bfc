"""Published HTML pages, each with its content found, cut at its headings, and joined to its translation."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from knowledge.document import Document, Section
from knowledge.sources import jurisdiction
from knowledge.sources.html_data import Data, asked, described
from knowledge.sources.html_head import Head, head
from knowledge.sources.html_main import content
from knowledge.sources.html_text import parts
from knowledge.sources.html_tree import decode, parse
from knowledge.sources.problem import OnProblem, Problem, refuse
from knowledge.text import LANGUAGES, fold, language_of


def read(files: Iterable[tuple[str, Path]], on_problem: OnProblem = refuse) -> Iterator[Document]:
    """A document for each of `files`, which are (id, path); translations are found by their addresses.

    A page without text, title, publisher or a language that is spoken here is reported and left out.
    """
    yield from joined(page for page in (_read(name, file, on_problem) for name, file in files) if page is not None)


def joined(pages: Iterable[tuple[Document, tuple[str, ...]]]) -> Iterator[Document]:
    """The documents, each with its translation, from (document, addresses of its translations)."""
    found = list(pages)
    at = {document.url: document for document, _ in found if document.url}
    for document, alternates in found:
        others = (at[url] for url in alternates if url in at)
        other = next((o.id for o in others if o.language != document.language), None)
        yield replace(document, translation=other)


def page(data: bytes, name: str, address: str | None = None) -> tuple[Document, tuple[str, ...]]:
    """The document that the bytes of a page are, and the addresses of its translations. Raises NoPage.

    `address` is where the page was found, if that is known; the page may say a better one.
    """
    tree = parse(decode(data))
    known = described(tree)
    about, main = head(tree, address, known.provider), content(tree)
    if data.startswith(b"%PDF") or main is None:
        raise NoPage(
            "The page has no text.", "Save it with its text: what a script adds in the browser is not in the file."
        )
    sections = tuple(
        Section(part.path, part.text, f"{about.url}#{part.anchor}" if about.url and part.anchor and part.path else None)
        for part in parts(main, about.title)
    )
    if not sections:
        raise NoPage(
            "The page's content is empty: it has only navigation.", "Leave it out, or index the pages it links to."
        )
    return _document(name, about, known, sections), about.alternates


class NoPage(Exception):
    """Why a file is no page that can be published: cause and way out."""


def _document(name: str, about: Head, known: Data, sections: tuple[Section, ...]) -> Document:
    title = about.title or next(iter(known.names), "")
    if not title:
        raise NoPage("The page has no title.", "Give it an <h1> or a <title>.")
    if not about.publisher:
        way_out = 'Give it <meta name="dcterms.creator">, or an address by <link rel="canonical">.'
        raise NoPage("The page does not say who publishes it.", way_out)
    language = about.language or language_of(" ".join(section.text for section in sections)[:20_000])
    if language not in LANGUAGES:
        raise NoPage(f"The page's language is {language!r}.", f"Pages are read in {', '.join(LANGUAGES)}.")
    return Document(
        id=name,
        language=language,
        title=title,
        publisher=about.publisher,
        sections=sections,
        url=about.url,
        jurisdiction=known.area if known.area and about.jurisdiction == jurisdiction.DEFAULT else about.jurisdiction,
        topics=tuple(dict.fromkeys((*(n for n in known.names if fold(n) != fold(title)), *about.topics))),
        as_of=about.modified,
        modified=about.modified,
        questions=asked(known.questions, sections),
    )


def _read(name: str, file: Path, on_problem: OnProblem) -> tuple[Document, tuple[str, ...]] | None:
    try:
        return page(file.read_bytes(), name)
    except OSError as error:
        on_problem(Problem(file, f"The page cannot be read: {error.strerror}.", "Check its name and who may read it."))
    except NoPage as reason:
        on_problem(Problem(file, *reason.args))
    return None
