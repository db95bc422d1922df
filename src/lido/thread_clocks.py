"""What the threads of a group have used of the machine's cores."""

import time
from contextlib import suppress
from threading import get_ident


class ThreadClocks:
    """The processor time of the threads that arrived, also of those that have left. Used from any thread."""

    def __init__(self) -> None:
        self._clocks: set[int] = set()
        self._spent_by_the_gone = 0.0

    def arrive(self) -> int:
        """Count the processor time of the calling thread; gives its clock."""
        clock = time.pthread_getcpuclockid(get_ident())
        self._clocks.add(clock)
        return clock

    def leave(self, clock: int) -> None:
        """Count the calling thread no more, but for what it has used."""
        self._clocks.discard(clock)
        self._spent_by_the_gone += time.thread_time()

    def spent_seconds(self) -> float:
        """The processor time that they have used, in all."""
        spent = self._spent_by_the_gone
        for clock in tuple(self._clocks):
            with suppress(OSError):  # the thread has gone meanwhile
                spent += time.clock_gettime(clock)
        return spent
