"""Markdown pages with front matter: one page a service and language, one section a heading."""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import frontmatter
import yaml

from knowledge.document import Document, Section
from knowledge.sources import address, plain
from knowledge.sources.markdown_text import Part, parts
from knowledge.sources.problem import OnProblem, Problem, refuse
from knowledge.text import LANGUAGES, fold

REQUIRED = ("title", "publisher")


def read(pages: Mapping[str, Path], on_problem: OnProblem = refuse) -> Iterator[Document]:
    """A document for each of `pages`, which are files by id.

    A page without title, publisher or language, or that cannot be parsed, is reported and left out; any other slip is
    reported and the page is read without what was wrong. Without `on_problem` the first slip raises SourceError.
    """
    for name, file in pages.items():
        document = page(file, name, pages, on_problem)
        if document is not None:
            yield document


def page(file: Path, name: str, names: Container[str], on_problem: OnProblem = refuse) -> Document | None:
    """The page in `file`, called `name`; its translation is found among `names`."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
        about, body = frontmatter.parse(text)
        return _document(_Reader(file, on_problem, text), name, names, about, body)
    except _LeftOut as reason:
        on_problem(Problem(file, *reason.args))
    except OSError as error:
        on_problem(Problem(file, f"The page cannot be read: {error.strerror}.", "Check who may read it."))
    except UnicodeDecodeError:
        on_problem(Problem(file, "The page is not in UTF-8.", "Save it as UTF-8."))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None  # it counts from 0, and the "---" too
        cause = f"The front matter is not YAML: {error.problem}."
        on_problem(Problem(file, cause, "Quote a value that has a colon.", line))
    except (yaml.YAMLError, ValueError) as error:
        on_problem(Problem(file, f"The front matter cannot be read: {error}.", "Correct the value."))
    return None


class _LeftOut(Exception):
    """Why a page cannot be published at all: cause, way out, line."""


def _document(reader: "_Reader", name: str, names: Container[str], about: Mapping[str, Any], body: str) -> Document:
    for key in REQUIRED:
        if not reader.line_of(about, key):
            raise _LeftOut(f"The page has no {key}.", f'Write "{key}: …" in its front matter.', 1)
    language = str(about.get("lang") or next((p for p in name.split("/")[:-1] if p in LANGUAGES), ""))
    if language not in LANGUAGES:
        cause = f"The page's language is {language!r}." if language else "The page has no language."
        way_out = f'Write "lang: …" in its front matter or put it into a folder of that name: {", ".join(LANGUAGES)}.'
        raise _LeftOut(cause, way_out, reader.at("lang") or 1)
    title = reader.line_of(about, "title")
    url = reader.address(str(about["url"]), reader.at("url")) if about.get("url") else None
    sections = tuple(_section(reader, part, url) for part in parts(body, title) if part.text)
    if not sections:
        raise _LeftOut("The page has no text.", "Write what the service is below the front matter.")
    return Document(
        id=name,
        language=language,
        title=title,
        publisher=reader.line_of(about, "publisher"),
        sections=sections,
        url=url,
        jurisdiction=reader.line_of(about, "jurisdiction").lower() or "ca",
        topics=reader.names(about.get("topics") or ()),
        as_of=reader.day(about, "as_of"),
        modified=reader.day(about, "modified"),
        translation=next((t for t in _translations(name, language) if t in names), None),
        contact=reader.line_of(about, "contact") or None,
        questions=reader.questions(about.get("questions") or {}, sections),
    )


def _section(reader: "_Reader", part: Part, page_url: str | None) -> Section:
    url = reader.address(part.link, reader.find(part.link)) if part.link else None
    if part.anchor and (url or page_url):
        url = f"{url or page_url}#{part.anchor}"
    return Section(part.path, part.text, url)


def _translations(name: str, language: str) -> Iterator[str]:
    pieces = name.split("/")
    for at, piece in enumerate(pieces[:-1]):
        if piece == language:
            yield from ("/".join((*pieces[:at], other, *pieces[at + 1 :])) for other in LANGUAGES if other != language)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Values of one page's front matter, each checked; what is wrong is told with its line."""

    file: Path
    on_problem: OnProblem
    text: str

    def problem(self, cause: str, way_out: str, line: int | None = None) -> None:
        self.on_problem(Problem(self.file, cause, way_out, line))

    def find(self, words: str) -> int | None:
        at = self.text.find(words)
        return self.text.count("\n", 0, at) + 1 if at >= 0 else None

    def at(self, key: str) -> int | None:
        found = re.search(rf"^{re.escape(key)}\s*:", self.text, re.MULTILINE)
        return self.text.count("\n", 0, found.start()) + 1 if found else None

    def line_of(self, about: Mapping[str, Any], key: str) -> str:
        value = about.get(key)
        return plain.line(str(value)) if value is not None else ""

    def names(self, value: Any) -> tuple[str, ...]:
        if isinstance(value, str):
            value = value.split(",")
        if not isinstance(value, list | tuple):
            self.problem("The topics are no list.", 'Write "topics: [passport, travel]".', self.at("topics"))
            return ()
        return tuple(plain.line(str(v)) for v in value if v is not None and str(v).strip())

    def day(self, about: Mapping[str, Any], key: str) -> date | None:
        value = about.get(key)
        if isinstance(value, datetime):
            return value.date()
        if value is None or isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value).strip())
        except ValueError:
            self.problem(f"{key} is {value!r}, which is no date.", 'Write the day as "2026-03-31".', self.at(key))
            return None

    def address(self, value: str, line: int | None) -> str | None:
        found = address.well_formed(value.strip())
        if found is None:
            self.problem(
                f"{value!r} is no address that a citizen can follow.", "Write all of it, from https:// on.", line
            )
        return found

    def questions(self, value: Any, sections: tuple[Section, ...]) -> dict[str, str]:
        """Each question with its section's heading; a question without heading is answered before the first one."""
        if not isinstance(value, Mapping):
            way_out = 'Write one line each, "  How much is it?: Cost".'
            self.problem("The questions are no mapping to headings.", way_out, self.at("questions"))
            return {}
        headings = {fold(s.path[-1] if s.path else ""): s.path[-1] if s.path else "" for s in reversed(sections)}
        known = {}
        for question, heading in value.items():
            asked, wanted = plain.line(str(question)), plain.line(str(heading or ""))
            if fold(wanted) in headings:
                known[asked] = headings[fold(wanted)]
            else:
                cause = f'The question "{asked}" names the heading "{wanted}", which the page does not have.'
                way_out = f"Use one of its headings: {', '.join(h for h in headings.values() if h) or 'none so far'}."
                self.problem(cause, way_out, self.find(str(question)))
        return known
