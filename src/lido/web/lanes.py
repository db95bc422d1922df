"""Lanes of worker threads: a flood of requests that hash passwords never fills the one that all others take.

Threads that hand the interpreter lock to each other spend more than the work of a short request is. So a lane has as
few threads as its work can keep busy, a thread wakes the event loop once for all that it finished in a row, and more
threads help out only while the few wait for something other than a core: a disk, a database, a trigger.
"""

import asyncio
import os
import weakref
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Semaphore, Thread
from typing import Any, NamedTuple, ParamSpec, TypeVar

from lido.thread_clocks import ThreadClocks

LONGEST_QUEUE = 512
"""Requests in the slow lane, worked on or waiting; whoever comes on top is refused at once."""

TURN_SECONDS = 0.005
"""How long a finished request may wait for others before it is answered, and how often a lane looks for hands."""
HASHING_TURN_SECONDS = 0.04
"""As long in the slow lane while hashes keep the cores busy: each look takes a core from one of them."""

MOST_AT_ONCE = 64
"""So many requests wait no longer for others to arrive with them."""

HELD_UP = 0.5
"""A lane whose threads used less than this part of a core while requests waited is held up …"""
HASHING_HELD_UP = 0.75
"""… unless those who hash for it used this part of all cores."""

P = ParamSpec("P")
T = TypeVar("T")


class Lanes:
    """`threads` at most for what answers in milliseconds, and `slow_threads` beside them. Used from one event loop."""

    def __init__(self, threads: int, slow_threads: int, *, hashing: ThreadClocks) -> None:
        """`hashing` are the clocks of the threads that hash for the slow lane's."""
        cores = os.cpu_count() or 1
        self._quick = _Lane("lido", threads, few=1)
        self._signing = _Lane("lido-signing", threads, few=cores)
        self._slow = _Lane("lido-slow", slow_threads, few=cores, hashing=hashing)

    @property
    def full(self) -> bool:
        """Whether the slow lane takes nobody any more."""
        return self._slow.inside >= LONGEST_QUEUE

    def quick(self, work: Callable[P, T], *arguments: P.args, **_: P.kwargs) -> Coroutine[Any, Any, T]:
        """What `work` gives, done in the lane of most requests."""
        return self._quick.do(work, arguments)

    def signing(self, work: Callable[P, T], *arguments: P.args, **_: P.kwargs) -> Coroutine[Any, Any, T]:
        """What `work` gives, done in the lane of those that sign, which needs a core and no interpreter lock."""
        return self._signing.do(work, arguments)

    def slow(self, work: Callable[P, T], *arguments: P.args, **_: P.kwargs) -> Coroutine[Any, Any, T]:
        """What `work` gives, done when its turn comes among those that hash."""
        return self._slow.do(work, arguments)

    def close(self) -> None:
        """Wait until all work is done."""
        for lane in (self._slow, self._signing, self._quick):
            lane.close()


class _Task(NamedTuple):
    """Work for a thread, and the future of the event loop that waits for it."""

    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[Any]"
    work: Callable[..., Any]
    arguments: tuple[Any, ...]


class _Finished(NamedTuple):
    """What a task gave, or what it raised."""

    done: "asyncio.Future[Any]"
    result: Any
    trouble: BaseException | None


class _Spent(NamedTuple):
    """The processor time of a lane's threads until `at` (seconds of the loop), and of those that hash for it."""

    at: float
    own: float
    hashing: float


class _Desk:
    """What the threads of a lane share with the event loop: tasks, what became of them, and their clocks."""

    def __init__(self) -> None:
        self.tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self.finished: deque[_Finished] = deque()
        self.clocks = ThreadClocks()


class _Lane:
    """Threads with one desk: `few` stay, up to `threads` help. The hop costs a third of a ThreadPoolExecutor's."""

    def __init__(self, name: str, threads: int, *, few: int, hashing: ThreadClocks | None = None) -> None:
        self.inside = 0
        self._name = name
        self._few = min(few, threads)
        self._more = threads - self._few
        self._hashing = hashing or ThreadClocks()
        self._desk = _Desk()
        self._arrived: list[_Task] = []
        self._threads: list[Thread] = []
        self._helpers = Semaphore(self._more)
        self._turn: asyncio.TimerHandle | None = None
        # The threads hold the desk and not the lane, so that a lane which nobody holds dismisses them.
        weakref.finalize(self, self._desk.tasks.put, None)

    async def do(self, work: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._arrived.append(_Task(loop, done, work, arguments))
        if len(self._arrived) == 1:
            loop.call_soon(self._hand_over, loop, 0)
        self.inside += 1
        if self.inside > len(self._threads) and len(self._threads) < self._few:
            self._threads.append(self._start(_work, self._desk))
        if self._turn is None and self.inside > 1:
            self._take_turns(loop)
        try:
            return await done
        finally:
            self.inside -= 1

    def _hand_over(self, loop: asyncio.AbstractEventLoop, known: int) -> None:
        """Give the threads what has arrived, once a round of the loop brings nothing more, or when it is a heap.

        They share the interpreter lock with it: who begins while it still reads is in its way, and it in theirs.
        """
        if known < len(self._arrived) < MOST_AT_ONCE:
            loop.call_soon(self._hand_over, loop, len(self._arrived))
            return
        arrived, self._arrived = self._arrived, []
        for task in arrived:
            self._desk.tasks.put(task)

    def _take_turns(self, loop: asyncio.AbstractEventLoop, seconds: float = TURN_SECONDS) -> None:
        self._turn = loop.call_later(seconds, self._take_turn, loop, self._spent(loop))

    def _take_turn(self, loop: asyncio.AbstractEventLoop, before: _Spent) -> None:
        """Settle what is finished, and call one helper if tasks wait for threads that wait themselves."""
        self._turn = None
        desk, now = self._desk, self._spent(loop)
        _settle(desk.finished)
        if not self.inside:
            return
        seconds = now.at - before.at
        is_hashing = now.hashing - before.hashing >= HASHING_HELD_UP * (os.cpu_count() or 1) * seconds
        is_held_up = not is_hashing and now.own - before.own < HELD_UP * seconds
        if is_held_up and not desk.tasks.empty() and self._helpers.acquire(blocking=False):
            self._start(_help, desk, self._helpers)
        self._take_turns(loop, HASHING_TURN_SECONDS if is_hashing else TURN_SECONDS)

    def _spent(self, loop: asyncio.AbstractEventLoop) -> _Spent:
        return _Spent(loop.time(), self._desk.clocks.spent_seconds(), self._hashing.spent_seconds())

    def _start(self, deed: Callable[..., None], *arguments: object) -> Thread:
        thread = Thread(target=deed, args=arguments, name=self._name, daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        self._desk.tasks.put(None)
        for thread in self._threads:
            thread.join()
        for _ in range(self._more):
            self._helpers.acquire()


def _work(desk: _Desk) -> None:
    desk.clocks.arrive()
    while (task := desk.tasks.get()) is not None:
        _do(desk, task)
        del task
    desk.tasks.put(None)  # for the next thread


def _help(desk: _Desk, helpers: Semaphore) -> None:
    """Work until nothing waits."""
    clock = desk.clocks.arrive()
    with suppress(Empty):
        while (task := desk.tasks.get_nowait()) is not None:
            _do(desk, task)
            del task
        desk.tasks.put(None)
    desk.clocks.leave(clock)
    helpers.release()


def _do(desk: _Desk, task: _Task) -> None:
    result, trouble = None, None
    try:
        result = task.work(*task.arguments)
    except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
        trouble = error
    desk.finished.append(_Finished(task.done, result, trouble))
    if desk.tasks.empty():
        # A loop that has closed meanwhile waits for nothing.
        with suppress(RuntimeError):
            task.loop.call_soon_threadsafe(_settle, desk.finished)


def _settle(finished: deque[_Finished]) -> None:
    while finished:
        done, result, trouble = finished.popleft()
        if done.cancelled():
            continue
        if trouble is None:
            done.set_result(result)
        else:
            done.set_exception(trouble)
