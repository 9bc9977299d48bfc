"""Publishing again: only what changed, never half of a source by mishap, and with review nothing without a word."""

import errno
import json
from pathlib import Path
from shutil import copy

import pytest

import knowledge
from channels.settings import Settings
from knowledge import Knowledge, NotPublished
from knowledge.encoder import SharedEncoder
from knowledge.publishing.snapshot import current
from knowledge.sources import pdf
from knowledge.sources.site_cache import folder_of
from knowledge.sources.site_fetch import Fetcher
from machine import publishing, reports, review
from machine.prepare import index, published
from machine.publishing import NotKept, Published, publish, sources_of
from machine.reading import kept_at, read
from machine.review import NotWaiting
from tests.knowledge.conftest import BagOfWords
from tests.knowledge.sources.test_pdf import PRINTS
from tests.knowledge.sources.test_site import Town, page, town  # noqa: F401 - the site is a fixture

PAGE = """---
title: {title}
publisher: Town of Elsewhere
url: https://www.town.example.ca/{title}
as_of: 2026-08-01
---
The {title} permit lets you use the {title}.

## Cost
The {title} permit costs {cost} a year.
"""
NAMES = ("canoe", "ferry", "sauna", "market", "kiln", "ladder")


class House:
    """A home, and a folder of pages whose current content is published on request."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(_env_file=None, home=folder / "home")
        self.home, self.pages = self.settings.home, folder / "pages"
        for name in NAMES:
            self.write(name)

    def write(self, title: str, cost: str = "$12", into: str = "pages") -> Path:
        file = self.pages.with_name(into) / "en" / f"{title}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PAGE.format(title=title, cost=cost))
        return file

    def index(self, *sources: Path) -> Published:
        return published(self.settings, sources or [self.pages], quiet, lambda problem: None)

    def again(self, **how: object) -> Published:
        sources = list(sources_of(self.home))
        fresh = {source: read(self.home, source, quiet, lambda problem: None) for source in sources}
        return publish(self.settings, sources, fresh, quiet, **how)  # type: ignore[arg-type]

    def lose_half(self) -> None:
        for name in NAMES[:3]:
            (self.pages / "en" / f"{name}.md").unlink()

    def approve(self, name: str) -> Published:
        waits = review.reading(self.home, name)
        review.decide(self.home, name, "approved", "the clerk", "it is meant")
        return publish(
            self.settings, list(sources_of(self.home)), {waits.source: waits}, quiet, approved={waits.source}
        )

    def titles(self) -> set[str]:
        found = Knowledge(self.home, SharedEncoder(self.home / "none")).search("permit costs", 20)
        return {hit.title for hit in found}


def quiet(step: str, done: int, of: int) -> None: ...


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> BagOfWords:
    found = BagOfWords()
    monkeypatch.setattr(knowledge, "Encoder", type("Encoder", (), {"open": staticmethod(lambda *_, **__: found)}))
    return found


@pytest.fixture
def house(tmp_path: Path, encoder: BagOfWords) -> House:
    return House(tmp_path)


def test_the_first_publication_tells_all_pages(house: House) -> None:
    done = house.index()
    assert done.report and len(done.report.changes.added) == 6 and not done.held
    assert list(sources_of(house.home)) == [str(house.pages)]
    assert done.report.snapshot == current(house.home)


def test_nothing_is_built_where_nothing_changed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.index()
    monkeypatch.setattr(publishing, "_build", lambda *_: pytest.fail("it was built"))
    (house.pages / "en" / "canoe.md").touch()
    (house.pages / "en" / "notes.txt").write_text("no page")
    assert house.again() == Published(None, None)


def test_of_pdf_files_those_alone_are_parsed_that_have_changed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed, parse = list[str](), pdf._parsed
    monkeypatch.setattr(pdf, "_parsed", lambda file: parsed.append(file.name) or parse(file))  # type: ignore[func-returns-value]
    for name in ("bins.pdf", "bins.pdf.yml", "chiens.pdf", "pdf.yml"):
        copy(PRINTS / name, house.pages / "en" / name)
    house.index()
    assert sorted(parsed) == ["bins.pdf", "chiens.pdf"]
    parsed.clear()
    house.write("canoe", "$15")
    done = house.again()
    assert done.report and [each.page.id for each in done.report.changes.changed] == ["pages/en/canoe"] and parsed == []
    copy(PRINTS / "read-only.pdf", house.pages / "en" / "chiens.pdf")
    done = house.again()
    assert done.report and [each.page.id for each in done.report.changes.changed] == ["pages/en/chiens"]
    assert parsed == ["chiens.pdf"]


def test_a_change_is_published_and_told_and_only_it_is_encoded(house: House, encoder: BagOfWords) -> None:
    house.index()
    encoder.encoded.clear()
    house.write("canoe", "$15")
    report = house.again().report
    assert report
    [change] = report.changes.changed
    assert [(f.old, f.new) for section in change.sections for f in section.figures] == [("$12", "$15")]
    assert len(encoder.encoded) == 1 and "$15" in encoder.encoded[0]


def test_a_page_that_is_taken_away_is_not_found_any_more(house: House) -> None:
    house.index()
    (house.pages / "en" / "canoe.md").unlink()
    report = house.again().report
    assert report and [page.title for page in report.changes.removed] == ["canoe"]
    assert house.titles() == set(NAMES[1:])


@pytest.mark.parametrize("by", ["index", "watch"])
def test_half_of_a_folder_is_not_lost_without_a_word(house: House, by: str) -> None:
    house.index()
    before = current(house.home)
    house.lose_half()
    done = house.index() if by == "index" else house.again()
    [held] = done.held
    assert (held.had, held.has, held.new) == (6, 3, True) and "3 documents, and had 6" in held.why
    assert current(house.home) == before and house.titles() == set(NAMES)
    assert [(h.id, h.source) for h, _ in review.waiting(house.home)] == [(held.id, str(house.pages))]
    assert [page.title for page in review.changes(house.home, review.reading(house.home, held.id)).removed] == sorted(
        NAMES[:3]
    )


def test_what_waits_is_told_once_and_goes_when_the_pages_come_back(house: House) -> None:
    house.index()
    house.lose_half()
    assert house.again().report
    done = house.again()
    assert done.report is None and not done.held[0].new
    for name in NAMES:
        house.write(name)
    house.again()
    assert not review.waiting(house.home)


def test_what_is_approved_is_published_and_is_the_measure_from_then_on(house: House) -> None:
    house.index()
    house.lose_half()
    [held] = house.again().held
    assert house.approve(held.id).report
    assert house.titles() == set(NAMES[3:]) and not review.waiting(house.home)
    assert house.again() == Published(None, None)
    [said] = review.words(house.home)
    assert (said["by"], said["word"], said["why"]) == ("the clerk", "approved", "it is meant")


def test_what_was_approved_is_what_was_seen(house: House) -> None:
    house.index()
    house.lose_half()
    [held] = house.again().held
    house.write("market", "$99")  # after it was looked at
    report = house.approve(held.id).report
    assert report and not report.changes.changed
    [change] = house.again().report.changes.changed  # type: ignore[union-attr]
    assert change.page.title == "market"


def test_what_is_rejected_waits_no_more_until_it_says_something_else(house: House) -> None:
    house.index()
    house.lose_half()
    [held] = house.again().held
    review.decide(house.home, held.id, "rejected", None, "")
    assert house.again().report is None and not review.waiting(house.home)
    assert house.titles() == set(NAMES)
    (house.pages / "en" / "ladder.md").unlink()
    assert house.again().held[0].new


def test_what_does_not_wait_cannot_be_approved(house: House) -> None:
    with pytest.raises(NotWaiting, match="Nothing waits"):
        review.reading(house.home, "../../secret")
    house.index()
    house.lose_half()
    [held] = house.again().held
    with pytest.raises(NotWaiting, match=f"What waits: {held.id}"):
        review.decide(house.home, "1234", "approved", None, "")
    assert not list(review.words(house.home))


def test_a_source_that_waits_holds_back_no_other_one(house: House) -> None:
    house.write("tram", into="more")
    house.index(house.pages, house.pages.with_name("more"))
    house.lose_half()
    house.write("tram", "$3", into="more")
    done = house.again()
    assert len(done.held) == 1 and done.report
    assert [change.page.title for change in done.report.changes.changed] == ["tram"]
    assert house.titles() == {*NAMES, "tram"}


def test_with_review_every_change_waits(house: House) -> None:
    house.index()
    house.write("canoe", "$15")
    first = house.again(reviewed=True)
    house.write("canoe", "$16")
    [held] = house.again(reviewed=True).held
    assert held.id != first.held[0].id and [h.id for h, _ in review.waiting(house.home)] == [held.id]
    house.approve(held.id)
    assert house.again(reviewed=True) == Published(None, None)


def test_a_table_that_lost_half_of_its_services_is_held_back_too(house: House, tmp_path: Path) -> None:
    services = [
        {
            "id": name,
            "name": name,
            "status": "active",
            "description": f"The {name} is open.",
            "organization": {"name": "T"},
        }
        for name in NAMES
    ]
    file = tmp_path / "tables" / "en" / "services.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"contents": services}))
    house.index(file.parents[1])
    file.write_text(json.dumps({"contents": services[:2]}))
    assert (house.again().held[0].had, house.again().held[0].has) == (6, 2)


@pytest.mark.usefixtures("encoder")
def test_a_site_that_lost_half_of_its_pages_is_held_back_and_can_be_approved(
    house: House,
    town: Town,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = [f"/en/{name}" for name in NAMES]
    town.maps(*paths)
    town.pages |= {path: page(path[4:]) for path in paths}
    monkeypatch.setattr("knowledge.sources.site.Fetcher", lambda site: Fetcher(site, pause=lambda seconds: None))
    published(house.settings, [town.url], quiet, lambda problem: None)
    town.maps(*paths[:2])
    [held] = house.again().held
    assert (held.had, held.has) == (6, 2)
    kept = json.loads((folder_of(town.url, house.home / "sites") / "pages.json").read_text())
    assert len(kept["pages"]) == 6, "what is held back is not what is read where nobody is asked"
    house.approve(held.id)
    assert house.again() == Published(None, None)
    assert house.titles() == set(NAMES[:2])


def test_addresses_that_a_site_has_no_more_are_reported(
    house: House,
    town: Town,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("knowledge.sources.site.Fetcher", lambda site: Fetcher(site, pause=lambda seconds: None))
    town.maps("/en/dogs", "/en/gone")
    town.pages["/en/dogs"] = page("dogs", text=f"All about dogs: {town.url}/en/gone.")
    report = published(house.settings, [town.url], quiet, lambda problem: None).report
    assert report and [(f.kind, f.page.title) for f in report.findings] == [("link broken", "dogs")]


def test_a_source_that_cannot_be_read_now_stays_as_it_was_published(house: House) -> None:
    house.write("tram", into="more")
    more = house.pages.with_name("more")
    house.index(house.pages, more)
    house.write("canoe", "$15")
    fresh = {str(house.pages): read(house.home, str(house.pages), quiet, lambda problem: None)}
    publish(house.settings, [str(house.pages), str(more)], fresh, quiet)
    assert house.titles() == {*NAMES, "tram"}
    kept_at(house.home, str(more)).write_text("damaged")
    with pytest.raises(NotKept, match=r"more cannot be read now.*index again"):
        publish(house.settings, [str(house.pages), str(more)], fresh, quiet)


@pytest.mark.parametrize("step", ["knowledge.publishing.snapshot.os.replace", "machine.reading.os.fsync"])
def test_a_full_disk_leaves_what_can_be_answered_from_and_the_next_try_mends_it(
    house: House, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    house.index()
    house.write("canoe", "$15")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(step, full)
        with pytest.raises((OSError, NotPublished)):
            house.again()
    assert house.titles() == set(NAMES)
    house.again()
    found = Knowledge(house.home, SharedEncoder(house.home / "none")).search("canoe permit costs", 1)
    assert "$15" in found[0].passage.text
    assert not list(house.home.rglob("*.new")) and house.again() == Published(None, None)


def test_a_report_that_cannot_be_kept_is_told_all_the_same(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(publishing, "keep", full)
    assert house.index().report and house.titles() == set(NAMES)


def test_the_last_reports_are_kept(house: House) -> None:
    house.index()
    for number in range(5):
        house.write("canoe", f"${number + 20}")
        report = house.again().report
        assert report
        reports.keep(house.home, report, most=3)
    kept = list(reports.kept(house.home))
    assert len(kept) == 3
    assert kept[0]["changes"]["changed"][0]["sections"][0]["figures"] == [
        {"what": "amount", "old": "$23", "new": "$24"}
    ]


def test_of_earlier_reports_not_all_findings_are_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "FINDINGS", 2)
    for name in NAMES:
        file = house.write(name)
        file.write_text(file.read_text().replace("2026", "2019"))
    house.index()
    house.write("ferry", "$4")
    house.again()
    assert [len(each["findings"]) for each in reports.kept(house.home)] == [5, 2]


def test_preparing_reads_as_before(house: House) -> None:
    manifest = index(house.settings, [house.pages], quiet, lambda problem: None, False)
    assert manifest["languages"]["en"]["documents"] == 6
