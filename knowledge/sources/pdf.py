"""PDF files, each a document: read by a process of its own, within bounds of pages, time and memory."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from knowledge.document import Document, Section
from knowledge.sources import jurisdiction, plain
from knowledge.sources.fields import Fields
from knowledge.sources.pdf_kept import Kept, Told, parser
from knowledge.sources.pdf_line import Line, Page, Rule
from knowledge.sources.pdf_page import in_order, without_running_heads
from knowledge.sources.pdf_text import Text, text_of
from knowledge.sources.problem import OnProblem, Problem, refuse
from knowledge.text import LANGUAGES, fold, language_of

MOST_PAGES = 500
LARGEST = 64 * 1024 * 1024  # bytes
SECONDS = 120.0
BESIDE = "pdf.yml"  # what it says holds for every PDF of its folder

_WORDS = Path(__file__).with_name("pdf_words.py")
_NO_TITLE = re.compile(
    r"(?:microsoft \w+ - .*|untitled.*|sans titre.*|document ?\d*|.*\.(?:docx?|pdf|indd|pptx?|odt))", re.I
)
_UNKNOWN = re.compile(r"\(cid:\d+\)")
_ABOUT = "It can be said in a file beside it, {0}.yml: publisher, title, url, as_of, lang, topics."
_CAUSES = {
    "locked": ("The file needs a password.", "Save it without one."),
    "large": ("The file takes more memory than is given to it.", "Save it anew, or in several files."),
    "slow": ("The file takes too long to read.", "Save it anew (“print to PDF”), or in several files."),
    "broken": ("The file is damaged, or no PDF.", "Save it anew (“print to PDF”)."),
    "empty": (
        "The file has no text: its pages are pictures.",
        "Have its text recognized (OCR), or publish it as a page.",
    ),
    "letters": ("The file does not say which letters it shows.", "Save it anew with its fonts."),
}


def read(pages: Mapping[str, Path], on_problem: OnProblem = refuse, parsed: Path | None = None) -> Iterator[Document]:
    """A document for each of `pages`, files by id. What a file does not say of itself is read from a .yml file beside it.

    A file that cannot be read in its bounds, or has no text, title or publisher, is reported and left out. In the folder
    `parsed` it is kept what was found in these files, so that the next reading parses those alone that have changed.
    """
    kept = Kept(parsed, parser(_WORDS, str(MOST_PAGES))) if parsed else None
    for name, file in pages.items():
        try:
            yield page(file, name, beside(file, on_problem), on_problem, kept)
        except NotRead as reason:
            on_problem(Problem(file, *reason.args))
    if kept is not None:
        kept.sweep()


def page(file: Path, name: str, about: Fields, on_problem: OnProblem = refuse, kept: Kept | None = None) -> Document:
    """The document that a file is; `about` says what the file does not. Raises NotRead."""
    told = _told(file, kept)
    if told["more"]:
        on_problem(
            Problem(file, f"The file is longer than {MOST_PAGES} pages.", "The first ones were read; cut it up.")
        )
    properties: Mapping[str, str] = told["about"]
    found = text_of(list(_lines(told["pages"])))
    said = " ".join(part.text for part in found.parts)
    if not said:
        raise _left_out("empty")
    if 6 * said.count("(cid:") > len(said) / 5:  # the library's mark for a letter that the file does not name
        raise _left_out("letters")
    title = about.line_of("title") or _title(found, plain.line(properties.get("title", "")))
    publisher = about.line_of("publisher") or plain.line(properties.get("publisher", ""))
    if not title or not publisher:
        raise NotRead(f"The file has no {'publisher' if title else 'title'}.", _ABOUT.format(file.name))
    language = (about.line_of("lang") or _of_properties(properties) or language_of(said[:20_000])).lower()
    if language not in LANGUAGES:
        raise NotRead(f"The file's language is {language!r}.", f"Files are read in {', '.join(LANGUAGES)}.")
    url = about.address("url")
    modified = _day(properties.get("modified", ""))
    return Document(
        id=name,
        language=language,
        title=title,
        publisher=publisher,
        sections=tuple(
            Section(path, _UNKNOWN.sub("", part.text), f"{url}#page={part.page}" if url else None)
            for part in found.parts
            for path in [tuple(heading for heading in part.path if fold(heading) != fold(title))]
        ),
        url=url,
        jurisdiction=about.line_of("jurisdiction").lower() or jurisdiction.of_address(url),
        topics=tuple(word for word in re.split(r"\s*,\s*", about.line_of("topics")) if word),
        as_of=about.day("as_of") or modified,
        modified=modified,
        contact=about.line_of("contact") or None,
    )


class NotRead(Exception):
    """Why a file cannot be published: cause and way out."""


def _left_out(why: str) -> NotRead:
    return NotRead(*_CAUSES[why])


def beside(file: Path, on_problem: OnProblem) -> Fields:
    """What fees.pdf.yml beside fees.pdf says, and pdf.yml of its folder, where the former says nothing."""
    found: dict[str, Any] = {}
    for each in (file.with_name(BESIDE), file.with_name(f"{file.name}.yml")):
        if not each.is_file():
            continue
        try:
            said = yaml.safe_load(each.read_text(encoding="utf-8-sig"))
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError):
            on_problem(
                Problem(each, "The file is no YAML in UTF-8.", 'Write one line each, "publisher: Town of Example".')
            )
            continue
        found |= said if isinstance(said, dict) else {}
    topics = found.get("topics")
    listed = {"topics": ", ".join(map(str, topics))} if isinstance(topics, list) else {}
    return Fields({str(key): value for key, value in {**found, **listed}.items()}, file.name, file, on_problem)


def _told(file: Path, kept: Kept | None) -> Told:
    try:
        if file.stat().st_size > LARGEST:
            raise _left_out("large")
        return _parsed(file) if kept is None else kept.told(file, _parsed)
    except OSError as error:
        raise NotRead(f"The file cannot be read: {error.strerror}.", "Check its name and who may read it.") from error


def _parsed(file: Path) -> Told:
    """Raises NotRead, OSError."""
    try:
        command = [sys.executable, "-P", str(_WORDS), str(file), str(MOST_PAGES)]
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL)
        told: Told = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise _left_out("slow") from None
    except ValueError:  # it was ended, by its bounds or by what is in the file
        raise _left_out("slow" if done.returncode in (-9, -24) else "broken") from None
    if why := told.get("error"):
        raise _left_out(why)
    return told


def _lines(pages: list[dict[str, Any]]) -> Iterator[Line]:
    found = [
        Page(
            page["width"],
            page["height"],
            tuple(replace(Line(*line), page=number) for line in page["lines"]),
            tuple(Rule(*rule) for rule in page["rules"]),
        )
        for number, page in enumerate(pages, start=1)
    ]
    for each in without_running_heads(found):
        yield from in_order(each)


def _title(found: Text, stated: str) -> str:
    return found.title or ("" if _NO_TITLE.fullmatch(stated) else stated)


def _of_properties(properties: Mapping[str, str]) -> str:
    """The language that the file states, if it is read here: what programs write by themselves is often wrong."""
    language = plain.line(properties.get("language", ""))[:2].lower()
    return "" if language not in LANGUAGES else language


def _day(stamp: str) -> date | None:
    """The day of a moment as PDF writes it, "D:20260203091500-05'00'"."""
    found = re.match(r"(?:D:)?(\d{4})(\d{2})(\d{2})", stamp)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None
