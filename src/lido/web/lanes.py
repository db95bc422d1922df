"""Two lanes of worker threads: a flood of requests that hash passwords never fills the one that all others take."""

import asyncio
import os
import weakref
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Semaphore, Thread
from typing import Any, NamedTuple, ParamSpec, TypeVar

LONGEST_QUEUE = 512
"""Requests in the slow lane, worked on or waiting; whoever comes on top is refused at once."""

PATIENCE_SECONDS = 0.02
"""How long a request waits for one of the few threads before others help out."""

P = ParamSpec("P")
T = TypeVar("T")


class Lanes:
    """`threads` for what answers in milliseconds, and `slow_threads` beside them. Used from one event loop."""

    def __init__(self, threads: int, slow_threads: int) -> None:
        cores = os.cpu_count() or 1
        self._quick = _Lane(threads, "lido", few=cores + 1)
        self._slow = _Lane(slow_threads, "lido-slow", few=2 * cores)

    @property
    def full(self) -> bool:
        """Whether the slow lane takes nobody any more."""
        return self._slow.inside >= LONGEST_QUEUE

    async def quick(self, work: Callable[P, T], *arguments: P.args, **_: P.kwargs) -> T:
        """What `work` gives, done in the lane of most requests."""
        return await self._quick.do(work, arguments)

    async def slow(self, work: Callable[P, T], *arguments: P.args, **_: P.kwargs) -> T:
        """What `work` gives, done when its turn comes among those that hash."""
        return await self._slow.do(work, arguments)

    def close(self) -> None:
        """Wait until all work is done."""
        self._slow.close()
        self._quick.close()


class _Task(NamedTuple):
    """Work for a thread, and the future of the event loop that waits for it."""

    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[Any]"
    work: Callable[..., Any]
    arguments: tuple[Any, ...]


_Queue = SimpleQueue[_Task | None]


class _Lane:
    """Threads with one queue. The hop costs a third of a ThreadPoolExecutor's.

    `few` threads stay, for each more makes all of them wait longer for the interpreter lock; up to `threads` help out
    while those are held up, by the database or by a trigger.
    """

    def __init__(self, threads: int, name: str, *, few: int) -> None:
        self.inside = 0
        self._few = min(few, threads)
        self._more = threads - self._few
        self._name = name
        self._put = 0
        self._queue: _Queue = SimpleQueue()
        self._threads: list[Thread] = []
        self._helpers = Semaphore(self._more)
        self._watch: asyncio.TimerHandle | None = None
        # The threads hold the queue and not the lane, so that a lane which nobody holds dismisses them.
        weakref.finalize(self, self._queue.put, None)

    async def do(self, work: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Task(loop, done, work, arguments))
        self._put += 1
        self.inside += 1
        if self.inside > len(self._threads):
            self._look_for_hands(loop)
        try:
            return await done
        finally:
            self.inside -= 1

    def _look_for_hands(self, loop: asyncio.AbstractEventLoop) -> None:
        if len(self._threads) < self._few:
            self._threads.append(self._start(_work, self._queue))
        elif self._watch is None:
            self._watch = loop.call_later(PATIENCE_SECONDS, self._help_out, loop, self._put)

    def _help_out(self, loop: asyncio.AbstractEventLoop, put: int) -> None:
        """Start helpers if some of the first `put` tasks still wait."""
        self._watch = None
        waiting = self._queue.qsize()
        if self._put - waiting < put:
            for _ in range(waiting):
                if self._helpers.acquire(blocking=False):
                    self._start(_help, self._queue, self._helpers)
        if waiting:
            self._look_for_hands(loop)

    def _start(self, deed: Callable[..., None], *arguments: object) -> Thread:
        thread = Thread(target=deed, args=arguments, name=self._name, daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        self._queue.put(None)
        for thread in self._threads:
            thread.join()
        for _ in range(self._more):
            self._helpers.acquire()


def _work(queue: _Queue) -> None:
    while (task := queue.get()) is not None:
        _do(task)
        del task
    queue.put(None)  # for the next thread


def _help(queue: _Queue, helpers: Semaphore) -> None:
    """Work until nothing waits."""
    with suppress(Empty):
        while (task := queue.get_nowait()) is not None:
            _do(task)
            del task
        queue.put(None)
    helpers.release()


def _do(task: _Task) -> None:
    result, trouble = None, None
    try:
        result = task.work(*task.arguments)
    except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
        trouble = error
    # A loop that has closed meanwhile waits for nothing.
    with suppress(RuntimeError):
        task.loop.call_soon_threadsafe(_settle, task.done, result, trouble)


def _settle(done: "asyncio.Future[Any]", result: object, error: BaseException | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)
