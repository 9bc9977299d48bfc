"""What the desk does by itself: what was left undone is done, who has gone keeps nobody waiting, who waits long goes on."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from channels.desk.case import Case, Taken
from channels.desk.counter import Counter
from channels.desk.people.accounts import Agent
from channels.desk.queue import Held
from channels.desk.seal import Unreadable
from channels.desk.silence import Silenced
from channels.worker import stop_if_cancelled

MEND_SECONDS = 5.0
AWAY_SECONDS = 300.0  # after which what an agent has goes back to the queue
TURNS = "desk:turns"  # agents, by when they were last given a case

Everybody = Callable[[], Awaitable[Sequence[Agent]]]
Bring = Callable[[], Awaitable[None]]

log = structlog.get_logger()


async def mend_always(counter: Counter, everybody: Everybody, bring: Bring) -> None:
    """Every few seconds until cancelled."""
    while True:
        stop_if_cancelled()
        try:
            await mend(counter, everybody, bring)
        except (SQLAlchemyError, RedisError, OSError) as error:
            log.warning("desk unavailable", why=type(error).__name__)
        await asyncio.sleep(MEND_SECONDS)


async def mend(counter: Counter, everybody: Everybody, bring: Bring) -> None:
    """Once. Several processes may do it side by side: each step compares before it sets. `bring` brings to Redis the
    switches that are on, for a Redis that has lost them."""
    await _send(counter)
    held = await _silence(counter)
    await _give_back(counter, held)
    await bring()
    teams, now = counter.cases.teams, datetime.now(UTC)
    since = {name: now - team.overflow[0] for name, team in teams.items() if team.overflow}
    since |= {name: now for name, team in teams.items() if team.assign == "turns"}
    waiting = await counter.queue.waiting(since, teams.first.name) if since else []
    await _overflow(counter, waiting)
    if any(teams[case.team].assign == "turns" for case in waiting):
        await assign(counter, waiting, await everybody())


async def _send(counter: Counter) -> None:
    """What a process that was killed, or for which Redis was away, has not sent."""
    for case in await counter.tray.unsent():
        try:
            await counter.tray.give(case, counter.post)
        except Unreadable:  # and the others go out
            log.error("reply cannot be unsealed", case=case)


async def _silence(counter: Counter) -> list[Held]:
    """The bot is silent where an agent has the case, and nowhere else; the cases that agents have."""
    silenced, held = await counter.silence.all(), await counter.queue.held()
    claimed = {each.conversation: each for each in held}
    for conversation, about in silenced.items():
        if conversation not in claimed:
            await counter.silence.end(conversation, about.case, about.epoch)
    loud = [each for each in held if silenced.get(each.conversation) != Silenced(each.id, each.epoch, True)]
    for each in loud:
        await counter.silence.begin(each.conversation, each.id, each.epoch)
    if loud:  # some may have been given back meanwhile
        held = await counter.queue.held()
        still = {each.id for each in held}
        for each in loud:
            if each.id not in still:
                await counter.silence.end(each.conversation, each.id, each.epoch)
    return held


async def _give_back(counter: Counter, held: Sequence[Held]) -> None:
    """Whoever has gone, their browser closed or their network lost, keeps nobody waiting."""
    away = await counter.presence.away(sorted({each.agent for each in held}))
    for each in held:
        seconds = away.get(each.agent)
        if seconds is None:
            await counter.presence.sign(each.agent)
        elif seconds > AWAY_SECONDS:
            with suppress(Taken):  # they came back, or somebody was quicker
                await counter.release(each.id, each.agent, each.epoch)


async def _overflow(counter: Counter, waiting: Sequence[Case]) -> None:
    """Who has waited longer than their team says, in its open time, goes to the other team it names."""
    now = datetime.now(UTC)
    for case in waiting:
        team = counter.cases.teams[case.team]
        if team.overflow and team.calendar.worked(case.waiting_since, now) > team.overflow[0]:
            with suppress(Taken):
                await counter.moved(await counter.cases.overflow(case.id, case.epoch, team.overflow[1]))


async def assign(counter: Counter, waiting: Sequence[Case], agents: Sequence[Agent]) -> None:
    """Give cases of teams that work in turns to whoever is there, speaks the language and has room: to whom has fewest
    cases, and among equals to whom was given one longest ago."""
    present, loads = set(await counter.presence.present()), await counter.queue.loads()
    turns: Any = await counter.redis.zrange(TURNS, 0, -1, withscores=True)
    given = {str(agent): float(at) for agent, at in turns}
    for case in waiting:
        team = counter.cases.teams[case.team]
        if team.assign != "turns" or not team.calendar.is_open(datetime.now(UTC)):
            continue
        able = [
            agent
            for agent in agents
            if agent.id in present and agent.role != "publisher" and agent.works_for(team.name)
            if case.language in agent.languages and loads.get(agent.id, 0) < (agent.capacity or team.capacity)
        ]
        if not able:
            continue
        chosen = min(able, key=lambda agent: (loads.get(agent.id, 0), given.get(agent.id, 0.0)))
        with suppress(Taken):
            await counter.claim(case.id, chosen.id, "assigned")
            loads[chosen.id] = loads.get(chosen.id, 0) + 1
            given[chosen.id] = time.time()
            await counter.redis.zadd(TURNS, {chosen.id: given[chosen.id]})
