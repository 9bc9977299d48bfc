"""A source's kind is told from what it holds; what cannot be read is said, with the way out."""

from pathlib import Path

import pytest

from knowledge.sources import Problem, SourceError, digest, read

HTML = '<html lang=en><title>{0}</title><meta name="dcterms.creator" content="P"><p>About {0}.'
MARKDOWN = "---\ntitle: {0}\npublisher: P\nlang: en\n---\nAbout {0}.\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "sub").mkdir(parents=True)
    (folder / "fees.html").write_text(HTML.format("fees"))
    (folder / "fees.md").write_text(MARKDOWN.format("more fees"))
    (folder / "sub" / "boats.HTM").write_text(HTML.format("boats"))
    (folder / "picture.png").write_bytes(b"\x89PNG")
    return folder


def titles(source: Path) -> dict[str, str]:
    return {document.id: document.title for document in read(source)}


def test_folder(site: Path) -> None:
    assert titles(site) == {"site/fees": "fees", "site/fees.md": "more fees", "site/sub/boats": "boats"}


def test_one_page(site: Path) -> None:
    assert titles(site / "fees.html") == {"site/fees": "fees"}
    assert titles(site / "fees.md") == {"site/fees": "more fees"}


def test_relative_folder_has_its_name(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site)
    assert set(titles(Path())) == set(titles(site))


def test_list(site: Path, tmp_path: Path) -> None:
    pages = tmp_path / "pages.txt"
    pages.write_text(f"site/fees.html\n\n  {site / 'sub' / 'boats.HTM'}\nhttps://example.ca/a.html\nsite/none.html\n")
    problems: list[Problem] = []
    assert [d.id for d in read(pages, problems.append)] == ["pages/site/fees", "pages/site/sub/boats"]
    assert [(p.file.name, p.line, p.cause) for p in problems] == [
        ("pages.txt", 4, "'https://example.ca/a.html' is no page."),
        ("pages.txt", 5, "'site/none.html' is no page."),
    ]
    with pytest.raises(SourceError, match=r"pages.txt, line 4: .* nothing is fetched from the web"):
        list(read(pages))


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("nowhere", "There is no such file or folder"),
        ("a.docx", 'end with ".docx"'),
        ("empty", "There is no page in it"),
    ],
)
def test_no_source(tmp_path: Path, name: str, cause: str) -> None:
    (tmp_path / "a.docx").write_bytes(b"PK")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=cause) as raised:
        list(read(tmp_path / name))
    assert "the service inventory as a .csv file" in str(raised.value)


def test_digest_tells_what_a_source_says(site: Path) -> None:
    before = digest(site)
    (site / "picture.png").write_bytes(b"another")
    assert digest(site) == before
    (site / "fees.html").write_text(HTML.format("new fees"))
    changed = digest(site)
    (site / "fees.html").rename(site / "costs.html")
    assert len({before, changed, digest(site)}) == 3


def test_digest_of_a_list_reads_its_pages(site: Path, tmp_path: Path) -> None:
    pages = tmp_path / "pages.txt"
    pages.write_text("site/fees.html\n")
    before = digest(pages)
    (site / "fees.html").write_text(HTML.format("new fees"))
    assert digest(pages) != before
