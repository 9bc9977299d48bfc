"""Everything fails at once, in small; `make faults` does it in full."""

import shutil
import tempfile
from pathlib import Path

import pytest

from knowledge import Knowledge
from tests.faults.__main__ import furnished
from tests.faults.storm import Plan, storm


@pytest.mark.slow
async def test_nothing_is_lost_doubled_out_of_order_or_said_after_stop(
    prepared_home: Path, knowledge: Knowledge
) -> None:
    if not (prepared_home / "bot" / "bot.tar.gz").exists():
        pytest.skip("the bot is not trained: guichet prepare")
    folder = Path(tempfile.mkdtemp(prefix="guichet-faults-"))  # PostgreSQL's socket needs a short name
    try:
        outcome = await storm(
            furnished(folder, knowledge.home), Plan(conversations=24, turns=4, worker_seconds=3, rasa_kills=1)
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert outcome.wrong == []
    assert (outcome.lost, outcome.doubled, outcome.out_of_order, outcome.after_stop, outcome.states_back) == (0,) * 5
    assert outcome.killed["worker"] > 0
    assert outcome.killed["redis"] > 0
    assert outcome.messages > 70
