"""The inbox: what citizens said, durable, until it is answered; its `accept` is the one door in."""

import hashlib
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from redis.exceptions import RedisError

from channels import consent
from channels.channel import File, Incoming, Status, as_values
from channels.conversation import Addresses
from channels.lanes import REMEMBER_SECONDS, Lanes, Mark
from channels.marks import stop_key
from channels.traffic import Traffic
from knowledge import plain

QUEUE = "inbox"
AGAIN_SECONDS = 10  # in which the same text from a channel without ids is the same message


@dataclass(frozen=True, slots=True)
class Inbox:
    lanes: Lanes
    record: Lanes
    addresses: Addresses
    traffic: Traffic

    async def accept(self, said: Incoming) -> bool:
        """Keep a message; durable when this returns. False if its channel had brought it before.

        Who says stop is sent nothing more from this moment. Raises `redis.exceptions.RedisError` where the message cannot
        be kept: the adapter then answers 5xx and the provider repeats.
        """
        key = self.addresses.key(said.address)
        once, seconds = said.id, REMEMBER_SECONDS
        if not said.id:
            once, seconds = _fingerprint(said), AGAIN_SECONDS
            said = replace(said, id=f"{once}-{int(said.at.timestamp() * 1000)}")
        new = await self.lanes.put(key, pack(said), f"{key}:{once}", seconds, consent.mark(said, key))
        if new:
            with suppress(RedisError, OSError):  # it is only counted
                await self.traffic.brought(said.address)
        return new

    async def tell(self, status: Status) -> None:
        """Keep what a provider says became of a reply; durable when this returns."""
        key, channel = self.addresses.key(status.address), status.address.partition(":")[0]
        row = {"conversation": key, "channel": channel, **as_values(status)}
        rows: dict[str, Any] = {"statuses": [row]}
        mark: Mark = ("", "")
        if status.opted_out:
            about = {"id": f"{key}:{status.reply}", "conversation": key, "channel": channel}
            now = datetime.now(UTC).isoformat()
            rows["consents"] = [about | {"kind": "stop", "word": "", "by": f"{channel} {status.code}", "at": now}]
            mark = (stop_key(key), "set")
        # repeated, it must not stop somebody who has said START since
        lane = f"{key}:{status.reply}:{status.state}"  # rows need no order
        await self.record.put(lane, rows, f"{key}:{status.reply}:opted-out" if status.opted_out else "", mark=mark)
        with suppress(RedisError, OSError):
            await self.traffic.told(status)


def pack(said: Incoming) -> dict[str, Any]:
    """A message as JSON-ready values."""
    packed = asdict(said) | {"at": said.at.isoformat()}
    if not said.files:
        del packed["files"]  # a worker of the version before, beside this one, does not know it
    return packed


def unpack(item: dict[str, Any]) -> Incoming:
    """A message from its JSON values."""
    choice, files = item.get("choice"), tuple(File(**each) for each in item.get("files", ()))
    read = {"at": datetime.fromisoformat(item["at"]), "choice": tuple(choice) if choice else None, "files": files}
    return Incoming(**(item | read))


def _fingerprint(said: Incoming) -> str:
    text = f"{said.command}:{said.choice}:{said.media}:{plain(said.text) or said.text}"
    return "made-" + hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()
