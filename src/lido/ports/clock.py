"""The time."""

import time
from typing import Protocol

from lido import silence


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> int:
        """Milliseconds since 1970, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let this thread rest; never while a transaction is open."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        """Let this thread rest; RuntimeError while a transaction is open."""
        silence.refuse_if_open("Sleeping")
        time.sleep(seconds)
