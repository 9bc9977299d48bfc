"""PDF files in, documents out: headings, tables and columns kept, running heads dropped; and no file ends the reading."""

import gzip
import zlib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from shutil import copy

import pytest

from knowledge.document import Document
from knowledge.sources import Problem, SourceError, digest, pdf, read
from knowledge.sources.pdf_kept import Told
from knowledge.sources.pdf_line import Line, Page, Rule, joined
from knowledge.sources.pdf_page import in_order, without_running_heads

PRINTS = Path(__file__).parent / "prints"
BINS = """\
#1
The town empties your bins every week. You may also bring what does not fit into a bin to the recycling yard on Mill Road, \
which takes nearly everything that a household has. A self-employed person pays as a household does, if the bins stand at \
home and not at a shop.

#1 What goes where
- Green bin: scraps of food, paper towels, and leaves that have been raked together in your own yard or garden this year
- Blue bin: bottles, cans, paper
- Black bin: all the rest

#1 What goes where > What we do not take
We do not take paint, tires or batteries. Bring them to the yard.

#1 What it costs
Fees for one year, from January 1.

Bin | Size | Fee for a household
Green | 80 litres | No fee
Black, one for each house, emptied every second week in the winter and every week in the summer | 120 litres | $48
Black, large | 240 litres | $96

You can pay in two parts.

#2 How to get a bin
1. Call 555-0142 or come to the town hall.
2. Tell us your address.
3. We bring the bin within ten days.

If your bin is broken, call us. We repair it where it stands and there is no charge for it, unless it was painted.

#3 Who can help
Ask at the counter on weekdays."""
CHIENS = """\
# Obtenir un permis
Chaque chien de la ville doit porter un permis. Vous l'obtenez au comptoir, en personne, ou par la poste. Le permis vaut \
pour une année, du mois de janvier au mois de décembre.

Apportez une preuve du vaccin contre la rage. Le personnel vous remet la médaille. Pourra-t-il sortir sans elle? Non, elle \
est obligatoire.

# Promener son chien
Le chien est tenu en laisse, sauf dans les parcs où c'est permis. Ramassez ce qu'il laisse.

# Perdre la médaille
Dites-le au comptoir dans les dix jours. Une nouvelle médaille coûte cinq dollars, et vous l'obtenez sur place. Celui-ci la \
reprend si vous retrouvez la première.

# Perdre la médaille > Par la poste
Écrivez à l'hôtel de ville et joignez un chèque au nom de la ville. Comptez dix jours pour la recevoir chez vous, ou un peu \
plus en été.

Le chien qui change de maître change aussi de permis, sans frais, dans le mois qui suit.

# Tarifs
Les tarifs valent pour une année complète et pour un seul chien de la maison.

Permis | Résidant | Autre
Chien stérilisé | 25 $ | 40 $
Chien non stérilisé | 50 $ | 80 $
Chien-guide ou d'assistance | Sans frais | Sans frais
Chenil | 200 $ | -

On peut payer en argent ou par carte."""


def shown(document: Document) -> str:
    """Each section with the page that its address names, "#2"."""
    pages = [(section.url or "").partition("page=")[2] for section in document.sections]
    heads = [f"#{page} {' > '.join(s.path)}".strip() for page, s in zip(pages, document.sections, strict=True)]
    return "\n\n".join(f"{head}\n{s.text}" for head, s in zip(heads, document.sections, strict=True))


def test_a_page_printed_by_a_browser() -> None:
    (document,) = read(PRINTS / "bins.pdf")
    assert shown(document) == BINS
    assert (document.id, document.language, document.title) == (
        "prints/bins",
        "en",
        "Guide to bins and fees in the Town of Example",
    )
    assert (document.publisher, document.jurisdiction, document.contact) == (
        "Town of Example",
        "ca-on-example",
        "555-0142",
    )
    assert document.url == "https://www.town.example.org/bins.pdf"
    assert document.topics == ("garbage", "recycling")
    assert (document.as_of, document.modified) == (date(2026, 1, 15), date(2026, 11, 28))


def test_a_leaflet_in_two_columns() -> None:
    (document,) = read(PRINTS / "chiens.pdf")
    assert (document.title, document.language) == ("Votre chien et la ville", "fr")
    assert shown(document) == CHIENS


def test_what_may_be_read_but_not_changed_is_read() -> None:
    (document,) = read(PRINTS / "read-only.pdf")
    assert [s.text for s in document.sections] == ["Every dog wears a tag, and the tag has a number."]


def damaged(content: bytes) -> bytes:
    return content[: len(content) // 3] + b"\x00\xff" * 500


def made(*objects: str, stream: bytes = b"") -> bytes:
    """A file of these objects, the first one being the catalog; `stream` is the last one's."""
    parts = [f"{n} 0 obj\n{body}\n".encode() for n, body in enumerate(objects, start=1)]
    parts[-1] += b"stream\n" + stream + b"\nendstream\n" if stream else b""
    body, at = b"%PDF-1.4\n", []
    for part in parts:
        at.append(len(body))
        body += part + b"endobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in at)
    end = f"xref\n0 {len(at) + 1}\n0000000000 65535 f \n{table}trailer <</Root 1 0 R /Size {len(at) + 1}>>\n"
    return body + f"{end}startxref\n{len(body)}\n%%EOF".encode()


ONE_PAGE = ("<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>")
IN_CIRCLES = made(
    "<</Type /Catalog /Pages 2 0 R>>",
    "<</Type /Pages /Kids [2 0 R 3 0 R] /Parent 3 0 R /Count 2>>",
    "<</Type /Pages /Kids [2 0 R] /Parent 2 0 R /Count 1>>",
)
BOMB = made(
    *ONE_PAGE,
    "<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R>>",
    "<</Filter [/FlateDecode /FlateDecode]>>",
    stream=zlib.compress(zlib.compress(b"\x00" * 400_000_000, 1), 9),
)
DEEP = made(*ONE_PAGE, "<</Type /Page /Parent 2 0 R /MediaBox " + "[" * 100_000 + "]" * 100_000 + ">>")
LONG = made(
    *ONE_PAGE,
    "<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R>>",
    "<<>>",
    stream=b"BT (" + b"a" * 2_000_000 + b") Tj ET",
)
DAMAGED = "The file is damaged, or no PDF."
NO_TEXT = "The file has no text: its pages are pictures."


@pytest.mark.parametrize(
    ("content", "causes"),
    [
        (b"", [DAMAGED]),
        (b"\x00" * 5_000, [DAMAGED]),
        (b"<html><p>Not found", [DAMAGED]),
        ((PRINTS / "locked.pdf").read_bytes(), ["The file needs a password."]),
        ((PRINTS / "chiens.pdf").read_bytes()[:600], [DAMAGED, NO_TEXT]),
        (damaged((PRINTS / "bins.pdf").read_bytes()), [DAMAGED, NO_TEXT]),
        (made(*ONE_PAGE, "<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800]>>"), [NO_TEXT]),
        (IN_CIRCLES, [DAMAGED, NO_TEXT]),
        (BOMB, ["The file takes more memory than is given to it.", NO_TEXT]),
        (DEEP, [DAMAGED, NO_TEXT]),
        (LONG, [DAMAGED, NO_TEXT, "The file takes more memory than is given to it."]),
    ],
    ids=str.split("empty NUL html locked cut damaged picture circles bomb deep long"),
)
def test_file_that_is_left_out(tmp_path: Path, content: bytes, causes: list[str]) -> None:
    copy(PRINTS / "pdf.yml", tmp_path)
    copy(PRINTS / "read-only.pdf", tmp_path / "z.pdf")
    (tmp_path / "a.pdf").write_bytes(content)
    problems: list[Problem] = []
    assert [d.id.rpartition("/")[2] for d in read(tmp_path, problems.append)] == ["z"]
    assert [p.file.name for p in problems] == ["a.pdf"]
    assert problems[0].cause in causes
    assert problems[0].way_out


@pytest.mark.parametrize(
    ("bound", "value", "cause"),
    [("SECONDS", 0.01, "The file takes too long to read."), ("LARGEST", 100, "The file takes more memory")],
)
def test_bounds(monkeypatch: pytest.MonkeyPatch, bound: str, value: float, cause: str) -> None:
    monkeypatch.setattr(pdf, bound, value)
    with pytest.raises(SourceError, match=cause):
        list(read(PRINTS / "bins.pdf"))


@dataclass
class Files:
    """A folder of PDF files that is read again and again; `parsed` are those that were parsed for it."""

    folder: Path
    kept: Path
    parsed: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def read(self) -> list[Document]:
        self.parsed.clear()
        return list(read(self.folder, self.problems.append, self.kept))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    found, parse = Files(tmp_path / "pages", tmp_path / "kept"), pdf._parsed

    def counted(file: Path) -> Told:
        found.parsed.append(file.name)
        return parse(file)

    monkeypatch.setattr(pdf, "_parsed", counted)
    found.folder.mkdir()
    for name in ("bins.pdf", "bins.pdf.yml", "chiens.pdf", "pdf.yml"):
        copy(PRINTS / name, found.folder / name)
    return found


def test_what_did_not_change_is_not_parsed_again(files: Files) -> None:
    first = files.read()
    assert files.parsed == ["bins.pdf", "chiens.pdf"] and len(first) == 2
    assert files.read() == first == list(read(files.folder)), "and says the same"
    files.parsed.clear()
    (files.folder / "bins.pdf").touch()
    (files.folder / "chiens.pdf").rename(files.folder / "dogs.pdf")
    again = files.read()
    assert files.parsed == []
    assert [d.id for d in again] == ["pages/bins", "pages/dogs"] and again[0] == first[0]
    copy(PRINTS / "chiens.pdf", files.folder / "bins.pdf")
    assert files.read()[0].sections[0].text == first[1].sections[0].text
    assert files.parsed == [], "another file had this content"
    copy(PRINTS / "read-only.pdf", files.folder / "dogs.pdf")
    assert len(files.read()) == 2 and files.parsed == ["dogs.pdf"]


def test_what_stands_beside_a_file_is_read_each_time(files: Files) -> None:
    files.read()
    (files.folder / "bins.pdf.yml").write_text("publisher: Village of Example\nas_of: soon\n")
    assert files.read()[0].publisher == "Village of Example"
    assert files.parsed == [] and [p.file.name for p in files.problems] == ["bins.pdf"]


def test_of_files_that_have_changed_or_gone_nothing_stays(files: Files) -> None:
    files.read()
    copy(PRINTS / "read-only.pdf", files.folder / "bins.pdf")
    files.read()
    assert len(list(files.kept.iterdir())) == 2
    (files.folder / "a.md").write_text("---\ntitle: A\npublisher: B\nlang: en\n---\nA page.\n")
    for name in ("bins.pdf", "chiens.pdf"):
        (files.folder / name).unlink()
    assert len(files.read()) == 1 and list(files.kept.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", gzip.compress(b"[1]"), gzip.compress(b"{")[:-9], b"\x1f\x8b\x08"],
    ids=["empty", "not packed", "a list", "cut off", "a beginning"],
)
def test_what_is_kept_and_damaged_is_parsed_again(files: Files, content: bytes) -> None:
    first = files.read()
    for each in files.kept.iterdir():
        each.write_bytes(content)
    assert files.read() == first and files.parsed == ["bins.pdf", "chiens.pdf"]
    assert files.read() == first and files.parsed == []


def test_what_could_not_be_parsed_is_tried_again(files: Files) -> None:
    copy(PRINTS / "locked.pdf", files.folder / "chiens.pdf")
    for _ in range(2):
        assert len(files.read()) == 1 and "chiens.pdf" in files.parsed
    assert [p.cause for p in files.problems] == ["The file needs a password."] * 2


def test_other_bounds_find_other_things(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.read()
    monkeypatch.setattr(pdf, "MOST_PAGES", 1)
    assert files.read()[0].sections[-1].path == ("What it costs",)


def test_a_file_that_is_written_while_it_is_parsed_is_parsed_again(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = pdf._parsed

    def meanwhile(file: Path) -> Told:
        copy(PRINTS / "chiens.pdf", files.folder / "bins.pdf")
        return parse(file)

    before = (files.folder / "bins.pdf").read_bytes()
    monkeypatch.setattr(pdf, "_parsed", meanwhile)
    files.read()
    monkeypatch.setattr(pdf, "_parsed", parse)
    (files.folder / "bins.pdf").write_bytes(before)
    assert shown(files.read()[0]) == BINS


def test_what_is_longer_is_read_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MOST_PAGES", 1)
    problems: list[Problem] = []
    (document,) = read(PRINTS / "bins.pdf", problems.append)
    assert document.sections[-1].path == ("What it costs",)
    assert [p.cause for p in problems] == ["The file is longer than 1 pages."]


@pytest.mark.parametrize(
    ("beside", "cause"),
    [
        (b"title: Dogs", "The file has no publisher."),
        (b"publisher: Town\nlang: cr", "The file's language is 'cr'."),
        (b"publisher: [Town]", "read-only.pdf: publisher is no text."),
        (b"publisher: Town\nurl: the counter", "read-only.pdf: url is 'the counter', no address"),
        (b"publisher: Town\nas_of: soon", "read-only.pdf: as_of is 'soon', which is no date."),
        (b"publisher: {", "The file is no YAML in UTF-8."),
        ("publisher: Qu\u00e9bec".encode("cp1252"), "The file is no YAML in UTF-8."),
        (b"[" * 5_000, "The file is no YAML in UTF-8."),
    ],
    ids=str.split("lacking language list url date yaml cp1252 deep"),
)
def test_slip_in_what_stands_beside(tmp_path: Path, beside: bytes, cause: str) -> None:
    copy(PRINTS / "read-only.pdf", tmp_path)
    before = digest(tmp_path)
    (tmp_path / "read-only.pdf.yml").write_bytes(beside)
    assert digest(tmp_path) != before
    problems: list[Problem] = []
    list(read(tmp_path / "read-only.pdf", problems.append))
    assert problems[0].cause.startswith(cause)


@pytest.mark.parametrize(
    ("lines", "whole"),
    [
        (["the recy-", "cling yard"], "the recycling yard"),
        (["a self-", "employed person"], "a self-employed person"),
        (["from Monday-", "Friday"], "from Monday- Friday"),
        (["donnera-t-", "il un reçu"], "donnera-t-il un reçu"),
        (["pages 10-", "12"], "pages 10- 12"),
    ],
)
def test_hyphens_at_the_ends_of_lines(lines: list[str], whole: str) -> None:
    assert joined(lines, frozenset({"self-employed"})) == whole


def line(text: str, left: float, top: float, width: float = 100) -> Line:
    return Line(left, top, left + width, top + 10, 10, False, text)


def page(*lines: Line, rules: tuple[Rule, ...] = ()) -> Page:
    return Page(600, 800, lines, rules)


def test_running_heads_go_and_what_only_looks_like_them_stays() -> None:
    heads = [line(f"Guide, part {n}", 50, 30) for n in (1, 2, 3)]
    body = [line(text, 50, 80) for text in ("One.", "Two.", "Three.")]
    feet = [line(f"Page {n} of 3", 250, 770) for n in (1, 2, 3)]
    pages = [page(head, text, foot) for head, text, foot in zip(heads, body, feet, strict=True)]
    left = [[each.text for each in one.lines] for one in without_running_heads(pages)]
    assert left == [["One."], ["Two."], ["Three."]]
    at_the_top = [page(line("Fee | $5", 50, 60), line(text.text, 50, 72)) for text in body]  # a table that goes on
    assert without_running_heads(at_the_top) == at_the_top


def test_a_box_around_text_is_no_table() -> None:
    rules = (Rule(40, 90, 560), Rule(40, 140, 560))
    boxed = page(line("Call us first.", 50, 100), line("We tell you what to bring.", 50, 115), rules=rules)
    assert [(each.text, each.cells) for each in in_order(boxed)] == [
        ("Call us first.", 0),
        ("We tell you what to bring.", 0),
    ]


def test_a_table_of_contents_is_left_out() -> None:
    contents = page(
        line("1 Bins . . . . . . . . . 3", 50, 200), line("2 Fees ..............", 50, 215), line("iv", 290, 215, 10)
    )
    assert list(in_order(contents)) == []
