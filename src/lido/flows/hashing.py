"""Password hashing behind a gate as wide as the cores.

Argon2id takes 19 MiB and 16 ms of a core; without a gate a flood of sign-ins
would take the memory of the machine and starve everything that needs no hash.
"""

import os
from threading import BoundedSemaphore, Lock

from lido import errors
from lido.rules.passwords import Hasher


class GatedHashing:
    """Implements `call.Hashing`: at most `width` hashes run, at most `queue` wait, for `patience_seconds`."""

    def __init__(
        self, hasher: Hasher, *, width: int | None = None, queue: int = 512, patience_seconds: float = 10.0
    ) -> None:
        self._hasher = hasher
        self._gate = BoundedSemaphore(width or os.cpu_count() or 1)
        self._patience_seconds = patience_seconds
        self._queue = queue
        self._waiting = 0
        self._lock = Lock()

    def hash(self, password: str, salt: bytes) -> str:
        """The PHC string of a password. Raises TooManyRequests when the queue is full."""
        self._enter()
        try:
            return self._hasher.hash(password, salt)
        finally:
            self._gate.release()

    def verify(self, phc: str, password: str) -> bool:
        """Whether the password fits the PHC string. Raises TooManyRequests when the queue is full."""
        self._enter()
        try:
            return self._hasher.verify(phc, password)
        finally:
            self._gate.release()

    def needs_rehash(self, phc: str) -> bool:
        """Whether the PHC string was made with other costs than today's."""
        return self._hasher.needs_rehash(phc)

    def _enter(self) -> None:
        if self._gate.acquire(blocking=False):
            return
        with self._lock:
            if self._waiting >= self._queue:
                raise errors.TooManyRequests
            self._waiting += 1
        try:
            if not self._gate.acquire(timeout=self._patience_seconds):
                raise errors.TooManyRequests
        finally:
            with self._lock:
                self._waiting -= 1
