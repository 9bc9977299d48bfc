"""Whatever agents do at the same time, a case has one holder, and no word of a citizen is lost."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.desk.case import Taken
from channels.marks import claim_key
from tests.channels.desk.conftest import Stage

ROOT = Path(__file__).parents[3]


async def test_many_agents_in_several_processes_claim_each_case_once(stage: Stage, database_url: str) -> None:
    crew = [(await stage.agent(f"Agent{number}")).id for number in range(48)]
    cases = [(await stage.case())[0] for _ in range(60)]

    async def process(agents: list[str]) -> list[Any]:
        command = ["-m", "tests.channels.desk.claimer", database_url, json.dumps(cases), json.dumps(agents)]
        running = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await running.communicate()
        return list(json.loads(out))

    won = [each for some in await asyncio.gather(*(process(crew[n::4]) for n in range(4))) for each in some]
    assert sorted(case for case, _ in won) == cases, "each case once, and every one of them"
    for case, agent in won:
        held = await stage.cases.one(case)
        assert (held.agent, held.epoch) == (agent, 1)


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(("claim", "take_over", "release", "give", "close", "say", "hear", "open")),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=25,
)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(actions=ACTIONS)
async def test_a_case_goes_as_a_simple_model_of_it_says(stage: Stage, actions: list[tuple[str, int]]) -> None:
    """The model: who has the one open case, if anybody. What it forbids is refused, what it allows is done."""
    if not hasattr(stage, "crew"):
        stage.crew = [await stage.agent(f"Agent{number}", "supervisor") for number in range(3)]  # type: ignore[attr-defined]
    crew: list[Any] = stage.crew  # type: ignore[attr-defined]
    id, conversation = await stage.case()
    counter, holder, heard, said, is_open = stage.counter, None, 0, 0, True
    for number, (did, who) in enumerate(actions):
        me, other = crew[who], crew[(who + 1) % 3]
        epoch = (await stage.cases.one(id)).epoch
        allowed = {
            "claim": is_open and holder is None,
            "take_over": is_open,
            "open": not is_open,
            "hear": holder is not None,
        }.get(did, holder == who)
        try:
            match did:
                case "open" if not is_open:
                    address = f"sms:+1613555{number:04}"
                    about: Any = {"team": "general", "because": "asked_for_person", "urgent": False}
                    assert await stage.cases.open(conversation, address, **about) == id, "it goes on"
                case "hear":
                    found = await stage.cases.heard(conversation.key, f"m{id}-{number}", "hello?", datetime.now(UTC))
                    assert (found == id) is allowed, "who waits is answered by the bot"
                case "claim":
                    await counter.claim(id, me.id)
                case "take_over":
                    await counter.take_over(id, me.id, "because")
                case "release":
                    await counter.release(id, me.id, epoch)
                case "give":
                    await counter.transfer(id, me.id, epoch, team=None, to=other.id, note="")
                case "close":
                    await counter.close(id, me.id, epoch, "answered")
                case "say":
                    await counter.say(id, me.id, epoch, f"r{number}", "hello", ())
        except Taken:
            assert not allowed, did
            continue
        if not allowed:
            assert did in ("open", "hear"), did
            continue
        holder = {"claim": who, "take_over": who, "give": (who + 1) % 3, "release": None, "close": None}.get(
            did, holder
        )
        is_open = {"close": False, "open": True}.get(did, is_open)
        heard, said = heard + (did == "hear"), said + (did in ("say", "close"))
        case = await stage.cases.one(id)
        assert case.agent == (crew[holder].id if holder is not None else case.agent if not is_open else None)
        assert bool(await stage.redis.exists(claim_key(conversation.key))) is (holder is not None)
        kept = await stage.record.find(conversation.key)
        assert kept is not None and kept.answered_by == ("desk" if holder is not None else "line")
        if is_open:
            kinds = [line.kind for line in await stage.cases.lines(id)]
            assert (kinds.count("citizen"), kinds.count("agent")) == (heard, said)
