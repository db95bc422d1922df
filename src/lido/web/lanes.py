"""Two lanes of worker threads: a flood of requests that hash passwords never fills the one that all others take."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

LONGEST_QUEUE = 512
"""Requests in the slow lane, worked on or waiting; whoever comes on top is refused at once."""

P = ParamSpec("P")
T = TypeVar("T")


class Lanes:
    """`threads` for what answers in milliseconds, and `slow_threads` beside them. Used from one event loop."""

    def __init__(self, threads: int, slow_threads: int) -> None:
        self._quick = ThreadPoolExecutor(threads, thread_name_prefix="lido")
        self._slow = ThreadPoolExecutor(slow_threads, thread_name_prefix="lido-slow")
        self._in_slow = 0

    @property
    def full(self) -> bool:
        """Whether the slow lane takes nobody any more."""
        return self._in_slow >= LONGEST_QUEUE

    async def quick(self, work: Callable[P, T], *arguments: P.args, **_: P.kwargs) -> T:
        """What `work` gives, done in the lane of most requests."""
        return await asyncio.get_running_loop().run_in_executor(self._quick, work, *arguments)

    async def slow(self, work: Callable[P, T], *arguments: P.args, **_: P.kwargs) -> T:
        """What `work` gives, done when its turn comes among those that hash."""
        self._in_slow += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._slow, work, *arguments)
        finally:
            self._in_slow -= 1

    def close(self) -> None:
        """Wait until all work is done."""
        self._slow.shutdown(wait=True)
        self._quick.shutdown(wait=True)
