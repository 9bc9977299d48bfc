"""The inbox: what citizens said, durable, until it is answered; its `accept` is the one door in."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from channels.channel import Incoming
from channels.conversation import Addresses
from channels.lanes import Lanes

QUEUE = "inbox"


class Inbox:
    def __init__(self, lanes: Lanes, addresses: Addresses) -> None:
        self.lanes, self._addresses = lanes, addresses

    async def accept(self, said: Incoming) -> bool:
        """Keep a message; durable when this returns. False if its channel had brought it before.

        Raises `redis.exceptions.RedisError` where it cannot be kept: the adapter then answers 5xx and the provider
        repeats.
        """
        key = self._addresses.key(said.address)
        return await self.lanes.put(key, pack(said), once=f"{key}:{said.id}")


def pack(said: Incoming) -> dict[str, Any]:
    """A message as JSON-ready values."""
    return asdict(said) | {"at": said.at.isoformat()}


def unpack(item: dict[str, Any]) -> Incoming:
    """A message from its JSON values."""
    return Incoming(**(item | {"at": datetime.fromisoformat(item["at"])}))
