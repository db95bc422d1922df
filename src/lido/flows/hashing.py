"""Password hashing by a few threads of its own, as many as there are cores.

Argon2id takes 19 MiB and 16 ms of a core: a flood of sign-ins must neither take the memory of the machine nor
starve what needs no hash. Few threads also use the same memory again and again, where many would each keep theirs.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

from lido import errors
from lido.rules.passwords import Hasher
from lido.thread_clocks import ThreadClocks

T = TypeVar("T")


class GatedHashing:
    """Implements `call.Hashing`: at most `width` hashes run, at most `queue` wait, for `patience_seconds`."""

    def __init__(
        self, hasher: Hasher, *, width: int | None = None, queue: int = 512, patience_seconds: float = 10.0
    ) -> None:
        width = width or os.cpu_count() or 1
        self._hasher = hasher
        self.clocks = ThreadClocks()
        self._threads = ThreadPoolExecutor(width, thread_name_prefix="lido-hashing", initializer=self.clocks.arrive)
        self._places = BoundedSemaphore(width + queue)
        self._patience_seconds = patience_seconds

    def hash(self, password: str, salt: bytes) -> str:
        """The PHC string of a password. Raises TooManyRequests when the queue is full."""
        return self._in_turn(lambda: self._hasher.hash(password, salt))

    def verify(self, phc: str, password: str) -> bool:
        """Whether the password fits the PHC string. Raises TooManyRequests when the queue is full."""
        return self._in_turn(lambda: self._hasher.verify(phc, password))

    def needs_rehash(self, phc: str) -> bool:
        """Whether the PHC string was made with other costs than today's."""
        return self._hasher.needs_rehash(phc)

    def _in_turn(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise errors.TooManyRequests
        try:
            hashing = self._threads.submit(work)
            try:
                return hashing.result(self._patience_seconds)
            except TimeoutError:
                # What has begun is nearly done; what has not never will.
                if hashing.cancel():
                    raise errors.TooManyRequests from None
                return hashing.result()
        finally:
            self._places.release()
