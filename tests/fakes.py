"""Stand-ins for the outside: a clock that moves when told, quick chance about RSA keys, functions of triggers."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from lido import silence
from lido.ports.entropy import SystemEntropy
from lido.ports.triggers.carrier import Failure, NotInvocable, Raised, Target

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


class Functions:
    """The outside of triggers: plain functions by name, which are told events and answer them; all are kept."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._functions: dict[str, Callable[[dict[str, Any]], object]] = {}

    def __setitem__(self, name: str, function: Callable[[dict[str, Any]], object]) -> None:
        self._functions[name] = function

    def invoke(self, target: Target, _trigger_name: str, event: bytes, _pool_id: str) -> bytes:
        silence.refuse_if_open("Calling a trigger")
        told = msgspec.json.decode(event)
        self.events.append(told)
        function = self._functions.get(target.name)
        if function is None:
            raise NotInvocable("ResourceNotFoundException")
        try:
            answer = function(msgspec.json.decode(event))
        except Failure:
            raise
        except Exception as error:
            raise Raised(str(error)) from error
        return msgspec.json.encode(answer)

    def close(self) -> None:
        """Nothing was started."""

    def sources(self) -> list[str]:
        """Which triggers were asked, in order."""
        return [event["triggerSource"] for event in self.events]
