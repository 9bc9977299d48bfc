"""The outbox: what we said, until its channel has taken it; its `deliver` is the one door out."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import structlog

from channels.channel import Channel, ChannelError, Choice, Link, Quote, Reply
from channels.lanes import Follow, Lanes, Task
from channels.worker import finish

QUEUE = "outbox"

log = structlog.get_logger()


def post(key: str, address: str, reply: Reply) -> Follow:
    """What puts a reply into the outbox at the moment the turn that made it is finished."""
    return Follow(QUEUE, key, {"address": address, "reply": pack(reply)})


class Outbox:
    def __init__(self, lanes: Lanes, channels: Mapping[str, Channel]) -> None:
        self.lanes, self._channels = lanes, channels

    async def deliver(self, task: Task) -> None:
        """Send one reply by the channel of its address; raises the channel's error where trying again can help."""
        name = task.item["address"].partition(":")[0]
        reply = unpack(task.item["reply"])
        try:
            await self._channels[name].send(task.item["address"], reply)
        except ChannelError as error:
            if error.retry:
                raise
            log.warning("reply not sent", channel=name, conversation=task.lane, reply=reply.id, why=str(error))
        await finish(self.lanes, task)


def pack(reply: Reply) -> dict[str, Any]:
    """A reply as JSON-ready values. By hand, since `asdict` copies every value deeply at every step of its way."""
    values = {name: getattr(reply, name) for name in _FIELDS[Reply]}
    for part in ("quotes", "links", "choices"):
        values[part] = [{name: getattr(each, name) for name in _FIELDS[type(each)]} for each in values[part]]
    return values | {"passages": list(reply.passages)}


def unpack(item: dict[str, Any]) -> Reply:
    """A reply from its JSON values."""
    return Reply(
        **(
            item
            | {
                "quotes": tuple(Quote(**each) for each in item["quotes"]),
                "links": tuple(Link(**each) for each in item["links"]),
                "choices": tuple(Choice(**each) for each in item["choices"]),
                "passages": tuple(item["passages"]),
            }
        )
    )


_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in (Reply, Quote, Link, Choice)}
