"""What answers cost as texts is told from the answers themselves."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from channels.channel import Quote, Reply
from guichet import app
from knowledge import Knowledge
from machine.segments import Cost, Share, cost, measure
from machine.tables import show_segments

QUOTE = Quote("L’aide est versée le 1ᵉʳ.", "Aide", "Quand", "https://www.canada.ca/a", "ESDC", None, "fr")


def answer(text: str) -> Reply:
    return Reply(quotes=(replace(QUOTE, text=text),), language="fr", outcome="answered")


@pytest.mark.parametrize(
    ("text", "costs"),
    [
        ("L'aide est gratuite.", {"exact": (1, 1, False), "settled": (1, 1, False), "plain": (1, 1, False)}),
        ("L’aide est gratuite. " * 6, {"exact": (3, 3, True), "settled": (1, 1, False), "plain": (1, 1, False)}),
        ("Le prêt est gratuit. " * 6, {"exact": (3, 3, True), "settled": (3, 3, True), "plain": (1, 1, False)}),
        ("L'aide est gratuite. " * 40, {"exact": (3, 6, False), "settled": (3, 6, False), "plain": (3, 6, False)}),
    ],
)
def test_the_text_and_all_of_it_are_counted(text: str, costs: dict[str, tuple[int, int, bool]]) -> None:
    counted = {how: cost(answer(text.strip()), 3, how) for how in costs}  # type: ignore[arg-type]
    assert {how: (each.sent, each.all, each.wide) for how, each in counted.items()} == costs


def test_the_dearest_come_first_and_each_page_once() -> None:
    costs = [Cost("a", 3, 4, False), Cost("b", 3, 9, False), Cost("a", 3, 7, True), Cost("c", 1, 1, False)]
    share = Share("en", "settled", costs)
    assert [(each.title, each.all) for each in share.dearest(2)] == [("b", 9), ("a", 7)]
    assert (share.whole, share.wide, share.sent, share.all) == (0.25, 0.25, 2.5, 5.25)


def test_bundled_answers_stay_within_the_budget_and_plainer_is_no_dearer(
    knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("machine.segments.MOST", 20)
    steps: list[tuple[str, int, int]] = []
    shares = measure(knowledge, 3, lambda *step: steps.append(step))
    assert {(share.language, share.typography) for share in shares} == {
        (language, how) for language in ("en", "fr") for how in ("exact", "settled", "plain")
    }
    assert all(each.sent <= 3 for share in shares for each in share.costs)
    for exact, settled, plain in (shares[:3], shares[3:]):
        assert exact.all >= settled.all >= plain.all
        assert plain.wide == 0
    assert all(done == of for _, done, of in (steps[-1],))
    show_segments(shares, 3, "settled")
    assert "Dearest in fr" in capsys.readouterr().out


def test_it_can_be_had_as_json(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("machine.segments.MOST", 5)
    monkeypatch.setenv("GUICHET_HOME", str(knowledge.home))
    made = CliRunner().invoke(app, ["segments", "--json"])
    assert made.exit_code == 0, made.output
    (first, *_) = json.loads(made.stdout)
    assert first.keys() == {"language", "typography", "costs"}
