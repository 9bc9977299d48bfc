"""What the worker does with a task of each queue: a turn is answered, a reply sent, a transcript recorded."""

import asyncio
from collections.abc import Sequence

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from channels import inbox, outbox
from channels.channel import ChannelError, Incoming, Reply, SlowDown
from channels.lanes import Follow, Lanes, Task
from channels.outbox import Outbox
from channels.record import Record
from channels.switchboard import Switchboard
from channels.texts import texts
from channels.worker import Do, DoMany

MOST_TRIES = 3  # of a message that brings its worker down
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds between tries while the database or a provider is away
TOLD_AFTER = 2  # tries, then the citizen is told that the message is kept

log = structlog.get_logger()


def answering(lanes: Lanes, out: Lanes, switchboard: Switchboard) -> Do:
    """Answer a message. While the database is away it stays in the inbox and the citizen is told once, by the outbox `out`."""

    async def answer(task: Task) -> None:
        said = inbox.unpack(task.item)
        await lanes.finish(task, await follow(task, said))

    async def follow(task: Task, said: Incoming) -> Sequence[Follow]:
        tries = 0
        while True:
            if task.tries > MOST_TRIES:
                log.error("message set aside", conversation=task.lane, message=said.id, tries=task.tries)
                return [Follow("poison", task.lane, task.item), told(task.lane, said, "failed")]
            try:
                return await switchboard.turn(said)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                if not away(error):
                    log.exception("turn failed", conversation=task.lane)
                    return [told(task.lane, said, "failed")]
                log.warning("database away", conversation=task.lane, why=type(error).__name__)
                tries += 1
                if tries == TOLD_AFTER:
                    notice = told(task.lane, said, "held")
                    await out.put(notice.lane, notice.item, once=f"{task.lane}:{said.id}:held")
                await asyncio.sleep(PAUSES[min(tries, len(PAUSES)) - 1])
            except Exception:
                log.exception("turn failed", conversation=task.lane)
                return [told(task.lane, said, "failed")]

    return answer


def sending(outgoing: Outbox) -> Do:
    """Send a reply; as long as trying again can help, it is tried again, and what comes after it waits."""

    async def send(task: Task) -> None:
        tries = 0
        while True:
            try:
                return await outgoing.deliver(task)
            except ChannelError as error:
                tries += 1
                log.warning("reply not sent yet", conversation=task.lane, why=str(error), tries=tries)
                pause = PAUSES[min(tries, len(PAUSES)) - 1]
                await asyncio.sleep(max(pause, error.after) if isinstance(error, SlowDown) else pause)

    return send


def recording(lanes: Lanes, record: Record) -> DoMany:
    """Write what was said, many conversations at a time."""

    async def write(tasks: list[Task]) -> None:
        entries, wanted, ratings = (
            [row for task in tasks for row in task.item.get(kind, ())] for kind in ("entries", "wanted", "ratings")
        )
        await record.write(entries, wanted, ratings)
        await asyncio.gather(*(lanes.finish(task) for task in tasks))

    return write


def told(key: str, said: Incoming, what: str) -> Follow:
    """One of our own sentences, as the reply to a message."""
    language = said.language or said.hint or "en"
    text = texts(language)[what]
    return outbox.post(
        key, said.address, Reply(text=text, language=language, id=f"{said.id}/{what}", in_reply_to=said.id)
    )


def away(error: Exception) -> bool:
    """Whether the database could not be reached, as opposed to refusing what it was asked."""
    if isinstance(error, DBAPIError):
        return (
            error.connection_invalidated or "Interface" in type(error).__name__ or "Operational" in type(error).__name__
        )
    return isinstance(error, OSError | TimeoutError)
