"""HTML pages in, documents out: what is content, where its sections can be read, and what no page may do."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from knowledge.document import Document
from knowledge.sources import Problem, read
from knowledge.sources.html import NoPage, page
from knowledge.sources.html_tree import DEEPEST, decode, parse, walk

PAGES = Path(__file__).parent / "pages"
ABOUT = '<title>T</title><meta name="dcterms.creator" content="P">'


def shown(document: Document) -> str:
    """All that a reading found, as the .txt beside each page has it; no-break spaces are shown as spaces."""
    when = document.as_of.isoformat() if document.as_of else None
    lines = [
        f"{document.title} | {document.language} | {document.publisher} | {document.url}",
        f"{document.jurisdiction} | {when} | {', '.join(document.topics)}",
    ]
    for section in document.sections:
        anchor = f" [{section.url.removeprefix(document.url or '')}]" if section.url else ""
        lines += ["", f"# {' > '.join(section.path)}{anchor}", section.text]
    return "\n".join(lines).replace("\u00a0", " ") + "\n"


def of(html: str | bytes) -> Document:
    return page(html if isinstance(html, bytes) else html.encode(), "pages/page")[0]


@pytest.mark.parametrize("name", sorted(p.stem for p in PAGES.glob("*.html")))
def test_page(name: str) -> None:
    assert shown(of((PAGES / f"{name}.html").read_bytes())) == (PAGES / f"{name}.txt").read_text(encoding="utf-8")


def test_translations_are_found_by_address() -> None:
    found = {d.id: d.translation for d in read(PAGES)}
    assert found["pages/canada-ca"] == "pages/canada-ca-fr"
    assert found["pages/canada-ca-fr"] == "pages/canada-ca"
    assert found["pages/main-is-empty"] is None  # its translation is not here


FRENCH = f"<html lang=fr>{ABOUT}<p>Où êtes-vous née? L’été, à Gaspé…</p>"


@pytest.mark.parametrize(
    ("declared", "actual"),
    [
        ("", "utf-8"),
        ("", "cp1252"),
        ("<meta charset=iso-8859-1>", "cp1252"),
        ("<meta charset=iso-8859-1>", "utf-8"),
        ("<meta charset=utf-8>", "cp1252"),
        ("<meta charset=no-such-thing>", "cp1252"),
        ("<meta charset=base64>", "cp1252"),
        ('<meta http-equiv=Content-Type content="text/html; charset=mac-roman">', "mac-roman"),
        ("", "utf-16"),
        ("", "utf-8-sig"),
    ],
)
def test_charset(declared: str, actual: str) -> None:
    assert of((declared + FRENCH).encode(actual)).sections[0].text == "Où êtes-vous née? L’été, à Gaspé…"


def test_one_broken_byte_does_not_spoil_the_page() -> None:
    assert decode(FRENCH.encode() + "é".encode()[:1]).count("é") == FRENCH.count("é")


@pytest.mark.parametrize(
    ("html", "cause"),
    [
        ("", "The page has no text."),
        ("%PDF-1.7 stream", "The page has no text."),
        (f"<html lang=en>{ABOUT}<div id=app></div><script>run('a lot of words')</script>", "The page has no text."),
        (f"<html lang=en>{ABOUT}<main><h1>T</h1></main>", "The page's content is empty: it has only navigation."),
        ("<html lang=en><meta name=dcterms.creator content=P><p>Words.", "The page has no title."),
        ("<html lang=en><title>T</title><p>Words.", "The page does not say who publishes it."),
        (f"<html lang=de>{ABOUT}<p>Worte.", "The page's language is 'de'."),
    ],
)
def test_no_page(html: str, cause: str) -> None:
    with pytest.raises(NoPage) as raised:
        of(html)
    assert raised.value.args[0] == cause
    assert raised.value.args[1]


@pytest.mark.parametrize(
    ("html", "language"),
    [
        ("<html lang=fr-CA>", "fr"),
        ('<meta name="dcterms.language" content="fra">', "fr"),
        ('<meta property="og:locale" content="fr_CA">', "fr"),
        ('<link rel="canonical" href="https://www.example.org/fra/page">', "fr"),
        ("<p>Vous devez présenter une demande avec les documents.</p>", "fr"),
        ("<p>You must apply with these documents.</p>", "en"),
    ],
)
def test_language(html: str, language: str) -> None:
    assert of(f"{html}{ABOUT}<p>1234.").language == language


@pytest.mark.parametrize(
    ("html", "url"),
    [
        ('<link rel="canonical" href="https://www.example.org/a b">', None),
        ('<link rel="canonical" href="/a"><meta property="og:url" content="https://www.example.org/b">', "https://www.example.org/a"),
        ('<base href="https://www.example.org/c/"><link rel="canonical" href="d">', "https://www.example.org/c/d"),
        ('<link rel="canonical" href="http://localhost/a">', None),
        ('<link rel="canonical" href="https://[broken">', None),
        ('<link rel="canonical" href="javascript:alert(1)">', None),
    ],
)  # fmt: skip
def test_address(html: str, url: str | None) -> None:
    assert of(f"<html lang=en>{ABOUT}{html}<p>Words.").url == url


@pytest.mark.parametrize("start", ["<div>", "<b>", "<ul><li>", "<table><tr><td>", "<section><h2>x</h2>", "<x-y>"])
def test_deep_nesting(start: str) -> None:
    document = of(f"<html lang=en>{ABOUT}<p>Words.</p>" + start * (DEEPEST * 4) + "the innermost words")
    assert "the innermost words" in document.sections[-1].text


def test_no_tree_is_deeper_than_a_browser_s() -> None:
    depth = deepest = 0
    for node, entering in walk(parse("<div>words" * (DEEPEST * 4)).root):
        depth += (1 if entering else -1) if node.is_element_node else 0
        deepest = max(deepest, depth)
    assert deepest <= DEEPEST + 2  # html and body


def test_large_page() -> None:
    part = "<h2 id=s{0}>Part {0}</h2><p>" + "Some words about a service. " * 60 + "</p>"
    data = f"<html lang=en>{ABOUT}<main>{''.join(map(part.format, range(3_000)))}</main>"
    assert len(data) > 5_000_000
    assert len(of(data).sections) == 3_000


MARKUP = st.sampled_from(
    [
        *(
            "<p>",
            "<h2 id=a>",
            "</h2>",
            "<ul>",
            "<li>",
            "</ul>",
            "<table>",
            "<tr>",
            "<td>",
            "</table>",
            "<caption>",
            "</div>",
        ),
        *(
            "<details>",
            "<summary>",
            "</details>",
            "<a name=x>",
            "<br>",
            "<sup>",
            "<dl>",
            "<dt>",
            "<dd>",
            "<pre>",
            "<svg>",
        ),
        *(
            "<main>",
            "<article>",
            "<aside>",
            "<nav>",
            "<form>",
            "<div class=share>",
            "<div hidden>",
            "<div id=p>",
            "<title>",
        ),
        *(
            "<button aria-controls=p>",
            "<!--",
            "-->",
            "<template>",
            "<select>",
            "&nbsp;",
            "words",
            "\x00",
            "\ud800",
            "é",
            "|",
        ),
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=400), st.lists(MARKUP, max_size=60).map(lambda x: " ".join(x).encode("utf-8", "replace"))
    )
)
@example(b"<ul><li><ul><li>a list whose only item is a list")
def test_any_bytes(data: bytes) -> None:
    """Whatever the bytes, a document whose text is plain and can be encoded, or a reason why there is none."""
    try:
        document = of(f"<html lang=en>{ABOUT}".encode() + data)
    except NoPage:
        return
    for section in document.sections:
        assert section.text == section.text.strip() != ""
        assert not set(section.text) & set("\x00\r\t\u200b")
        assert "\n\n\n" not in section.text
        section.text.encode()


def test_one_bad_page_is_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "good.html").write_text(f"<html lang=en>{ABOUT}<p>Words.")
    (tmp_path / "bad.html").write_text("<script>no words</script>")
    problems: list[Problem] = []
    assert [d.id.split("/")[1] for d in read(tmp_path, problems.append)] == ["good"]
    assert [(p.file.name, p.cause) for p in problems] == [("bad.html", "The page has no text.")]
