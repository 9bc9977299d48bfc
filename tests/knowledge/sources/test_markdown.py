"""Markdown pages in, documents and problems out."""

from datetime import date
from pathlib import Path

import pytest

from knowledge.document import Document, Section
from knowledge.sources import Problem, SourceError, read

FRONT = "title: Moor a boat\npublisher: Small Harbours\n"
BODY = "A permit to moor.\n\n## Cost\nIt costs $5.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "content" / "en").mkdir(parents=True)
    return tmp_path / "content"


def write(folder: Path, front: str, body: str = BODY, name: str = "en/moor.md") -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"---\n{front}---\n{body}", encoding="utf-8")


def only(folder: Path) -> Document:
    (document,) = read(folder)
    return document


def test_everything(folder: Path) -> None:
    write(
        folder,
        FRONT + "url: https://www.example.ca/moor\njurisdiction: CA-on\ntopics: [boat, harbour]\nas_of: 2026-03-31\n"
        "modified: 2026-03-01\ncontact: 311\nquestions:\n  How much is it?: Cost\n  what is it: \n",
    )
    write(folder, "title: Amarrer\npublisher: Petits Ports\n", name="fr/moor.md")
    document = next(iter(read(folder)))
    assert document == Document(
        id="content/en/moor",
        language="en",
        title="Moor a boat",
        publisher="Small Harbours",
        sections=(Section((), "A permit to moor."), Section(("Cost",), "It costs $5.")),
        url="https://www.example.ca/moor",
        jurisdiction="ca-on",
        topics=("boat", "harbour"),
        as_of=date(2026, 3, 31),
        modified=date(2026, 3, 1),
        translation="content/fr/moor",
        contact="311",
        questions={"How much is it?": "Cost", "what is it": ""},
    )


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("One\ntwo  \nthree", "One two\nthree"),
        ("*One* **two** `three` ~~four~~ &amp; \\*five", "One two three four & *five"),
        ("See [the form](https://a.ca/f) or <https://a.ca>.", "See the form or https://a.ca."),
        ("Call [1-800](tel:1800). ![A map](map.png)", "Call 1-800. A map"),
        ("- one\n- two\n  still two\n\n  and more\n", "- one\n- two still two and more"),
        ("* one\n  * inner\n    * deeper\n", "- one\n  - inner\n    - deeper"),
        ("3. three\n4. four\n", "3. three\n4. four"),
        ("1) one\n2) two\n", "1. one\n2. two"),
        ("| A | B |\n| --- | ---: |\n| a | **b** |\n| c | [d](e) |\n", "A | B\na | b\nc | d"),
        ("> said\n>\n> twice\n", "said\n\ntwice"),
        ("    code\n", "code"),
        ("<!-- a note to writers -->\nText.\n\n---\n\nMore.", "Text.\n\nMore."),
        ("Prix : 5\u00a0$ « net »", "Prix : 5\u00a0$ « net »"),
        ("soft\u00adhyphen \u200bgone", "softhyphen gone"),
    ],
)
def test_text(folder: Path, body: str, text: str) -> None:
    write(folder, FRONT, body)
    assert [s.text for s in only(folder).sections] == [text]


@pytest.mark.parametrize(
    ("heading", "path", "url"),
    [
        ("## Cost", ("Cost",), None),
        ("## [Cost](https://a.ca/fees)", ("Cost",), "https://a.ca/fees"),
        ("## Cost {#fees}", ("Cost",), "https://www.example.ca/moor#fees"),
        ("## [Cost](https://a.ca/fees) {#now}", ("Cost",), "https://a.ca/fees#now"),
        ("# Moor a boat\n## Cost", ("Cost",), None),
        ("# Other\n### Cost", ("Other", "Cost"), None),
        ("## A\n### B\n## *Cost* & more", ("Cost & more",), None),
        ("Cost\n----", ("Cost",), None),
    ],
)
def test_headings(folder: Path, heading: str, path: tuple[str, ...], url: str | None) -> None:
    write(folder, FRONT + "url: https://www.example.ca/moor\n", f"{heading}\nText.\n")
    assert only(folder).sections == (Section(path, "Text.", url),)


@pytest.mark.parametrize(
    ("front", "body", "problem"),
    [
        ("title: A\n", BODY, 'line 1: The page has no publisher. Write "publisher: …" in its front matter.'),
        ("publisher: P\ntitle:\n", BODY, 'line 1: The page has no title. Write "title: …" in its front matter.'),
        (FRONT, "", "The page has no text. Write what the service is below the front matter."),
        (FRONT + "lang: de\n", BODY, "line 4: The page's language is 'de'."),
        (
            "title: A: b\n",
            BODY,
            "line 2: The front matter is not YAML: mapping values are not allowed in this context.",
        ),
    ],
)
def test_page_that_is_left_out(folder: Path, front: str, body: str, problem: str) -> None:
    problems: list[Problem] = []
    write(folder, front, body)
    write(folder, FRONT, name="en/other.md")
    assert [d.id for d in read(folder, problems.append)] == ["content/en/other"]
    assert [str(p) for p in problems] == [str(problems[0])]
    assert problem in str(problems[0])
    assert str(problems[0]).startswith(str(folder.resolve() / "en" / "moor.md"))


@pytest.mark.parametrize(
    ("front", "body", "problem"),
    [
        ("as_of: 31 March\n", BODY, "line 4: as_of is '31 March', which is no date. Write the day as \"2026-03-31\"."),
        ("as_of: 2026-02-31\n", BODY, "The front matter cannot be read: day is out of range for month."),
        ("url: www.example.ca\n", BODY, "line 4: 'www.example.ca' is no address that a citizen can follow."),
        ("topics: 5\n", BODY, "line 4: The topics are no list."),
        ("questions: [a]\n", BODY, "line 4: The questions are no mapping to headings."),
        (
            "questions:\n  How much?: Costs\n",
            BODY,
            'line 5: The question "How much?" names the heading "Costs", which the page does not have. '
            "Use one of its headings: Cost.",
        ),
        ("", "## [Cost](fees.html)\nIt costs $5.\n", "line 5: 'fees.html' is no address that a citizen can follow."),
    ],
)
def test_slip(folder: Path, front: str, body: str, problem: str) -> None:
    write(folder, FRONT + front, body)
    problems: list[Problem] = []
    found = list(read(folder, problems.append))
    assert len(problems) == 1
    assert problem in str(problems[0])
    assert len(found) == ("cannot be read" not in problem)
    with pytest.raises(SourceError, match=r"en/moor\.md"):
        list(read(folder))


def test_page_in_another_charset(folder: Path) -> None:
    (folder / "en" / "moor.md").write_bytes("---\ntitle: Été\n---\n".encode("cp1252"))
    problems: list[Problem] = []
    assert not list(read(folder, problems.append))
    assert problems[0].cause == "The page is not in UTF-8."


@pytest.mark.parametrize(
    ("name", "front", "language"),
    [("fr/a.md", "", "fr"), ("x/fr/a.md", "", "fr"), ("a.md", "lang: fr\n", "fr"), ("en/a.md", "lang: fr\n", "fr")],
)
def test_language(folder: Path, name: str, front: str, language: str) -> None:
    write(folder, FRONT + front, name=name)
    assert only(folder).language == language


def test_language_of_nobody(folder: Path) -> None:
    write(folder, FRONT, name="a.md")
    with pytest.raises(SourceError, match="The page has no language"):
        list(read(folder))


def test_byte_order_mark(folder: Path) -> None:
    (folder / "en" / "moor.md").write_bytes(b"\xef\xbb\xbf" + f"---\r\n{FRONT}---\r\n{BODY}".encode())
    assert only(folder).title == "Moor a boat"
