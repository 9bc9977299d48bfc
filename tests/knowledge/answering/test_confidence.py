"""What is known about an answer before it is given: of its page, and of the passage that was chosen of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from knowledge import Knowledge
from knowledge.answering import reading
from knowledge.answering.confidence import FEATURES, LEFT_OUT, features
from knowledge.answering.fitted import in_file
from knowledge.answering.ladder import answer
from knowledge.answering.reading import Reading
from knowledge.publishing.snapshot import Snapshot, build
from tests.knowledge.conftest import BagOfWords, document, town

STALL = "how do I get a stall at the market"


@pytest.fixture
def snapshot(tmp_path: Path, encoder: BagOfWords) -> Snapshot:
    return build(town(), encoder, tmp_path)  # type: ignore[arg-type]


def read(snapshot: Snapshot, question: str, encoder: BagOfWords | None, before: tuple[str, ...] = ()) -> Reading:
    found = reading.read(question, "en", None, snapshot.indexes["en"], snapshot.shelves["en"], encoder, before)  # type: ignore[arg-type]
    assert found is not None
    return found


def seen(snapshot: Snapshot, question: str, encoder: BagOfWords | None) -> dict[str, float]:
    found, index, shelf = read(snapshot, question, encoder), snapshot.indexes["en"], snapshot.shelves["en"]
    values = features(found.query, found.ranking, found.newest, found.chosen, index, shelf)
    return dict(zip(FEATURES, map(float, values), strict=True))


def test_what_tells_nothing_of_a_part_counts_nothing_for_it() -> None:
    for fitted in (in_file()["full"], in_file()["lexical"]):
        for part, names in LEFT_OUT.items():
            assert all(fitted[part]["weights"][name] == 0 for name in names)
    assert set(in_file()["full"]["page"]["weights"]) == set(FEATURES)


def test_the_ranker_says_how_far_the_page_is_ahead(snapshot: Snapshot, encoder: BagOfWords) -> None:
    stall = seen(snapshot, STALL, encoder)
    assert stall["judged_share"] > 0.5
    assert seen(snapshot, "permit or stall or sauna", encoder)["judged_share"] < stall["judged_share"]
    without = seen(snapshot, STALL, None)
    assert without["judged"] == without["judged_share"] == 0


def test_the_word_that_a_passage_lacks_is_noticed(snapshot: Snapshot, encoder: BagOfWords) -> None:
    assert seen(snapshot, "write to the market office for a stall", encoder)["section_word"] > 0.9
    lacking = seen(snapshot, "write to the market office by pigeon for a stall", encoder)["section_word"]
    assert lacking == pytest.approx(0.206, abs=0.02)  # of two words here, rounded


def test_a_passage_says_what_is_asked_besides_the_title(snapshot: Snapshot, encoder: BagOfWords) -> None:
    assert seen(snapshot, "vegetables at the market", encoder)["section_said"] > 0.4
    assert seen(snapshot, "pigeons at the market", encoder)["section_said"] < 0.2


def test_whether_a_page_foresees_questions_and_has_one_passage(snapshot: Snapshot, encoder: BagOfWords) -> None:
    stall, sauna = seen(snapshot, STALL, encoder), seen(snapshot, "book the sauna", encoder)
    assert (stall["foreseen"], stall["only"], stall["sectioned"]) == (1, 0, 1)
    assert (sauna["foreseen"], sauna["only"], sauna["sectioned"]) == (0, 1, 0)


def test_where_no_page_has_headings_none_is_worse_for_it(tmp_path: Path, encoder: BagOfWords) -> None:
    pages = [document(name, name, intro=f"The {name} is open.") for name in ("sauna", "library")]
    bare = build([replace(each, questions={}) for each in pages], encoder, tmp_path / "bare")  # type: ignore[arg-type]
    assert seen(bare, "is the sauna open", encoder)["sectioned"] == 1


def test_a_follow_up_is_judged_by_the_ranker_too(snapshot: Snapshot, encoder: BagOfWords) -> None:
    found = read(snapshot, "and the cost?", encoder, (f"user: {STALL}", "agent: Market stall – How to apply"))
    assert found.before and found.ranking.scores.judged is not None
    passages = found.ranking.scores.judged.passages
    assert found.chosen.passage in passages.tolist()


def test_the_passage_that_was_judged_is_on_record_though_it_is_not_said(knowledge: Knowledge) -> None:
    said = knowledge.ask("How much is a passport renewal?", language="en")
    assert said.basis["chosen"] == [said.sources[0].passage, said.sources[0].section]
    unsaid = knowledge.ask("How do I renew a British Columbia driver's licence?", language="en")
    passage, heading = unsaid.basis["chosen"]
    shelf = knowledge.snapshot.shelves["en"]
    number = next(n for n in range(len(shelf.of)) if shelf.passage(n).id == passage)
    assert shelf.passage(number).heading == heading


def test_an_answer_has_the_same_basis_each_time(snapshot: Snapshot, encoder: BagOfWords) -> None:
    once, again = (answer(STALL, "en", None, snapshot, encoder) for _ in range(2))  # type: ignore[arg-type]
    assert once.basis == again.basis
