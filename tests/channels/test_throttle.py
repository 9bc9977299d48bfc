"""The throttle on a real Redis, over simulated time: no second has more messages than a sender may send."""

import heapq
from bisect import bisect_left
from types import SimpleNamespace

import pytest
from redis.asyncio import Redis

from channels import throttle
from channels.throttle import Throttle

ROUNDED = 0.002  # seconds that are forgiven: moments are kept to a tenth of a millisecond


class World:
    """Processes with one clock; what they wait for is told and passes at once."""

    def __init__(self, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self._redis, self._paused = 1_000_000.0, redis, 0.0
        monkeypatch.setattr(throttle, "time", SimpleNamespace(time=lambda: self.now))

    async def _pause(self, seconds: float) -> None:
        self._paused = seconds

    async def wait(self, per_second: float | None, sender: str = "sms") -> float:
        """How long a process would wait that wants to send now."""
        self._paused = 0.0
        await Throttle(self._redis, self._pause).wait(sender, per_second)
        return self._paused

    async def sent(self, processes: int, seconds: float, per_second: float) -> list[float]:
        """When messages go in so many seconds, if each process has always one more to send."""
        began, going, found = self.now, [self.now] * processes, []
        while going[0] < began + seconds - ROUNDED:
            self.now = heapq.heappop(going)
            at = self.now + await self.wait(per_second)
            heapq.heappush(going, at)
            found.append(at - began)
        return [at for at in sorted(found) if at < seconds - ROUNDED]


@pytest.fixture
def world(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(redis, monkeypatch)


@pytest.mark.parametrize("processes", [1, 3, 40])
@pytest.mark.parametrize("per_second", [1.0, 3.0, 20.0, 25.0])
async def test_no_second_has_more_than_may_be_sent_however_many_processes_send(
    world: World, per_second: float, processes: int
) -> None:
    moments = await world.sent(processes, 6.0, per_second)
    assert max(bisect_left(moments, each + 1.0 - ROUNDED) - n for n, each in enumerate(moments)) == per_second
    assert len(moments) == 6 * per_second, "nor is it slower than it may be"


@pytest.mark.parametrize(("per_second", "gap"), [(0.5, 2.0), (0.1, 10.0), (1.5, 1 / 1.5)])
async def test_less_than_one_a_second_and_what_is_no_whole_number(world: World, per_second: float, gap: float) -> None:
    assert await world.sent(2, 10 * gap, per_second) == pytest.approx([n * gap for n in range(10)], abs=ROUNDED)


async def test_after_a_pause_a_second_s_worth_goes_at_once_and_pauses_do_not_add_up(world: World) -> None:
    for _ in range(2):
        waited = [await world.wait(25.0) for _ in range(51)]
        assert waited == pytest.approx([0.0] * 25 + [1.0] * 25 + [2.0], abs=ROUNDED)
        world.now += 3600


async def test_one_message_now_and_then_never_waits(world: World) -> None:
    for _ in range(5):
        assert await world.wait(1.0) == 0.0
        world.now += 1.0 + ROUNDED


async def test_senders_do_not_wait_for_each_other_and_some_not_at_all(world: World, redis: Redis) -> None:
    assert [await world.wait(1.0, sender) for sender in ("sms", "telegram", "sms")] == [0.0, 0.0, 1.0]
    assert [await world.wait(None, "web") for _ in range(100)] == [0.0] * 100
    assert sorted([key async for key in redis.scan_iter()]) == ["throttle:sms", "throttle:telegram"]


async def test_a_process_whose_clock_is_behind_waits_for_its_turn(world: World) -> None:
    assert await world.wait(2.0) == 0.0
    world.now -= 5.0
    assert [await world.wait(2.0) for _ in range(4)] == pytest.approx([5.0, 6.0, 6.0, 7.0], abs=ROUNDED)


async def test_what_is_known_of_a_sender_is_forgotten_when_it_cannot_matter(world: World, redis: Redis) -> None:
    for _ in range(11):
        await world.wait(1.0)
    assert 60 + 10 < await redis.ttl("throttle:sms") <= 60 + 11
    assert await redis.llen("throttle:sms") == 1
