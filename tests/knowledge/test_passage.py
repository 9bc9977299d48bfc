"""A passage is an exact part of its section, short, and cut where a sentence or a list item ends."""

from hypothesis import given
from hypothesis import strategies as st

from knowledge.document import Document, Section
from knowledge.passage import LONGEST, about, cut, entry_points, passages, slugged

from .conftest import document

words = st.lists(
    st.sampled_from(["bear", "river.", "canoe:", "- item", "\n", "\n\n", "1. step", "a | b", "x" * 40]), max_size=120
)


@given(words, st.integers(50, 300))
def test_a_passage_is_a_short_span_and_nothing_is_lost(parts: list[str], longest: int) -> None:
    text = " ".join(parts)
    spans = cut(text, longest)
    assert all(b - a <= longest for a, b in spans)
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())
    assert spans == sorted(spans)


def test_a_section_that_fits_is_one_passage() -> None:
    text = "Bring two things:\n\n- a photo\n- a form"
    assert cut(text) == [(0, len(text))]


def test_the_sentence_before_a_list_goes_with_it() -> None:
    text = "A first paragraph that is long enough to stand alone. " * 3 + "Bring these:\n- a photo\n- a form\n- a fee"
    first, *_, last = [text[a:b] for a, b in cut(text, 190)]
    assert not first.endswith(":")
    assert last.endswith("Bring these:\n- a photo\n- a form\n- a fee")


def test_passages_never_cross_headings_and_are_named_by_them() -> None:
    page = document("canoe", "Canoe permit", intro="What it is.", Cost="It costs $12. " * 100)
    found = passages(page)
    assert found[0].id == "town/en/canoe#intro-1"
    assert [p.id for p in found[1:3]] == ["town/en/canoe#cost-1", "town/en/canoe#cost-2"]
    assert all(len(p.text) <= LONGEST for p in found)
    assert found[1].indexed("Canoe permit").startswith("Canoe permit. Cost\nIt costs")


def test_two_sections_under_one_heading_have_different_ids() -> None:
    page = Document("d", "en", "T", "P", (Section(("Cost",), "One."), Section(("Cost",), "Two.")))
    assert [p.id for p in passages(page)] == ["d#cost-1", "d#cost-2"]


def test_a_question_points_to_the_first_passage_under_its_heading() -> None:
    page = document(
        "c", "C", intro="I.", Cost="It costs $12. " * 100, questions={"How much?": "cost", "Lost?": "No such heading"}
    )
    assert list(entry_points(page, passages(page))) == [("How much?", 1)]


def test_a_heading_as_part_of_an_address() -> None:
    assert slugged("Ce qu'il vous faut") == "ce-qu-il-vous-faut"
    assert slugged("—") == "section"


def test_about_has_all_that_a_document_says() -> None:
    said = about(document("c", "Canoe permit", Cost="Twelve dollars.", questions={"How much?": "Cost"}))
    assert all(part in said for part in ("Canoe permit", "Twelve dollars.", "How much?", "Cost"))
