"""The one carrier that flows know: it picks the way by the kind of target, tries again, and keeps the bounds."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext

import msgspec
import structlog

from lido import silence
from lido.ports.entropy import Entropy
from lido.ports.triggers.carrier import (
    MAX_BODY_BYTES,
    Busy,
    Carriage,
    Failure,
    Invocation,
    Kind,
    NotInvocable,
    Target,
    TimedOut,
    Unrecognizable,
)

# What calls these keeps no thread that serves waiting, and has bounds of its own.
_UNSHARED = {"CustomEmailSender", "CustomSMSSender"}
_log = structlog.get_logger("lido.triggers")


class Carriers:
    """Calls targets of every kind. At most `waiting` threads wait for the triggers of one pool, so that a slow
    trigger stops its own pool and no other. A way is made at its first use. Safe to share between threads.
    """

    def __init__(self, ways: Mapping[Kind, Callable[[], Carriage]], entropy: Entropy, *, waiting: int) -> None:
        self._makers = ways
        self._made: dict[Kind, Carriage] = {}
        self._is_closed = False
        self._entropy = entropy
        self._waiting = waiting
        self._lock = threading.Lock()
        self._in_flight: Counter[str] = Counter()

    def invoke(self, target: Target, trigger_name: str, event: bytes, pool_id: str) -> bytes:
        """As Carrier.invoke."""
        silence.refuse_if_open("Calling a trigger")
        invocation = Invocation(self._entropy.uuid(), trigger_name, event, target.arn)
        with nullcontext() if trigger_name in _UNSHARED else self._share(pool_id):
            try:
                return self._answer(target, invocation)
            except Failure as failure:
                _log.warning(
                    "a trigger failed",
                    trigger=trigger_name,
                    function=target.name,
                    pool=pool_id,
                    invocation=invocation.id,
                    failure=type(failure).__name__,
                )
                raise

    def close(self) -> None:
        """As Carrier.close."""
        with self._lock:
            self._is_closed = True
            made, self._made = self._made, {}
        for way in made.values():
            way.close()

    def _answer(self, target: Target, invocation: Invocation) -> bytes:
        if len(invocation.event) > MAX_BODY_BYTES:
            raise Unrecognizable
        answer = self._attempts(target, invocation)
        try:
            msgspec.json.decode(answer)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise Unrecognizable from None
        if len(answer) > MAX_BODY_BYTES:
            raise Unrecognizable
        return answer

    def _attempts(self, target: Target, invocation: Invocation) -> bytes:
        way = self._way(target.kind)
        for _ in range(target.attempts - 1):
            try:
                return way.attempt(target, invocation)
            except TimedOut:
                continue
        return way.attempt(target, invocation)

    def _way(self, kind: Kind) -> Carriage:
        with self._lock:
            if self._is_closed:
                raise NotInvocable("ServiceException")
            if kind not in self._made:
                self._made[kind] = self._makers[kind]()
            return self._made[kind]

    @contextmanager
    def _share(self, pool_id: str) -> Iterator[None]:
        with self._lock:
            if self._in_flight[pool_id] >= self._waiting:
                raise Busy
            self._in_flight[pool_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._in_flight[pool_id] -= 1
                if not self._in_flight[pool_id]:
                    del self._in_flight[pool_id]
