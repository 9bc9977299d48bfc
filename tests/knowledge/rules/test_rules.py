"""What people decide holds at the next question: what is withheld is not said, what is pinned goes before what is found."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from knowledge.answer import Answer, Outcome
from knowledge.publishing.snapshot import NoSnapshot, Snapshot, build
from knowledge.rules import pins, withheld
from knowledge.rules.pins import Pin, PinsUnfit
from knowledge.rules.veil import Veil
from knowledge.rules.withheld import NotWithheld, Step
from knowledge.service import Filter, Knowledge

from ..conftest import BagOfWords, town
from ..publishing.test_snapshot import Shared

ASKED = "How much is a canoe permit?"
CANOE, COST = "https://town.example/canoe", "town/en/canoe#cost-1"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def knowledge(tmp_path: Path, encoder: BagOfWords) -> Knowledge:
    build(town(), encoder, tmp_path)
    return Knowledge(tmp_path, Shared(encoder))


def take_out(home: Path, kind: str, what: str, until: datetime | None = None) -> None:
    withheld.withdraw(home, Step(datetime.now(UTC), kind, what, "It is wrong.", "ana", until))  # type: ignore[arg-type]


def bring_back(home: Path, kind: str, what: str) -> None:
    withheld.reinstate(home, kind, what, "It is right.", "luc")  # type: ignore[arg-type]


def said(knowledge: Knowledge, question: str = ASKED, language: str = "en") -> list[str]:
    return [source.passage for source in knowledge.ask(question, language=language).sources]


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("page", CANOE),
        ("page", "http://TOWN.example/canoe/"),
        ("page", "town/en/canoe"),
        ("page", COST),
        ("topic", "canoe permit"),
        ("topic", "sauna, canoe"),
        ("source", "Town of Elsewhere"),
        ("source", "town.example"),
        ("source", "https://town.example/"),
        ("source", "town/en"),
        ("language", "en"),
    ],
)
def test_what_is_withheld_is_not_said_and_no_second_best_in_its_place(
    kind: str, what: str, knowledge: Knowledge
) -> None:
    before = knowledge.ask(ASKED, language="en")
    assert before.outcome is Outcome.ANSWERED and before.sources[0].passage == COST
    take_out(knowledge.home, kind, what)
    answer = knowledge.ask(ASKED, language="en")
    assert answer.outcome is Outcome.NOT_FOUND and COST not in said(knowledge)
    assert answer.basis["left_out"] == [COST] and answer.basis["withheld"] == [[kind, what]]
    assert COST not in [hit.passage.id for hit in knowledge.search("canoe permit cost", 9)]
    bring_back(knowledge.home, kind, what)
    assert knowledge.ask(ASKED, language="en") == before


def test_what_was_said_stands_until_it_is_withdrawn_or_not_published_any_more(
    knowledge: Knowledge, encoder: BagOfWords
) -> None:
    assert knowledge.stands([]) and knowledge.stands([COST])
    take_out(knowledge.home, "page", "town/en/sauna")
    assert knowledge.stands([COST])
    take_out(knowledge.home, "page", CANOE)
    assert not knowledge.stands([COST]) and not knowledge.stands(["town/en/market#cost-1", COST])
    bring_back(knowledge.home, "page", CANOE)
    assert knowledge.stands([COST])
    then = knowledge.snapshot.name
    build([document for document in town() if document.id != "town/en/market"], encoder, knowledge.home)
    assert knowledge.stands([COST], then), "another page is gone"
    corrected = [
        replace(document, sections=tuple(replace(s, text=s.text.replace("$12", "$13")) for s in document.sections))
        for document in town()
    ]
    build(corrected, encoder, knowledge.home)
    assert knowledge.stands([COST]) and not knowledge.stands([COST], then), "its fee has changed"
    with pytest.raises(NoSnapshot):
        knowledge.stands([COST], "0123456789abcdef")
    build([document for document in town() if document.id != "town/en/canoe"], encoder, knowledge.home)
    assert not knowledge.stands([COST])


def test_what_is_not_meant_is_said_as_before(knowledge: Knowledge) -> None:
    before = knowledge.ask("What does a market stall cost?", language="en")
    take_out(knowledge.home, "page", CANOE)
    take_out(knowledge.home, "language", "fr")
    take_out(knowledge.home, "page", "https://town.example/can")
    assert knowledge.ask("What does a market stall cost?", language="en") == before
    assert before.outcome is Outcome.ANSWERED
    assert knowledge.search("permis de canot", 3, Filter("fr")) == []


def test_another_page_that_answers_by_itself_is_said(tmp_path: Path, encoder: BagOfWords) -> None:
    [canoe, *others] = town()
    elsewhere = "https://town.example/canoe-2"
    sections = tuple(replace(section, url=elsewhere) for section in canoe.sections)
    twin = replace(canoe, id="town/en/canoe-2", url=elsewhere, sections=sections)
    build([canoe, twin, *others], encoder, tmp_path)
    knowledge = Knowledge(tmp_path, Shared(encoder))
    take_out(tmp_path, "page", CANOE)
    answer = knowledge.ask(ASKED, language="en")
    assert (answer.outcome, answer.sources[0].url) == (Outcome.ANSWERED, "https://town.example/canoe-2")


def test_a_section_with_an_address_of_its_own_is_withheld_by_it(tmp_path: Path, encoder: BagOfWords) -> None:
    [canoe, *others] = town()
    fees = tuple(
        replace(each, url="https://town.example/fees#canoe") if each.path == ("Cost",) else each
        for each in canoe.sections
    )
    build([replace(canoe, sections=fees), *others], encoder, tmp_path)
    snapshot = Snapshot.open(tmp_path)
    for what in ("https://town.example/fees", "https://town.example/fees#canoe"):
        veil = Veil(snapshot, [Step(datetime.now(UTC), "page", what, "", "")])
        assert veil.covers(COST) and not veil.covers("town/en/canoe#intro-1")
        assert veil.count == {"en": 1, "fr": 0}
    veil = Veil(snapshot, [Step(datetime.now(UTC), "page", "https://town.example/fees#dog", "", "")])
    assert not veil.covers(COST)


def test_it_ends_by_itself(knowledge: Knowledge) -> None:
    now = datetime.now(UTC)
    take_out(knowledge.home, "page", CANOE, until=now + timedelta(milliseconds=300))
    steps = withheld.history(knowledge.home)
    assert withheld.standing(steps, now) and not withheld.standing(steps, now + timedelta(seconds=1))


def test_who_did_what_when_and_why_is_kept(knowledge: Knowledge) -> None:
    take_out(knowledge.home, "page", CANOE)
    bring_back(knowledge.home, "page", "http://town.example/canoe")
    kept = withheld.history(knowledge.home)
    assert [(each.kind, each.what, each.because, each.by, each.ends) for each in kept] == [
        ("page", CANOE, "It is wrong.", "ana", False),
        ("page", CANOE, "It is right.", "luc", True),
    ]
    with pytest.raises(NotWithheld, match="guichet withdrawn"):
        bring_back(knowledge.home, "page", CANOE)


def test_a_line_that_cannot_be_read_hides_no_other(knowledge: Knowledge, caplog: pytest.LogCaptureFixture) -> None:
    take_out(knowledge.home, "page", CANOE)
    file = knowledge.home / "knowledge" / withheld.FILE
    file.write_text('{"kind": "page"\n' + file.read_text() + '{"kind": "planet", "did": "withdraw"}\n')
    assert said(knowledge) == [] and "Line 1" in caplog.text and "Line 3" in caplog.text


ASKING = """
import sys
from pathlib import Path
from knowledge.service import Knowledge
from tests.knowledge.conftest import BagOfWords
from tests.knowledge.publishing.test_snapshot import Shared
knowledge = Knowledge(Path(sys.argv[1]), Shared(BagOfWords()))
for line in sys.stdin:
    print(knowledge.ask(line.strip(), language="en").outcome, flush=True)
"""


def test_every_process_knows_it_at_the_next_question(knowledge: Knowledge) -> None:
    command = [sys.executable, "-c", ASKING, str(knowledge.home)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=Path(__file__).parents[3], **pipes) as process:  # type: ignore[call-overload]

        def ask() -> str:
            process.stdin.write(f"{ASKED}\n")
            process.stdin.flush()
            return str(process.stdout.readline().strip())

        heard = [ask()]
        take_out(knowledge.home, "topic", "canoe")
        heard.append(ask())
        bring_back(knowledge.home, "topic", "canoe")
        heard.append(ask())
        process.stdin.close()
    assert heard == ["answered", "not_found", "answered"]


def pin(**changes: object) -> Pin:
    questions = {"en": ("Is there a strike at the boathouse?",), "fr": ("Y a-t-il une grève au hangar à bateaux?",)}
    passages = {"en": ("town/en/market#intro-1",), "fr": ("town/fr/canot#cout-1",)}
    made = Pin("strike", questions, passages, "Communications", TODAY, TODAY + timedelta(days=9))
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_pin_answers_in_both_languages_with_what_is_published(knowledge: Knowledge) -> None:
    pins.write(knowledge.home, [pin()])
    answer = knowledge.ask("is there a STRIKE, at the boathouse", language="en")
    assert (answer.outcome, said(knowledge, pin().questions["en"][0])) == (Outcome.ANSWERED, ["town/en/market#intro-1"])
    assert answer.sources[0].quote == "Sell vegetables at the Saturday market."
    assert answer.basis["pin"]["name"] == "strike" and answer.basis["pin"]["by"] == "Communications"
    assert said(knowledge, "y a t il une greve au hangar a bateaux", "fr") == ["town/fr/canot#cout-1"]
    assert "pin" not in knowledge.ask(ASKED, language="en").basis
    pins.write(knowledge.home, [])
    assert said(knowledge, pin().questions["en"][0]) != ["town/en/market#intro-1"]


def test_a_question_that_means_the_same_is_recognised(knowledge: Knowledge) -> None:
    pins.write(knowledge.home, [pin(questions={"en": (ASKED,), "fr": ("Grève?",)})])
    by_meaning = knowledge.ask("a canoe permit, how much", language="en")
    assert by_meaning.basis["pin"]["nearness"] >= 0.99 and by_meaning.sources[0].title == "Market stall"
    assert "pin" not in knowledge.ask("How long for a canoe permit at the boathouse?", language="en").basis


@pytest.mark.parametrize("why", ["expired", "gone", "withdrawn"])
def test_a_pin_that_does_not_hold_is_not_used_and_told(
    why: str, knowledge: Knowledge, caplog: pytest.LogCaptureFixture
) -> None:
    held = pin()
    if why == "expired":
        held = pin(reviewed=date(2026, 1, 1), expires=date(2026, 1, 2))
    elif why == "gone":
        held = pin(passages={**held.passages, "fr": ("town/fr/canot#prix-1",)})
    else:
        take_out(knowledge.home, "page", "town/fr/canot")
    pins.write(knowledge.home, [held])
    assert "pin" not in knowledge.ask(held.questions["en"][0], language="en").basis
    assert "The pin 'strike' is not used." in caplog.text


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"questions": {"en": ["x"]}}, "no questions in fr"),
        ({"passages": {"en": ["x"], "fr": []}}, "no passages in fr"),
        ({"questions": {"en": ["?!"], "fr": ["x"]}}, "without words in en"),
        ({"questions": {"en": ["x"], "fr": ["x"], "de": ["x"]}}, "under en, fr"),
        ({"by": " "}, "by whom"),
        ({"expires": "soon"}, "2026-03-31"),
        ({"expires": date(2020, 1, 1)}, "before it was reviewed"),
        ({"place": "ca"}, "nothing else"),
    ],
)
def test_pins_that_are_not_whole_are_refused(change: dict, why: str, knowledge: Knowledge) -> None:
    import yaml

    file = knowledge.home / "knowledge" / pins.FILE
    pins.write(knowledge.home, [pin()])
    first = said(knowledge, pin().questions["en"][0])
    about = yaml.safe_load(file.read_text())
    about["strike"] |= change
    file.write_text(yaml.safe_dump(about))
    with pytest.raises(PinsUnfit, match=why):
        pins.read(knowledge.home)
    assert said(knowledge, pin().questions["en"][0]) == first, "those from before stay in use"


def test_an_answer_tells_how_it_came_about(knowledge: Knowledge) -> None:
    answer = knowledge.ask(ASKED, language="en", place="ca-on")
    basis = json.loads(json.dumps(answer.as_dict()))["basis"]
    about = {"question": ASKED, "language": "en", "place": "ca-on", "encoder": "bag-of-words", "withheld": []}
    assert about.items() <= basis.items() and basis["code"]
    assert basis["ranked"][0][0] == "town/en/canoe" and basis["ranked"][0][1] >= basis["ranked"][-1][1]
    assert answer == replace(answer, basis={}) and isinstance(answer, Answer)
