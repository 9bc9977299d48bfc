"""What the worker does with a task of each queue: a turn is answered, a reply sent, a transcript recorded."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from redis.exceptions import RedisError

from channels import inbox, outbox
from channels.away import redis_away
from channels.channel import ChannelError, Incoming, Reply, SlowDown
from channels.conversation import written_language
from channels.lanes import Follow, Lanes, Task
from channels.marks import BELL, claim_key
from channels.outbox import Outbox
from channels.record import KINDS, Record, database_away
from channels.switchboard import Switchboard
from channels.texts import texts
from channels.worker import MOST_TRIES, Do, DoMany, finish

BROUGHT_DOWN = f"it brought a worker down {MOST_TRIES} times"
TYPING_AFTER_SECONDS = 0.7
GIVE_UP_SECONDS = 1800.0  # after which nobody waits for a reply any more
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds between tries while a part or a provider is away
TOLD_AFTER = 2  # tries, then the citizen is told that the message is kept

log = structlog.get_logger()

Typing = Callable[[str], Awaitable[None]]


def answering(
    lanes: Lanes, out: Callable[[str], Lanes], switchboard: Switchboard, typing: Mapping[str, Typing] = {}
) -> Do:
    """Answer a message. While the database or Redis is away it stays in the inbox; the citizen is told once, through the
    queue that `out` gives for a queue's name. `typing` shows, by channel, that an answer is on its way."""

    async def answer(task: Task) -> None:
        try:
            said = inbox.unpack(task.item)
        except (KeyError, TypeError, ValueError):
            log.exception("message cannot be read", conversation=task.lane)
            await finish(lanes, task, aside="it cannot be read")
            return
        if task.tries > MOST_TRIES:
            log.error("message set aside", conversation=task.lane, message=said.id, tries=task.tries)
            await finish(lanes, task, [told(task.lane, said, "failed")], aside=BROUGHT_DOWN)
            return
        async with _typing(typing.get(said.address.partition(":")[0]), said.address):
            followed = await follow(task, said)
        await finish(lanes, task, followed)

    async def follow(task: Task, said: Incoming) -> Sequence[Follow]:
        tries = 0
        while True:
            try:
                return await switchboard.turn(said)
            except Exception as error:
                if not (database_away(error) or redis_away(error)):
                    log.exception("turn failed", conversation=task.lane)
                    return [told(task.lane, said, "failed")]
                log.warning("turn not made yet", conversation=task.lane, why=type(error).__name__)
            tries += 1
            with suppress(RedisError, OSError):  # the next try does it
                await lanes.keep(task, tries=0)
                if tries >= TOLD_AFTER:
                    notice = told(task.lane, said, "held")
                    await out(notice.queue).put(notice.lane, notice.item, once=f"{task.lane}:{said.id}:held")
            await asyncio.sleep(PAUSES[min(tries, len(PAUSES)) - 1])

    return answer


@asynccontextmanager
async def _typing(show: Typing | None, address: str) -> AsyncIterator[None]:
    """Show that an answer is on its way, if it takes so long that somebody wonders."""

    async def later() -> None:
        await asyncio.sleep(TYPING_AFTER_SECONDS)
        with suppress(ChannelError):
            await show(address)  # type: ignore[misc]

    showing = asyncio.create_task(later()) if show else None
    try:
        yield
    finally:
        if showing:
            showing.cancel()


def sending(lanes: Lanes, outgoing: Outbox) -> Do:
    """Send a reply; as long as trying again can help, it is tried again, and what comes after it waits."""

    async def send(task: Task) -> None:
        tries, why = 0, BROUGHT_DOWN
        while task.tries <= MOST_TRIES:
            try:
                return await outgoing.deliver(task)
            except ChannelError as error:
                tries, why = tries + 1, f"{type(error).__name__}: {error}"
                log.warning("reply not sent yet", conversation=task.lane, why=type(error).__name__, tries=tries)
                if time.time() - task.item.get("at", time.time()) > GIVE_UP_SECONDS:
                    break
                pause = PAUSES[min(tries, len(PAUSES)) - 1]
                with suppress(RedisError, OSError):
                    await lanes.keep(task, tries=0)
                await asyncio.sleep(max(pause, error.after) if isinstance(error, SlowDown) else pause)
            except Exception as error:
                if redis_away(error):
                    log.warning("redis away", queue=lanes.queue, conversation=task.lane, why=type(error).__name__)
                    await asyncio.sleep(PAUSES[0])
                    continue
                log.exception("reply cannot be sent", conversation=task.lane)
                why = f"{type(error).__name__}"
                break
        log.error("reply set aside", conversation=task.lane, tries=task.tries)
        await outgoing.give_up(task, why)
        return None

    return send


def recording(lanes: Lanes, record: Record) -> DoMany:
    """Write what was said, many conversations at a time; what the database refuses is set aside alone."""

    async def write(tasks: list[Task]) -> None:
        rows = {kind: [row for task in tasks for row in task.item.get(kind, ())] for kind in KINDS}
        try:
            await record.write(rows)
        except Exception as error:
            if database_away(error):
                raise
            if len(tasks) > 1:
                for task in tasks:
                    await write([task])
                return
            log.exception("not recorded", conversation=tasks[0].lane)
            await finish(lanes, tasks[0], aside=f"the database refuses it: {type(error).__name__}")
            return
        await lanes.finish_all(tasks)
        if rows["statuses"]:
            with suppress(RedisError, OSError):  # the agent sees it with the next thing that happens
                await _ring(lanes, {str(row["conversation"]) for row in rows["statuses"]})

    return write


async def _ring(lanes: Lanes, conversations: Collection[str]) -> None:
    """Let agents hear that it is known what became of their replies."""
    marks: Any = await lanes.redis.mget([claim_key(each) for each in conversations])
    for case in {int(each) for each in marks if each}:
        await lanes.redis.publish(BELL, json.dumps({"case": case}))


def told(key: str, said: Incoming, what: str) -> Follow:
    """One of our own sentences, as the reply to a message; what failed is not looked into for its language."""
    language = said.language or (written_language(said.text) if what == "held" else None) or said.hint or "en"
    text = texts(language)[what]
    notice = Reply(text, language=language, id=f"{said.id}/{what}", in_reply_to=said.id, sender="channel")
    return outbox.post(key, said.address, notice)
