"""A lock handed over in the order of asking; `threading.Lock` lets late comers pass those who wait."""

import threading
from collections import deque


class Turns:
    """One holder at a time, first come first served."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    def enter(self, patience_seconds: float) -> bool:
        """Wait for the turn and take it; False when it did not come in time."""
        with self._mutex:
            if not self._taken:
                self._taken = True
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=patience_seconds):
            return True
        with self._mutex:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        return True  # it was handed over at the last instant

    def leave(self) -> None:
        """Hand the turn to who has waited longest."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
