import asyncio
import gc
import os
import threading
import time

import pytest

from lido.thread_clocks import ThreadClocks
from lido.web.lanes import TURN_SECONDS, Lanes

FEW = 64
"""More tasks than any lane keeps threads for."""


class BusyClocks(ThreadClocks):
    """Threads that use all cores; somebody has looked at them often."""

    def __init__(self):
        self.looks = 0
        self.looked = asyncio.Event()

    def spent_seconds(self):
        self.looks += 1
        if self.looks == 10:
            self.looked.set()
        return 2 * os.cpu_count() * time.monotonic()


def in_lanes(story, threads=2 * FEW, slow_threads=2 * FEW, hashing=None):
    lanes = Lanes(threads, slow_threads, hashing=hashing or ThreadClocks())
    try:
        return asyncio.run(story(lanes))
    finally:
        lanes.close()


def test_work_gives_its_result_and_its_refusal():
    async def story(lanes):
        with pytest.raises(ZeroDivisionError):
            await lanes.slow(divmod, 1, 0)
        return await lanes.quick(divmod, 7, 2)

    assert in_lanes(story) == (3, 1)


@pytest.mark.parametrize("lane", ["quick", "signing", "slow"])
def test_requests_behind_others_that_are_held_up_are_answered(lane):
    async def story(lanes):
        held = threading.Event()
        do = getattr(lanes, lane)
        waiting = [asyncio.ensure_future(do(held.wait)) for _ in range(FEW)]
        answered = await asyncio.wait_for(do(str, "answered"), 50 * TURN_SECONDS + 5)
        held.set()
        await asyncio.gather(*waiting)
        return answered

    assert in_lanes(story) == "answered"


def test_no_lane_has_more_threads_than_it_may():
    inside, most, lock = 0, 0, threading.Lock()

    def work():
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        threading.Event().wait(2 * TURN_SECONDS)
        with lock:
            inside -= 1

    async def story(lanes):
        await asyncio.gather(*(lanes.quick(work) for _ in range(30)))

    in_lanes(story, threads=5, slow_threads=1)

    assert most == 5


def test_nobody_helps_while_hashes_keep_the_cores_busy():
    hashing, held, lock, at_work = BusyClocks(), threading.Event(), threading.Lock(), []

    def work():
        with lock:
            at_work.append(threading.get_ident())
        held.wait()

    async def story(lanes):
        waiting = [asyncio.ensure_future(lanes.slow(work)) for _ in range(FEW)]
        await hashing.looked.wait()
        found = len(at_work)
        held.set()
        await asyncio.gather(*waiting)
        return found

    assert in_lanes(story, hashing=hashing) <= 2 * os.cpu_count()


class Round:
    """What to await for one round of the loop."""

    def __await__(self):
        yield


def test_a_flood_that_never_pauses_is_worked_on():
    done = []

    async def story(lanes):
        flood = []
        while not done and len(flood) < 20_000:
            flood.append(asyncio.ensure_future(lanes.quick(done.append, len(flood))))
            await Round()
        begun = bool(done)
        await asyncio.gather(*flood)
        return begun

    assert in_lanes(story)


def test_closing_waits_for_work():
    done = []

    async def story(lanes):
        lanes_at_work = [asyncio.ensure_future(lanes.quick(done.append, n)) for n in range(20)]
        await lanes.quick(int)
        return lanes_at_work

    in_lanes(story)

    assert sorted(done) == list(range(20))


def test_lanes_that_nobody_holds_dismiss_their_threads():
    before = set(threading.enumerate())

    async def story():
        lanes = Lanes(4, 4, hashing=ThreadClocks())
        await asyncio.gather(*(lanes.quick(int) for _ in range(8)))

    asyncio.run(story())
    gc.collect()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)

    assert set(threading.enumerate()) <= before
