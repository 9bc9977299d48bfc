"""Sets things aside in the queues of a real Redis, as a worker does, for the tests of what an operator sees of them."""

from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from channels import inbox, outbox
from channels.channel import Incoming, Reply
from channels.lanes import Lanes

CITIZEN = "+16135550198"
SAID = inbox.pack(Incoming("SM1", f"sms:{CITIZEN}", "hello", at=datetime(2026, 9, 21, tzinfo=UTC)))
LINE = {"statuses": [{"conversation": "k", "channel": "sms", "reply": "SM1/1", "state": "sent"}]}


def reply(address: str = f"sms:{CITIZEN}", text: str = "Bring your birth certificate.") -> dict[str, Any]:
    return {"address": address, "reply": outbox.pack(Reply(text, id="SM1/1", in_reply_to="SM1")), "at": 1.0}


async def set_aside(redis: Redis, queue: str, item: dict[str, Any], why: str = "Refused: it is refused") -> str:
    """Set an item aside, the number that it has there."""
    lanes = Lanes(redis, queue, "one")
    await lanes.open()
    await lanes.put("k", item)
    (task,) = await lanes.take(1, 100)
    await lanes.finish(task, aside=why)
    *_, last = await lanes.aside()
    return f"{queue}/{last.id}"


async def items(redis: Redis, queue: str) -> list[dict[str, Any]]:
    """What a worker finds to do, and does."""
    lanes, found = Lanes(redis, queue, "one"), []
    await lanes.open()
    while tasks := await lanes.take(1, 10):
        for task in tasks:
            found.append(task.item)
            await lanes.finish(task)
    return found
