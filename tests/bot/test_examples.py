"""What the bot learns from: enough examples in each language, none of them in two places."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from knowledge.text import fold

BOT = Path(__file__).parents[2] / "bot"
FEWEST = 25
INTENTS = {
    "greet",
    "goodbye",
    "thanks",
    "affirm",
    "deny",
    "help",
    "what_can_you_do",
    "are_you_a_bot",
    "ask_person",
    "change_language",
    "not_helpful",
    "start_over",
    "question",
}


def examples() -> Iterator[tuple[str, str, str]]:
    """Each example's intent, language and text."""
    for file in sorted((BOT / "data").glob("*.yml")):
        for block in yaml.safe_load(file.read_text("utf-8")).get("nlu") or ():
            for line in block["examples"].splitlines():
                assert line.startswith("- "), f"{file.name}: {line}"
                yield block["intent"], block["metadata"]["language"], line[2:]


def test_every_intent_has_enough_examples_in_each_language() -> None:
    counted = Counter((intent, language) for intent, language, _ in examples())
    assert set(counted) == {(intent, language) for intent in INTENTS for language in ("en", "fr")}
    assert not {each: count for each, count in counted.items() if count < FEWEST}


def test_no_example_stands_twice() -> None:
    places = defaultdict(list)
    for intent, language, text in examples():
        places[text.casefold()].append((intent, language))
    assert not {text: where for text, where in places.items() if len(where) > 1}


def test_what_is_spelt_alike_means_the_same() -> None:
    meant = defaultdict(set)
    for intent, _, text in examples():
        meant[" ".join(fold(text).split())].add(intent)
    assert not {text: intents for text, intents in meant.items() if len(intents) > 1}


@pytest.mark.parametrize("skill", sorted(INTENTS))
def test_a_skill_has_its_two_files(skill: str) -> None:
    domain = yaml.safe_load((BOT / "domain" / f"{skill}.yml").read_text("utf-8"))
    data = yaml.safe_load((BOT / "data" / f"{skill}.yml").read_text("utf-8"))
    assert domain["intents"] == [skill]
    assert {block["intent"] for block in data["nlu"]} == {skill}
    assert data["rules"]


def test_domain_and_data_have_the_same_files() -> None:
    domain, data = ({file.name for file in (BOT / folder).glob("*")} for folder in ("domain", "data"))
    assert domain == data
