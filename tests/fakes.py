"""Stand-ins for the outside: a clock that moves when told, and chance that is quick about RSA keys."""

import threading
from collections import deque
from typing import ClassVar

from lido.ports.entropy import SystemEntropy

BEGINNING = 1_790_000_000_000


class FakeClock:
    """Stands still until a test moves it. Waiting moves it too, so nothing ever sleeps."""

    def __init__(self, now: int = BEGINNING) -> None:
        self._now = now
        self._lock = threading.Lock()

    def now(self) -> int:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.advance(seconds=seconds)

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        with self._lock:
            self._now += round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000)


class QuickEntropy(SystemEntropy):
    """Real chance, but RSA keys come from a small stock: making one takes longer than most tests."""

    _stock: ClassVar[deque[bytes]] = deque()
    _lock = threading.Lock()

    def rsa_key(self) -> bytes:
        with self._lock:
            if len(self._stock) < 8:
                self._stock.append(super().rsa_key())
                return self._stock[-1]
            self._stock.rotate(-1)
            return self._stock[-1]
