"""Two lanes of worker threads: a flood of requests that hash passwords never fills the one that all others take."""

import asyncio
import weakref
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, ParamSpec, TypeVar

LONGEST_QUEUE = 512
"""Requests in the slow lane, worked on or waiting; whoever comes on top is refused at once."""

P = ParamSpec("P")
T = TypeVar("T")


class Lanes:
    """`threads` for what answers in milliseconds, and `slow_threads` beside them. Used from one event loop."""

    def __init__(self, threads: int, slow_threads: int) -> None:
        self._quick = _Lane(threads, "lido")
        self._slow = _Lane(slow_threads, "lido-slow")

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
    """Threads with one queue, started as they are needed. The hop costs a third of a ThreadPoolExecutor's."""

    def __init__(self, threads: int, name: str) -> None:
        self.inside = 0
        self._most = threads
        self._name = name
        self._queue: _Queue = SimpleQueue()
        self._threads: list[Thread] = []
        # The threads hold the queue and not the lane, so that a lane which nobody holds dismisses them.
        weakref.finalize(self, self._queue.put, None)

    async def do(self, work: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        self.inside += 1
        if len(self._threads) < min(self.inside, self._most):
            thread = Thread(target=_work, args=(self._queue,), name=f"{self._name}-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Task(loop, done, work, arguments))
        try:
            return await done
        finally:
            self.inside -= 1

    def close(self) -> None:
        self._queue.put(None)
        for thread in self._threads:
            thread.join()


def _work(queue: _Queue) -> None:
    while (task := queue.get()) is not None:
        # A loop that has closed meanwhile waits for nothing.
        with suppress(RuntimeError):
            _do(task)
        del task
    queue.put(None)  # for the next thread


def _do(task: _Task) -> None:
    try:
        result = task.work(*task.arguments)
    except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
        task.loop.call_soon_threadsafe(_settle, task.done, None, error)
    else:
        task.loop.call_soon_threadsafe(_settle, task.done, result, None)


def _settle(done: "asyncio.Future[Any]", result: object, error: BaseException | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)
