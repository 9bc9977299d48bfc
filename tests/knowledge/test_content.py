"""The bundled content: each service in both languages, with address and date, the same facts, clean typography."""

import re
from collections import Counter
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from knowledge.document import Document
from knowledge.passage import LONGEST
from knowledge.sources import Problem, read

CONTENT = Path(__file__).parents[2] / "knowledge" / "content"
OFFICIAL = ("canada.ca", "gc.ca", "ontario.ca", "tribunalsontario.ca", "toronto.ca", "rcmp.ca", "grc.ca")
IN_ENGLISH_ALONE = ("toronto.ca", "tribunalsontario.ca")

PROBLEMS: list[Problem] = []
DOCUMENTS = {document.id: document for document in read(CONTENT, PROBLEMS.append)}
EACH = pytest.mark.parametrize("document", DOCUMENTS.values(), ids=lambda d: d.id.removeprefix("content/"))
PAIRS = pytest.mark.parametrize(
    "english", [d for d in DOCUMENTS.values() if d.language == "en"], ids=lambda d: d.id[11:]
)

# an amount as each language writes it: $1,234.50 and 1 234,50 $
DOLLARS = {
    "en": re.compile(r"\$(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"),
    "fr": re.compile(r"(?<![\d,])(\d{1,3}(?:\u00a0\d{3})+(?:,\d+)?|\d+(?:,\d+)?)\u00a0\$"),
}
# what is not written like this, in Canada
SLIPS = {
    "en": {
        "a dollar sign after the number": r"\d\s?\$",
        "a phone number without hyphens": r"\b1[ .]\d{3}[ .]\d{3}|\(\d{3}\) ?\d{3}",
        "a space before a punctuation mark": r"\s[:;!?,.](?=\s|$)",
        "a time without am or pm": r"\b\d{1,2}h\d\d|\b\d{1,2} h\b|\d ?[AP]\.?M\b",
    },
    "fr": {
        "a dollar sign before the number": r"\$\s?\d",
        "no no-break space before $ or %": r"\d ?[$%]",
        "no no-break space before a colon": r"(?<![\u00a0\d]):(?!//)",
        "a space that can break before ; ! or ?": r" [;!?]",
        "quotation marks that are not « and »": '["“”]|«(?!\u00a0)|(?<!\u00a0)»',
        "a space that can break between thousands": r"\d \d{3}(?!\d)",
        "hyphens where a phone number has spaces": r"\b1-\d{3}-\d{3}",
        "a time without no-break space before h": r"\d ?h\b",
    },
}


def words(document: Document) -> list[str]:
    """All that a citizen may be shown of it."""
    headings = [heading for section in document.sections for heading in section.path]
    texts = [section.text for section in document.sections]
    return [document.title, document.publisher, document.contact or "", *document.questions, *headings, *texts]


def amounts(document: Document) -> set[float]:
    found = DOLLARS[document.language].findall("\n".join(words(document)))
    return {float(re.sub(r"[,\u00a0]", "", x) if document.language == "en" else _decimal(x)) for x in found}


def _decimal(french: str) -> str:
    return french.replace("\u00a0", "").replace(",", ".")


def test_it_is_read_without_a_problem() -> None:
    assert [str(problem) for problem in PROBLEMS] == []


def test_services() -> None:
    by_language = Counter(document.language for document in DOCUMENTS.values())
    assert by_language["en"] == by_language["fr"] >= 45
    assert set(by_language) == {"en", "fr"}


@EACH
def test_translation(document: Document) -> None:
    other = DOCUMENTS[document.translation or "none"]
    assert other.language != document.language
    assert other.translation == document.id


@EACH
def test_facts_that_every_page_has(document: Document) -> None:
    assert document.as_of is not None
    assert document.as_of <= date.today()
    assert document.contact
    assert document.topics
    assert re.fullmatch(r"ca(?:-on(?:-toronto)?)?", document.jurisdiction)
    assert len(document.questions) >= 5
    assert not document.sections[0].path  # what the service is, before the first heading


@EACH
def test_an_old_page_with_amounts_says_where_the_current_ones_are(document: Document) -> None:
    assert document.as_of
    if document.as_of.year < 2026 and any(amounts(document)):
        assert any(re.search(r"\bpage\b", section.text) for section in document.sections)


@EACH
def test_addresses_are_official_and_in_its_language(document: Document) -> None:
    assert document.url
    for url in (document.url, *(section.url for section in document.sections)):
        if url:
            host = urlsplit(url).hostname or ""
            assert any(host == official or host.endswith(f".{official}") for official in OFFICIAL), url
            other = r"/(?:fr|fra)/" if document.language == "en" else r"/(?:en|eng)/"
            assert host.endswith(IN_ENGLISH_ALONE) or not re.search(other, url), url


@EACH
def test_a_section_is_quoted_whole(document: Document) -> None:
    assert all(len(section.text) <= LONGEST for section in document.sections)


@EACH
def test_typography(document: Document) -> None:
    for name, slip in SLIPS[document.language].items():
        found = [m[0] for text in words(document) for m in re.finditer(f".{{0,20}}(?:{slip}).{{0,10}}", text)]
        assert not found, name


@PAIRS
def test_both_languages_say_the_same(english: Document) -> None:
    french = DOCUMENTS[english.translation or "none"]
    assert amounts(english) == amounts(french)
    assert english.as_of == french.as_of
    assert english.jurisdiction == french.jurisdiction
    assert len(english.sections) == len(french.sections)


def test_no_question_is_asked_of_two_services() -> None:
    asked = Counter(q.casefold() for d in DOCUMENTS.values() for q in d.questions)
    assert [question for question, times in asked.items() if times > 1] == []
