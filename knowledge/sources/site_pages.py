"""The documents that the kept pages of a site are."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from knowledge.document import Document
from knowledge.sources import address, html, pdf
from knowledge.sources.duplicates import once
from knowledge.sources.fields import Fields
from knowledge.sources.problem import OnProblem, Problem
from knowledge.sources.site_cache import Kept


def documents(pages: Mapping[str, Kept], folder: Path, on_problem: OnProblem) -> list[Document]:
    """A document for each page in `folder` that has text; what has one address, or says the same, is one."""
    by_address = {kept.url: (asked, kept) for asked, kept in sorted(pages.items(), reverse=True)}
    read = [(asked, kept) for asked, kept in sorted(by_address.values(), key=lambda each: each[0])]
    written = list(_html(read, folder, on_problem))
    publisher = next((name for name, _ in Counter(document.publisher for document, _ in written).most_common(1)), "")
    return once([*html.joined(written), *_pdf(read, folder, publisher, on_problem)])


def _html(
    read: list[tuple[str, Kept]], folder: Path, on_problem: OnProblem
) -> Iterator[tuple[Document, tuple[str, ...]]]:
    found: dict[str, tuple[Document, tuple[str, ...], Kept]] = {}
    at: dict[str, str] = {}  # the address that a page gives itself, by those under which it was found
    for asked, kept in read:
        if not kept.file.endswith(".html"):
            continue
        try:
            data = (folder / kept.file).read_bytes()
            document, others = html.page(data, name_of(kept.url), address.well_formed(kept.url))
        except html.NoPage as reason:
            on_problem(Problem(kept.url, *reason.args))
            continue
        own = document.url or kept.url
        at |= {asked: own, kept.url: own}
        if own not in found:  # the same page under another address, for print or with a session in it
            found[own] = document, others, kept
    for document, others, kept in found.values():
        yield document, (*others, *(at[url] for url in kept.translations.values() if url in at))


def _pdf(read: list[tuple[str, Kept]], folder: Path, publisher: str, on_problem: OnProblem) -> Iterator[Document]:
    for _, kept in read:
        if not kept.file.endswith(".pdf"):
            continue
        who = publisher or (urlsplit(kept.url).hostname or "").removeprefix("www.")

        def told(problem: Problem, url: str = kept.url) -> None:
            on_problem(replace(problem, file=url))

        file = folder / kept.file
        about = Fields({"url": address.well_formed(kept.url), "publisher": who}, "The file", file, told)
        try:
            yield pdf.page(file, name_of(kept.url), about, told)
        except pdf.NotRead as reason:
            told(Problem(file, *reason.args))


def name_of(url: str) -> str:
    """The id of the page at an address: "www.town.example/en/dogs" for https://www.town.example/en/dogs.html."""
    parts = urlsplit(url)
    path = re.sub(r"\.(?:x?html?|pdf|aspx?|php)$", "", unquote(parts.path).rstrip("/"), flags=re.IGNORECASE)
    return f"{parts.netloc}{path}{'?' + parts.query if parts.query else ''}"
