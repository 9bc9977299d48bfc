"""The storm in full, told as a table; python -m tests.faults [--conversations 500] [--turns 10] runs it."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.conftest import HOME
from tests.faults.storm import Outcome, Plan, storm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=Plan.conversations)
    parser.add_argument("--turns", type=int, default=Plan.turns)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    given = parser.parse_args()
    plan = Plan(given.conversations, given.turns, seed=given.seed)
    Console(stderr=True).print(f"{plan.conversations * plan.turns:,} messages; this takes some minutes …")
    with tempfile.TemporaryDirectory(prefix="guichet-faults-") as folder:
        outcome = asyncio.run(storm(furnished(Path(folder)), plan))
    show(outcome)
    raise SystemExit(bool(outcome.lost or outcome.doubled or outcome.out_of_order or outcome.after_stop))


def furnished(home: Path, knowledge: Path = HOME) -> Path:
    """A home folder with what `guichet prepare` has made, and the knowledge of the home `knowledge`."""
    home.chmod(0o755)  # PostgreSQL's own user goes through it
    for name, made in (("encoder", HOME), ("bot", HOME), ("knowledge", knowledge)):
        (home / name).symlink_to(made / name, target_is_directory=True)
    return home


def show(outcome: Outcome) -> None:
    table = Table("", "")
    killed = ", ".join(f"{part} {times}" for part, times in sorted(outcome.killed.items()))
    moods = ", ".join(f"{mood} {times}" for mood, times in sorted(outcome.moods.items()))
    for what, value in (
        ("messages, and brought again", f"{outcome.messages:,}, {outcome.duplicates:,}"),
        ("killed", killed),
        ("providers", moods),
        ("STOP", str(outcome.stops)),
        ("answered", f"{outcome.answered:,} in {outcome.seconds:.0f} s"),
        ("set aside for the operator, who is told why", str(outcome.aside)),
        ("lost", str(outcome.lost)),
        ("doubled", str(outcome.doubled)),
        ("conversations out of order", str(outcome.out_of_order)),
        ("sent after STOP", str(outcome.after_stop)),
        ("delivery states that went back", str(outcome.states_back)),
    ):
        table.add_row(what, value)
    Console().print(table)
    for each in outcome.wrong[:20]:
        Console().print(each, markup=False, soft_wrap=True)


if __name__ == "__main__":
    main()
