"""What a page says of itself for machines adds to what it says to people, and never spoils or doubles it."""

import json
from typing import Any

import pytest

from knowledge.document import Document, Section
from knowledge.sources.html import page

BODY = (
    "<main><h1>Dog licences</h1><p>Every dog needs a licence.</p><h2>What does it cost?</h2><p>A licence is $25 a year.</p>"
    "<h2>Where</h2><p>Licences are handed out at the counter of the town hall, and nowhere else.</p></main>"
)
TEXTS = ("Every dog needs a licence.", "A licence is $25 a year.")
SERVICE: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "GovernmentService",
    "name": "Licence for a dog",
    "alternateName": ["Dog tag", "Tag"],
    "serviceType": "Licence",
    "provider": {"@type": "GovernmentOrganization", "name": "Town of Example"},
    "areaServed": {"@type": "AdministrativeArea", "name": "Ontario, Canada"},
}
FAQ = {
    "@type": "FAQPage",
    "mainEntity": [
        {"@type": "Question", "name": "What does it cost?", "acceptedAnswer": {"@type": "Answer", "text": "$25"}},
        {
            "@type": "Question",
            "name": "Where do I get a licence?",
            "acceptedAnswer": {"text": "<p>Licences are <b>handed out</b> at the counter of the town hall.</p>"},
        },
        {
            "@type": "Question",
            "name": "Can I have a cat?",
            "acceptedAnswer": {"text": "Cats may be kept without any licence."},
        },
    ],
}


def of(*scripts: Any, head: str = "<title>Dog licences</title>", body: str = BODY) -> Document:
    said = "".join(
        f'<script type="application/ld+json">{each if isinstance(each, str) else json.dumps(each)}</script>'
        for each in scripts
    )
    return page(f"<html lang=en>{head}{said}{body}".encode(), "p")[0]


def test_a_service_in_json() -> None:
    found = of(SERVICE)
    assert (found.title, found.publisher, found.jurisdiction) == ("Dog licences", "Town of Example", "ca-on")
    assert found.topics == ("Licence for a dog", "Dog tag", "Licence")
    assert tuple(section.text for section in found.sections[:2]) == TEXTS


def test_questions_lead_to_the_sections_that_answer_them() -> None:
    found = of(SERVICE, FAQ)
    assert found.questions == {"What does it cost?": "What does it cost?", "Where do I get a licence?": "Where"}
    assert len(found.sections) == 3  # and nothing of the answers was added


def test_microdata_says_the_same() -> None:
    body = (
        '<main itemscope itemtype="https://schema.org/GovernmentService"><h1 itemprop="name">Dog licences</h1>'
        '<p>From the <span itemprop="provider" itemscope itemtype="https://schema.org/Organization">'
        '<span itemprop="name">Town of Example</span></span>, for <span itemprop="areaServed">Toronto</span>.</p>'
        '<div itemscope itemtype="https://schema.org/FAQPage">'
        '<div itemprop="mainEntity" itemscope itemtype="https://schema.org/Question"><h2 itemprop="name">Is it free?</h2>'
        '<div itemprop="acceptedAnswer" itemscope itemtype="https://schema.org/Answer">'
        '<p itemprop="text">No, it is $25.</p></div></div></div></main>'
    )
    found = of(body=body)
    assert (found.publisher, found.jurisdiction) == ("Town of Example", "ca-on-toronto")
    assert found.questions == {"Is it free?": "Is it free?"}
    assert found.sections[-1] == Section(("Is it free?",), "No, it is $25.")


def test_the_page_itself_goes_before() -> None:
    head = (
        '<title>Dog licences</title><meta name="dcterms.creator" content="City">'
        '<link rel=canonical href="https://www.toronto.ca/dogs">'
    )
    found = of(SERVICE, head=head)
    assert (found.title, found.publisher, found.jurisdiction) == ("Dog licences", "City", "ca-on-toronto")


def test_a_page_without_title_has_the_name_of_its_service() -> None:
    assert of(SERVICE, head="", body="<main><p>Every dog needs a licence.</p></main>").title == "Licence for a dog"


REFERRING = {
    "@graph": [
        SERVICE | {"provider": {"@id": "#town"}, "areaServed": [{"@id": "#area"}, "Toronto"]},
        {"@id": "#town", "@type": "GovernmentOrganization", "name": "Town", "parentOrganization": {"@id": "#town"}},
        {"@id": "#area", "@type": "Place", "name": {"@id": "#area"}},
    ]
}


@pytest.mark.parametrize(
    ("script", "publisher"),
    [
        (REFERRING, "Town"),
        ([[SERVICE]], "Town of Example"),
        (SERVICE | {"@type": ["Thing", "http://schema.org/GovernmentService"]}, "Town of Example"),
        (SERVICE | {"provider": [None, {"name": {"@value": "Town", "@language": "en"}}]}, "Town"),
        (SERVICE | {"provider": "Town\u0000 \ud800"}, "Town ?"),
        (SERVICE | {"provider": 5}, "site"),
        (SERVICE | {"provider": {"@id": "#nowhere"}}, "site"),
        (SERVICE | {"provider": {"name": ["" * 3, ["Town"]]}}, "site"),
        ({"@graph": {"@graph": {"@type": "Event", "name": "Fair"}}}, "site"),
        ("{'single': quotes}", "site"),
        ('{"@type": "GovernmentService", "provider"', "site"),
        ("", "site"),
        ("null", "site"),
        ("[" * 100_000, "site"),
        ('{"@graph":' * 100_000, "site"),
        ('{"name": "' + "a" * 10_000_000 + '"}', "site"),
        ("[" + "{}," * 200_000 + "{}]", "site"),
    ],
    ids=str.split(
        "circles lists types several NUL number nowhere nested event quotes cut empty null deep deeper long many"
    ),
)
def test_whatever_a_script_says_the_page_is_read(script: Any, publisher: str) -> None:
    found = of(script, FAQ, head="<title>Dog licences | site</title>")
    assert found.publisher == publisher
    assert tuple(section.text for section in found.sections[:2]) == TEXTS
    assert found.title == "Dog licences"
