"""The outbox: what we said, until its channel has taken it; its `deliver` is the one door out."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

import structlog
from redis.exceptions import RedisError

from channels.channel import (
    CannotTell,
    Channel,
    ChannelError,
    Choice,
    Link,
    OptedOut,
    Quote,
    Receipt,
    Reply,
    Status,
    Uncertain,
    as_values,
)
from channels.lanes import Aside, Follow, Forbidden, Lanes, Task
from channels.marks import claim_key, stop_key
from channels.quiet import Hours
from channels.redact import redact
from channels.throttle import Throttle
from channels.traffic import Traffic
from channels.worker import finish

RECORD_QUEUE = "record"
UNCERTAIN = "nobody knows whether it arrived"
SETTLE_SECONDS = 2.0  # in which a provider has made up its mind about what it was given

log = structlog.get_logger()


def queue(address: str) -> str:
    """The queue of replies to that address: each channel has its own, so that a slow one delays no other."""
    return f"outbox:{address.partition(':')[0]}"


def post(key: str, address: str, reply: Reply) -> Follow:
    """What puts a reply into the outbox at the moment the turn that made it is finished."""
    return Follow(queue(address), key, {"address": address, "reply": pack(reply), "at": time.time()})


@dataclass(frozen=True, slots=True)
class Outbox:
    """The way out of one channel. A reply is sent once: what was begun and not heard of again is asked after at the
    provider, and where that cannot tell, the reply is set aside rather than said twice."""

    lanes: Lanes
    channel: Channel
    throttle: Throttle
    hours: Hours
    traffic: Traffic
    clock: Callable[[], datetime]

    async def deliver(self, task: Task) -> None:
        """Send one reply; raises the channel's error where trying again can help."""
        address, reply = task.item["address"], unpack(task.item["reply"])
        if reply.unasked and (opens := self.hours.opens(self.clock())):
            await finish(self.lanes, task, at=opens.timestamp())
            return
        await self.throttle.wait(self.channel.name, self.channel.per_second)
        try:
            receipt = await (self._shown if self.channel.repeatable else self._once)(task, address, reply)
        except CannotTell:
            log.error("reply uncertain", channel=self.channel.name, conversation=task.lane, reply=reply.id)
            await self._end(task, reply, "failed", code="uncertain", aside=UNCERTAIN)
        except ChannelError as error:
            if error.retry:
                raise
            name, why = type(error).__name__, str(error)
            log.warning("reply not sent", channel=self.channel.name, conversation=task.lane, reply=reply.id, why=name)
            opted_out = error if isinstance(error, OptedOut) else None
            await self._end(
                task,
                reply,
                "failed",
                code=error.code or name,
                opted_out=opted_out,
                aside="" if opted_out else f"{name}: {why}",
            )
        else:
            if receipt:
                await self._end(task, reply, "queued", receipt)

    async def give_up(self, task: Task, why: str) -> None:
        """Set a reply aside, for the operator to see and to send again."""
        await self._end(task, unpack(task.item["reply"]), "failed", code="given up", aside=why)

    async def _shown(self, task: Task, address: str, reply: Reply) -> Receipt:
        return await self.channel.send(address, reply)

    async def _once(self, task: Task, address: str, reply: Reply) -> Receipt | None:
        """Send what must not be seen twice; None where somebody else does, or nobody may.

        What was begun before and not heard of again, because a worker was killed or the provider did not answer, is asked
        after. Raises CannotTell where there is nobody to ask.
        """
        marks = () if reply.regardless else (stop_key(task.lane),)
        begun = await self.lanes.begin(task, *marks, *((claim_key(task.lane),) if reply.sender == "bot" else ()))
        if begun == "lost":
            return None
        if isinstance(begun, Forbidden):
            await self._end(task, reply, "failed", code=begun.partition(":")[0])
            return None
        if isinstance(begun, float):
            since = datetime.fromtimestamp(begun, UTC)
            settled = SETTLE_SECONDS - (self.clock() - since).total_seconds()
            await asyncio.sleep(min(max(0.0, settled), SETTLE_SECONDS))  # whatever the other worker's clock says
            if receipt := await self.channel.sent(address, reply, since):
                return receipt
        try:
            return await self.channel.send(address, reply)
        except ChannelError as error:
            if error.retry and not isinstance(error, Uncertain):
                await self.lanes.end(task)  # it was not taken: it may be sent again
            raise

    async def _end(
        self,
        task: Task,
        reply: Reply,
        state: str,
        receipt: Receipt | None = None,
        *,
        code: str = "",
        opted_out: OptedOut | None = None,
        aside: str = "",
    ) -> None:
        """Finish the task, and record what became of the reply; of a web page's, only that it could not be sent."""
        rows: dict[str, Any] = {}
        about = {"conversation": task.lane, "channel": self.channel.name}
        if not self.channel.repeatable or state == "failed":
            status = Status(task.item["address"], reply.id, state, receipt.provider_id if receipt else "", code[:32])
            rows["statuses"] = [about | as_values(status)]
        if opted_out:
            entry = {"id": f"{task.lane}:{reply.id}", "kind": "stop", "word": "", "at": self.clock().isoformat()}
            rows["consents"] = [about | entry | {"by": f"{self.channel.name} {opted_out.code}"}]
            await self.lanes.redis.set(stop_key(task.lane), "1")
        if await finish(
            self.lanes,
            task,
            [Follow(RECORD_QUEUE, f"{task.lane}:{reply.id}", rows)] if rows else (),
            aside=redact(aside),
        ):
            with suppress(RedisError, OSError):  # it is only counted
                failed = state == "failed" and code not in ("stopped", "claimed")
                count = self.traffic.failed if failed else self.traffic.taken
                await count(task.item["address"])


def again(aside: Aside) -> Aside:
    """A reply that was set aside, to be sent as a new one: what became of the old one stays on record."""
    reply = aside.item["reply"]
    return replace(aside, item={**aside.item, "at": time.time(), "reply": reply | {"id": f"{reply['id']}~"}})


def pack(reply: Reply) -> dict[str, Any]:
    """A reply as JSON-ready values. By hand, since `asdict` copies every value deeply at every step of its way.

    Its basis is not part of it: that goes to the record alone."""
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


_FIELDS = {
    kind: tuple(field.name for field in fields(kind) if field.name != "basis") for kind in (Reply, Quote, Link, Choice)
}
