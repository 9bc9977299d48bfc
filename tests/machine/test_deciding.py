"""`guichet withdraw`, `reinstate`, `withdrawn` and `pin`: what they do, and what they say where nothing can be done."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

import guichet
from channels.settings import Settings
from knowledge.encoder import SharedEncoder
from knowledge.publishing.snapshot import build
from knowledge.service import Knowledge
from machine.doctor import examine
from machine.home import CannotStart
from tests.knowledge.conftest import BagOfWords, town

ASKED, CANOE = "How much is a canoe permit?", "https://town.example/canoe"
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d")
WORDS = ["--question-en", "Is there a strike?", "--question-fr", "Y a-t-il une grève?", "--by", "Communications"]
PASSAGES = ["--passage-en", "town/en/market#intro-1", "--passage-fr", "town/fr/canot#cout-1"]


class Command:
    """Runs the command in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.knowledge = home, Knowledge.open(home)

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(guichet.app, list(arguments))

    def told(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return json.loads(done.stdout)

    def refused(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.exit_code and not (self.home / "knowledge" / "withheld.jsonl").exists()
        assert isinstance(done.exception, CannotStart | SystemExit)
        return str(done.exception) + done.output

    def outcome(self, question: str = ASKED, language: str = "en") -> str:
        return str(self.knowledge.ask(question, language=language).outcome)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    encoder = BagOfWords()
    monkeypatch.setattr(SharedEncoder, "get", lambda self: encoder)
    monkeypatch.setattr("machine.ruling._settings", lambda: Settings(_env_file=None, home=tmp_path))
    build(town(), encoder, tmp_path)
    return Command(tmp_path)


def test_what_is_withdrawn_is_listed_and_comes_back(command: Command) -> None:
    done = command.run("withdraw", "page", CANOE, "--reason", "The fee is wrong.", "--by", "Ana", "--until", TOMORROW)
    assert done.exit_code == 0 and "1 page in en" in done.output and "reinstate page" in done.output
    assert command.outcome() == "not_found"
    [listed] = command.told("withdrawn")
    about = {"kind": "page", "what": CANOE, "by": "Ana", "because": "The fee is wrong.", "pages": {"en": 1, "fr": 0}}
    assert about.items() <= listed.items() and listed["until"] > listed["at"]
    assert command.run("reinstate", "page", CANOE, "--reason", "It is right now.").exit_code == 0
    assert command.outcome() == "answered" and command.told("withdrawn") == []
    assert [each["did"] for each in command.told("withdrawn", "--all")] == ["withdraw", "reinstate"]
    assert command.run("withdrawn").exit_code == command.run("withdrawn", "--all").exit_code == 0


def test_a_topic_that_leaves_a_language_out_is_told(command: Command) -> None:
    assert "Nothing in fr" in command.run("withdraw", "topic", "canoe", "--reason", "x").output
    assert command.outcome() == "not_found"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["page", "https://town.example/canoo", "--reason", "x"], "nothing was withdrawn"),
        (["planet", "earth", "--reason", "x"], "topic, source, page, language"),
        (["page", CANOE, "--reason", " "], "needs words"),
        (["page", CANOE], "--reason"),
        (["page", CANOE, "--reason", "x", "--until", "2020-01-01"], "is over"),
        (["page", CANOE, "--reason", "x", "--until", "soon"], "soon"),
        (["topic", ", ,", "--reason", "x"], "nothing was withdrawn"),
        (["language", "de", "--reason", "x"], "Write its code"),
    ],
)
def test_what_cannot_be_withdrawn_is_refused(arguments: list[str], why: str, command: Command) -> None:
    assert why in command.refused("withdraw", *arguments)
    assert command.outcome() == "answered"


def test_what_is_not_withdrawn_does_not_come_back(command: Command) -> None:
    assert "guichet withdrawn" in command.refused("reinstate", "page", CANOE, "--reason", "x")


def test_a_pin_is_added_checked_and_removed(command: Command, tmp_path: Path) -> None:
    questions = tmp_path / "questions"
    questions.mkdir()
    others = [("en", "is there a strike"), ("en", "strike? is there a"), ("fr", "Combien coûte le canot?")]
    lines = [json.dumps({"language": language, "text": text}) for language, text in others]
    (questions / "some.jsonl").write_text("\n".join(lines))
    assert command.run("pin", "add", "strike", *WORDS, *PASSAGES, "--expires", TOMORROW).exit_code == 0
    assert command.knowledge.ask("is there a strike", language="en").sources[0].passage == "town/en/market#intro-1"
    assert command.knowledge.ask("Y a-t-il une grève", language="fr").sources[0].passage == "town/fr/canot#cout-1"
    [checked] = command.told("pin", "check", "--questions", str(questions))
    assert checked["well"] and not checked["missed"] and checked["asked"] == 3
    assert [question for question, _ in checked["captured"]] == ["strike? is there a"], "its own wording is no capture"
    [listed] = command.told("pin", "list")
    assert (listed["idle"], listed["by"], listed["expires"]) == ("", "Communications", TOMORROW)
    command.run("withdraw", "page", "town/fr/canot", "--reason", "x")
    assert command.told("pin", "list")[0]["idle"] == "town/fr/canot#cout-1 is withdrawn."
    done = command.run("pin", "check", "--questions", str(questions))
    assert done.exit_code == 1 and "is withdrawn" in done.output and "not answered by it" in done.output
    assert command.run("pin", "list").exit_code == 0
    assert command.run("pin", "remove", "strike").exit_code == 0 and command.told("pin", "list") == []
    assert "There is no pin" in str(command.run("pin", "remove", "strike").exception)
    assert "There is no pin" in str(command.run("pin", "check", "strike").exception)


def findings(home: Path) -> dict[str, tuple[bool, str, str]]:
    found = examine(Settings(_env_file=None, home=home))
    return {each.what: (each.well, each.says, each.remedy) for each in found if each.what.startswith("pin")}


def expiring(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%d")


def test_the_doctor_tells_of_pins_that_are_not_used_and_of_those_that_soon_will_not_be(command: Command) -> None:
    assert findings(command.home) == {}
    for name, days in (("strike", 30), ("storm", 7), ("flood", 8), ("ice", 0)):
        assert command.run("pin", "add", name, *WORDS, *PASSAGES, "--expires", expiring(days)).exit_code == 0
    file = command.home / "knowledge" / "pins.yml"
    file.write_text(file.read_text() + past("snow"))
    told = findings(command.home)
    assert told.keys() == {"pins", "pin storm", "pin ice", "pin snow"}
    assert told["pins"] == (True, "4 of 5 used", "")
    again = "To keep it longer: guichet pin add storm … --expires DAY"
    assert told["pin storm"] == (True, f"is used for the last time in 7 days, {expiring(7)}. {again}", "")
    assert "the last time today" in told["pin ice"][1]
    well, says, remedy = told["pin snow"]
    assert (well, says) == (False, "is not used. It expired on 2026-01-31.")
    assert "guichet pin add snow … --expires DAY" in remedy and "guichet pin remove snow" in remedy


def test_the_doctor_tells_of_pins_whose_passages_are_gone(command: Command) -> None:
    assert command.run("pin", "add", "strike", *WORDS, *PASSAGES, "--expires", expiring(30)).exit_code == 0
    assert findings(command.home) == {"pins": (True, "1 of 1 used", "")}
    build([each for each in town() if each.id != "town/en/market"], BagOfWords(), command.home)
    told = findings(command.home)
    assert told["pins"] == (True, "0 of 1 used", "")
    assert told["pin strike"][:2] == (
        False,
        "is not used. town/en/market#intro-1 is not published in en any more.",
    )


def test_the_doctor_tells_of_pins_that_cannot_be_read(command: Command) -> None:
    (command.home / "knowledge" / "pins.yml").write_text("strike: soon\n")
    [(well, says, remedy)] = findings(command.home).values()
    assert not well and "'strike'" in says and "pins.yml" in remedy


def past(name: str) -> str:
    """A pin that has expired, as the file has it."""
    by_language = "{en: ['Is it over?'], fr: ['Est-ce fini?']}"
    passages = "{en: [town/en/market#intro-1], fr: [town/fr/canot#cout-1]}"
    days = "reviewed: 2026-01-01\n  expires: 2026-01-31"
    return f"{name}:\n  questions: {by_language}\n  passages: {passages}\n  by: Ana\n  {days}\n"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"--passage-fr": "town/fr/canot#prix-1"}, "is not published in fr"),
        ({"--passage-en": "town/fr/canot#cout-1"}, "is not published in en"),
        ({"--expires": "2020-01-01"}, "expires before it was reviewed"),
        ({"--question-fr": "?!"}, "without words in fr"),
        ({"--by": " "}, "by whom"),
        ({"--question-fr": None}, "--question-fr"),
        ({"--expires": None}, "--expires"),
    ],
)
def test_a_pin_that_is_not_whole_is_refused(change: dict[str, str | None], why: str, command: Command) -> None:
    given = dict(zip(WORDS[::2], WORDS[1::2], strict=True)) | dict(zip(PASSAGES[::2], PASSAGES[1::2], strict=True))
    given |= {"--expires": TOMORROW} | change  # type: ignore[operator]
    arguments = [word for name, value in given.items() if value is not None for word in (name, value)]
    assert why in command.refused("pin", "add", "strike", *arguments)
    assert not (command.home / "knowledge" / "pins.yml").exists()
