"""Lanes on a real Redis: order, exactly once, and what a worker that was taken over from may still do."""

import asyncio
import time
from dataclasses import replace

from redis.asyncio import Redis

from channels.lanes import Follow, Lanes


async def opened(redis: Redis, queue: str = "inbox", worker: str = "one") -> Lanes:
    lanes = Lanes(redis, queue, worker)
    await lanes.open()
    return lanes


async def test_a_lane_is_worked_in_order_one_item_at_a_time(redis: Redis) -> None:
    lanes = await opened(redis)
    for number in range(3):
        await lanes.put("a", {"n": number})
    done = []
    for _ in range(3):
        (task,) = await lanes.take(10, 100)
        assert await lanes.take(10, 10) == [], "the next item of a lane waits for the one before"
        done.append(task.item["n"])
        assert await lanes.finish(task)
    assert done == [0, 1, 2]
    assert await lanes.waiting() == 0


async def test_lanes_are_worked_side_by_side(redis: Redis) -> None:
    lanes = await opened(redis)
    for lane in "abc":
        await lanes.put(lane, {})
    assert {task.lane for task in await lanes.take(10, 100)} == {"a", "b", "c"}


async def test_an_id_that_was_seen_changes_nothing(redis: Redis) -> None:
    lanes = await opened(redis)
    assert await lanes.put("a", {"n": 1}, once="id")
    assert not await lanes.put("a", {"n": 2}, once="id")
    (task,) = await lanes.take(10, 100)
    await lanes.finish(task)
    assert await lanes.take(10, 10) == []
    assert await redis.ttl("inbox:seen:id") > 47 * 3600


async def test_finishing_puts_what_follows_at_once(redis: Redis) -> None:
    inbox, outbox = await opened(redis), await opened(redis, "outbox")
    await inbox.put("a", {})
    (task,) = await inbox.take(1, 100)
    await inbox.finish(task, [Follow("outbox", "a", {"n": 1}), Follow("outbox", "a", {"n": 2})])
    for number in (1, 2):
        (reply,) = await outbox.take(10, 100)
        assert reply.item == {"n": number}
        await outbox.finish(reply)


async def test_a_worker_that_comes_back_resumes_what_it_held(redis: Redis) -> None:
    before = await opened(redis)
    await before.put("a", {"n": 1})
    await before.take(1, 100)
    again = await opened(redis)
    (task,) = await again.resume()
    assert (task.item, task.tries) == ({"n": 1}, 2)
    assert await again.finish(task)


async def test_another_worker_takes_over_and_fences_the_first_one_off(redis: Redis) -> None:
    first, second = await opened(redis), await opened(redis, worker="two")
    out = await opened(redis, "outbox")
    await first.put("a", {"n": 1})
    (held,) = await first.take(1, 100)
    await asyncio.sleep(0.03)
    assert await second.take_over(10_000, 10) == [], "not while it may be alive"
    (taken,) = await second.take_over(20, 10)
    assert not await first.finish(held, [Follow("outbox", "a", {"by": "first"})])
    assert await second.finish(taken, [Follow("outbox", "a", {"by": "second"})])
    (reply,) = await out.take(10, 100)
    assert reply.item == {"by": "second"}


async def test_a_sign_of_life_keeps_a_task(redis: Redis) -> None:
    first, second = await opened(redis), await opened(redis, worker="two")
    await first.put("a", {})
    (task,) = await first.take(1, 100)
    await asyncio.sleep(0.05)
    assert await first.keep(task)
    assert await second.take_over(40, 10) == []


async def test_a_sign_of_life_takes_nothing_back_from_another_worker(redis: Redis) -> None:
    first, second = await opened(redis), await opened(redis, worker="two")
    await first.put("a", {})
    (held,) = await first.take(1, 100)
    await asyncio.sleep(0.03)
    (taken,) = await second.take_over(20, 10)
    assert not await first.keep(held)
    assert await second.finish(taken), "the one who took it over still has it"
    assert not await second.keep(taken), "what is finished is nobody's"


async def test_a_sign_of_life_leaves_the_count_and_a_blameless_one_forgets_it(redis: Redis) -> None:
    lanes = await opened(redis)
    await lanes.put("a", {})
    await lanes.take(1, 100)
    for tries in (2, 3):
        (task,) = await lanes.resume()
        assert task.tries == tries
        assert await lanes.keep(task)
    assert await lanes.keep(task, tries=0)
    (task,) = await lanes.resume()
    assert task.tries == 1


async def test_the_search_for_abandoned_tasks_goes_on_where_it_stopped(redis: Redis) -> None:
    """Tasks that are alive stand before those that are not; a search of one at a time must still come to these."""
    alive, dead, heir = [await opened(redis, worker=worker) for worker in ("alive", "dead", "heir")]
    for number in range(15):
        await alive.put(f"living {number}", {})
    living = await alive.take(15, 100)
    await dead.put("abandoned", {})
    await dead.take(1, 100)
    await asyncio.sleep(0.15)
    for task in living:
        await alive.keep(task)
    found = [task for _ in range(4) for task in await heir.take_over(100, 1)]
    assert [task.lane for task in found] == ["abandoned"]


async def test_what_is_set_aside_lets_the_lane_go_on_and_is_kept_for_two_days(redis: Redis) -> None:
    lanes = await opened(redis)
    await lanes.put("a", {"n": 1})
    await lanes.put("a", {"n": 2})
    (task,) = await lanes.take(1, 100)
    assert await lanes.aside() == []
    assert await lanes.finish(task, aside="it is broken")
    (kept,) = await lanes.aside()
    assert (kept.lane, kept.item, kept.why) == ("a", {"n": 1}, "it is broken")
    assert abs(kept.since - time.time()) < 5
    assert 47 * 3600 < await redis.ttl("inbox:aside") <= 48 * 3600
    (following,) = await lanes.take(1, 100)
    assert following.item == {"n": 2}


async def test_many_are_finished_at_once_but_those_another_worker_has(redis: Redis) -> None:
    first, second = await opened(redis), await opened(redis, worker="two")
    for lane in ("a", "b", "c"):
        await first.put(lane, {})
    tasks = await first.take(10, 100)
    await asyncio.sleep(0.03)
    (taken,) = await second.take_over(20, 1)
    await first.finish_all(tasks)
    assert await first.waiting() == 1
    assert await second.finish(taken)


async def test_nothing_is_left_in_redis_of_what_is_done_but_what_was_seen(redis: Redis) -> None:
    inbox = await opened(redis)
    await opened(redis, "outbox")
    await inbox.put("a", {}, once="m1")
    (task,) = await inbox.take(1, 100)
    await inbox.finish(task)
    lasting = [key async for key in redis.scan_iter() if await redis.ttl(key) == -1]
    assert sorted(lasting) == ["inbox:ready", "outbox:ready"]
    assert await redis.xlen("inbox:ready") == 0


async def test_finishing_twice_removes_one_item(redis: Redis) -> None:
    lanes = await opened(redis)
    await lanes.put("a", {"n": 1})
    await lanes.put("a", {"n": 2})
    (task,) = await lanes.take(1, 100)
    assert await lanes.finish(task)
    assert not await lanes.finish(task)
    (following,) = await lanes.take(1, 100)
    assert following.item == {"n": 2}


async def test_what_was_set_aside_can_be_done_again(redis: Redis) -> None:
    lanes = await opened(redis)
    await lanes.put("a", {"n": 1})
    (task,) = await lanes.take(1, 100)
    await lanes.finish(task, aside="it is broken")
    (kept,) = await lanes.aside()
    assert await lanes.again(replace(kept, item={"n": 2}))
    assert not await lanes.again(kept), "once"
    (task,) = await lanes.take(1, 100)
    assert (task.item, await lanes.aside()) == ({"n": 2}, [])


async def test_what_must_not_happen_twice_is_begun_once(redis: Redis) -> None:
    lanes, other = await opened(redis), await opened(redis, worker="two")
    await lanes.put("a", {})
    (task,) = await lanes.take(1, 100)
    assert await lanes.begin(task) == "begun"
    since = await lanes.begin(task)
    assert isinstance(since, float) and abs(since - time.time()) < 5, "nobody knows how it ended"
    await asyncio.sleep(0.03)
    (taken,) = await other.take_over(20, 1)
    assert await lanes.begin(task) == "lost"
    assert await other.begin(taken) == since, "not even for another worker"
    await other.end(taken)
    assert await other.begin(taken) == "begun"
    await other.finish(taken)
    assert not [key async for key in redis.scan_iter("inbox:trying:*")]


async def test_a_mark_forbids_beginning(redis: Redis) -> None:
    lanes = await opened(redis)
    await lanes.put("a", {})
    (task,) = await lanes.take(1, 100)
    await redis.set("stopped:a", "1")
    assert await lanes.begin(task, "stopped:a") == "stopped:a"
    assert await lanes.begin(task) == "begun", "what does not heed it"


async def test_a_mark_is_set_with_a_new_item_and_not_with_one_that_was_seen(redis: Redis) -> None:
    lanes = await opened(redis)
    await lanes.put("a", {}, once="1", mark=("m", "set"))
    assert await redis.exists("m")
    await lanes.put("a", {}, once="2", mark=("m", "del"))
    assert not await redis.exists("m")
    await lanes.put("a", {}, once="1", mark=("m", "set"))
    assert not await redis.exists("m"), "a repeated message changes nothing"


async def test_what_is_put_off_comes_back_in_its_time(redis: Redis) -> None:
    lanes = await opened(redis)
    await lanes.put("a", {"n": 1})
    await lanes.put("a", {"n": 2})
    (task,) = await lanes.take(1, 100)
    assert await lanes.finish(task, at=1000.0)
    (following,) = await lanes.take(1, 100)
    assert following.item == {"n": 2}, "what comes after it does not wait"
    await lanes.finish(following)
    assert (await lanes.put_off(), await lanes.due(999.0), await lanes.take(1, 10)) == (1, 0, [])
    assert await lanes.due(1000.0) == 1
    (back,) = await lanes.take(1, 100)
    assert (back.item, await lanes.put_off()) == ({"n": 1}, 0)
