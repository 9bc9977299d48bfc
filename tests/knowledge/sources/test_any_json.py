"""Whatever values stand in the fields of a record or a page, the reading goes on, and what is read can be published."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.passage import passages
from knowledge.sources import read
from knowledge.sources.html import page

HSDS = """id name description status active url email organization phones number extension type schedules byday opens_at
closes_at freq interval valid_to service_at_locations location addresses address_1 cost_options amount currency languages
code contents services minimum_age assured_date last_modified attributes taxonomy_term required_documents document
contacts language""".split()
GOVUK = """base_path details title locale document_type body parts slug content content_type withdrawn_notice links
organisations available_translations public_updated_at taxons""".split()
DATA = """@type @id @graph @value GovernmentService FAQPage Question name provider areaServed mainEntity acceptedAnswer
text""".split()
ODD = "MO,TU 09:00 CAD 2026-02-31 https://[ /a en active <p>x \ud800 WEEKLY 1e400".split()
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(ODD)
)


def values(names: list[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        LEAVES | st.sampled_from(names),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(names), inner, max_size=8),
        max_leaves=20,
    )


WHOLE = {
    "hsds": {
        "id": "1",
        "name": "Dogs",
        "description": "All of them.",
        "status": "active",
        "organization": {"name": "Town"},
    },
    "govuk": {"base_path": "/dogs", "title": "Dogs", "details": {"body": "<p>All of them."}},
}


@pytest.mark.parametrize(("kind", "names"), [("hsds", HSDS), ("govuk", GOVUK)])
def test_any_record(kind: str, names: list[str], tmp_path: Path) -> None:
    file = tmp_path / "records.json"

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.dictionaries(st.sampled_from(names), values(names), max_size=10), values(names))
    def check(changed: dict[str, Any], other: Any) -> None:
        for content in ([WHOLE[kind] | changed, other], other):
            file.write_text(json.dumps(content))
            for document in read(file, lambda problem: None):
                assert document.title
                assert document.publisher
                assert all(passage.text for passage in passages(document))

    check()


@settings(max_examples=150, deadline=None)
@given(values(DATA))
def test_any_data_in_a_page(said: Any) -> None:
    script = json.dumps(said).replace("<", "\\u003c")
    head = f'<title>Dogs | Town</title><script type="application/ld+json">{script}</script>'
    document, _ = page(f"<html lang=en>{head}<main><h1>Dogs</h1><p>All of them.</main>".encode(), "dogs")
    assert document.title == "Dogs"
    assert [section.text for section in document.sections] == ["All of them."]
