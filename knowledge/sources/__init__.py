"""Published content, read: one file for each kind of source, and the choice between them."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from knowledge.document import Document
from knowledge.sources.problem import OnProblem, Problem, SourceError, refuse

__all__ = ["OnProblem", "Problem", "SourceError", "digest", "is_site", "pages", "read", "stamp"]

_KINDS = {".md": "markdown", ".html": "html", ".htm": "html", ".xhtml": "html", ".json": "json", ".pdf": "pdf"}
_TABLES = ("services.csv", "service.csv")  # of the HSDS: what tells it from any other table
_WAY_OUT = (
    "Give a folder with .md, .html, .pdf or .json pages, one such page, a .txt file that lists pages one a line, "
    "the service inventory as a .csv file, or the address of a site."
)


def is_site(source: str | Path) -> bool:
    """Whether a source is the address of a site, and no path."""
    return str(source).lower().startswith(("https://", "http://"))


def read(source: str | Path, on_problem: OnProblem = refuse, parsed: Path | None = None) -> Iterator[Document]:
    """The documents of a source in files, whose kind is told from what it holds.

    `on_problem` is told of each page or row that is wrong, and the rest is read; without it the first problem raises.
    `parsed` is a folder for this source, in which what its PDF files hold is kept from one reading to the next. Raises
    SourceError where there is no such source or nothing in it that could be read.
    """
    path = Path(source)
    if path.suffix.lower() == ".csv" and path.is_file() and not _is_table(path):
        from knowledge.sources import inventory

        return inventory.read(path, on_problem)
    found = dict(_pages(path, on_problem))
    if not found:
        raise SourceError(Problem(path, "There is no page in it.", _WAY_OUT))
    return _read(found, on_problem, path.is_file(), parsed)


def digest(source: str | Path) -> str:
    """A name for all that a source says: it changes when a page is changed, added, renamed or removed."""
    path = Path(source)
    found = hashlib.blake2b(digest_size=16)
    files = [(path.name, path)] if path.suffix.lower() == ".csv" else _pages(path, lambda problem: None)
    for name, file in files:
        for each in [file, *_beside(file)]:
            content = each.read_bytes() if each.is_file() else b""
            found.update(f"{name if each == file else each.name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


def stamp(source: str | Path) -> str:
    """What changes when a file of the source is touched: its files with their sizes and times, without reading pages."""
    path = Path(source)
    found = hashlib.blake2b(digest_size=16)
    files = [(path.name, path)] if path.suffix.lower() == ".csv" else _pages(path, lambda problem: None)
    for name, file in files:
        for each in [file, *_beside(file)]:
            about = each.stat()
            found.update(f"{name}\0{each}\0{about.st_size}\0{about.st_mtime_ns}\0{about.st_ino}\0".encode())
    return found.hexdigest()


def pages(source: str | Path) -> dict[str, Path]:
    """The files of a source by the ids of the pages that they are, whether or not they can be read. Raises SourceError."""
    path = Path(source)
    return {} if path.suffix.lower() == ".csv" else dict(_pages(path, lambda problem: None))


def _beside(file: Path) -> list[Path]:
    """Other files that are read with this one."""
    if _is_table(file):
        return sorted(each for each in file.parent.glob("*.csv") if each != file)
    names = (f"{file.name}.yml", "pdf.yml") if _kind(file) == "pdf" else ()
    return [file.with_name(name) for name in names if file.with_name(name).is_file()]


def _read(pages: dict[str, Path], on_problem: OnProblem, named: bool, parsed: Path | None) -> Iterator[Document]:
    kinds: dict[str, dict[str, Path]] = {}
    for name, file in pages.items():
        kinds.setdefault(_kind(file) or "", {})[name] = file
    found: list[Iterable[Document]] = []
    if of_markdown := kinds.get("markdown"):
        from knowledge.sources import markdown

        found.append(markdown.read(of_markdown, on_problem))
    if of_html := kinds.get("html"):
        from knowledge.sources import html

        found.append(html.read(of_html.items(), on_problem))
    of_pdf = kinds.get("pdf", {})
    if of_pdf or (parsed is not None and parsed.is_dir()):  # what was kept of files that have gone goes, too
        from knowledge.sources import pdf

        found.append(pdf.read(of_pdf, on_problem, parsed))
    if of_json := kinds.get("json"):
        from knowledge.sources import structured

        found.append(structured.read(of_json, on_problem, named))
    if of_tables := kinds.get("table"):
        from knowledge.sources import hsds_table

        found.append(hsds_table.read(of_tables, on_problem))
    return chain.from_iterable(found)


def _kind(file: Path) -> str | None:
    """What a file is, told by its name, and for tables by their columns; None if it is no page."""
    return "table" if _is_table(file) else _KINDS.get(file.suffix.lower())


def _is_table(file: Path) -> bool:
    if file.name.lower() not in _TABLES:
        return False
    from knowledge.sources import hsds_table

    return hsds_table.is_package(file)


def _pages(path: Path, on_problem: OnProblem) -> Iterator[tuple[str, Path]]:
    """Each page of the source with its id: the folder's name, and the path in it without what tells the format."""
    if path.is_dir():
        folder = path.resolve()
        return _named(folder.name, folder, sorted(f for f in folder.rglob("*") if f.is_file() and _kind(f)))
    if not path.is_file():
        raise SourceError(Problem(path, "There is no such file or folder.", _WAY_OUT))
    if path.suffix.lower() == ".txt":
        return _named(path.stem, path.resolve().parent, _listed(path, on_problem))
    if _kind(path):
        folder = path.resolve().parent
        return _named(folder.name, folder, [path.resolve()])
    raise SourceError(Problem(path, f'Nothing is known of files that end with "{path.suffix}".', _WAY_OUT))


def _named(name: str, folder: Path, files: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    taken: set[str] = set()
    for file in files:
        inside = file.relative_to(folder) if file.is_relative_to(folder) else Path(*file.parts[1:])
        page = f"{name}/{inside.with_suffix('').as_posix()}"
        page = f"{page}{file.suffix}" if page in taken else page  # fees.md beside fees.html
        taken.add(page)
        yield page, file


def _listed(path: Path, on_problem: OnProblem) -> Iterator[Path]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise SourceError(Problem(path, "The list is not in UTF-8.", "Save it as UTF-8.")) from error
    for number, line in enumerate(lines, start=1):
        file = (path.resolve().parent / line.strip()).resolve()
        if not line.strip():
            continue
        if file.is_file() and _kind(file):
            yield file
        else:
            way_out = "List files that are saved here, as .html, .md, .pdf or .json: nothing is fetched from the web."
            on_problem(Problem(path, f"{line.strip()!r} is no page.", way_out, number))
