"""Where Rasa keeps a conversation from one turn to the next: one small value in Redis, so that every turn costs the same.

Rasa replays and copies the whole history several times in a turn, so a history that grows makes every turn slower than the
one before. Here the history is the last turn alone. What earlier turns said is in the slots, and these are kept; of the
citizen's words only the beginnings of the last few questions, redacted as they come (actions/dialogue.py).
"""

import json
from collections.abc import Iterable
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, AllSlotsReset, Event, Restarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, TimeoutError

import bot.components.action_results  # noqa: F401  this is the one module of ours that every Rasa server imports

PREFIX = "guichet:dialogue:"
DAY = 24 * 60 * 60
TURNS = 1  # the policies look no further back than bot/config.yml says: max_history
KEPT = (UserUttered, ActionExecuted, SlotSet)  # what a state is made of; nothing else is looked at again


class RedisTrackerStore(TrackerStore):
    """Saves with one command and retrieves with one; a turn that fails half-way has changed nothing.

    The turns of one conversation must come one at a time: channels/lanes.py sees to it.
    """

    def __init__(
        self,
        domain: Domain | None,
        host: str,
        event_broker: EventBroker | None = None,
        expire: int = DAY,
        timeout: float = 1.0,
        **_: Any,
    ) -> None:
        """`host` is the address of the Redis, redis://… or unix://…; `expire` and `timeout` are seconds."""
        super().__init__(domain, event_broker)
        self._expire = expire
        # a connection that went stale while nobody wrote is replaced once; more patience would only hold up the turn
        retry = Retry(NoBackoff(), 1, (ConnectionError, TimeoutError))
        self._redis = Redis.from_url(host, socket_timeout=timeout, socket_connect_timeout=timeout, retry=retry)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Raises redis.exceptions.RedisError; Rasa then goes on without memory."""
        kept = json.dumps([lean(event) for event in window(list(tracker.events), TURNS)])
        await self._redis.set(PREFIX + tracker.sender_id, kept, ex=self._expire)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The conversation so far, or None. Raises redis.exceptions.RedisError."""
        stored = await self._redis.get(PREFIX + sender_id)
        if stored is None:
            return None
        events = [_KINDS[each["event"]]._from_parameters(each) for each in json.loads(stored)]
        return DialogueStateTracker.from_events(sender_id, events, self.domain.slots, self.max_event_history)

    async def keys(self) -> Iterable[str]:
        return [key.decode().removeprefix(PREFIX) async for key in self._redis.scan_iter(PREFIX + "*")]


def window(events: list[Event], turns: int) -> list[Event]:
    """What the slots held before the last `turns` turns, and what of these turns is kept.

    A turn begins with the action_listen before its message.
    """
    starts = [
        at
        for at, event in enumerate(events)
        if isinstance(event, UserUttered) and at and isinstance(events[at - 1], ActionExecuted)
    ]
    first = starts[-turns] - 1 if len(starts) > turns else 0
    slots: dict[str, SlotSet] = {}
    for event in events[:first]:
        if isinstance(event, Restarted | AllSlotsReset):
            slots.clear()
        elif isinstance(event, SlotSet):
            slots[event.key] = event
    return [*slots.values(), *(event for event in events[first:] if isinstance(event, KEPT))]


def lean(event: Event) -> dict[str, Any]:
    """The event as JSON, without its metadata; of a message, what was understood and not what was written."""
    given = event.as_dict()
    given.pop("metadata", None)
    if isinstance(event, UserUttered):
        understood = {"intent": {"name": event.intent_name}, "entities": []}
        return {"event": given["event"], "timestamp": given["timestamp"], "parse_data": understood}
    return {name: value for name, value in given.items() if value is not None or name == "value"}


_KINDS: dict[str, type[Event]] = {kind.type_name: kind for kind in KEPT}
