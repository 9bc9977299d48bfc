"""Conversations in a real Redis: what is kept of them, for how long, and how much."""

import json
from pathlib import Path

import pytest
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    AllSlotsReset,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from redis.asyncio import Redis
from redis.exceptions import ConnectionError

from bot.components.tracker_store import PREFIX, RedisTrackerStore, window
from machine.servers import EmbeddedRedis

WORDS = "my neighbour owes me money"
LISTEN = "action_listen"


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load(str(Path(__file__).parents[2] / "bot" / "domain"))


@pytest.fixture
async def store(redis: Redis, redis_server: EmbeddedRedis, domain: Domain) -> RedisTrackerStore:
    return RedisTrackerStore(domain, redis_server.url)


def turn(number: int, **slots: object) -> list[Event]:
    """The events of one turn, as Rasa makes them."""
    return [
        UserUttered(f"{WORDS} {number}", {"name": "question", "confidence": 0.9}, metadata={"id": number}),
        SlotSet("language", "en"),
        ActionExecuted("action_answer", policy="rule", confidence=1.0),
        BotUttered("Here it is", {"custom": {"answer": WORDS * 50}}),
        *(SlotSet(name, value) for name, value in slots.items()),
        ActionExecuted(LISTEN),
    ]


async def after(store: TrackerStore, turns: int, sender: str = "a") -> DialogueStateTracker:
    """The conversation after so many turns, each of which Rasa retrieved and saved."""
    for number in range(turns):
        tracker = await store.get_or_create_tracker(sender, append_action_listen=False)
        if not tracker.events:
            began = [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted(LISTEN)]
            tracker.update_with_events(began, store.domain)
        slots = {"unhelpful": number} | ({"place": "ca-on"} if number == 0 else {})
        tracker.update_with_events(turn(number, **slots), store.domain)
        await store.save(tracker)
    return await store.get_or_create_tracker(sender, append_action_listen=False)


async def test_nobody_is_known_before_they_speak(store: RedisTrackerStore) -> None:
    assert await store.retrieve("nobody") is None
    assert not await store.exists("nobody")


async def test_a_conversation_goes_on_where_it_was(store: RedisTrackerStore, domain: Domain) -> None:
    tracker = await after(store, 1)
    assert tracker.get_slot("place") == "ca-on"
    assert tracker.get_slot("unhelpful") == 0
    assert tracker.latest_action_name == LISTEN
    assert tracker.latest_message.intent_name == "question"
    assert tracker.applied_events(), "Rasa would begin a new session"
    assert domain.get_active_state(tracker)["user"]["intent"] == "question"


async def test_slots_outlive_the_turns_that_set_them(store: RedisTrackerStore) -> None:
    tracker = await after(store, 30)
    assert tracker.get_slot("place") == "ca-on"
    assert tracker.get_slot("unhelpful") == 29


async def test_a_long_conversation_weighs_no_more_than_a_short_one(store: RedisTrackerStore, redis: Redis) -> None:
    sizes, events = [], []
    for turns in (3, 30):
        tracker = await after(store, turns, f"s{turns}")
        events.append(len(tracker.events))
        sizes.append(await redis.strlen(f"{PREFIX}s{turns}"))
    assert events[0] == events[1]
    assert sizes[1] <= sizes[0] * 1.05


async def test_no_words_of_the_citizen_are_kept(store: RedisTrackerStore, redis: Redis) -> None:
    await after(store, 5)
    stored = await redis.get(f"{PREFIX}a")
    assert WORDS not in stored
    assert "metadata" not in stored


async def test_it_is_forgotten_after_its_time(redis: Redis, redis_server: EmbeddedRedis, domain: Domain) -> None:
    await after(RedisTrackerStore(domain, redis_server.url, expire=100), 2)
    assert 0 < await redis.ttl(f"{PREFIX}a") <= 100
    assert await redis.keys("*") == [f"{PREFIX}a"]


async def test_keys_are_the_senders(store: RedisTrackerStore) -> None:
    await after(store, 1, "x")
    await after(store, 1, "y")
    assert sorted(await store.keys()) == ["x", "y"]


async def test_rasa_makes_it_from_the_endpoints_file(
    redis: Redis, redis_server: EmbeddedRedis, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUICHET_REDIS_URL", redis_server.url)
    monkeypatch.setenv("GUICHET_ACTIONS_URL", "http://127.0.0.1:1/webhook")
    from rasa.core.utils import AvailableEndpoints

    endpoints = AvailableEndpoints.read_endpoints(str(Path(__file__).parents[2] / "bot" / "endpoints.yml"))
    assert isinstance(endpoints.tracker_store, EndpointConfig)
    store = TrackerStore.create(endpoints.tracker_store, domain)
    assert isinstance(store, RedisTrackerStore), "Rasa would keep conversations in memory, and in one process"
    assert (await after(store, 2)).get_slot("unhelpful") == 1
    assert endpoints.action.url == "http://127.0.0.1:1/webhook"


async def test_a_redis_that_is_away_is_said_at_once(domain: Domain) -> None:
    with pytest.raises(ConnectionError):
        await RedisTrackerStore(domain, "redis://127.0.0.1:1/0").retrieve("a")


def test_a_window_of_everything_is_everything_but_what_the_bot_said() -> None:
    events = [ActionExecuted(LISTEN), *turn(0)]
    assert window(events, 5) == [event for event in events if not isinstance(event, BotUttered)]


def test_a_window_begins_with_the_slots_as_they_were_then() -> None:
    events = [ActionExecuted(LISTEN), *turn(0, offered="person"), *turn(1, offered="topics"), *turn(2)]
    kept = window(events, 1)
    assert [(event.key, event.value) for event in kept if isinstance(event, SlotSet)][:2] == [
        ("language", "en"),
        ("offered", "topics"),
    ]
    assert [event.text for event in kept if isinstance(event, UserUttered)] == [f"{WORDS} 2"]


def test_a_window_forgets_the_slots_that_were_reset() -> None:
    events = [ActionExecuted(LISTEN), *turn(0, offered="person"), AllSlotsReset(), *turn(1), *turn(2)]
    names = [event.key for event in window(events, 1) if isinstance(event, SlotSet)]
    assert names == ["language", "language"]


async def test_what_is_stored_is_json(store: RedisTrackerStore, redis: Redis) -> None:
    await after(store, 2)
    assert {each["event"] for each in json.loads(await redis.get(f"{PREFIX}a"))} == {"slot", "user", "action"}
