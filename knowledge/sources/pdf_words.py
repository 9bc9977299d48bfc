"""What stands where on the pages of a PDF: run as a process of its own, so that no file takes the reader with it.

`python -P pdf_words.py FILE PAGES` writes one value of JSON: {"error": …}, or the file's properties and its pages.
Nothing of this project is imported here.
"""

import contextlib
import json
import logging
import re
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

MEMORY = 1024**3  # bytes
SECONDS = 120  # of the processor
LONGEST = 1_000  # characters of one line: more is no line of a page
MOST = 200_000  # lines of a file

_WEIGHTY = re.compile(r"bold|black|heavy|semib|demi", re.IGNORECASE)


def pages(file: str, most: int) -> dict[str, Any]:
    """The first `most` pages, each with its lines and rules.

    A line is [left, top, right, bottom, size, bold, text], a rule [left, top, right], both in points from the page's
    upper left corner; a line ends where a gap is wider than words are apart.
    """
    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LAParams
    from pdfminer.pdfdocument import PDFDocument, PDFPasswordIncorrect
    from pdfminer.pdfpage import PDFPage
    from pdfminer.pdfparser import PDFParser

    logging.disable(logging.CRITICAL)
    with open(file, "rb") as data:
        try:
            document = PDFDocument(PDFParser(data))
        except PDFPasswordIncorrect:
            return {"error": "locked"}
        count = sum(1 for _ in zip(PDFPage.create_pages(document), range(most + 1), strict=False))
        found: list[dict[str, Any]] = []
        left = MOST
        grouped = LAParams(char_margin=1.5, boxes_flow=None, all_texts=True)
        for page in extract_pages(data, maxpages=most, laparams=grouped):
            lines = [line for _, line in zip(range(left), _lines(page, page.height), strict=False)]
            left -= len(lines)
            found.append(
                {"width": page.width, "height": page.height, "lines": lines, "rules": list(_rules(page, page.height))}
            )
        return {"about": _about(document), "more": count > most or left <= 0, "pages": found}


def _lines(container: Any, height: float) -> Iterator[list[Any]]:
    from pdfminer.layout import LTChar, LTContainer, LTCurve, LTTextLine

    for item in _inside(container, (LTTextLine, LTCurve, LTContainer)):
        if isinstance(item, LTCurve):
            if 1.5 < item.width < 7 and abs(item.width - item.height) < 1.5:  # a bullet that is drawn, and not written
                yield [*_edges(item, height), round(item.height, 1), False, "•"]
            continue
        if not isinstance(item, LTTextLine):
            yield from _lines(item, height)
            continue
        letters = [char for char in item if isinstance(char, LTChar) and char.get_text().strip()]
        if not letters or not all(char.upright for char in letters[:3]):
            continue
        size = Counter(round(char.size, 1) for char in letters).most_common(1)[0][0]
        bold = sum(bool(_WEIGHTY.search(char.fontname)) for char in letters) > len(letters) * 0.8
        yield [*_edges(item, height), size, bold, "".join(_text(list(item))).strip()[:LONGEST]]


def _text(characters: list[Any]) -> Iterator[str]:
    """A space that takes no room is none: it marks where a word may be broken."""
    for char, after in zip(characters, [*characters[1:], None], strict=True):
        begins, ends = getattr(char, "x0", None), getattr(after, "x0", None)
        no_room = begins is not None and ends is not None and abs(ends - begins) < 0.05
        if not (no_room and char.get_text() == " "):
            yield char.get_text()


def _edges(item: Any, height: float) -> tuple[float, ...]:
    return tuple(round(edge, 1) for edge in (item.x0, height - item.y1, item.x1, height - item.y0))


def _rules(container: Any, height: float) -> Iterator[list[float]]:
    from pdfminer.layout import LTContainer, LTCurve

    for item in _inside(container, (LTCurve, LTContainer)):
        if not isinstance(item, LTCurve):
            yield from _rules(item, height)
        elif item.width > 10:
            left, top, right, bottom = _edges(item, height)
            yield from ([left, edge, right] for edge in {top, bottom if item.height > 2 else top})


def _inside(container: Any, kinds: tuple[type, ...]) -> Iterator[Any]:
    from pdfminer.layout import LTChar

    return (item for item in container if isinstance(item, kinds) and not isinstance(item, LTChar))


def _about(document: Any) -> dict[str, str]:
    """Title, language, publisher and day of the last change, as far as the file's properties say them."""
    from pdfminer.pdftypes import resolve1
    from pdfminer.utils import decode_text

    said: dict[str, str] = {}
    with contextlib.suppress(Exception):  # properties are often broken, and never what the file is read for
        for key, name in (("Title", "title"), ("ModDate", "modified")):
            value = next((resolve1(info[key]) for info in document.info if key in info), b"")
            said[name] = decode_text(value) if isinstance(value, bytes) else str(value)
    with contextlib.suppress(Exception):
        language = resolve1(document.catalog.get("Lang")) or b""
        said["language"] = decode_text(language) if isinstance(language, bytes) else str(language)
    with contextlib.suppress(Exception):
        xmp = resolve1(document.catalog["Metadata"]).get_data()[:200_000].decode("utf-8", "replace")
        found = re.search(r"<dc:publisher>\s*<rdf:\w+>\s*<rdf:li[^>]{0,100}>([^<]{1,200})<", xmp)
        said["publisher"] = found[1] if found else ""
    return said


def main(file: str, most: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    sys.setrecursionlimit(2_000)
    try:
        told = pages(file, int(most))
    except MemoryError:
        told = {"error": "large"}
    except Exception as error:  # the library raises whatever a damaged file makes it do
        told = {"error": "broken", "because": f"{type(error).__name__}: {error}"[:200]}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
